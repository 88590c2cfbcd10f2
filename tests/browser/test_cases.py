"""Support cases in a real browser (C2, C4, R8): an owner who lost everything, a thief who asks as well, two browsers, three weeks."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sparekey.bootstrap import Parts, build
from sparekey.domain.accounts import AccountId
from sparekey.domain.agents import Choice, Vote
from sparekey.use_cases.block_account import block_account
from sparekey.use_cases.decide_case import decide_case
from sparekey.use_cases.load_case import load_case_for_time
from sparekey.use_cases.services import Client
from sparekey.worker.cases import look_at_cases
from sparekey.worker.waits import look_at_waits
from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import ANOTHER, Person
from tests.browser.test_alarms import DAY, link_under
from tests.doors.api import CHEAP, HashingHere

AGENT = Client(holder="", network="", user_agent="", language="en")


@asynccontextmanager
async def node(site: MovingSite) -> AsyncIterator[Parts]:
    """Another node of the site."""
    parts = build(site.site.read(), clock=site.clock, hashing=HashingHere(), cost=CHEAP)
    await parts.open()
    try:
        yield parts
    finally:
        await parts.close()


async def decided(site: MovingSite, number: str, choice: Choice) -> None:
    """Two agents have voted, and the hour has come at which decisions leave."""
    async with node(site) as parts:
        services = parts.services
        async with services.store.transaction() as tx:
            seen = await tx.cases.by_number(number)
            assert seen is not None
            at = await load_case_for_time(tx, services, seen)
            for agent in ("a" * 32, "b" * 32):
                await tx.votes.add(at.case.case_id, Vote(AccountId(agent), choice, "enough", at.now))
            await decide_case(tx, services, AGENT, at.lock, at.case, choice)
        site.wait(minutes=2 * DAY)
        await look_at_cases(services, asyncio.Event())


async def pass_days(site: MovingSite, days: int) -> None:
    async with node(site) as parts:
        for _ in range(days * 24):
            while await parts.deliverer.deliver_due():
                pass
            site.wait(minutes=60)
            await look_at_waits(parts.services, asyncio.Event())
        while await parts.deliverer.deliver_due():
            pass


async def open_case(person: Person, contact: str) -> str:
    """From the open form to the page of what is remembered; the number of the case."""
    await person.type("An e-mail address that you can read now", contact)
    await person.press("Continue")
    await person.is_at("Look at your mail")
    mail = await person.mail(contact, "Your code for the case at Sparekey")
    await mail.tab.close()
    await person.type("Code from the message", mail.code)
    await person.press("Continue")
    await person.is_at("What do you remember?")
    found = re.search(r"/case/([^/]+)/", person.path)
    assert found
    return found[1]


@pytest.mark.row("C2", "R8")
async def test_an_owner_who_lost_everything_and_a_thief_who_asks_as_well(people: MakePerson, site: MovingSite, email: str) -> None:
    owner, thief = await people(), await people()
    contact, other = f"new.{email}", f"thief.{email}"
    await owner.sign_up(email)
    await owner.confirm(email)
    await owner.context.clear_cookies()
    site.wait(minutes=31 * DAY)
    # The owner, from the last step of a recovery.
    await owner.open("/forgot")
    await owner.type("E-mail, phone or user name", email)
    await owner.press("Continue")
    await owner.page.get_by_text("Other ways to verify").click()
    await owner.press("I have no other way")
    await owner.is_at("We cannot decide this here")
    await owner.follow("Open a case, so that people look at it")
    await owner.is_at("Ask people for help")
    await owner.press("Continue")
    await owner.sees("Enter your e-mail address.")
    await owner.type("An e-mail address that you can read now", contact)
    await owner.press("Continue")
    await look(owner, "case-code")
    await owner.press("Continue")
    await owner.sees("Enter the code from the message.")
    mail = await owner.mail(contact, "Your code for the case at Sparekey")
    await mail.tab.close()
    await owner.type("Code from the message", mail.code)
    await owner.press("Continue")
    await owner.is_at("What do you remember?")
    await look(owner, "case-remember")
    number = owner.path.split("/")[2]
    await owner.press("Send this")
    await owner.sees("Fill in at least one line")
    await owner.type("When did you sign up? (optional)", "2026-11")
    await owner.press("Send this")
    await owner.is_at("People look at your case")
    await owner.type("Your message", "I lost my phone.\n<b>Please</b> look at https://evil.example")
    await owner.press("Send the message")
    await owner.sees("<b>Please</b> look at https://evil.example")
    assert await owner.page.locator("a[href*=evil]").count() == 0
    await look(owner, "case-message")
    # The thief, by the form.
    await thief.open("/help/case")
    await look(thief, "case-form")
    await thief.press("Continue")
    await look(thief, "case-form-empty")
    await thief.page.get_by_label("Somebody else claims my account").check()
    await thief.type("Your account: e-mail, phone or user name", email)
    theirs = await open_case(thief, other)
    await thief.follow("Not now")
    await thief.is_at("People look at your case")
    await thief.open(f"/case/{number}")
    await thief.is_at("There is no such page here")
    await look(thief, "case-none")
    # Both are decided.
    await decided(site, theirs, Choice.REFUSE)
    await decided(site, number, Choice.APPROVE)
    await thief.open(f"/case/{theirs}")
    await thief.is_at("We cannot give you the account")
    await look(thief, "case-refused")
    await owner.open(f"/case/{number}")
    await owner.is_at("Approved: now there is a waiting time")
    await look(owner, "case-approved")
    await owner.follow("How far the wait has come")
    await owner.sees("0 of 14")
    await look(owner, "case-waiting")
    await pass_days(site, 15)
    # In another browser, by the mail.
    elsewhere = await people()
    mail = await elsewhere.mail(contact, "Your case at Sparekey: choose a new password")
    await elsewhere.open(link_under(mail, "c"))
    await elsewhere.is_at("Your case")
    assert elsewhere.path == "/help/case/link"
    await look(elsewhere, "case-link")
    await elsewhere.press("Open it in this browser")
    await elsewhere.is_at("Choose a new password")
    await look(elsewhere, "case-ready")
    await elsewhere.follow("Choose a new password")
    await elsewhere.type("New password", ANOTHER)
    await elsewhere.type("The same once more", ANOTHER)
    await elsewhere.press("Save the new password")
    await elsewhere.is_at("Your new password is set")
    await elsewhere.open(f"/case/{number}")
    await elsewhere.is_at("You have your account back")
    await elsewhere.sign_in(contact, ANOTHER)
    assert elsewhere.path.startswith("/account")
    await elsewhere.open("/account/addresses")
    await elsewhere.sees(contact, email)


@pytest.mark.row("C4")
async def test_a_blocked_owner_appeals(people: MakePerson, site: MovingSite, email: str) -> None:
    owner = await people()
    await owner.sign_up(email)
    await owner.confirm(email)
    async with node(site) as parts:
        assert await block_account(parts.services, AGENT, email)
    await owner.open("/account")
    assert owner.path == "/sign-in"
    await owner.sees("You were signed out.")
    await look(owner, "sign-in-signed-out")
    await owner.sign_in(email)
    await owner.is_at("This account is blocked")
    await look(owner, "blocked")
    await owner.follow("Ask us to look at it")
    assert await owner.page.get_by_label("I was told that it is blocked").is_checked()
    number = await open_case(owner, f"new.{email}")
    await decided(site, number, Choice.APPROVE)
    await owner.open(f"/case/{number}")
    await owner.is_at("Your appeal had success")
    await owner.sign_in(email)
    assert owner.path == "/account"
