"""The story of the robbed account in a real browser (H1, H2, R13, S3): the owner and the thief, each at their own."""

import pytest

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import ANOTHER, PASSWORD, THIRD, Person
from tests.browser.test_alarms import link_under

DAY = 24 * 60


async def type_code(person: Person, to: str, subject: str) -> None:
    mail = await person.mail(to, subject)
    await mail.tab.close()
    await person.type("Code from the message", mail.code)
    await person.press("Continue")


async def show_password(person: Person, password: str) -> None:
    """Where it is asked for."""
    if await person.page.get_by_label("Password", exact=True).count():
        await person.type("Password", password)
        await person.press("Continue")


async def rob(thief: Person, email: str, evil: str) -> None:
    """Password, addresses, the name, and in the end the account itself."""
    await thief.open("/account/security/password")
    await thief.type("Current password", PASSWORD)
    await thief.type("New password", ANOTHER)
    await thief.type("The same once more", ANOTHER)
    await thief.press("Save the new password")
    await thief.open("/account/addresses")
    await thief.type("E-mail", evil)
    await thief.press("Continue")
    await show_password(thief, ANOTHER)
    await type_code(thief, evil, "Confirm this address for Sparekey")
    await thief.is_at("Addresses and numbers")
    await thief.page.get_by_role("button", name="Make it the main one").click()
    await show_password(thief, ANOTHER)
    await thief.page.get_by_role("link", name="Remove").click()
    await thief.is_at("Remove this address?")
    await look(thief, "remove-address")
    await thief.press("Remove")
    await show_password(thief, ANOTHER)
    await thief.open("/account/details")
    await thief.type("Your name", "Eve")
    await thief.press("Save")
    await show_password(thief, ANOTHER)
    await thief.open("/account/close")
    await thief.press("Close the account")
    await show_password(thief, ANOTHER)
    await thief.is_at("Your account is going to be closed")


@pytest.mark.row("H1", "H2", "R13", "S3")
async def test_a_thief_changed_everything_and_the_owner_needs_two_clicks(people: MakePerson, site: MovingSite, email: str) -> None:
    owner, thief = await people(), await people()
    evil = email.replace("anna", "thief")
    await owner.sign_up(email)
    await owner.confirm(email)
    site.wait(minutes=35 * DAY)
    await thief.sign_in(email)
    first = await owner.mail(email, "New sign-in to your account at Sparekey")
    await rob(thief, email, evil)

    # The first click: the link. The second: the button.
    await owner.open(link_under(first, "d"))
    await owner.is_at("This was not you?")
    await owner.sees("An e-mail address was removed", "The password was changed", "The account is about to close")
    await owner.sees_not(evil)
    await look(owner, "disown-undo")
    await owner.press("This was not me: undo it and lock the account")
    await owner.is_at("The account is locked")
    await owner.sees("The old password no longer works")
    await look(owner, "disown-undone")

    # The thief is out, and stays out.
    await thief.open("/account")
    assert thief.path == "/sign-in"
    for name in (email, evil):
        for password in (PASSWORD, ANOTHER):
            await thief.sign_in(name, password)
            assert thief.path == "/sign-in"
    left = await thief.mail(evil, "Something changed in your account at Sparekey")
    await thief.open(link_under(left, "d"))
    await thief.press("This was not me: object")
    await thief.is_at("We noted it")

    # The owner is in, by what was there before.
    await owner.follow("Choose a new password")
    await owner.type("E-mail, phone or user name", email)
    await owner.press("Continue")
    await type_code(owner, email, "Get back into your account at Sparekey")
    await owner.type("New password", THIRD)
    await owner.type("The same once more", THIRD)
    await owner.press("Save the new password")
    await owner.is_at("Your new password is set")
    await owner.sign_in(email, THIRD)
    await owner.open("/account/addresses")
    await owner.sees(email)
    await owner.sees_not(evil)
    await owner.open("/account/details")
    assert await owner.field("Your name").input_value() == "Anna Berg"
    assert await owner.page.get_by_text("closes for good").count() == 0


@pytest.mark.row("H2", "R13")
async def test_without_any_mail_at_hand_the_name_is_enough(people: MakePerson, site: MovingSite, email: str) -> None:
    """The thief has thrown our messages away. He took the mailbox off the account, and still it says what was not its owner's."""
    owner, thief = await people(), await people()
    evil = email.replace("anna", "thief")
    await owner.sign_up(email)
    await owner.confirm(email)
    site.wait(minutes=35 * DAY)
    await thief.sign_in(email)
    await rob(thief, email, evil)
    await owner.open("/undo")
    await look(owner, "undo")
    await owner.type("E-mail, phone or user name", email)
    await owner.press("Continue")
    await owner.is_at("Look at your mail")
    await type_code(owner, email, "Your code for Sparekey")
    await owner.is_at("What was not you?")
    await look(owner, "undo-choose")
    await owner.page.get_by_label("The password was changed").check()
    await owner.press("Undo and lock the account")
    await owner.is_at("The account is locked")
    await owner.sees("The account was about to close. It does not close.")
    await thief.open("/account")
    assert thief.path == "/sign-in"
