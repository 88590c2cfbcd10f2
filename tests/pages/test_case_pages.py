"""Support cases as a person without script walks them (C2, C4, R8)."""

import pytest

from sparekey.domain.agents import Choice
from sparekey.domain.cases import Author, CaseMessage
from sparekey.use_cases.block_account import block_account
from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.doors.cases import AGENT, NEW, Person, case_token, decided, left, of_number, pass_until
from tests.doors.waits import ANNA, owner_with_two
from tests.pages.browser import Browser, new_browser, signed_up

pytestmark = pytest.mark.row("C2")


async def opened(api: Api, browser: Browser, identifier: str = ANNA, contact: str = NEW, kind: str = "lost") -> str:
    """By the form and the code; the address of the case's page."""
    await browser.open("/help/case")
    form = browser.page.form("/help/case").fields
    await browser.send("/help/case", {**form, "kind": kind, "identifier": identifier, "contact": contact})
    assert browser.page.heading == "Look at your mail", browser.page.text
    page = browser.page.path
    await browser.fill(answer=(await api.newest(contact)).code)
    assert browser.page.heading == "What do you remember?"
    return page


def number_of(page: str) -> str:
    return page.rpartition("/")[2]


@pytest.mark.row("R8")
async def test_from_the_last_step_of_a_recovery_to_a_page_that_says_when(api: Api, browser: Browser) -> None:
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    await browser.press("I have no other way")
    assert browser.page.heading == "We cannot decide this here"
    await browser.follow("Open a case, so that people look at it")
    assert "a•••" in browser.page.text, "the name need not be typed again"
    await browser.send("/help/case", {**browser.page.form("/help/case").fields, "kind": "lost", "contact": NEW})
    page = browser.page.path
    await browser.fill(answer="000000")
    assert (browser.page.status, browser.page.by_id("answer-wrong")) == (422, "Error: That is not right. Please check it and try again.")
    await browser.fill(answer=(await api.newest(NEW)).code)
    await browser.fill(sign_up="2030", place="Riga")
    assert (browser.page.status, browser.page.input("place")["value"]) == (422, "Riga"), "what was typed is kept"
    await browser.fill(sign_up="2030-01")
    assert browser.page.heading == "People look at your case"
    assert "18 May 2030, 14:00 UTC" in browser.page.text
    assert number_of(page) in browser.page.text
    assert "remember" not in "".join(browser.page.links.values()), "once"
    await browser.open(f"{page}/remember")
    assert browser.page.heading == "People look at your case"
    case = await of_number(api, number_of(page))
    assert case.from_flow
    await decided(api, Person(api.program(), case.number), Choice.REFUSE)
    await browser.open(page)
    assert browser.page.heading == "People look at your case", "nobody sees it before its hour"
    await left(api, Person(api.program(), case.number))
    await browser.open(page)
    assert browser.page.heading == "We cannot give you the account"
    assert browser.page.forms[0].action == "/language", "nothing more to be sent"


async def test_markup_and_links_in_messages_are_words(api: Api, browser: Browser) -> None:
    page = await opened(api, browser)
    await browser.open(page)
    text = "<script>alert(1)</script>\nhttps://evil.example [x](javascript:alert(1)) {{ 7*7 }} &amp; <img src=x onerror=alert(1)>"
    await browser.send(f"{page}/messages", {**browser.page.form(f"{page}/messages").fields, "message": text})
    case = await of_number(api, number_of(page))
    async with api.parts.services.store.transaction() as tx:
        await tx.cases.add_message(
            CaseMessage(case.case_id, 0, api.clock.now(), Author.AGENT, "See <a href='https://evil.example'>this</a>")
        )
    await browser.open(page)
    assert "<script>alert(1)</script>" in browser.page.text
    assert "https://evil.example" in browser.page.text
    assert "<img src=x" not in browser.page.html
    assert not [href for href in browser.page.links.values() if "evil" in href or "javascript" in href]
    assert "49" not in browser.page.text.replace("4921", ""), "no template runs in a message"
    assert "support" in browser.page.text, "agents are marked"
    assert "We never ask for a password, for a code, or for money" in browser.page.text


