"""The console on pages, by a browser without script: what is shown, what is kept, what is not there for others (C3, C5, C6)."""

import pytest

from sparekey.cli.agents import OPERATOR
from sparekey.domain.cases import CaseState
from sparekey.use_cases.agents import remove_agent
from sparekey.web.pages import chat
from tests.doors.agents import AtWork, agents, case_of, case_row
from tests.doors.api import Api
from tests.pages.browser import Browser, new_browser

ANNA, BERT = "anna@example.com", "bert@example.com"
VERA = "vera@example.com"


def at_the_console(api: Api, agent: AtWork) -> Browser:
    """A browser with the agent's session: keys need a script, so the session comes from the program."""
    browser = new_browser(api)
    browser.http.cookies.set("sparekey-session", agent.program.session)
    return browser


@pytest.mark.row("C5", "C6")
async def test_a_case_is_worked_by_pages_without_script(api: Api) -> None:
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, VERA, place="Riga", order="A-17")
    await person.say("<b>help</b> https://evil.example/x")
    one = at_the_console(api, anna)
    queue = await one.open("/console")
    assert person.number in queue.text
    case = await one.open(f"/console/cases/{person.number}")
    assert case.heading == f"Case {person.number}"
    assert "Suggested next step" in case.text
    assert "<b>help</b> https://evil.example/x" in case.text
    assert "https://evil.example/x" not in {href for _, href in case.links.items()}
    assert "<b>help" not in case.html
    assert not any(a.get("type") == "password" for _, a in case.tags)

    path = f"/console/cases/{person.number}"
    refused = await one.send(f"{path}/say", {**case.form(f"{path}/say").fields, "text": "x" * 5000})
    assert (refused.status, "too long" in refused.text.lower()) == (422, True)
    sent = await one.send(f"{path}/say", {**case.form(f"{path}/say").fields, "text": "What happened?", "template": "ask_order"})
    assert "What happened?" in sent.text
    assert (await case_row(api, person)).state is CaseState.ASKED

    voted = await one.send(f"{path}/vote", {**case.forms[-1].fields, "csrf": case.form(f"{path}/vote").fields["csrf"], "choice": "refuse"})
    assert (voted.status, "Choose a reason." in voted.text) == (422, True)
    vote = {"csrf": case.form(f"{path}/vote").fields["csrf"], "choice": "refuse", "reason": "too_little_said"}
    done = await one.send(f"{path}/vote", vote)
    assert done.path == "/console"
    assert "Another agent must agree" in done.text
    again = await one.open(path)
    assert "You have voted on this case." in again.text

    other = at_the_console(api, bert)
    await other.open(path)
    token = other.page.form(f"{path}/vote").fields["csrf"]
    done = await other.send(f"{path}/vote", {**vote, "csrf": token})
    assert "decided the case" in done.text
    assert "Nobody waits." in done.text


@pytest.mark.row("C6")
async def test_the_console_is_not_there_for_others(api: Api) -> None:
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    paths = ("/console", "/console/agents", f"/console/cases/{person.number}", f"/console/cases/{person.number}/stream")
    stranger = new_browser(api)
    for path in paths:
        assert (await stranger.open(path)).path == "/sign-in"
    browser = at_the_console(api, anna)
    await browser.open("/console")
    api.clock.wait(hours=13)
    for path in paths:
        page = await browser.open(path)
        assert (page.status, page.heading) == (403, "Show your key")
    assert (await browser.press("Go on")).path.startswith("/flow/")
    await remove_agent(api.parts.services, OPERATOR, ANNA)
    for path in paths:
        assert (await browser.open(path)).status == 404


@pytest.mark.row("C6")
async def test_an_agent_places_another_one_and_sees_whose_votes_count(api: Api) -> None:
    (anna,) = await agents(api, ANNA)
    await api.signed_up(BERT, name="Bert")
    browser = at_the_console(api, anna)
    page = await browser.open("/console/agents")
    assert "It takes two agents" in page.text
    refused = await browser.fill(form="/console/agents", identifier=BERT)
    assert (refused.status, refused.input("identifier")["value"]) == (422, BERT)
    unknown = await browser.fill(form="/console/agents", identifier="nobody@example.com")
    assert unknown.text.replace("nobody@example.com", "") == refused.text.replace(BERT, "")


@pytest.mark.row("C3")
async def test_the_chat_streams_to_both_sides_and_to_nobody_else(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One event for each message, with its number; text only."""
    monkeypatch.setattr(chat, "LASTS", 0.02)
    monkeypatch.setattr(chat, "LOOK_EVERY", 0.01)
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    await person.say("Is anybody there?")
    agent, own = at_the_console(api, anna), new_browser(api)
    own.http.cookies.set("sparekey-browser", person.client.holder)
    for browser, path in ((agent, f"/console/cases/{person.number}/stream"), (own, f"/case/{person.number}/stream")):
        async with browser.http.stream("GET", path) as answered:
            assert answered.headers["content-type"].startswith("text/event-stream")
            assert answered.headers["cache-control"] == "no-store"
            read = b"".join([chunk async for chunk in answered.aiter_bytes()])
        assert b'id: 1\ndata: {"author":"person","text":"Is anybody there?"' in read
    stranger = new_browser(api)
    await stranger.open("/")
    assert (await stranger.open(f"/case/{person.number}/stream")).status == 404
