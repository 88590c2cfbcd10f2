"""Alarms and waits in a real browser: "this wasn't me" (H1, I8, F10), a recovery that waits, its banner, and the way back (R10)."""

import asyncio
import re

import pytest

from sparekey.adapters.sms.phone import DevPhone, DevText
from sparekey.bootstrap import build
from sparekey.worker.waits import look_at_waits
from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import ANOTHER, PASSWORD, Mail, Person
from tests.doors.api import CHEAP, HashingHere, Program

DAY = 24 * 60


def link_under(mail: Mail | DevText, under: str) -> str:
    """The address of the link in a mail, without its host."""
    found = re.search(rf"/{under}/[A-Za-z0-9_-]+", mail.text)
    assert found, mail.text
    return found[0]


def newest_text_code(site: MovingSite, number: str) -> str:
    texts = [t for t in DevPhone(site.site.data, clock=site.clock).list() if t.to == number]
    found = re.search(r"#([0-9A-Z]+)$", texts[0].text)
    assert found, texts[0].text
    return found[1]


async def owner_with_number(site: MovingSite, email: str, number: str) -> None:
    """An account with a mailbox and a number, both settled."""
    async with site.site.client() as http:
        program = Program(http)
        began = await program.start("sign_up", email=email, name="Anna Berg", password=PASSWORD)
        await program.code(began.flow_id, (await site.site.mail(email)).code)
        began = await program.start("add_address", phone=number)
        if began.state == "asking":
            began = await program.password(began.flow_id, PASSWORD)
        assert began.state == "allowed", began
        await asyncio.sleep(3)
        body = {"answer": {"challenge": "sms", "code": newest_text_code(site, number)}}
        assert (await program.call("POST", f"/api/v1/flows/{began.flow_id}/answer", body)).state == "done"
    site.wait(minutes=31 * DAY)


async def begin(person: Person, site: MovingSite, number: str) -> None:
    """Getting back in by the number alone, to the page that waits."""
    await person.open("/forgot")
    await person.type("E-mail, phone or user name", number)
    await person.press("Continue")
    await asyncio.sleep(3)
    await person.type("Code from the message", newest_text_code(site, number))
    await person.press("Continue")
    await person.page.locator("main").get_by_role("button", name="I have no other way").click()
    await person.is_at("Now there is a waiting time")


async def pass_time(site: MovingSite, hours: int) -> None:
    """Hour by hour, as the worker of another node sees it."""
    parts = build(site.site.read(), clock=site.clock, hashing=HashingHere(), cost=CHEAP)
    await parts.open()
    try:
        for _ in range(hours):
            while await parts.deliverer.deliver_due():
                pass
            site.wait(minutes=60)
            await look_at_waits(parts.services, asyncio.Event())
    finally:
        await parts.close()


@pytest.mark.row("H1", "I8")
async def test_this_was_not_me(people: MakePerson, site: MovingSite, email: str) -> None:
    owner, thief = await people(), await people()
    await owner.sign_up(email)
    await owner.confirm(email)
    await thief.sign_in(email)
    await thief.open("/account/details")
    await thief.type("Your name", "Eve")
    await thief.press("Save")
    mail = await owner.mail(email, "Your details at Sparekey were changed")
    await owner.open(link_under(mail, "d"))
    await owner.is_at("This was not you?")
    assert owner.path == "/disown"
    await look(owner, "disown")
    await owner.press("This was not me: undo it and lock the account")
    await owner.is_at("The account is locked")
    await look(owner, "disowned")
    await thief.open("/account")
    assert thief.path == "/sign-in"
    await thief.sign_in(email)
    await thief.is_at("This account is locked")
    await look(thief, "locked")
    await thief.follow("Unlock without a new password")
    await look(thief, "thaw")
    await owner.open("/disown")
    await owner.is_at("This link no longer works")
    await look(owner, "disown-over")
    await owner.follow("Choose a new password")
    await owner.type("E-mail, phone or user name", email)
    await owner.press("Continue")
    await owner.type("Code from the message", (await owner.mail(email, "Get back into your account at Sparekey")).code)
    await owner.press("Continue")
    await owner.type("New password", ANOTHER)
    await owner.type("The same once more", ANOTHER)
    await owner.press("Save the new password")
    await owner.is_at("Your new password is set")


@pytest.mark.row("F10")
async def test_a_code_that_nobody_asked_for(people: MakePerson, site: MovingSite, email: str) -> None:
    owner, stranger = await people(), await people()
    await owner.sign_up(email)
    await owner.confirm(email)
    await stranger.open("/forgot")
    await stranger.type("E-mail, phone or user name", email)
    await stranger.press("Continue")
    mail = await owner.mail(email, "Get back into your account at Sparekey")
    await owner.open(link_under(mail, "d"))
    await look(owner, "disown-code")
    await owner.press("I did not ask for this: stop it")
    await owner.is_at("It is stopped")
    await look(owner, "disowned-code")
    await stranger.type("Code from the message", mail.code)
    await stranger.press("Continue")
    await stranger.sees("This code is not right")


@pytest.mark.row("R10")
async def test_a_wait_its_banner_and_the_way_back(people: MakePerson, site: MovingSite, email: str) -> None:
    number = f"+3712012{int(email.removesuffix('@example.com').removeprefix('anna')):04}"
    await owner_with_number(site, email, number)
    stranger, owner = await people(), await people()
    await begin(stranger, site, number)
    await stranger.sees("0 of 3")
    await look(stranger, "waiting")
    await owner.sign_in(email)
    await owner.open("/account")
    await owner.sees("Somebody asked to get back into your account")
    await look(owner, "banner")
    await owner.open("/account/close")
    await owner.press("Close the account")
    await owner.open("/account")
    await owner.sees("Somebody asked to get back into your account", "This account closes for good on")
    await look(owner, "two-alarms")
    await owner.follow("Keep the account")
    await owner.press("Keep the account")
    await owner.sees("Your account stays")
    await owner.follow("If this is not you: stop it")
    await look(owner, "recovery")
    await owner.press("Stop it")
    if await owner.page.get_by_label("Password", exact=True).count():
        await owner.type("Password", PASSWORD)
        await owner.press("Continue")
    await owner.is_at("It is stopped")
    await look(owner, "recovery-stopped")
    await stranger.page.reload()
    await stranger.sees("Somebody signed in with at least as much")
    await look(stranger, "cancelled")
    # And once more, with nobody who stops it.
    site.wait(minutes=31 * DAY)
    await begin(stranger, site, number)
    await asyncio.sleep(3)
    elsewhere = await people()
    [back, *_] = [t for t in DevPhone(site.site.data, clock=site.clock).list() if t.to == number and "/w/" in t.text]
    await elsewhere.open(link_under(back, "w"))
    await elsewhere.is_at("Your recovery")
    await elsewhere.sees("0 of 3")
    await look(elsewhere, "wait-elsewhere")
    await pass_time(site, 73)
    await stranger.page.reload()
    await stranger.type("New password", ANOTHER)
    await stranger.type("The same once more", ANOTHER)
    await stranger.press("Save the new password")
    await stranger.is_at("Your new password is set")
    await elsewhere.page.reload()
    await elsewhere.is_at("This link no longer works")
    await look(elsewhere, "wait-over")
