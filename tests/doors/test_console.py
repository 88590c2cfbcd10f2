"""Agents at work through JSON: the queue, a case, the chat, votes, and everything that must not be taken (C3, C5, C6)."""

import asyncio
from dataclasses import replace

import pytest

from sparekey.cli.agents import OPERATOR
from sparekey.domain.agents import Bar, Choice
from sparekey.domain.audit import Event
from sparekey.domain.cases import CaseState
from sparekey.use_cases import agent_votes
from sparekey.use_cases.agents import add_agent, remove_agent
from sparekey.use_cases.read_case import read_case
from sparekey.use_cases.record import chain_of
from sparekey.worker.cases import look_at_cases
from tests.doors.agents import AtWork, Person, agents, case_of, case_row, look, vote, with_key
from tests.doors.api import Answer, Api
from tests.doors.test_keys import add, ask, new_key, sign_in
from tests.doors.test_keys import answer as answer_key

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ANNA, BERT, CARA = "anna@example.com", "bert@example.com", "cara@example.com"
VERA = "vera@example.com"


def bars(answer: Answer) -> list[str]:
    assert answer.status == 422, answer
    return [reason for _, reason in answer.fields]


async def votes_kept(api: Api, person: Person) -> int:
    async with api.parts.services.store.transaction() as tx:
        case = await tx.cases.by_number(person.number)
        assert case is not None
        return len(await tx.votes.of_case(case.case_id))


@pytest.mark.row("C5", "C6")
async def test_two_agents_decide_a_case_and_the_decision_waits_for_its_hour(api: Api) -> None:
    await api.signed_up(VERA, name="Vera")
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, VERA, sign_up=f"{api.clock.now():%Y-%m}")
    (waiting,) = (await anna.program.read("agent/cases"))["cases"]
    assert (waiting["number"], waiting["votes"], waiting["voted"]) == (person.number, 0, False)

    seen = (await look(anna, person)).said
    assert seen["typed"] == VERA
    assert seen["contact"] == "n•••@example.net"
    assert {s["about"] for s in seen["statements"]} >= {"sign_up", "address", "order"}
    assert (seen["cannot_approve"], seen["cannot_refuse"]) == ([], [])

    assert (await vote(anna, person)).said == {"decided": False}
    assert (await case_row(api, person)).state is CaseState.OPEN
    assert (await bert.program.read("agent/cases"))["cases"][0]["votes"] == 1
    assert (await vote(bert, person)).said == {"decided": True}
    case = await case_row(api, person)
    assert (case.state, case.decision) == (CaseState.DECIDED, Choice.APPROVE)
    assert case.due_at is not None
    assert case.due_at.hour in {8, 14, 20}
    assert (await anna.program.read("agent/cases"))["cases"] == []
    assert bars(await vote(anna, person)) == ["case_is_decided"]


@pytest.mark.row("C6")
async def test_the_audit_log_alone_tells_the_case(api: Api) -> None:
    vera = await api.signed_up(VERA)
    vera_id = (await vera.read("account"))["account_id"]
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, VERA, place="Riga")
    await look(anna, person)
    await anna.program.call("POST", f"/api/v1/agent/cases/{person.number}/messages", {"template": "ask_order"})
    await person.say("It was a kettle, in May.")
    await look(anna, person)
    await vote(anna, person)
    await look(bert, person)
    await vote(bert, person)
    case_id = (await case_row(api, person)).case_id
    async with api.parts.services.store.transaction() as tx:
        rows = await tx.audit.of_flow(vera_id, case_id)
    told = [(Event(r.name), r.detail.decode()) for r in rows]
    agents_part = [name for name, detail in told if anna.account_id in detail or bert.account_id in detail]
    assert agents_part == [
        Event.CASE_LOOKED_AT,
        Event.CASE_ASKED,
        Event.CASE_LOOKED_AT,
        Event.CASE_VOTED,
        Event.CASE_LOOKED_AT,
        Event.CASE_VOTED,
    ]
    assert Event.CASE_DECIDED in [name for name, _ in told]
    assert not any("kettle" in detail or "Riga" in detail for _, detail in told), "what was said is not in the log"


