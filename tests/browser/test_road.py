"""The main road, walked as a person walks it: with the mailbox open in another tab, with a script and without, on both databases."""

import pytest

from sparekey.messages.catalogue import translator
from tests.browser.conftest import MakePerson
from tests.browser.person import ANOTHER, PASSWORD, THIRD, Person


@pytest.mark.row("S1", "S3", "S6", "I1", "I7", "I9", "R1", "P6", "O1", "O2")
@pytest.mark.parametrize(("real_site", "script"), [("sqlite", True), ("postgres", False)], indirect=["real_site"])
async def test_the_whole_road(people: MakePerson, real_site: object, email: str, *, script: bool) -> None:
    anna = await people(java_script_enabled=script)
    await _sign_up(anna, email)
    await _out_and_in(anna, email)
    elsewhere = await _change_password(anna, people, email)
    await _back_in_by_code(anna, email)
    await _second_address(anna, email)
    await _devices(anna, elsewhere, second_of(email))
    await _history(anna, email)


def second_of(email: str) -> str:
    return email.replace("anna", "berg")


async def _sign_up(anna: Person, email: str) -> None:
    await anna.open("/")
    await anna.follow("Create an account")
    await anna.type("Your name", "Anna Berg")
    await anna.type("E-mail", email)
    await anna.type("Password", PASSWORD)
    await anna.press("Continue")
    await anna.is_at("Look at your mail")
    mail = await anna.mail(email, "Confirm your address for Sparekey")
    await mail.tab.close()
    wrong = "1" if mail.code[0] != "1" else "2"
    await anna.type("Code from the message", wrong + mail.code[1:])
    await anna.press("Continue")
    await anna.sees("This code is not right, or it is too old.")
    await anna.type("Code from the message", mail.code)
    await anna.press("Continue")
    await anna.is_at("Your account is ready")
    await anna.follow("Go to your account")
    await anna.is_at("Hello, Anna Berg")


async def _out_and_in(anna: Person, email: str) -> None:
    await anna.press("Sign out")
    await anna.is_at("You are signed out")
    await anna.open("/account/devices")
    await anna.is_at("Sign in")
    await anna.type("E-mail, phone or user name", email)
    await anna.type("Password", "not the one that I chose")
    await anna.press("Sign in")
    await anna.sees("This name and password do not go together.")
    await anna.type("Password", PASSWORD)
    await anna.press("Sign in")
    await anna.is_at("Your devices")


async def _change_password(anna: Person, people: MakePerson, email: str) -> Person:
    elsewhere = await people()
    await elsewhere.sign_in(email)
    await elsewhere.is_at("Hello, Anna Berg")
    await anna.open("/account/security")
    await anna.follow("Password Set on " + await anna.page.locator(".way time").first.inner_text())
    await anna.type("Current password", PASSWORD)
    await anna.type("New password", ANOTHER)
    await anna.type("The same once more", ANOTHER)
    await anna.press("Save the new password")
    await anna.sees("Your new password is set. Your other devices are signed out.")
    await elsewhere.follow("Recent activity")
    await elsewhere.is_at("Sign in")
    await elsewhere.sees("You were signed out.")
    await elsewhere.sign_in(email, PASSWORD)
    await elsewhere.sees("This name and password do not go together.")
    await anna.mail(email, "Your password at Sparekey was changed")
    return elsewhere


async def _back_in_by_code(anna: Person, email: str) -> None:
    await anna.press("Sign out")
    await anna.follow("Sign in")
    await anna.follow("Forgot your password, or can’t get in?")
    await anna.type("E-mail, phone or user name", email)
    await anna.press("Continue")
    await anna.sees(f"If there is an account for {email[0]}•••@example.com")
    mail = await anna.mail(email, "Get back into your account at Sparekey")
    await anna.type("Code from the message", mail.code)
    await anna.press("Continue")
    await anna.is_at("Choose a new password")
    await anna.type("New password", THIRD)
    await anna.type("The same once more", ANOTHER)
    await anna.press("Save the new password")
    await anna.sees("The two passwords are not the same.")
    await anna.type("New password", THIRD)
    await anna.type("The same once more", THIRD)
    await anna.press("Save the new password")
    await anna.is_at("Your new password is set")
    await anna.open("/account")
    await anna.is_at("Sign in")  # a reset opens no session
    await anna.sign_in(email, THIRD)
    await anna.is_at("Hello, Anna Berg")


async def _second_address(anna: Person, email: str) -> None:
    second = second_of(email)
    await anna.follow("Add an address")
    await anna.type("E-mail", second)
    await anna.press("Continue")
    mail = await anna.mail(second, "Confirm this address for Sparekey")
    await anna.type("Code from the message", mail.code)
    await anna.press("Continue")
    await anna.sees("The address is confirmed and added.", second)
    await anna.press(f"Make it the main one : {second}")
    await anna.sees("Your main address is changed.")
    await anna.follow(f"Remove : {email}")
    await anna.is_at("Remove this address?")
    await anna.press("Remove")
    await anna.is_at("Held back for a few days")  # she has just recovered
    await anna.follow("What is held back, and why")
    await anna.sees("Addresses and ways to verify from before the recovery cannot be removed")


