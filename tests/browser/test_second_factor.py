"""A second step offered kindly, and not asked for again on a device that is remembered (F8, I6)."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MovingSite
from tests.browser.eyes import look
from tests.browser.keys import security_key_of
from tests.browser.person import PASSWORD, Person

TICK = "Don’t ask for this second step on this device for 30 days. Only for a device that nobody else uses."


async def sign_in(person: Person, email: str) -> None:
    """To what comes after the password."""
    await person.open("/sign-in")
    await person.type("E-mail, phone or user name", email)
    await person.type("Password", PASSWORD)
    await person.press("Sign in")


async def add_key(person: Person) -> None:
    """From the page of the offer: a security key, and the codes that the first one ends with."""
    await person.page.get_by_role("button", name="A security key").click()
    if await person.page.locator("h1").text_content() != "Make your security key":
        await person.page.wait_for_url("**/flow/**")
    if await person.page.get_by_label("Password", exact=True).count():
        await person.type("Password", PASSWORD)
        await person.press("Continue")
    await person.press("Continue")
    await person.is_at("Keep these ten backup codes")
    first = await person.page.locator("#codes li").first.inner_text()
    await person.type("Number and code", " ".join(first.split()))
    await person.press("Continue")


@pytest.mark.row("F8", "I6")
async def test_offered_refused_accepted_and_remembered(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.press("Sign out")
    site.wait(minutes=8 * 24 * 60)
    await sign_in(person, email)
    await person.is_at("Shut the door twice?")
    await look(person, "second-factor-offer")
    await person.press("Not now")
    assert person.path == "/account"
    await person.press("Sign out")
    await sign_in(person, email)
    assert person.path == "/account", "not again soon"

    await security_key_of(person)
    await person.open("/account/second-factor")
    await add_key(person)
    await person.press("Sign out")
    await sign_in(person, email)
    await person.is_at("Use your security key")
    await look(person, "second-step-with-tick")
    await person.page.get_by_label(TICK).check()
    await person.press("Continue")
    assert person.path == "/account"
    await person.press("Sign out")
    await sign_in(person, email)
    assert person.path == "/account", "the second step is not asked for here"

    await person.open("/account/devices")
    await person.sees("Where no second step is asked for", "Chrome · Linux")
    await look(person, "devices-remembered")
    async with person.page.expect_navigation():
        await person.page.get_by_role("button", name="Ask there again").click()
    await person.sees("The second step is asked for there again.")
    await person.press("Sign out")
    await sign_in(person, email)
    await person.is_at("Use your security key")


@pytest.mark.row("R5")
async def test_a_recovery_asks_whether_it_is_this_browser(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.press("Sign out")
    await person.open("/forgot")
    await person.type("E-mail, phone or user name", email)
    await person.press("Continue")
    await person.page.get_by_text("Other ways to verify").click()
    async with person.page.expect_navigation():
        await person.page.get_by_text("This browser, if it is remembered").click()
    await person.is_at("Is it this browser?")
    await look(person, "recovery-this-browser")
    await person.press("Use this browser")
    await person.sees("This browser is not remembered for this account, or no longer.")
    await expect(person.page.get_by_text("Other ways to verify")).to_be_visible()