@pytest.mark.row("C6")
async def test_reading_the_chat_alone_is_a_look_that_is_written_down(api: Api) -> None:
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, "nobody@example.com")
    await person.say("It was a kettle, in May.")
    path = f"agent/cases/{person.number}/messages"

    async def looks() -> list[str]:
        case = await case_row(api, person)
        async with api.parts.services.store.transaction() as tx:
            rows = await tx.audit.of_flow(chain_of(case.subject, api.clock.now()), case.case_id)
        return [r.detail.decode() for r in rows if r.name == Event.CASE_LOOKED_AT]

    for _ in range(3):
        await anna.program.read(f"{path}?after=0")
    await bert.program.read(f"{path}?after=1")
    written = await looks()
    assert len(written) == 2, "one of each, whatever they ask for, and not one for every second that a page is open"
    assert anna.account_id in written[0]
    assert bert.account_id in written[1]
    api.clock.wait(hours=2)
    await anna.program.read(path)
    assert len(await looks()) == 3


@pytest.mark.row("C6")
async def test_who_is_no_agent_finds_no_console(api: Api) -> None:
    stranger, (anna,) = await with_key(api, VERA), await agents(api, ANNA)
    person = await case_of(api, VERA)
    paths = [
        ("GET", "agent/cases", None),
        ("GET", f"agent/cases/{person.number}", None),
        ("GET", f"agent/cases/{person.number}/messages", None),
        ("POST", f"agent/cases/{person.number}/messages", {"text": "hello"}),
        ("POST", f"agent/cases/{person.number}/votes", {"choice": "approve", "reason": "statements_fit"}),
        ("GET", "agent/agents", None),
        ("POST", "agent/agents", {"identifier": VERA}),
    ]
    for method, path, body in paths:
        assert (await stranger.program.call(method, f"/api/v1/{path}", body)).problem == "not_found", path
        assert (await api.program().call(method, f"/api/v1/{path}", body)).problem == "not_signed_in", path
    assert (await look(anna, replace(person, number="K0-0000-XX"))).problem == "not_found"
    await remove_agent(api.parts.services, OPERATOR, ANNA)
    assert (await look(anna, person)).problem == "not_found", "the role is looked at each time"


@pytest.mark.row("C6")
async def test_the_key_is_shown_in_every_shift(api: Api) -> None:
    """A session by password alone, and one of yesterday, see nothing."""
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    api.clock.wait(hours=12)
    assert (await look(anna, person)).problem == "needs_fresh_proof"
    began = await anna.program.call("POST", "/api/v1/agent/shift")
    assert (began.state, began.said["choices"]) == ("asking", ["passkey"])
    done = await answer_key(anna.program, began.flow_id, "passkey", anna.key.get(await ask(anna.program, began.flow_id, "passkey")))
    assert done.state == "done"
    assert (await look(anna, person)).status == 200


async def add_second(api: Api, agent: AtWork, email: str) -> None:
    """What is bound to the account in the end is the agent's own mailbox: at first it is nobody's, else the case would not open."""
    began = await agent.program.start("add_address", email=email)
    assert (await agent.program.code(began.flow_id, (await api.newest(email)).code)).state == "done"


@pytest.mark.row("C6")
async def test_nobody_decides_alone(api: Api) -> None:
    """Twice, about the own account, with an agent of one's own making, too young, or about oneself under another name."""
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, VERA)
    assert (await vote(anna, person)).status == 200
    assert bars(await vote(anna, person)) == ["agent_has_voted"]
    assert bars(await vote(anna, person, "refuse")) == ["agent_has_voted"]

    own = await case_of(api, ANNA, "new@example.org")
    seen = (await look(anna, own)).said
    assert "agent_own_case" in seen["cannot_refuse"]
    assert {s["match"] for s in seen["statements"]} == {"unknown"}, "a party to the case does not try out what fits"
    assert bars(await vote(anna, own)) == ["agent_own_case"]
    assert "case_of_an_agent" in bars(await vote(bert, own)), "the account of an agent comes back by a key"

    collides = await case_of(api, "victim@example.com", "anna.second@example.com")
    await add_second(api, anna, "anna.second@example.com")
    assert bars(await vote(anna, collides)) == ["agent_collides"]


