"""A dispute in real browsers (R16): a thief with the owner's number, the owner at the mail, and the owner at home, signed in."""

import pytest

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import PASSWORD
from tests.browser.test_alarms import begin, link_under, owner_with_number, pass_time


@pytest.mark.row("R16")
async def test_a_thief_with_the_number_and_the_owner_claim_one_account(people: MakePerson, site: MovingSite, email: str) -> None:
    number = f"+3712013{int(email.removesuffix('@example.com').removeprefix('anna')):04}"
    await owner_with_number(site, email, number)
    thief, owner, home = await people(), await people(), await people()
    await begin(thief, site, number)

    # The owner reads the mail, objects with one button, and sees how it stands.
    mail = await owner.mail(email, "Someone is getting back into your account at Sparekey")
    await owner.open(link_under(mail, "d"))
    await look(owner, "dispute-before")
    await owner.press("This was not me: object")
    await owner.is_at("You objected")
    await look(owner, "dispute-objected")
    await owner.follow("Show more")
    await owner.is_at("Two sides claim the account")
    await owner.sees("1 thing", "has shown as much")
    await look(owner, "dispute")

    # The thief sees it, too, and is asked for more; he has nothing more.
    await thief.page.reload()
    await thief.is_at("Somebody else claims this account, too")
    await look(thief, "dispute-recovery")

    # At home the banner says it, and nothing can be changed.
    await home.sign_in(email)
    await home.open("/account")
    await home.sees("Two sides claim this account")
    await look(home, "dispute-banner")
    await home.open("/account/security/password")
    await home.type("Current password", PASSWORD)
    await home.type("New password", "a kettle sings about the rain")
    await home.type("The same once more", "a kettle sings about the rain")
    await home.page.locator("main").get_by_role("button", name="Save the new password").click()
    await home.is_at("Two sides claim this account")
    await look(home, "dispute-held")
    await home.follow("See how it stands")
    await home.is_at("Two sides claim your account")
    await look(home, "dispute-account")

    # One more thing, from the mail, without signing in.
    await owner.press("Show one more thing")
    await look(owner, "dispute-more")
    await owner.page.get_by_role("link", name="Your password").click()
    await owner.type("Password", PASSWORD)
    await owner.press("Continue")
    await owner.is_at("Two sides claim the account")
    await owner.sees("2 things", "has shown less")

    await pass_time(site, 74)
    await thief.page.reload()
    await thief.is_at("The other side has shown more")
    await look(thief, "dispute-outweighed")
    await owner.page.reload()
    await owner.is_at("Nothing is disputed here")
    await look(owner, "dispute-over")
    await home.open("/account")
    await home.sees_not("Two sides claim this account")