async def _devices(anna: Person, elsewhere: Person, email: str) -> None:
    await elsewhere.sign_in(email, THIRD)
    await elsewhere.is_at("Hello, Anna Berg")
    await anna.open("/account/devices")
    await anna.sees("This one", "Place unknown", "Chrome · Linux")
    await anna.press("Sign out there : Chrome · Linux")
    await anna.sees("Signed out there.")
    await elsewhere.open("/account")
    await elsewhere.is_at("Sign in")


async def _history(anna: Person, email: str) -> None:
    await anna.open("/account/activity")
    await anna.sees("The password was changed")
    await anna.open("/account/messages")
    await anna.sees("A new password was chosen with “Forgot password”", "Delivered")


@pytest.mark.row("R1")
@pytest.mark.parametrize(("real_site", "script"), [("sqlite", True), ("postgres", False)], indirect=["real_site"])
async def test_back_in_by_a_link_in_another_browser(people: MakePerson, real_site: object, email: str, *, script: bool) -> None:
    anna, phone = await people(java_script_enabled=script), await people(java_script_enabled=script)
    await anna.sign_up(email)
    await anna.confirm(email)
    await anna.press("Sign out")
    await anna.open("/forgot")
    await anna.type("E-mail, phone or user name", email)
    await anna.press("Continue")
    await anna.is_at("Look at your mail")

    mail = await phone.mail(email, "Get back into your account at Sparekey")
    await mail.link.click()
    phone.page = mail.tab
    await phone.is_at("Go on to a new password")
    await phone.sees("You began in another browser; from here on it goes on in this one.", "Until then nothing happens.")
    assert "/l/" not in phone.page.url, "the secret leaves the address at once"
    await phone.press("Yes, go on")
    await phone.is_at("Choose a new password")

    # Where it began, it does not go on.
    await anna.type("Code from the message", mail.code)
    await anna.press("Continue")
    await anna.is_at("This cannot go on here")

    await phone.type("New password", ANOTHER)
    await phone.type("The same once more", ANOTHER)
    await phone.press("Save the new password")
    await phone.is_at("Your new password is set")
    await phone.follow("Sign in")
    await phone.type("Password", ANOTHER)
    await phone.press("Continue")
    await phone.is_at("Hello, Anna Berg")


@pytest.mark.row("S1")
@pytest.mark.parametrize("knows", [True, False], ids=["knows_the_password", "does_not"])
async def test_a_sign_up_link_opened_in_another_browser(people: MakePerson, real_site: object, email: str, *, knows: bool) -> None:
    stranger, owner = await people(), await people()
    await stranger.sign_up(email, name="Mallory")
    mail = await owner.mail(email, "Confirm your address for Sparekey")
    await mail.link.click()
    owner.page = mail.tab
    await owner.is_at("Confirm your e-mail address")
    await owner.press("Yes, go on")
    await owner.is_at("The address is confirmed")
    if knows:
        await owner.type("Password", ANOTHER)
        await owner.press("Continue")
        await owner.sees("This is not the password that was chosen at sign-up.")
        await owner.type("Password", PASSWORD)
        await owner.press("Continue")
    else:
        await owner.follow("It was not me who signed up, or I don’t know the password")
        await owner.is_at("Set everything anew")
        await owner.type("Your name", "Olga")
        await owner.type("New password", ANOTHER)
        await owner.press("Create the account")
    await owner.is_at("Your account is ready")
    await owner.follow("Go to your account")
    await owner.is_at("Hello, Mallory" if knows else "Hello, Olga")
    await stranger.open("/account")
    await stranger.is_at("Sign in")
    await stranger.sign_in(email, PASSWORD)
    if knows:
        await stranger.is_at("Hello, Mallory")
    else:
        await stranger.sees("This name and password do not go together.")


@pytest.mark.row("I1", "R3")
async def test_a_mailed_link_signs_in(people: MakePerson, real_site: object, email: str) -> None:
    anna = await people()
    await anna.sign_up(email)
    await anna.confirm(email)
    laptop = await people()
    await laptop.open("/sign-in")
    await laptop.type("E-mail, phone or user name", email)
    for _ in range(3):
        await laptop.type("Password", "not the one that I chose")
        await laptop.press("Sign in")
    await laptop.sees("Not getting in?")
    await laptop.press("Mail me a sign-in link")
    await laptop.is_at("Open the link in your mail")
    mail = await laptop.mail(email, "Sign in to Sparekey")
    await mail.link.click()
    laptop.page = mail.tab
    await laptop.press("Yes, go on")
    await laptop.is_at("Hello, Anna Berg")


@pytest.mark.row("S3")
async def test_in_russian_and_in_chinese(person: Person, real_site: object, email: str) -> None:
    await person.open("/sign-in")
    await person.press("Русский")
    await person.is_at(translator("ru").gettext("Sign in"))
    await person.open("/")
    await person.press("中文")
    await person.is_at(translator("zh").gettext("Your account, and a spare key to it"))
    await person.press("English")
    await person.sign_up(email)
    await person.confirm(email)
    await person.open("/account/security")
    await person.press("Русский")
    await person.is_at(translator("ru").gettext("Security"))
    assert person.path == "/account/security"
    assert await person.page.locator("html").get_attribute("lang") == "ru"
