"""What the pages do while one types: strength, generator, reveal, hints of the keyboard, the countdown of a new code."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.person import ANOTHER, PASSWORD, Person, posts

CAPS_ON = """() => {
  const e = new KeyboardEvent("keydown", { key: "A", bubbles: true, modifierCapsLock: true });
  document.querySelector("#password").dispatchEvent(e);
}"""
"""A test's keyboard has no Caps Lock of its own; the event is the one that a real one sends."""


LIVE = "#password-live"


@pytest.mark.row("P1", "P2", "P4")
async def test_the_meter_follows_what_is_typed(person: Person, site: MovingSite) -> None:
    meter, said = person.page.locator("#password-meter"), person.page.locator(LIVE)
    await person.open("/sign-up")
    await person.type("Your name", "Anna Berg")
    for typed, strength, words in (
        ("summer", "low", "Too short"),
        ("anna berg anna berg", "low", "made of your name"),  # refused, whatever it would be worth elsewhere
        ("passwordpassword", "low", "data breach"),
        ("violet lamp river and moss", "high", "Strength: high."),
    ):
        await person.type("Password", typed)
        await expect(said).to_contain_text(words)
        await expect(meter).to_have_attribute("data-strength", re.compile(strength))
    await person.type("Password", "")
    await expect(said).to_have_text("")


@pytest.mark.row("P3")
async def test_the_generator_fills_in_what_it_shows(person: Person, site: MovingSite, email: str) -> None:
    page = person.page
    await person.open("/sign-up")
    await page.get_by_text("Make a password for me").click()
    shown = page.locator("[data-result]")
    await expect(shown).to_have_text(re.compile(r"^[a-z-]+( [a-z-]+){4}$"))
    first = await shown.inner_text()
    await person.button("Another one").click()
    await expect(shown).not_to_have_text(first)
    await page.get_by_label("Characters").first.check()
    await expect(shown).to_have_text(re.compile(r"^\S{20}$"))
    for name in ("Small letters", "Capital letters", "Symbols"):
        await page.get_by_label(name).uncheck()
    await expect(shown).to_have_text(re.compile(r"^\d{20}$"))
    await page.get_by_label("Symbols").check()
    await page.get_by_role("slider").fill("32")
    await expect(shown).to_have_text(re.compile(r"^\S{32}$"))
    made = await shown.inner_text()
    await person.button("Use this one").click()
    assert await person.field("Password").input_value() == made
    assert await person.field("Password").get_attribute("type") == "text", "shown, to be written down"
    await person.type("Your name", "Anna Berg")
    await person.type("E-mail", email)
    await person.press("Continue")
    await person.is_at("Look at your mail")
    await person.confirm(email)
    await person.press("Sign out")
    await person.sign_in(email, made)
    await person.is_at("Hello, Anna Berg")


@pytest.mark.row("P7")
async def test_a_password_can_be_shown_and_is_hidden_when_sent(person: Person, site: MovingSite) -> None:
    field = person.field("Password")
    await person.open("/sign-in")
    await person.type("Password", PASSWORD)
    assert await field.get_attribute("type") == "password"
    await person.button("Show the password").click()
    assert await field.get_attribute("type") == "text"
    assert await field.input_value() == PASSWORD
    await person.page.evaluate("() => document.addEventListener('submit', (e) => e.preventDefault())")
    await person.button("Sign in").click()
    assert await field.get_attribute("type") == "password"


@pytest.mark.row("P7")
async def test_password_managers_know_the_fields(person: Person, site: MovingSite, email: str) -> None:
    await person.open("/sign-in")
    assert await person.field("E-mail, phone or user name").get_attribute("autocomplete") == "username webauthn"
    assert await person.field("Password").get_attribute("autocomplete") == "current-password"
    await person.sign_up(email)
    assert await person.field("Code from the message").get_attribute("autocomplete") == "one-time-code"
    await person.confirm(email)
    await person.open("/.well-known/change-password")
    await person.is_at("Change your password")
    assert await person.field("Current password").get_attribute("autocomplete") == "current-password"
    assert await person.field("New password").get_attribute("autocomplete") == "new-password"
    assert await person.page.locator("input[autocomplete^=username]").input_value() == email


@pytest.mark.row("I1")
async def test_caps_lock_is_told_before_sending(person: Person, site: MovingSite) -> None:
    await person.open("/sign-in")
    await person.field("Password").focus()
    await person.page.evaluate(CAPS_ON)
    await person.sees("Caps Lock is on.")
    await person.field("Password").press("a")
    await person.sees_not("Caps Lock is on.")


@pytest.mark.row("I1")
async def test_another_keyboard_layout_is_told_before_sending(people: MakePerson, site: MovingSite) -> None:
    english, russian = await people(), await people(locale="ru-RU")
    await english.open("/sign-in")
    await english.type("Password", "сщккусе")
    await english.sees("These are Cyrillic letters. Is your keyboard on the right layout?")
    await english.type("Password", "сorrect")  # the first letter is Cyrillic
    await english.sees("Latin and Cyrillic letters are mixed here.")
    await english.type("Password", "correct")
    await expect(english.page.locator(LIVE)).to_have_text("")
    await russian.open("/sign-in")
    said = russian.page.locator(LIVE)
    field = russian.page.locator("#password")
    await field.fill("ghbdtn")
    await expect(said).to_have_text(await said.get_attribute("data-latin") or "-")
    await field.fill("привет")
    await expect(said).to_have_text(await said.get_attribute("data-cyrillic") or "-")


@pytest.mark.row("R1", "R14")
async def test_a_new_code_after_the_countdown_and_the_old_one_stays_good(person: Person, site: MovingSite, email: str) -> None:
    await person.page.clock.install()
    await person.sign_up(email)
    first = await person.mail(email, "Confirm your address for Sparekey")
    button, when = person.button("Send a new code"), person.page.locator("#resend-when")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(when).to_have_text(re.compile(r"Possible in \d+ s"))
    before = int(re.findall(r"\d+", await when.inner_text())[0])
    await person.page.clock.run_for(10_000)
    assert int(re.findall(r"\d+", await when.inner_text())[0]) <= before - 10
    sent = posts(person)
    await button.click(force=True)
    assert sent == [], "held back by the script"
    await person.page.clock.run_for(60_000)
    await expect(button).not_to_have_attribute("aria-disabled", "true")
    await expect(when).to_have_text("Those that came before stay good.")

    # The server counts for itself.
    await person.press("Send a new code")
    await person.sees("A message was sent a moment ago.")
    site.wait(minutes=1)
    await person.page.clock.run_for(60_000)
    await person.press("Send a new code")
    second = await person.mail(email, "Confirm your address for Sparekey")
    assert second.code != first.code
    await person.type("Code from the message", first.code)
    await person.press("Continue")
    await person.is_at("Your account is ready")


@pytest.mark.row("P1", "P6")
async def test_what_was_typed_is_kept_and_passwords_are_never_shown_again(person: Person, site: MovingSite, email: str) -> None:
    await person.open("/sign-up")
    await person.type("Your name", "Anna Berg")
    await person.type("E-mail", email)
    await person.type("Password", "short-secret")
    await person.press("Continue")
    await person.sees("Too short: at least 15 characters.")
    assert await person.field("Your name").input_value() == "Anna Berg"
    assert await person.field("E-mail").input_value() == email
    assert await person.field("Password").input_value() == ""
    assert "short-secret" not in await person.page.content()
    await person.type("Password", ANOTHER)
    await person.press("Continue")
    await person.is_at("Look at your mail")
