"""The whole road through the pages, without script, as a person walks it."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api
from tests.pages.browser import Browser, new_browser

ANNA = "anna@example.com"
SECOND = "anna.berg@work.example"


@pytest.mark.row("S1")
@pytest.mark.row("I1")
@pytest.mark.row("P6")
@pytest.mark.row("R1")
@pytest.mark.row("S3")
@pytest.mark.row("S6")
@pytest.mark.row("I7")
@pytest.mark.row("I9")
async def test_the_main_road(api: Api, browser: Browser) -> None:
    # Sign up.
    await browser.open("/")
    await browser.follow("Create an account")
    await browser.fill(name="Anna Berg", email=ANNA, password=PASSWORD)
    assert browser.page.title == "Enter the code – Create an account – Sparekey"
    assert "a•••@example.com" in browser.page.text
    await browser.fill(answer=(await api.newest(ANNA)).code)
    assert browser.page.heading == "Your account is ready"
    await browser.follow("Go to your account")
    assert browser.page.heading == "Hello, Anna Berg"
    assert "Add a second e-mail address" in browser.page.text

    # Details, after a while: the password is asked for once, then the session is fresh.
    api.clock.wait(minutes=20)
    await browser.open("/account/details")
    await browser.fill(name="Anna B.", user_name="anna.b")
    assert browser.page.heading == "First, show it is you"
    await browser.fill(answer=PASSWORD)
    assert "Your details are saved." in browser.page.text
    assert browser.page.input("user_name")["value"] == "anna.b"

    # A second address.
    await browser.open("/account/addresses")
    await browser.fill(email=SECOND)
    assert browser.page.heading == "Look at your mail"
    await browser.fill(answer=(await api.newest(SECOND)).code)
    assert "The address is confirmed and added." in browser.page.text
    assert SECOND in browser.page.text

    # Make it the main one, then remove the first.
    await browser.press(f"Make it the main one: {SECOND}")
    assert "Your main address is changed." in browser.page.text
    await browser.follow(f"Remove: {ANNA}")
    await browser.press("Remove")
    assert "The address is removed." in browser.page.text
    assert ANNA not in browser.page.text

    # Out, and in with the user name.
    await browser.press("Sign out")
    assert browser.page.heading == "You are signed out"
    await browser.open("/account")
    assert browser.page.path == "/sign-in"
    await browser.fill(identifier="Anna.B", password=PASSWORD)
    assert browser.page.heading == "Hello, Anna B."

    # Change the password.
    await browser.open("/account/security/password")
    await browser.fill(current_password=PASSWORD, new_password=ANOTHER, new_password_again=ANOTHER)
    assert browser.page.path == "/account/security"
    assert "Your new password is set." in browser.page.text

    # What happened, and what was sent.
    await browser.open("/account/activity")
    assert browser.page.text.count("The password was changed") == 1
    assert "Firefox · Linux" in browser.page.text
    await api.letters()
    await browser.open("/account/messages")
    assert "An e-mail address was added" in browser.page.text
    assert "Delivered" in browser.page.text


@pytest.mark.row("R1")
async def test_forgotten_and_back_in(api: Api, browser: Browser) -> None:
    await api.signed_up(ANNA)
    await browser.open("/sign-in")
    await browser.follow("Forgot your password, or can’t get in?")
    await browser.fill(identifier=ANNA)
    assert "If there is an account for a•••@example.com" in browser.page.text
    await browser.fill(answer=(await api.newest(ANNA)).code)
    assert browser.page.heading == "Choose a new password"
    assert browser.cookie("session") == ""
    await browser.fill(password=ANOTHER, password_again=THIRD)
    assert "The two passwords are not the same." in browser.page.by_id("password_again-wrong")
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    assert browser.page.heading == "Your new password is set"
    assert browser.cookie("session") == "", "a reset opens no session"
    await browser.follow("Sign in")
    await browser.fill(answer=ANOTHER)
    assert browser.page.path == "/account"


@pytest.mark.row("I7")
async def test_devices_are_seen_and_ended(api: Api, browser: Browser) -> None:
    await api.signed_up(ANNA)
    other = new_browser(api)
    for one in (browser, other):
        await one.open("/sign-in")
        await one.fill(identifier=ANNA, password=PASSWORD)
    await browser.open("/account/devices")
    assert browser.page.text.count("Firefox · Linux") >= 2
    assert browser.page.text.count("This one") == 1
    assert "Place unknown" in browser.page.text
    await browser.press("Sign out everywhere else")
    assert browser.page.path == "/account/devices"
    assert "Sign out everywhere else" not in browser.page.text
    await other.open("/account")
    assert other.page.path == "/sign-in", "an ended session is refused at the next request"
    await browser.open("/account")
    assert browser.page.path == "/account"
