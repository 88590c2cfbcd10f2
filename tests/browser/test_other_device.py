"""Two devices in front of one person: a phone that approves (F6), and a phone that signs in a computer (I4). Two browsers, real keys."""

import pytest

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import PASSWORD, Person

PHONE = {"width": 360, "height": 760}


async def owner(person: Person, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)


async def add_phone(computer: Person, phone: Person) -> None:
    """From Security to the backup codes, to which the computer goes on by itself."""
    await computer.open("/account/security")
    await computer.page.get_by_role("link", name="Approve on my phone").first.click()
    await computer.is_at("Approve on my phone")
    await look(computer, "account-phone")
    await computer.type("What do you call this phone? (optional)", "My blue phone")
    await computer.press("Add a phone")
    await computer.is_at("Add a phone that approves")
    await look(computer, "flow-new-phone")
    await computer.press("Show the code")
    await computer.is_at("Scan this with your phone")
    await look(computer, "flow-new-phone-code")
    code = (await computer.page.locator("p.address").inner_text()).replace(" ", "")
    await phone.open(f"/approve#{code}")
    await phone.sees("Add this phone?", "a•••@example.com")
    assert code not in phone.page.url
    await look(phone, "approve-add")
    await phone.button("Add this phone").click()
    await phone.sees("This phone is added", "Go back to the other screen")
    await look(phone, "approve-added")


async def keep_codes(computer: Person) -> None:
    """The last step of a first second factor: one of the ten codes is typed."""
    await computer.is_at("Keep these ten backup codes")
    code = " ".join((await computer.page.locator("#codes li").nth(2).inner_text()).split())
    await computer.page.locator("form[action$=keep-codes] input[type=text]").fill(code)
    async with computer.page.expect_navigation():
        await computer.page.locator("form[action$=keep-codes] button.main").click()


@pytest.mark.row("F6")
@pytest.mark.parametrize("script", [True, False])
async def test_approve_on_my_phone(people: MakePerson, email: str, *, script: bool) -> None:
    computer, phone = await people(), await people(viewport=PHONE)
    await owner(computer, email)
    await phone.open("/approve")
    await phone.sees("This phone is not added to any account yet.")
    await look(phone, "approve-none")
    await add_phone(computer, phone)
    await keep_codes(computer)
    await phone.button("Continue").click()
    await phone.sees("Nothing to approve at the moment")
    await look(phone, "approve-idle")
    # The key cannot leave the phone.
    kept = await phone.page.evaluate(
        """async () => {
          const db = await new Promise((r) => { const o = indexedDB.open("sparekey-approve", 1); o.onsuccess = () => r(o.result); });
          const all = db.transaction("phone").objectStore("phone").getAll();
          const [phone] = await new Promise((r) => { all.onsuccess = () => r(all.result); });
          const out = await crypto.subtle.exportKey("jwk", phone.key).then(() => "exported", (e) => e.name);
          return [phone.key.extractable, out];
        }"""
    )
    assert kept == [False, "InvalidAccessError"]

    elsewhere = await people(java_script_enabled=script)
    await elsewhere.sign_in(email)
    await choose_phone(elsewhere)
    await elsewhere.is_at("Look at your phone")
    if script:
        await look(elsewhere, "flow-phone")
    number = await number_of(elsewhere)
    await elsewhere.button("I typed it there: continue").click()
    await elsewhere.sees("Your phone has not said yes so far.")
    await phone.sees("Is it you?", "Sign in", "Chrome · Linux")
    await look(phone, "approve-asked")
    await phone.type("Number on the other screen", "12")
    await phone.button("It is me").click()
    await phone.sees("Type the three digits that the other screen shows.")
    await phone.type("Number on the other screen", number)
    await phone.button("It is me").click()
    await phone.sees("Done: go on at the other screen")
    await look(phone, "approve-approved")
    if not script:
        await elsewhere.press("I typed it there: continue")
    await elsewhere.is_at("Hello, Anna Berg")


async def choose_phone(person: Person) -> None:
    """The way to the phone, however the page of the second step begins."""
    button = person.page.locator('button[name="kind"][value="phone_approval"]').first
    if not await button.is_visible():
        await person.page.get_by_text("Other ways to verify").click()
    async with person.page.expect_navigation():
        await button.click()


async def number_of(person: Person) -> str:
    text = await person.page.locator("p.number").inner_text()
    return "".join(c for c in text if c.isdigit())


