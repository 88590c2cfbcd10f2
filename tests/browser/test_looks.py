"""Every page and every state of it, looked at: axe, widths, colour schemes, zoom, spacing, sizes."""

import pytest

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import faults, look
from tests.browser.person import ANOTHER, Person

LONG = "a.very.long.address.without.any.place.to.break.it.in.two"
NAME = "Wolfeschlegelsteinhausenbergerdorff Maximiliana"

pytestmark = pytest.mark.row("I10")


def long_of(email: str) -> str:
    """An address as long as addresses may be: 64 characters, and a host name."""
    return f"{LONG}{email.removesuffix('@example.com')}"[:64] + "@mail.a-company-with-a-long-name.example.com"


@pytest.mark.row("S1", "P2", "P3")
async def test_signing_up(person: Person, email: str) -> None:
    await person.open("/")
    await look(person, "home")
    await person.open("/sign-up")
    await look(person, "sign-up")
    await person.press("Continue")
    await look(person, "sign-up-empty")
    await person.type("Password", "password1")
    await person.sees("Too short")
    await person.page.get_by_text("Make a password for me").click()
    await look(person, "sign-up-generator-words")
    await person.page.get_by_label("Characters").first.check()
    await look(person, "sign-up-generator-characters")
    await person.sign_up(long_of(email), name=NAME)
    await look(person, "sign-up-code")
    await person.press("Continue")
    await look(person, "sign-up-code-empty")
    mail = await person.mail(long_of(email), "Confirm your address for Sparekey")
    letter = Person(person.site, person.context, mail.tab, person.read)
    await look(letter, "dev-letter")
    await letter.open("/dev/mail")
    await look(letter, "dev-mail")
    await letter.open("/dev/phone")
    await look(letter, "dev-phone")
    await person.type("Code from the message", mail.code)
    await person.press("Continue")
    await look(person, "sign-up-done")