@pytest.mark.row("C6")
async def test_an_agent_whom_another_one_placed_is_one_hand_with_him(api: Api) -> None:
    await api.signed_up(VERA)
    (anna,) = await agents(api, ANNA)
    bert, cara = await with_key(api, BERT, "Bert"), await with_key(api, CARA, "Cara")
    for email in (BERT, CARA):
        assert (await anna.program.call("POST", "/api/v1/agent/agents", {"identifier": email})).status == 204
    api.clock.wait(days=8)
    for agent in (anna, bert, cara):
        assert (await agent.again()).state == "done"
    person = await case_of(api, VERA)
    assert (await look(anna, person)).said["cannot_approve"] == ["agents_too_few"]
    listed = (await anna.program.read("agent/agents"))["agents"]
    assert {(a["name"], a["placed_by"]) for a in listed} == {("Anna", ""), ("Bert", "Anna"), ("Cara", "Anna")}
    assert len({a["hand"] for a in listed}) == 1

    await agents(api, "dora@example.com")
    for agent in (anna, bert, cara):
        assert (await agent.again()).state == "done"
    assert (await vote(bert, person)).status == 200
    assert bars(await vote(cara, person)) == ["agent_same_hand"]
    assert bars(await vote(anna, person)) == ["agent_same_hand"]
    assert (await case_row(api, person)).state is CaseState.OPEN


@pytest.mark.row("C6")
async def test_a_young_role_and_a_young_key_do_not_vote_and_place_nobody(api: Api) -> None:
    anna, bert = await agents(api, ANNA, BERT)
    young = await with_key(api, CARA, "Cara")
    await add_agent(api.parts.services, OPERATOR, CARA)
    api.clock.wait(days=6)
    for agent in (anna, bert, young):
        assert (await agent.again()).state == "done"
    person = await case_of(api, VERA)
    assert bars(await vote(young, person)) == ["agent_role_young"]
    place = ("POST", "/api/v1/agent/agents", {"identifier": VERA})
    assert (await young.program.call(*place)).fields == [("identifier", "agent_role_young")]

    another = new_key(api)
    await add(anna.program, another, by=anna.key)
    assert (await sign_in(anna.program, another)).state == "done"
    assert bars(await vote(anna, person)) == ["agent_key_young"]
    assert (await anna.program.call(*place)).fields == [("identifier", "agent_key_young")]


@pytest.mark.row("C6")
async def test_a_vote_falls_with_its_role(api: Api) -> None:
    await api.signed_up(VERA)
    anna, bert, cara = await agents(api, ANNA, BERT, CARA)
    person = await case_of(api, VERA)
    assert (await vote(anna, person)).status == 200
    await remove_agent(api.parts.services, OPERATOR, ANNA)
    await add_agent(api.parts.services, OPERATOR, ANNA)
    assert (await vote(bert, person)).said == {"decided": False}
    assert (await vote(cara, person)).said == {"decided": True}
    assert anna.email


@pytest.mark.row("C6")
async def test_a_site_with_one_agent_approves_nothing_and_keeps_nobody_waiting_for_ever(api: Api) -> None:
    await api.signed_up(VERA)
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    assert bars(await vote(anna, person)) == ["agents_too_few"]
    assert (await look(anna, person)).said["cannot_refuse"] == []
    assert (await vote(anna, person, "refuse")).said == {"decided": True}
    assert (await case_row(api, person)).decision is Choice.REFUSE


