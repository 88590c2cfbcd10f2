"""Signing up: what is said beside the fields, what is kept, and links that are opened elsewhere."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.pages.browser import Browser, new_browser, signed_up

ANNA = "anna@example.com"
pytestmark = pytest.mark.row("S1")


async def began(browser: Browser, email: str = ANNA, password: str = PASSWORD, name: str = "Anna Berg") -> None:
    await browser.open("/sign-up")
    await browser.fill(name=name, email=email, password=password)


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(browser: Browser) -> None:
    await began(browser, email="anna@", password="short")
    page = browser.page
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert page.input("name")["value"] == "Anna Berg"
    assert page.input("email")["value"] == "anna@"
    assert "value" not in page.input("password")
    for name, said in (("email", "does not look like an e-mail address"), ("password", "at least 15 characters")):
        field = page.input(name)
        assert field["aria-invalid"] == "true"
        assert f"{name}-wrong" in field["aria-describedby"].split()
        assert said in page.by_id(f"{name}-wrong")
        assert any(href == f"#{name}" for href in page.links.values()), "the summary leads to the field"
    assert "aria-invalid" not in page.input("name")
    summary = next(a for tag, a in page.tags if a.get("class") == "summary")
    assert "autofocus" in summary
    assert summary["role"] == "alert"


async def test_fields_name_themselves_to_password_managers(browser: Browser) -> None:
    page = await browser.open("/sign-up")
    assert [page.input(n)["autocomplete"] for n in ("name", "email", "password")] == ["name", "username", "new-password"]


@pytest.mark.row("D3")
async def test_an_address_that_is_taken_looks_the_same(api: Api) -> None:
    await signed_up(api, "taken@example.com", PASSWORD)
    pages = []
    for email in ("taken@example.com", "fresh@example.com"):
        browser = new_browser(api)
        await browser.open("/sign-up")
        before = browser.page.answered
        await browser.fill(name="Bo", email=email, password=ANOTHER)
        pages.append((browser.page.masked.replace(email, "ADDRESS"), sorted(before.headers), sorted(browser.page.answered.headers)))
    assert pages[0][0].replace("t•••", "•••") == pages[1][0].replace("f•••", "•••")
    assert pages[0][1:] == pages[1][1:]


async def test_the_link_in_the_same_browser_finishes(api: Api, browser: Browser) -> None:
    await began(browser)
    await browser.open(f"/l/{(await api.newest(ANNA)).link}")
    assert browser.page.path == "/link"
    assert browser.page.heading == "Confirm your e-mail address"
    await browser.press("Yes, go on")
    assert browser.page.heading == "Your account is ready"


async def test_the_link_in_another_browser_asks_for_the_password(api: Api, browser: Browser) -> None:
    await began(browser)
    other = new_browser(api)
    await other.open(f"/l/{(await api.newest(ANNA)).link}")
    await other.press("Yes, go on")
    assert "in another browser" in other.page.text
    await other.fill(password="not the password of sign-up")
    assert other.page.status == 422
    assert "not the password that was chosen" in other.page.by_id("password-wrong")
    assert other.cookie("session") == ""
    await other.fill(password=PASSWORD)
    assert other.page.heading == "Your account is ready"
    await browser.open(browser.page.url)
    assert browser.page.status == 404
    assert browser.page.heading == "This cannot go on here"


async def test_who_does_not_know_the_password_sets_everything_anew(api: Api, browser: Browser) -> None:
    await began(browser, password="the password of a stranger", name="A Stranger")
    owner = new_browser(api)
    await owner.open(f"/l/{(await api.newest(ANNA)).link}")
    await owner.press("Yes, go on")
    await owner.follow("It was not me who signed up, or I don’t know the password")
    await owner.fill(name="", password=PASSWORD)
    assert "Enter your name." in owner.page.by_id("name-wrong")
    await owner.fill(name="Anna Berg", password="too short")
    assert "at least 15" in owner.page.by_id("password-wrong")
    assert owner.page.input("name")["value"] == "Anna Berg"
    await owner.fill(name="Anna Berg", password=PASSWORD)
    assert owner.page.heading == "Your account is ready"
    await owner.open("/account")
    assert "Hello, Anna Berg" in owner.page.text
    thief = new_browser(api)
    await thief.open("/sign-in")
    await thief.fill(identifier=ANNA, password="the password of a stranger")
    assert thief.page.status == 422


@pytest.mark.row("I10")
async def test_who_is_signed_in_is_told_so_and_may_switch(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/sign-up")
    assert "You are signed in here as Anna Berg." in browser.page.text
    await browser.press("Not you? Switch account")
    assert browser.page.path == "/sign-up"
    assert "signed in here" not in browser.page.text
