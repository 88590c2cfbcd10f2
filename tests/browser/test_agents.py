"""The console in a real browser (C3, C5, C6): two agents with keys and the person of a case, whose chat goes both ways as it is said; and
a case from opening to approval, with every key and page counted.
"""

import asyncio

import pytest
from playwright.async_api import Page, expect

from sparekey.cli.agents import OPERATOR
from sparekey.domain.audit import Event
from sparekey.use_cases.agents import add_agent
from sparekey.worker.cases import look_at_cases
from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import Person
from tests.browser.test_alarms import DAY
from tests.browser.test_cases import node, open_case
from tests.browser.test_keys import owner, without_the_browsers_list

MOST_PAGES, MOST_KEYS = 3, 15


class Hands:
    """Counts what an agent does: keys pressed, and pages that came."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.keys = self.pages = 0
        page.on("framenavigated", lambda frame: self._came() if frame is page.main_frame else None)

    def _came(self) -> None:
        self.pages += 1

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            await self._page.keyboard.press(key)

    async def press_to_leave(self, key: str) -> None:
        async with self._page.expect_navigation():
            await self.press(key)


async def agents(people: MakePerson, site: MovingSite, email: str, *names: str) -> list[Person]:
    """At wide screens, with passkeys; placed by the operator eight days ago, signed in with the key just now."""
    found = []
    for name in names:
        agent = await people(viewport={"width": 1280, "height": 900})
        await owner(agent, f"{name}.{email}")
        await without_the_browsers_list(agent)
        async with node(site) as parts:
            await add_agent(parts.services, OPERATOR, f"{name}.{email}")
        found.append(agent)
    site.wait(minutes=8 * DAY)
    for agent in found:
        await agent.open("/sign-in")
        await agent.press("Use a passkey")
        assert agent.path.startswith("/account")
    return found


@pytest.mark.row("C3", "C5", "C6")
async def test_a_case_from_opening_to_approval_by_keyboard(people: MakePerson, site: MovingSite, email: str) -> None:
    person = await people()
    await person.sign_up(email)
    await person.confirm(email)
    account_id = await _account_id(site, email)
    await person.context.clear_cookies()
    anna, bert = await agents(people, site, email, "anna", "bert")

    # The person opens a case, and keeps its page open.
    await person.open("/help/case")
    await person.page.get_by_label("I have nothing left to get in with").check()
    await person.type("Your account: e-mail, phone or user name", email)
    number = await open_case(person, f"new.{email}")
    await person.type("When did you sign up? (optional)", "2026-11")
    await person.press("Send this")
    await person.is_at("People look at your case")

    # The first agent asks something; both sides see it at once, without a reload.
    await anna.open("/console")
    await anna.is_at("Cases")
    await look(anna, "console-queue")
    await anna.page.keyboard.press("Enter")
    await anna.is_at(f"Case {number}")
    await look(anna, "console-case")
    await anna.page.keyboard.press("q")
    await anna.page.keyboard.press("1")
    async with anna.page.expect_navigation():
        await anna.page.keyboard.press("Enter")
    await person.sees("Please write the number of your last order")
    await person.sees("Sparekey, support")
    await person.sees("We never ask for a password, for a code, or for money")
    await person.type("Your message", "<b>A-17</b>, a kettle https://evil.example/")
    await person.press("Send the message")
    await anna.sees("<b>A-17</b>, a kettle https://evil.example/")
    for page in (anna.page, person.page):
        assert await page.locator(".talk b", has_text="A-17").count() == 0
        assert await page.locator("a[href*=evil]").count() == 0
    await look(person, "case-chat")
    await look(anna, "console-chat")

    # From opening to approval, counted.
    counted = []
    for agent, says in ((anna, "Another agent must agree."), (bert, "Your vote decided the case.")):
        hands = Hands(agent.page)
        await agent.open("/console")
        await expect(agent.page.locator("[data-row]").first).to_be_focused()
        await hands.press_to_leave("Enter")
        await agent.is_at(f"Case {number}")
        await hands.press("a", "1")
        await hands.press_to_leave("Enter")
        await agent.sees(says)
        counted.append((hands.pages, hands.keys))
    assert all(pages <= MOST_PAGES and keys <= MOST_KEYS for pages, keys in counted)
    assert counted == [(3, 4), (3, 4)]
    await bert.sees("Nobody waits.")
    await look(bert, "console-decided")

    # The log alone tells it again.
    async with node(site) as parts, parts.services.store.transaction() as tx:
        case = await tx.cases.by_number(number)
        assert case is not None
        told = [Event(row.name) for row in await tx.audit.of_flow(account_id, case.case_id)]
    assert told == [
        *(Event.CASE_BEGUN, Event.CASE_OPENED, Event.CASE_STATED),
        *(Event.CASE_LOOKED_AT, Event.CASE_ASKED, Event.CASE_LOOKED_AT, Event.CASE_ANSWERED),
        *(Event.CASE_LOOKED_AT, Event.CASE_VOTED),
        *(Event.CASE_LOOKED_AT, Event.CASE_VOTED, Event.CASE_DECIDED),
    ]

    # The person hears of it at its hour, and not before.
    await person.open(f"/case/{number}")
    await person.is_at("People look at your case")
    site.wait(minutes=2 * DAY)
    async with node(site) as parts:
        await look_at_cases(parts.services, asyncio.Event())
    await person.open(f"/case/{number}")
    await person.is_at("Approved: now there is a waiting time")


@pytest.mark.row("C6")
async def test_who_are_agents_and_what_is_barred(people: MakePerson, site: MovingSite, email: str) -> None:
    (cara,) = await agents(people, site, email, "cara")
    stranger = await people()
    await stranger.sign_up(email)
    await stranger.confirm(email)
    await stranger.open("/console")
    await stranger.is_at("There is no such page")
    own = await people()
    await own.open("/help/case")
    await own.page.get_by_label("I have nothing left to get in with").check()
    await own.type("Your account: e-mail, phone or user name", f"cara.{email}")
    number = await open_case(own, f"new.{email}")
    await cara.open(f"/console/cases/{number}")
    await cara.sees("This case is about your own account. Others decide it.")
    await look(cara, "console-barred")
    await cara.open("/console/agents")
    await cara.type("Address or user name of the account", email)
    await cara.press("Let them work on cases")
    await cara.sees("An agent needs one.")
    await look(cara, "console-agents")
    await cara.page.get_by_text("Keys", exact=True).click()
    await cara.page.get_by_role("button", name="Switch the keys off").click()
    await cara.open("/console")
    await cara.page.locator("h1").click()
    await cara.page.keyboard.press("j")
    assert await cara.page.evaluate("document.activeElement.hasAttribute('data-row')") is False
    site.wait(minutes=13 * 60)
    await cara.open("/console")
    await cara.is_at("Show your key")
    await look(cara, "console-key")
    await cara.press("Go on")
    async with cara.page.expect_navigation():
        await cara.page.get_by_role("button", name="A passkey").click()
    await cara.press("Continue")
    await cara.is_at("Cases")


async def _account_id(site: MovingSite, email: str) -> str:
    async with node(site) as parts, parts.services.store.transaction() as tx:
        return (await tx.accounts.find_by_key(parts.services.identifiers.key_of(email))).account_id
