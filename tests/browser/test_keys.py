"""Passkeys and security keys, as people use them: added, signing in by button and by the browser's own list, after the password, in a
recovery, and what happens when they do not work (F4, I2, R5)."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.keys import Key, passkey_of, security_key_of
from tests.browser.person import ANOTHER, Person

KEYS = "Passkeys and security keys"


async def member(person: Person, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)


async def add(person: Person, what: str, name: str) -> None:
    """The button ``what`` on the page of keys, then the one on the page of the new key."""
    await person.open("/account/security/keys")
    await person.type("What do you call it? (optional)", name)
    await person.page.get_by_role("button", name=what).click()
    await person.press("Continue")
    await keep_codes(person)


async def keep_codes(person: Person) -> None:
    """What the first one ends with: ten codes, of which one is typed."""
    await person.is_at("Keep these ten backup codes")
    first = await person.page.locator("#codes li").first.inner_text()
    await person.type("Number and code", " ".join(first.split()))
    await person.press("Continue")
    await person.is_at(KEYS)


async def owner(person: Person, email: str) -> Key:
    """An account with a passkey, signed out."""
    await member(person, email)
    key = await passkey_of(person)
    await add(person, "Add a passkey", "my phone")
    await person.press("Sign out")
    return key


async def without_the_browsers_list(person: Person) -> None:
    """From the next page on. A virtual key would answer to it before anything could be pressed."""
    await person.context.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")


@pytest.mark.row("F4")
async def test_a_passkey_is_added_named_and_named_anew(person: Person, site: MovingSite, email: str) -> None:
    await member(person, email)
    key = await passkey_of(person)
    await person.open("/account/security")
    await person.page.get_by_role("link", name=KEYS).click()
    await person.is_at(KEYS)
    await look(person, "keys-none")
    await person.type("What do you call it? (optional)", "my phone")
    await person.page.get_by_role("button", name="Add a passkey").click()
    await person.is_at("Make your passkey")
    await look(person, "key-new")
    await person.press("Continue")
    await keep_codes(person)
    await person.sees("The key is added.", "my phone")
    assert len(await key.credentials()) == 1
    await look(person, "keys-one")
    await person.follow("Rename or remove : my phone")
    await person.type("What do you call it? (optional)", "the phone with the cracked glass")
    await person.press("Save the name")
    if await person.page.locator("h1").text_content() != "Second step at sign-in":
        await with_the_passkey(person)
    await person.is_at("Second step at sign-in")
    await person.sees("the phone with the cracked glass")


@pytest.mark.row("I2")
async def test_signing_in_by_the_button(person: Person, site: MovingSite, email: str) -> None:
    await owner(person, email)
    await without_the_browsers_list(person)
    await person.open("/account/devices")
    await look(person, "sign-in-with-passkey")
    await person.press("Use a passkey")
    await person.is_at("Your devices")


@pytest.mark.row("I2")
async def test_signing_in_by_the_browsers_own_list(person: Person, site: MovingSite, email: str) -> None:
    """Nothing is pressed: the virtual key answers to the list that waits under the name field."""
    await owner(person, email)
    await expect(person.page.locator("input[autocomplete='username webauthn']")).to_have_count(0)
    await person.page.goto(f"{person.site}/sign-in")
    await person.page.wait_for_url("**/account")
    await person.is_at("Hello, Anna Berg")


@pytest.mark.row("I2")
async def test_a_passkey_that_is_not_unlocked_signs_nobody_in(person: Person, site: MovingSite, email: str) -> None:
    key = await owner(person, email)
    await key.unlocks(owner=False)
    await person.open("/sign-in")
    await person.button("Use a passkey").click()
    await person.sees("Nothing was done: the window was closed, or no key answered in time.")
    await look(person, "sign-in-cancelled")
    assert person.path == "/sign-in"


@pytest.mark.row("I2")
async def test_a_passkey_that_was_removed_is_refused_in_words(person: Person, site: MovingSite, email: str) -> None:
    """A passkey of a site that was set up anew, say: the browser has it, the account has not."""
    key = await passkey_of(person)
    await person.open("/forgot")
    await person.page.evaluate(MAKE_ONE)
    assert len(await key.credentials()) == 1
    await without_the_browsers_list(person)
    await person.open("/sign-in")
    await person.press("Use a passkey")
    await person.sees("This passkey was not accepted.")
    await look(person, "sign-in-refused")


MAKE_ONE = """() => navigator.credentials.create({ publicKey: {
  rp: { id: "localhost", name: "x" }, user: { id: new Uint8Array([1]), name: "x", displayName: "x" },
  challenge: new Uint8Array(32), pubKeyCredParams: [-7, -257].map((alg) => ({ type: "public-key", alg })),
  authenticatorSelection: { residentKey: "required", userVerification: "required" },
} }).then(() => null)"""


@pytest.mark.row("F4")
async def test_a_security_key_after_the_password(person: Person, site: MovingSite, email: str) -> None:
    await member(person, email)
    await security_key_of(person)
    await add(person, "Add a security key", "the blue one")
    await person.press("Sign out")
    await person.sign_in(email)
    await person.is_at("Use your security key")
    await look(person, "flow-security-key")
    await person.press("Continue")
    await person.is_at("Hello, Anna Berg")


@pytest.mark.row("F4")
async def test_closing_the_browsers_window_loses_nothing(person: Person, site: MovingSite, email: str) -> None:
    await member(person, email)
    key = await passkey_of(person)
    await key.unlocks(owner=False)
    await person.open("/account/security/keys")
    await person.page.get_by_role("button", name="Add a passkey").click()
    await person.button("Continue").click()
    await person.sees("Nothing was done: the window was closed, or no key answered in time.")
    await expect(person.button("Continue")).to_be_focused()
    await look(person, "key-new-cancelled")
    await key.unlocks(owner=True)
    await person.press("Continue")
    await keep_codes(person)


@pytest.mark.row("F4")
async def test_the_same_key_is_not_added_twice(person: Person, site: MovingSite, email: str) -> None:
    await member(person, email)
    await passkey_of(person)
    await add(person, "Add a passkey", "my phone")
    await person.open("/account/security/keys")
    await person.page.get_by_role("button", name="Add a passkey").click()
    await with_the_passkey(person)
    await person.is_at("Make your passkey")
    await person.button("Continue").click()
    await person.sees("This key is on your account already. Use another one.")


async def with_the_passkey(person: Person) -> None:
    """Proves with it what is asked for."""
    await person.page.get_by_text("Other ways to verify").click()
    await person.page.get_by_role("button", name="A passkey").click()
    await person.is_at("Use your passkey")
    await person.press("Continue")


@pytest.mark.row("R5")
async def test_back_in_with_a_passkey(person: Person, site: MovingSite, email: str) -> None:
    await owner(person, email)
    site.wait(minutes=31 * 24 * 60)
    await person.open("/forgot")
    await person.type("E-mail, phone or user name", email)
    await person.press("Continue")
    await person.page.get_by_text("Other ways to verify").click()
    await person.page.get_by_role("button", name="A passkey").click()
    await person.is_at("Use your passkey")
    await look(person, "recover-passkey")
    await person.press("Continue")
    await person.is_at("Choose a new password")
    await person.type("New password", ANOTHER)
    await person.type("The same once more", ANOTHER)
    await person.press("Save the new password")
    await person.is_at("Your new password is set")


@pytest.mark.row("F4", "I2")
async def test_without_a_script_other_ways_are_offered(people: MakePerson, site: MovingSite, email: str) -> None:
    person = await people(java_script_enabled=False)
    await member(person, email)
    await person.open("/account/security/keys")
    await person.page.get_by_role("button", name="Add a passkey").click()
    await person.sees("Keys work only with JavaScript")
    await expect(person.button("Continue")).to_be_hidden()
    await person.press("Stop here and change nothing")
    await person.press("Sign out")
    await person.open("/sign-in")
    await expect(person.button("Use a passkey")).to_be_hidden()
    await person.open("/forgot")
    await person.type("E-mail, phone or user name", email)
    await person.press("Continue")
    await person.page.get_by_text("Other ways to verify").click()
    await person.page.get_by_role("button", name="A passkey").click()
    await person.sees("Keys work only with JavaScript", "Other ways to verify")


@pytest.mark.row("F4", "I2")
async def test_a_browser_without_keys_is_told_so(person: Person, site: MovingSite, email: str) -> None:
    await person.context.add_init_script("delete window.PublicKeyCredential")
    await member(person, email)
    await person.open("/account/security/keys")
    await person.page.get_by_role("button", name="Add a passkey").click()
    await person.sees("This browser cannot use passkeys or security keys.")
    await look(person, "key-unable")
    await person.press("Stop here and change nothing")
    await person.press("Sign out")
    await person.open("/sign-in")
    await expect(person.button("Use a passkey")).to_be_hidden()


@pytest.mark.row("P7")
async def test_password_managers_find_the_page_of_keys(person: Person, site: MovingSite, email: str) -> None:
    answer = await person.context.request.get(f"{person.site}/.well-known/passkey-endpoints")
    here = f"{person.site}/account/security/keys"
    assert await answer.json() == {"enroll": here, "manage": here}