@pytest.mark.row("C2", "C6")
async def test_a_case_about_nobody_looks_like_any_other_and_is_never_approved(api: Api) -> None:
    """An agent does not learn that there is no such account, nor does the person."""
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, "nobody@example.com", sign_up="2030-05")
    seen = (await look(anna, person)).said
    assert (seen["cannot_approve"], seen["account"]) == ([], [])
    assert (await vote(anna, person)).said == {"decided": False}
    assert (await vote(bert, person)).said == {"decided": True}
    assert (await case_row(api, person)).decision is Choice.REFUSE


@pytest.mark.row("C6")
async def test_fifty_votes_at_once_are_one(api: Api) -> None:
    await api.signed_up(VERA)
    anna, bert = await agents(api, ANNA, BERT)
    person = await case_of(api, VERA)
    given = await asyncio.gather(*(vote(anna, person) for _ in range(50)))
    assert [a.status for a in given].count(200) == 1
    assert await votes_kept(api, person) == 1
    given = await asyncio.gather(*(vote(bert, person, choice) for choice in ["approve", "refuse"] * 25))
    assert [a.status for a in given].count(200) == 1
    assert await votes_kept(api, person) == 2


@pytest.mark.row("C6")
@pytest.mark.parametrize("votes_needed", [1, 2])
async def test_a_missing_guard_would_be_seen(api: Api, monkeypatch: pytest.MonkeyPatch, votes_needed: int) -> None:
    """Without bars an agent votes on the own account; were one vote enough, he would have it."""
    (anna,) = await agents(api, ANNA)

    async def none(*_: object) -> list[Bar]:
        return []

    monkeypatch.setattr(agent_votes, "vote_bars", none)
    monkeypatch.setattr("sparekey.domain.agents.VOTES_NEEDED", votes_needed)
    person = await case_of(api, ANNA)
    assert (await vote(anna, person)).status == 200
    assert ((await case_row(api, person)).decision is Choice.APPROVE) is (votes_needed == 1)


@pytest.mark.row("C5")
async def test_an_agent_sees_no_secret_and_changes_no_password_or_address(api: Api) -> None:
    vera = await api.signed_up(VERA, name="Vera")
    before = await api.rows("account", "address", "factor")
    anna, _ = await agents(api, ANNA, BERT)
    mine = {row for rows in before.values() for row in rows}
    person = await case_of(api, VERA, address="old@example.com", order="A-1", device="iPhone", place="Riga")
    seen = await look(anna, person)
    text = str(seen.said)
    account = await vera.read("account")
    assert account["account_id"] not in text
    assert "Vera" not in text.replace(VERA, ""), "not even the name"
    for path in ("", "/password", "/addresses", "/reset", "/bind"):
        for method in ("PUT", "PATCH", "DELETE") if path == "" else ("POST", "PUT"):
            refused = await anna.program.http.request(
                method,
                f"/api/v1/agent/cases/{person.number}{path}",
                headers={"Authorization": f"Bearer {anna.program.session}", "Content-Type": "application/json"},
                content="{}",
            )
            assert refused.status_code in {404, 405}
    after = {row for rows in (await api.rows("account", "address", "factor")).values() for row in rows}
    assert {row for row in mine if row not in after} == set()


