"""The main road by keyboard alone, as those walk it who have no mouse: Tab, Enter, and always seeing where one is."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import MovingSite
from tests.browser.person import ANOTHER, PASSWORD, Person

FOCUS = """() => {
  const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
  return {
    label: (e.labels?.[0]?.textContent ?? e.getAttribute("aria-label") ?? e.textContent).trim(),
    outline: s.outlineStyle === "none" ? 0 : parseFloat(s.outlineWidth),
    inView: r.width > 0 && r.bottom > 0 && r.top < innerHeight,
    body: e === document.body,
    classes: e.className,
  };
}"""
MOST_TABS = 40


async def focus(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(FOCUS)
    return found


async def tab_to(page: Page, label: str) -> None:
    """Tab until the field, link or button with this label has the focus; every stop on the way must be seen."""
    stops = []
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        now = await focus(page)
        if now["body"]:
            continue  # past the end: the browser's own bar
        stops.append(now["label"])
        assert now["outline"] >= 2, f"the focus cannot be seen: {now}"
        assert now["inView"], f"the focus is out of sight: {now}"
        if now["label"] == label:
            return
    raise AssertionError(f"no {label!r} among {stops}")


async def enter(page: Page) -> None:
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def write(page: Page, label: str, text: str) -> None:
    await tab_to(page, label)
    await page.keyboard.type(text)


@pytest.mark.row("S1", "I1", "R1", "P6")
async def test_the_main_road(person: Person, site: MovingSite, email: str) -> None:
    page = person.page
    await person.open("/")
    await page.keyboard.press("Tab")
    assert (await focus(page))["label"] == "Go to the content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("() => document.activeElement.id") == "main"
    await tab_to(page, "Create an account")
    await enter(page)

    # Nothing typed: the summary has the focus, and its first link leads to the first field.
    await tab_to(page, "Your name")
    await enter(page)
    assert "summary" in (await focus(page))["classes"].split()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("() => document.activeElement.id") == "name"
    await page.keyboard.type("Anna Berg")
    await write(page, "E-mail", email)
    await write(page, "Password", PASSWORD)
    await enter(page)
    await person.is_at("Look at your mail")

    mail = await person.mail(email, "Confirm your address for Sparekey")
    await mail.tab.close()
    await write(page, "Code from the message", mail.code)
    await enter(page)
    await tab_to(page, "Go to your account")
    await enter(page)
    await person.is_at("Hello, Anna Berg")

    await tab_to(page, "Look after your security")
    await enter(page)
    await tab_to(page, "Password" + await page.locator(".way > span").first.inner_text())
    await enter(page)
    await write(page, "Current password", PASSWORD)
    await write(page, "New password", ANOTHER)
    await write(page, "The same once more", ANOTHER)
    await enter(page)
    await person.sees("Your new password is set.")

    await tab_to(page, "Sign out")
    await enter(page)
    await tab_to(page, "Sign in")
    await enter(page)
    await write(page, "E-mail, phone or user name", email)
    await write(page, "Password", PASSWORD)
    await enter(page)
    assert "summary" in (await focus(page))["classes"].split()
    await write(page, "Password", ANOTHER)
    await enter(page)
    await person.is_at("Hello, Anna Berg")


@pytest.mark.row("P3", "P7")
async def test_reveal_and_generator(person: Person, site: MovingSite) -> None:
    page = person.page
    await person.open("/sign-up")
    await write(page, "Password", PASSWORD)
    await tab_to(page, "Show the password")
    await page.keyboard.press("Enter")
    assert await person.field("Password").get_attribute("type") == "text"
    await tab_to(page, "Make a password for me")
    await page.keyboard.press("Enter")
    await tab_to(page, "Use this one")
    await page.keyboard.press("Enter")
    assert await person.field("Password").input_value() != PASSWORD