@pytest.mark.row("I1", "R1", "R3", "R14")
async def test_getting_back_in(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.open("/forgot")
    await look(person, "forgot-signed-in")
    await person.press("Sign out")
    await look(person, "signed-out")
    await person.open("/sign-in")
    await look(person, "sign-in")
    await person.type("E-mail, phone or user name", email)
    for _ in range(3):
        await person.type("Password", "not the one that I chose")
        await person.press("Sign in")
    await look(person, "sign-in-failed")
    await person.press("Mail me a sign-in link")
    await person.page.get_by_text("Other ways to verify").click()
    await look(person, "sign-in-mailed")
    await person.press("I have no other way")
    await look(person, "sign-in-no-other-way")
    await person.open("/forgot")
    await person.page.get_by_text("I don’t remember which").click()
    await look(person, "forgot")
    await person.type("E-mail, phone or user name", long_of(email))
    await person.press("Continue")
    await look(person, "recover-code-long")
    await person.open("/forgot")
    await person.type("E-mail, phone or user name", email)
    await person.press("Continue")
    await look(person, "recover-code")
    mail = await person.mail(email, "Get back into your account at Sparekey")
    await mail.link.click()
    letter = Person(person.site, person.context, mail.tab, person.read)
    await letter.is_at("Go on to a new password")
    await look(letter, "link")
    await letter.press("Yes, go on")
    await look(letter, "recover-new-password")
    await letter.press("Save the new password")
    await look(letter, "recover-new-password-empty")
    await letter.type("New password", ANOTHER)
    await letter.type("The same once more", ANOTHER)
    await letter.press("Save the new password")
    await look(letter, "recover-done")
    await letter.open("/link")
    await look(letter, "link-over")


@pytest.mark.row("I7", "I9", "P6", "S3", "S6")
async def test_the_account(people: MakePerson, site: MovingSite, email: str) -> None:
    person, elsewhere = await people(), await people()
    address = long_of(email)
    await person.sign_up(address, name=NAME)
    await person.confirm(address)
    await elsewhere.sign_in(address)
    for path in ("", "/details", "/addresses", "/security", "/security/password", "/devices", "/activity", "/messages"):
        await person.open(f"/account{path}")
        await look(person, f"account{path.replace('/', '-')}")
    await person.open("/account/security/password")
    await person.press("Save the new password")
    await look(person, "account-password-empty")
    await person.open("/account/addresses")
    await person.type("E-mail", f"berg.{email}")
    await person.press("Continue")
    await look(person, "account-address-code")
    mail = await person.mail(f"berg.{email}", "Confirm this address for Sparekey")
    await person.type("Code from the message", mail.code)
    await person.press("Continue")
    await look(person, "account-address-added")
    await person.follow(f"Remove : berg.{email}")
    await look(person, "account-address-remove")
    site.wait(minutes=20)
    await person.press("Remove")
    await look(person, "account-fresh-proof")
    await person.type("Password", "not the one that I chose")
    await person.press("Continue")
    await look(person, "account-fresh-proof-wrong")
    await person.open("/account/devices")
    await person.press("Sign out everywhere else")
    await look(person, "account-devices-ended")


async def test_pages_for_what_went_wrong(people: MakePerson, site: MovingSite, email: str) -> None:
    person, other = await people(), await people()
    await person.open("/no-such-page")
    await look(person, "not-found")
    await person.open("/language")
    await look(person, "wrong-method")
    await person.sign_up(email)
    flow = person.path
    await other.open(flow)
    await look(other, "flow-of-another")
    mail = await other.mail(email, "Confirm your address for Sparekey")
    await mail.link.click()
    other.page = mail.tab
    await other.press("Yes, go on")
    await look(other, "sign-up-elsewhere")
    await other.follow("It was not me who signed up, or I don’t know the password")
    await look(other, "sign-up-anew")
    await person.sign_up(f"berg.{email}")
    await person.press("Stop here and change nothing")
    await person.page.go_back()
    await person.page.reload()
    await look(person, "flow-left")
    await person.sign_up(f"berg.{email}")
    site.wait(minutes=61)
    await person.page.reload()
    await look(person, "flow-expired")


@pytest.mark.row("S3")
@pytest.mark.parametrize("language", ["Русский", "中文"])
async def test_in_other_languages(person: Person, email: str, language: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.press(language)
    for path in ("/account", "/account/addresses", "/account/security/password", "/account/devices", "/account/activity"):
        await person.open(path)
        await look(person, f"{language}{path.replace('/', '-')}")
    await person.context.clear_cookies(name="sparekey-session")
    for path in ("/", "/sign-in", "/sign-up", "/forgot"):
        await person.open(path)
        await look(person, f"{language}{path.replace('/', '-')}")


async def test_what_only_a_maintainer_sees_is_noticed(person: Person) -> None:
    await person.open("/sign-in")
    await person.page.evaluate("() => fetch('https://elsewhere.example/').catch(() => {})")
    await person.page.evaluate("() => { setTimeout(() => { throw new Error('planted') }) }")
    await person.open("/")
    await person.page.goto(person.site.replace("localhost", "127.0.0.1"))
    await person.page.close()
    said = "\n".join(person.complaints)
    person.complaints.clear()
    for what in ("Content Security Policy", "planted", "a request to another site: http://127.0.0.1"):
        assert what in said, what


async def test_these_eyes_see(person: Person) -> None:
    await person.open("/sign-in")
    await person.page.evaluate(
        """() => {
          document.querySelector("label").remove();
          document.querySelector("h1").textContent = "wide".repeat(100);
          document.querySelector("h1").style.whiteSpace = "nowrap";
          document.querySelector("button.main").style.minHeight = document.querySelector("button.main").style.padding = 0;
          document.querySelector(".after").style.color = "#999";
        }"""
    )
    wrong = "\n".join(await faults(person.page, "spoilt"))
    for what in ("label", "color-contrast", "too wide", "not 44 px high"):
        assert what in wrong, what