@pytest.mark.row("C3")
async def test_the_chat_goes_both_ways_in_the_persons_language_and_by_mail(api: Api) -> None:
    anna, _ = await agents(api, ANNA, BERT)
    person = await case_of(api, VERA, language="en")
    asked = await anna.program.call(
        "POST", f"/api/v1/agent/cases/{person.number}/messages", {"template": "ask_order", "text": "Take your time."}
    )
    assert asked.status == 201
    assert asked.said["text"].endswith("\n\nTake your time.")
    assert (await case_row(api, person)).state is CaseState.ASKED
    told = await api.newest(person.contact)
    assert person.number in told.subject + told.text
    assert "Take your time" not in told.text, "what is said stays in the case"
    await person.say("<b>bold</b> https://evil.example/ & more")
    heard = (await anna.program.read(f"agent/cases/{person.number}/messages?after=1"))["messages"]
    assert [(m["author"], m["text"]) for m in heard] == [("person", "<b>bold</b> https://evil.example/ & more")]
    assert (await anna.program.read("agent/cases"))["cases"][0]["answered"] is True


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "text", "message_missing"),
        ({"text": "  \n "}, "text", "message_missing"),
        ({"text": "x" * 4001}, "text", "message_too_long"),
        ({"text": "a\u202eb"}, "text", "message_bad_character"),
        ({"template": "ask_password"}, "template", "template_unknown"),
    ],
)
@pytest.mark.row("C3")
async def test_what_cannot_be_sent_is_refused_beside_its_field(api: Api, body: dict[str, str], field: str, reason: str) -> None:
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    refused = await anna.program.call("POST", f"/api/v1/agent/cases/{person.number}/messages", body)
    assert refused.fields == [(field, reason)]
    assert (await case_row(api, person)).state is CaseState.OPEN


@pytest.mark.row("C6")
async def test_bad_votes(api: Api) -> None:
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    assert (await vote(anna, person, "refuse", "because")).fields == [("reason", "reason_unknown")]
    path = f"/api/v1/agent/cases/{person.number}/votes"
    bodies: tuple[object, ...] = (
        {"choice": "maybe", "reason": "x"},
        {"choice": "approve"},
        {"choice": "approve", "reason": "x", "a": 1},
        [],
    )
    for body in bodies:
        assert (await anna.program.call("POST", path, body)).problem == "bad_json"
    assert await votes_kept(api, person) == 0


@pytest.mark.row("C3", "C6", "R10")
async def test_a_thief_who_answers_the_chat_learns_nothing_and_is_stopped_by_the_owner(api: Api) -> None:
    """He opens a case about the owner's account, says what he can find out, and even talks two agents round. The wait is told to the owner,
    who signs in and stops it. Nothing of the account is changed in between."""
    owner = await with_key(api, VERA, "Vera")
    anna, bert = await agents(api, ANNA, BERT)
    api.clock.wait(days=31)
    before = (await api.rows("address"))["address"]
    for agent in (anna, bert):
        assert (await agent.again()).state == "done"
    thief = await case_of(api, VERA, "thief@example.net", address="old@example.org", order="A-1")
    await anna.program.call("POST", f"/api/v1/agent/cases/{thief.number}/messages", {"template": "ask_anything"})
    await thief.say("It is mine, believe me. What is my other address again?")
    told = await read_case(api.parts.services, thief.client, thief.number)
    assert not any(secret in str(told.messages) for secret in (owner.account_id, "Vera", "match"))
    assert (await vote(anna, thief)).status == 200
    assert (await vote(bert, thief)).said == {"decided": True}
    assert (await read_case(api.parts.services, thief.client, thief.number)).case.flow_id == ""
    assert set(before) <= set((await api.rows("address"))["address"])

    api.clock.wait(days=2)
    await look_at_cases(api.parts.services, asyncio.Event())
    assert (await case_row(api, thief)).state is CaseState.APPROVED
    assert "Someone is getting back into your account at Sparekey" in await api.about(VERA)
    assert (await owner.again()).state == "done"
    (waits,) = (await owner.program.read("account/recoveries"))["recoveries"]
    stopped = await owner.program.start("cancel_recovery", flow_id=waits["flow_id"])
    proof = owner.key.get(await ask(owner.program, stopped.flow_id, "passkey"))
    assert (await answer_key(owner.program, stopped.flow_id, "passkey", proof)).state == "done"
    api.clock.wait(days=30)
    await look_at_cases(api.parts.services, asyncio.Event())
    assert (await owner.again()).state == "done"
    assert [a["value"] for a in (await owner.program.read("account"))["addresses"]] == [VERA]