async def test_wrong_input_keeps_what_was_typed_and_changes_nothing(api: Api, browser: Browser) -> None:
    await browser.open("/help/case")
    form = browser.page.form("/help/case").fields
    await browser.send("/help/case", {**form, "kind": "lost", "identifier": ANNA, "contact": "nothing"})
    assert (browser.page.status, browser.page.input("identifier")["value"]) == (422, ANNA)
    assert browser.page.by_id("contact-wrong").startswith("Error: This does not look like an e-mail address")
    await browser.send("/help/case", {**form, "kind": "theft", "identifier": ANNA, "contact": NEW})
    assert (browser.page.status, browser.page.by_id("kind-wrong")) == (422, "Error: Choose what has happened.")
    assert (await api.rows("support_case"))["support_case"] == []
    page = await opened(api, browser)
    await browser.open(page)
    message = browser.page.form(f"{page}/messages").fields
    long = "x" * 4001
    await browser.send(f"{page}/messages", {**message, "message": long})
    assert browser.page.status == 422
    assert long in browser.page.html, "nothing is lost"
    await browser.send(f"{page}/messages", {**message, "message": " "})
    assert browser.page.by_id("message-wrong") == "Error: Write something first."


async def test_the_mailed_link_changes_nothing_until_its_button(api: Api, browser: Browser) -> None:
    page = await opened(api, browser)
    token = case_token(await api.newest(NEW))
    other = new_browser(api)
    before = await api.rows("support_case", "notice_link", "flow", "audit_event")
    for path in (f"/c/{token}", "/help/case/link"):
        await other.open(path, method="HEAD")
        await other.open(path)
    assert other.page.path == "/help/case/link", "the secret has left the address"
    assert await api.rows("support_case", "notice_link", "flow", "audit_event") == before
    await other.open(page)
    assert (other.page.status, other.page.heading) == (404, "There is no such page here")
    await other.open(f"/c/{token}")
    await other.press("Open it in this browser")
    assert (other.page.status, other.page.path) == (200, page)
    await browser.open(page)
    assert browser.page.status == 404, "it is in the other browser now"
    assert all(token not in text for url, text in other.seen if "/c/" not in url)
    for wrong in ("x" * 22, "short", f"{token}x"):
        await other.open(f"/c/{wrong}")
        assert (other.page.status, other.page.heading) == (404, "This link no longer works")
    api.clock.wait(days=61)
    await other.open(f"/c/{token}")
    assert other.page.status == 404


async def test_the_form_of_another_site_and_of_another_browser_do_nothing(api: Api, browser: Browser) -> None:
    page = await opened(api, browser)
    await browser.open(page)
    fields = {**browser.page.form(f"{page}/messages").fields, "message": "hello"}
    await browser.send(f"{page}/messages", fields, origin="https://evil.example")
    assert browser.page.status == 403
    stranger = new_browser(api)
    await stranger.open("/help/case")
    csrf = stranger.page.form("/help/case").fields["csrf"]
    for step in ("confirm", "send", "remember", "messages", "withdraw"):
        given = {"csrf": csrf, "answer": "1", "message": "x", "sign_up": "", "address": "", "device": "", "place": "", "order": "x"}
        await stranger.send(f"{page}/{step}", given)
        assert (stranger.page.status, stranger.page.heading) == (404, "There is no such page here")
        await stranger.open(f"{page}/{step}")
        assert stranger.page.status == 404
    await browser.open(page)
    assert "hello" not in browser.page.text


async def test_a_case_that_is_not_needed_is_closed_by_a_press(api: Api, browser: Browser) -> None:
    page = await opened(api, browser)
    await browser.open(page)
    await browser.press("I am in again: close the case")
    assert browser.page.heading == "This case is closed"


@pytest.mark.row("C4")
async def test_a_blocked_account_is_told_after_all_proofs_and_leads_to_an_appeal(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await block_account(api.parts.services, AGENT, ANNA)
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=ANOTHER)
    assert "blocked" not in browser.page.text
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert (browser.page.status, browser.page.heading) == (410, "This account is blocked")
    await browser.follow("Ask us to look at it")
    assert 'value="appeal" checked' in browser.page.html
    await browser.send("/help/case", {**browser.page.form("/help/case").fields, "kind": "appeal", "contact": NEW})
    page = browser.page.path
    await browser.fill(answer=(await api.newest(NEW)).code)
    case = await decided(api, Person(api.program(), number_of(page)), Choice.APPROVE)
    await pass_until(api, case)
    await browser.open(page)
    assert browser.page.heading == "Your appeal had success"
    await browser.follow("Sign in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert browser.page.path == "/account"


@pytest.mark.row("R8")
async def test_an_approved_case_says_until_when_and_leads_to_the_wait(api: Api, browser: Browser) -> None:
    await owner_with_two(api)
    page = await opened(api, browser)
    await decided(api, Person(api.program(), number_of(page)), Choice.APPROVE)
    await left(api, Person(api.program(), number_of(page)))
    await browser.open(page)
    assert browser.page.heading == "Approved: now there is a waiting time"
    await browser.follow("How far the wait has come")
    assert browser.page.heading == "Now there is a waiting time"
    assert "0 of 14" in browser.page.text