@pytest.mark.row("F6", "F10")
async def test_wrong_late_and_not_me(people: MakePerson, site: MovingSite, email: str) -> None:
    computer, phone = await people(), await people(viewport=PHONE)
    await owner(computer, email)
    await add_phone(computer, phone)
    await keep_codes(computer)
    await phone.button("Continue").click()
    thief = await people()
    await thief.sign_in(email)
    await choose_phone(thief)
    number = await number_of(thief)
    await phone.type("Number on the other screen", f"{(int(number) + 1) % 1000:03}")
    await phone.button("It is me").click()
    await phone.sees("That was another number")
    await look(phone, "approve-wrong")
    await phone.button("Continue").click()
    await thief.press("Ask the phone again")
    await phone.sees("Is it you?")
    site.wait(minutes=5)
    await phone.sees("This question is over")
    await look(phone, "approve-over")
    await thief.open(f"{thief.path}?way=phone_approval")
    await thief.is_at("The time is over")
    await look(thief, "flow-phone-expired")
    await thief.press("Ask the phone again")
    await phone.button("Continue").click()
    await phone.sees("Is it you?")
    await phone.button("This was not me").click()
    await phone.sees("Good that you said so")
    await look(phone, "approve-refused")
    await thief.is_at("Look at your phone")
    await thief.press("I typed it there: continue")
    await thief.sees("Your phone has not said yes so far.")
    await thief.press("Ask the phone again")
    await thief.sees("Three questions went to your phone within an hour")
    await look(thief, "flow-phone-used-up")


@pytest.mark.row("F6")
async def test_the_phones_page_can_be_installed_and_says_when_the_network_is_gone(people: MakePerson) -> None:
    phone = await people(viewport=PHONE)
    await phone.open("/approve")
    manifest = await phone.page.evaluate("async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json()")
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/approve", "/approve", "standalone")
    await phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await phone.context.set_offline(True)
    await phone.page.reload()
    await phone.is_at("No network")
    await look(phone, "approve-offline")
    await phone.context.set_offline(False)
    await phone.follow("Try again")
    await phone.is_at("Approve")


@pytest.mark.row("F6", "I10")
async def test_without_script_the_phones_page_says_so(people: MakePerson) -> None:
    phone = await people(viewport=PHONE, java_script_enabled=False)
    await phone.open("/approve")
    await phone.sees("This page needs JavaScript, which is off in this browser")


@pytest.mark.row("I4")
@pytest.mark.parametrize("script", [True, False])
async def test_a_computer_signs_in_by_qr_code(people: MakePerson, email: str, *, script: bool) -> None:
    phone = await people(viewport=PHONE)
    computer = await people(java_script_enabled=script)
    await owner(phone, email)
    await phone.press("Sign out")
    await computer.open("/sign-in")
    await computer.follow("Sign in with your phone, by QR code")
    await computer.is_at("Sign in with your phone")
    await computer.press("Show the code")
    if script:
        await look(computer, "qr-code")
    number = await number_of(computer)
    link = await _token(computer)
    assert link not in computer.page.url
    # Scanned by a phone that is not signed in: that comes first, then back.
    await phone.open(f"/q/{link}")
    await phone.is_at("Sign in")
    await phone.type("E-mail, phone or user name", email)
    await phone.type("Password", PASSWORD)
    await phone.press("Sign in")
    await phone.is_at("Sign in this computer?")
    assert link not in phone.page.url
    await phone.sees("Chrome · Linux", "Only if that computer stands in front of you")
    await look(phone, "qr-phone")
    await phone.press("It stands in front of me")
    await phone.is_at("Which number does the computer show?")
    await look(phone, "flow-approve")
    await phone.press("Sign in that computer")
    await phone.sees("Type the three digits that the computer shows.")
    await phone.type("Number on the computer", number)
    await phone.press("Sign in that computer")
    await phone.is_at("Now look at the computer")
    await look(phone, "flow-approve-done")
    if not script:
        await computer.follow("I did that: continue")
    await computer.is_at("Sign in as a•••@example.com?")
    if script:
        await look(computer, "qr-approved")
    await computer.press("Sign in")
    await computer.is_at("Hello, Anna Berg")
    await phone.mail(email, "New sign-in to your account at Sparekey")


async def _token(computer: Person) -> str:
    """What a camera would read, from the cookie that the page was drawn of."""
    cookies = await computer.context.cookies()
    return next(c["value"] for c in cookies if c["name"].endswith("qr"))


@pytest.mark.row("I4")
async def test_a_wrong_number_and_an_old_code(people: MakePerson, site: MovingSite, email: str) -> None:
    phone, computer = await people(viewport=PHONE), await people()
    await owner(phone, email)
    await computer.open("/sign-in/qr")
    await look(computer, "qr-begin")
    await computer.press("Show the code")
    number = await number_of(computer)
    await phone.open(f"/q/{await _token(computer)}")
    await phone.press("It stands in front of me")
    await phone.type("Number on the computer", f"{(int(number) + 1) % 1000:03}")
    await phone.press("Sign in that computer")
    await phone.is_at("That was another number")
    await look(phone, "flow-approve-wrong")
    await computer.is_at("The code is over")
    await look(computer, "qr-over")
    await computer.press("Show the code")
    await phone.open(f"/q/{await _token(computer)}")
    site.wait(minutes=2)
    await phone.press("It stands in front of me")
    await phone.is_at("The code is over")
    await look(phone, "qr-phone-over")
