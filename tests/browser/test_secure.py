"""Robbed, and back: the wizard, what is undone, the countdown after the recovery, and its end (H3, R11), in two browsers."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import later
from tests.browser.conftest import PATIENT, MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import ANOTHER, PASSWORD, Person
from tests.doors.api import Program
from tests.server import Site

SECRET = "the-secret-of-the-shop-beside-us-0123456789"
SHOP = {
    "shop_secret": SECRET,
    "shop_webhook": "http://127.0.0.1:9/",
    "shop_webhook_secret": "whsec_" + base64.b64encode(bytes(range(32))).decode(),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[MovingSite]:
    """With a shop beside it."""
    folder = tmp_path_factory.mktemp("site")
    ahead = folder / "ahead"
    with Site(folder, "", migrated_sqlite, settings={**PATIENT, **SHOP}, program=later.program(ahead)) as found:
        yield MovingSite(found, ahead)


async def buys(site: MovingSite, email: str) -> None:
    """The shop reports what somebody bought in this account."""
    async with site.site.client() as http:
        program = Program(http)
        await program.sign_in(email, PASSWORD)
        account_id = (await program.read("account"))["account_id"]
        at = site.clock.now().isoformat()
        bought = {
            "account_id": account_id,
            "reference": "order-17",
            "kind": "order",
            "at": at,
            "title": "Ten gift cards of a hundred euros each",
        }
        body = {**bought, "amount": "1000.00", "currency": "EUR", "network": "198.51.100.7"}
        done = await program.call("POST", "/api/v1/shop/activity", body, headers={"Authorization": f"Bearer {SECRET}"})
        assert done.status == 200, done


async def robs(thief: Person, site: MovingSite, email: str) -> None:
    await thief.sign_in(email)
    await thief.open("/account/addresses")
    await thief.type("E-mail", f"thief.{email}")
    await thief.press("Continue")
    mail = await thief.mail(f"thief.{email}", "Confirm this address for Sparekey")
    await thief.type("Code from the message", mail.code)
    await thief.press("Continue")
    await thief.sees("The address is confirmed and added.")
    await buys(site, email)


async def recovers(owner: Person, email: str) -> None:
    await owner.open("/forgot")
    await owner.type("E-mail, phone or user name", email)
    await owner.press("Continue")
    await owner.type("Code from the message", (await owner.mail(email, "Get back into your account at Sparekey")).code)
    await owner.press("Continue")
    await owner.type("New password", ANOTHER)
    await owner.type("The same once more", ANOTHER)
    await owner.press("Save the new password")
    await owner.is_at("Your new password is set")


@pytest.mark.row("H3", "R11")
async def test_robbed_undone_and_back_in(people: MakePerson, site: MovingSite, email: str) -> None:
    owner, thief = await people(), await people()
    await owner.open("/secure")
    await look(owner, "secure-signed-out")
    await owner.sign_up(email)
    await owner.confirm(email)
    await robs(thief, site, email)
    await owner.open("/account/security")
    await owner.page.get_by_role("link", name="Was somebody else here?").click()
    await owner.is_at("Was all of this you?")
    await owner.sees("An e-mail address was added")
    await owner.sees("Ten gift cards")
    await look(owner, "secure")
    await owner.press("Tell the shop that these were not me")
    await look(owner, "secure-nothing-ticked")
    await owner.page.get_by_role("checkbox").first.check()
    await owner.press("Tell the shop that these were not me")
    await owner.sees("The shop is told that these were not yours")
    await look(owner, "secure-told")
    await owner.press("No: something was not me")
    await owner.page.get_by_role("button", name="A code by e-mail").click()
    await owner.type("Code from the message", (await owner.mail(email, "Your code for Sparekey")).code)
    await owner.press("Continue")
    await owner.is_at("What was not you?")
    await owner.page.get_by_text("Who signed in, and from where").click()
    await look(owner, "secure-choose")
    await owner.page.get_by_role("radio").first.check()
    await owner.page.get_by_label("Somebody may know my password").check()
    await owner.press("Undo and lock the account")
    await owner.is_at("The account is locked")
    await thief.open("/account")
    assert thief.path.startswith("/sign-in"), "the thief is out"
    await recovers(owner, email)
    await owner.follow("Sign in")
    await owner.type("Password", ANOTHER)
    await owner.press("Continue")
    await owner.open("/account")
    await owner.sees("held back for another 3 days")
    await look(owner, "quarantine-banner")
    await owner.follow("What is held back, and why")
    await owner.sees("Money is not paid out")
    await look(owner, "restrictions")
    await owner.page.get_by_role("link", name="Look through what changed").click()
    await owner.follow("Yes, all of it was me")
    await look(owner, "secure-next")
    await owner.open("/account/addresses")
    assert not await owner.page.get_by_text(f"thief.{email}").count(), "what the thief added is gone"
    site.wait(minutes=72 * 60)
    await owner.open("/account")
    assert not await owner.page.get_by_text("held back").count()
    await owner.open("/account/restrictions")
    await owner.sees("Nothing is held back on your account.")
    await look(owner, "restrictions-none")
