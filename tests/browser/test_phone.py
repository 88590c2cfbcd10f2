"""Numbers at a browser: added, used as a second step, recovered with, taken over from somebody else (S2, F2, R2, R14, S6)."""

import asyncio
import re
import time
from itertools import count

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import SECONDS_FOR_MAIL, Person

pytestmark = pytest.mark.row("S2")

_numbers = count(100)


@pytest.fixture
def number() -> str:
    """A number that nobody had before."""
    return f"+37120000{next(_numbers)}"


async def text_code(person: Person, number: str, before: int = 0) -> str:
    """The code of the newest text to a number, on the phone of development. ``before``: so many are known already."""
    tab = await person.context.new_page()
    until = time.monotonic() + SECONDS_FOR_MAIL
    while True:
        await tab.goto(f"{person.site}/dev/phone")
        texts = await tab.locator("article", has=tab.locator("bdi", has_text=number)).locator(".letter").all_inner_texts()
        codes = [found[1] for text in texts if (found := re.search(r"#([0-9A-Z]+)\s*$", text))]
        if len(codes) > before:
            await tab.close()
            return codes[0]
        if time.monotonic() > until:
            raise TimeoutError(f"no new text to {number}")
        await asyncio.sleep(0.1)


async def add_number(person: Person, number: str, before: int = 0) -> None:
    await person.open("/account/addresses")
    await person.follow("Add a phone number")
    await person.type("Phone number", number)
    await person.press("Send me a code")
    await person.is_at("Look at your phone")
    await person.type("Code from the message", await text_code(person, number, before))
    await person.press("Continue")


@pytest.mark.row("F2", "F7")
async def test_a_number_and_then_codes_to_it_as_the_second_step(person: Person, email: str, number: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.open("/account/addresses")
    await look(person, "addresses")
    await person.follow("Add a phone number")
    await look(person, "number")
    await person.type("Phone number", "20000001")
    await person.press("Send me a code")
    await person.sees("Begin with a plus and the number of the country.")
    await expect(person.field("Phone number")).to_have_value("20000001")
    await person.type("Phone number", f"{number[:4]} {number[4:8]}-{number[8:]}")
    await person.press("Send me a code")
    await person.is_at("Look at your phone")
    await look(person, "text-code")
    await person.type("Code from the message", "000000")
    await person.press("Continue")
    await person.sees("This code is not right")
    await person.type("Code from the message", await text_code(person, number))
    await person.press("Continue")
    await person.sees("The number is confirmed.", number, "Main number")
    await look(person, "addresses-number")
    await person.page.get_by_role("link", name=re.compile("^Use it as second step.*" + re.escape(number))).click()
    await person.is_at("Codes by text message as a second step?")
    await person.sees("Better than a password alone, and weaker than everything else.")
    await look(person, "second-text")
    await person.press("Send me a code to try it")
    await person.is_at("Look at your phone")
    await person.type("Code from the message", await text_code(person, number, 1))
    await person.press("Continue")
    await person.sees("backup code")


@pytest.mark.row("R2", "R14")
async def test_getting_back_in_by_text(person: Person, site: MovingSite, email: str, number: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await add_number(person, number)
    site.wait(minutes=31 * 24 * 60)
    await person.open("/forgot")
    await person.type("E-mail, phone or user name", number)
    await person.press("Continue")
    await person.is_at("Look at your phone")
    await person.sees("Where a text message cannot be delivered we send a code by e-mail, too.")
    await look(person, "recover-text")
    await person.type("Code from the message", await text_code(person, number, 1))
    await person.press("Continue")
    await person.sees("Message to your phone: received")
    await look(person, "recover-more")


@pytest.mark.row("S6")
async def test_a_recycled_number_comes_in_a_week(people: MakePerson, email: str, number: str) -> None:
    former, new = await people(), await people()
    await former.sign_up(email)
    await former.confirm(email)
    await add_number(former, number)
    mine = f"new.{email}"
    await new.sign_up(mine)
    await new.confirm(mine)
    await add_number(new, number, 1)
    await new.is_at("Your number comes in a week")
    await look(new, "number-waits")
    await former.open("/account/addresses")
    await former.page.get_by_role("button", name=re.compile("^Confirm it again.*" + re.escape(number))).click()
    await former.is_at("Look at your phone")
    await former.type("Code from the message", await text_code(former, number, 2))
    await former.press("Continue")
    await former.sees("The number is confirmed.")


@pytest.mark.row("I3")
async def test_signing_in_with_a_mailed_code(people: MakePerson, email: str) -> None:
    owner, elsewhere = await people(), await people()
    await owner.sign_up(email)
    await owner.confirm(email)
    await elsewhere.open("/sign-in")
    await elsewhere.type("E-mail, phone or user name", email)
    await elsewhere.press("Mail me a sign-in link")
    await elsewhere.is_at("Open the link in your mail")
    await look(elsewhere, "mailed-code")
    mail = await owner.mail(email, "Sign in to Sparekey")
    await elsewhere.type("Code from the message", mail.code)
    await elsewhere.press("Continue")
    assert elsewhere.path == "/account"
