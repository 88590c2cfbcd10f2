"""Support cases through JSON (C2, C4, C5, R8): from the form to the account that is back, and all that must not happen on the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sparekey.domain.agents import Choice
from sparekey.domain.cases import LEAVE_AT, Author, CaseMessage, CaseMove, CaseState, moved
from sparekey.domain.errors import WrongStep
from sparekey.domain.values import replace
from sparekey.use_cases.block_account import block_account
from sparekey.worker.cases import look_at_cases
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, served
from tests.doors.cases import AGENT, NEW, Person, begin, case_token, decided, left, of_number, opened, pass_until
from tests.doors.second_factors import answer, owner_of
from tests.doors.waits import (
    ANNA,
    READY,
    SECOND,
    WAITING,
    begin_with_password,
    disown_token,
    full_sign_in,
    letters_about,
    nothing_more,
    owner_with_two,
    pass_time,
    press,
)

pytestmark = pytest.mark.row("C2")

NOBODY = "nora@example.com"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """On one database: what differs between the two is in ``tests/contracts/test_cases.py``."""
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


@pytest.fixture
async def limited(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite) as api:
        yield api


# ---------------------------------------------------------------- the whole road


@pytest.mark.row("R8")
async def test_from_the_last_step_of_a_recovery_to_the_account_that_is_back(api: Api) -> None:
    owner = await owner_with_two(api)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await nothing_more(program, began.flow_id)
    headers = {"Flow-Token": program.flow_tokens[began.flow_id]}
    case = await program.call("POST", "/api/v1/cases", {"kind": "lost", "contact": NEW, "flow_id": began.flow_id}, headers=headers)
    assert (case.status, case.state, case.said["answer_at"]) == (201, "unconfirmed", None)
    person = Person(program, case.said["number"], headers["Flow-Token"])
    assert (await person.confirm((await api.newest(NEW)).code)).state == "open"
    assert (await person.state(sign_up="2030-05", order="A-1")).said["can_state"] is False
    said = await person.say("I lost <b>everything</b>.\nhttps://evil.example")
    assert [m["text"] for m in said.said["messages"]] == ["I lost <b>everything</b>.\nhttps://evil.example"]
    await decided(api, person, Choice.APPROVE)
    assert (await person.show()).state == "open", "nobody sees a decision before its hour"
    before = await letters_about(api, ANNA, WAITING)
    assert (await left(api, person)).state is CaseState.APPROVED
    approved = await person.show()
    assert (approved.state, approved.said["answer_at"]) == ("approved", None)
    flow_id = await person.goes_on()
    waits = await program.show(flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 14), "two agents, and nothing of the owner's was shown"
    assert len(await letters_about(api, ANNA, WAITING)) == len(before) + 1
    assert len(await letters_about(api, SECOND, WAITING)) == 1
    await pass_time(api, 24 * 14 - 2)
    assert (await program.finish(flow_id, ANOTHER)).problem == "wrong_step", "nobody makes the wait shorter"
    await pass_time(api, 4)
    assert await letters_about(api, NEW, "choose a new password")
    assert await letters_about(api, ANNA, READY) == [], "nobody showed that mailbox"
    lost = [m["factor_id"] for m in (await program.show(flow_id)).said["methods"]]
    done = await program.call("POST", f"/api/v1/flows/{flow_id}/finish", {"password": ANOTHER, "lost": lost})
    assert done.state == "done", done
    assert ((await person.show()).state, (await person.show()).said["ended"]) == ("closed", "bound")
    again = await program.password(done.said["next_flow"], ANOTHER)
    assert again.state == "done", again
    account = await program.read("account")
    assert [(a["value"], a["main"], a["settled"]) for a in account["addresses"]] == [
        (ANNA, False, True),
        (SECOND, False, True),
        (NEW, True, False),
    ]
    restrictions = await program.read("account/restrictions")
    assert {"add_payout_target", "close_account"} & {r["capability"] for r in restrictions["restrictions"]}, "R11: 14 days after a case"
    assert await letters_about(api, owner.email, "address was added")
    assert await letters_about(api, owner.email, "password"), "every address is told"


@pytest.mark.row("R8")
async def test_what_was_shown_in_the_recovery_counts_beside_the_agents(api: Api) -> None:
    await owner_with_two(api)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    assert (await program.password(began.flow_id, PASSWORD)).state == "asking"
    headers = {"Flow-Token": program.flow_tokens[began.flow_id]}
    case = await program.call("POST", "/api/v1/cases", {"kind": "lost", "contact": NEW, "flow_id": began.flow_id}, headers=headers)
    person = Person(program, case.said["number"], headers["Flow-Token"])
    await person.confirm((await api.newest(NEW)).code)
    await decided(api, person, Choice.APPROVE)
    await left(api, person)
    waits = await program.show(await person.goes_on())
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 7)


async def test_the_owner_who_still_has_all_stops_what_two_agents_approved(api: Api) -> None:
    owner = await owner_with_two(api)
    person = await opened(api, ANNA)
    await decided(api, person, Choice.APPROVE)
    await left(api, person)
    flow_id = await person.goes_on()
    home = await full_sign_in(api, owner)
    asked = await home.start("cancel_recovery", flow_id=flow_id)
    if asked.state == "asking":
        asked = await home.password(asked.flow_id, PASSWORD)
    if asked.state == "asking":
        asked = await answer(home, asked.flow_id, "totp", code=owner.app.next_code())
    assert asked.state == "done", asked
    assert (await person.program.show(flow_id)).state == "ended"
    await pass_time(api, 24 * 15)
    assert (await person.program.finish(flow_id, ANOTHER)).status == 410


async def test_without_any_mailbox_that_takes_mail_the_time_alone_counts(api: Api) -> None:
    await owner_with_two(api)
    person = await opened(api, ANNA)
    await decided(api, person, Choice.APPROVE)
    await left(api, person)
    flow_id = await person.goes_on()
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{ANNA}")
        gone = tuple(replace(a, bounced_at=api.clock.now()) for a in account.addresses)
        await tx.accounts.save(account, replace(account, addresses=gone), api.clock.now())
    await pass_time(api, 24 * 14 - 1, mail=False)
    assert (await person.program.show(flow_id)).state == "waiting"
    await pass_time(api, 2, mail=False)
    assert (await person.program.show(flow_id)).state == "allowed"


# ---------------------------------------------------------------- decisions and their hours


async def test_decisions_leave_at_fixed_hours_and_never_within_a_day(api: Api) -> None:
    early, late = await opened(api, ANNA), await opened(api, NOBODY, "nora@new.example")
    cases = [await decided(api, early, Choice.REFUSE), await decided(api, late, Choice.REFUSE)]
    for case in cases:
        assert case.due_at is not None
        assert case.due_at.timetz().replace(tzinfo=None) in LEAVE_AT
        assert case.due_at >= case.opened_at + timedelta(hours=24)
    assert cases[0].due_at == cases[1].due_at, "whether there is an account or not"
    api.clock.wait(hours=23)
    await look_at_cases(api.parts.services, asyncio.Event())
    assert (await early.show()).state == "open"
    assert await letters_about(api, NEW, "decided") == []
    await pass_until(api, cases[0])
    assert [(await p.show()).state for p in (early, late)] == ["refused", "refused"]
    assert len(await letters_about(api, NEW, "decided")) == len(await letters_about(api, "nora@new.example", "decided")) == 1
    await look_at_cases(api.parts.services, asyncio.Event())
    assert len(await letters_about(api, NEW, "decided")) == 1, "once"


async def test_a_name_that_nobody_has_cannot_be_approved(api: Api) -> None:
    person = await opened(api, NOBODY)
    with pytest.raises(WrongStep):
        await decided(api, person, Choice.APPROVE)


async def test_nothing_is_decided_twice_and_an_answer_keeps_what_is_decided(api: Api) -> None:
    person = await opened(api, ANNA)
    await decided(api, person, Choice.REFUSE)
    with pytest.raises(WrongStep):
        await decided(api, person, Choice.APPROVE)
    assert (await person.say("please")).state == "open"
    assert (await left(api, person)).state is CaseState.REFUSED
    assert (await person.say("please")).problem == "wrong_step"


# ---------------------------------------------------------------- known and unknown


def masked(answer: Answer) -> dict[str, object]:
    random = {"number", "flow_token", "opened_at", "answer_at", "resend_at", "contact", "at"}
    said = {k: v for k, v in answer.said.items() if k not in random}
    return {"status": answer.status, **said, "messages": [m["text"] for m in answer.said.get("messages", [])]}


@pytest.mark.row("D3")
async def test_a_case_for_an_account_that_does_not_exist_looks_like_any_other(api: Api) -> None:
    await owner_with_two(api)
    tables = ("support_case", "case_message", "outbox", "notice_link", "flow")
    seen: list[list[object]] = []
    grown: list[dict[str, int]] = []
    for name, contact in ((ANNA, NEW), (NOBODY, "nora@new.example")):
        before = {t: len(rows) for t, rows in (await api.rows(*tables)).items()}
        events = await _events(api)
        person, began = await begin(api, name, contact)
        wrong = await person.confirm("000000")
        road = [
            began,
            wrong,
            await person.confirm((await api.newest(contact)).code),
            await person.state(sign_up="2029-01"),
            await person.say("x"),
        ]
        await decided(api, person, Choice.REFUSE)
        await left(api, person)
        road.append(await person.show())
        seen.append([masked(a) if a.status < 400 else (a.status, a.problem) for a in road])
        texts = [letter.text.replace(person.number, "N") for letter in await api.letters(contact)]
        seen[-1].append([len(t) for t in texts])
        grown.append({t: len(rows) - before[t] for t, rows in (await api.rows(*tables)).items()} | {"events": await _events(api) - events})
    assert seen[0] == seen[1]
    assert grown[0] == grown[1]


async def _events(api: Api) -> int:
    return len((await api.rows("audit_event"))["audit_event"])


async def test_the_account_is_not_told_of_a_case_before_it_is_approved(api: Api) -> None:
    owner = await owner_with_two(api)
    home = await full_sign_in(api, owner)
    before = (await api.about(ANNA), await home.read("account/messages"), await home.read("account/activity"))
    person = await opened(api, ANNA)
    await person.say("hello")
    assert (await api.about(ANNA), await home.read("account/messages"), await home.read("account/activity")) == before


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "lost", "contact": "no address", "identifier": ANNA}, ("contact", "email_invalid")),
        ({"kind": "lost", "contact": "", "identifier": ANNA}, ("contact", "email_missing")),
        ({"kind": "lost", "contact": NEW}, ("identifier", "identifier_missing")),
        ({"kind": "lost", "contact": NEW, "identifier": "a\x00b"}, ("identifier", "identifier_invalid")),
        ({"kind": "lost", "contact": NEW, "identifier": "a" * 321}, ("identifier", "identifier_invalid")),
    ],
)
async def test_a_form_that_cannot_be_used_changes_nothing(api: Api, given: dict[str, str], problem: tuple[str, str]) -> None:
    answered = await api.program().call("POST", "/api/v1/cases", given)
    assert (answered.status, answered.fields) == (422, [problem])
    assert (await api.rows("support_case", "outbox")) == {"support_case": [], "outbox": []}


async def test_statements_and_messages_that_cannot_be_used_say_what_is_wrong(api: Api) -> None:
    person = await opened(api, ANNA)
    before = await of_number(api, person.number)
    assert (await person.state(sign_up="May")).fields == [("sign_up", "month_invalid")]
    assert (await person.state(sign_up="2024-13", place="x" * 201)).fields == [("sign_up", "month_invalid"), ("place", "message_too_long")]
    assert (await person.state(device="a\u202eb")).fields == [("device", "message_bad_character")]
    assert (await person.state()).fields == [("", "statements_missing")]
    assert (await person.state(secret="x")).fields == [("secret", "secret_question_off")]
    assert (await person.say("  \n ")).fields == [("message", "message_missing")]
    assert (await person.say("x" * 4001)).fields == [("message", "message_too_long")]
    assert (await person.say("a\u202eb")).fields == [("message", "message_bad_character")]
    assert await of_number(api, person.number) == before
    assert (await person.state(sign_up="2024-05")).status == 200
    assert (await person.state(sign_up="2024-06")).problem == "wrong_step", "once"


async def test_codes_are_wrong_old_or_used_up(api: Api) -> None:
    person, _ = await begin(api, ANNA)
    first = (await api.newest(NEW)).code
    assert (await person.call("POST", "/send")).problem == "resend_too_soon"
    for _ in range(5):
        assert (await person.confirm("000000")).problem == "not_proven"
    assert (await person.confirm(first)).problem == "not_proven", "five wrong answers kill a code"
    api.clock.wait(minutes=2)
    assert (await person.call("POST", "/send")).state == "unconfirmed"
    second = (await api.newest(NEW)).code
    api.clock.wait(minutes=11)
    assert (await person.confirm(second)).problem == "not_proven"
    assert (await person.call("POST", "/send")).status == 200
    assert (await person.confirm((await api.newest(NEW)).code)).state == "open"
    assert (await person.confirm(first)).problem == "wrong_step"
    assert (await person.call("POST", "/send")).problem == "wrong_step"


async def test_a_mailbox_of_another_account_is_refused_once_it_is_shown(api: Api) -> None:
    await api.signed_up("bert@example.com")
    person, _ = await begin(api, ANNA, "bert@example.com")
    assert (await person.confirm((await api.newest("bert@example.com")).code)).fields == [("code", "contact_taken")]
    assert (await person.show()).state == "unconfirmed"


async def test_a_case_is_shown_to_nobody_else(api: Api) -> None:
    person = await opened(api, ANNA)
    stranger = Person(api.program(), person.number, "x" * 43)
    for answered in (
        await stranger.show(),
        await stranger.confirm("000000"),
        await stranger.state(sign_up="2024-05"),
        await stranger.say("hello"),
        await stranger.call("DELETE"),
        await Person(api.program(), "K0-0000-XX", person.token).show(),
    ):
        assert (answered.status, answered.problem) == (404, "unknown")


async def test_links_lead_back_in_any_browser_and_the_last_one_has_the_case(api: Api) -> None:
    person = await opened(api, ANNA)
    token = case_token(await api.newest(NEW))
    other = api.program()
    back = await other.call("POST", "/api/v1/cases/return", {"token": token})
    assert (back.status, back.said["number"]) == (200, person.number)
    assert (await Person(other, person.number, back.said["flow_token"]).show()).status == 200
    assert (await person.show()).problem == "unknown"
    again = await person.program.call("POST", "/api/v1/cases/return", {"token": token}, headers={"Flow-Token": person.token})
    assert again.status == 200, "as often as one likes"
    assert (await person.show()).status == 200
    for wrong in ("x" * 22, "", token[:-1] + ("A" if token[-1] != "A" else "B")):
        assert (await other.call("POST", "/api/v1/cases/return", {"token": wrong})).problem == "link_over"
    api.clock.wait(days=61)
    assert (await other.call("POST", "/api/v1/cases/return", {"token": token})).problem == "link_over"


async def test_a_link_that_moves_an_approved_case_brings_its_wait_along(api: Api) -> None:
    await owner_with_two(api)
    person = await opened(api, ANNA)
    await decided(api, person, Choice.APPROVE)
    await left(api, person)
    flow_id = await person.goes_on()
    other = api.program()
    back = await other.call("POST", "/api/v1/cases/return", {"token": case_token(await api.newest(NEW))})
    other.flow_tokens[flow_id] = back.said["flow_token"]
    assert (await other.show(flow_id)).state == "waiting"
    assert (await person.program.show(flow_id)).problem == "unknown"


@pytest.mark.row("F10")
async def test_whoever_did_not_ask_for_the_code_ends_the_case(api: Api) -> None:
    person, _ = await begin(api, ANNA)
    letter = await api.newest(NEW)
    assert disown_token(letter)
    pressed = await press(api.program(), letter)
    assert (pressed.status, pressed.said["stopped"]) == (200, True)
    assert (await person.confirm(letter.code)).problem == "wrong_step"
    assert (await of_number(api, person.number)).state is CaseState.CLOSED


# ---------------------------------------------------------------- several, and the passing of time


async def test_two_cases_at_once_go_their_own_ways(api: Api) -> None:
    await owner_with_two(api)
    owner, thief = await opened(api, ANNA), await opened(api, ANNA, "thief@new.example", "dispute")
    await thief.say("it is mine")
    assert (await owner.show()).said["messages"] == []
    await decided(api, thief, Choice.REFUSE)
    await decided(api, owner, Choice.APPROVE)
    await left(api, owner)
    assert [(await p.show()).state for p in (owner, thief)] == ["approved", "refused"]
    assert (await thief.show()).said["flow_id"] == ""


async def test_of_one_name_five_cases_a_day_are_enough_whether_somebody_has_it_or_not(limited: Api) -> None:
    await limited.signed_up(ANNA)
    for name in (ANNA, NOBODY):
        for n in range(5):
            _, began = await begin(limited, name, f"{n}.{name}")
            assert began.status == 201, began
        _, began = await begin(limited, name, f"9.{name}")
        assert (began.status, began.problem) == (429, "cases_used_up")


async def test_a_case_that_nobody_confirms_ends_and_one_is_closed_by_the_person(api: Api) -> None:
    idle, _ = await begin(api, ANNA)
    await pass_until(api, await of_number(api, idle.number))
    assert ((await idle.show()).state, (await idle.show()).said["ended"]) == ("closed", "unconfirmed")
    person = await opened(api, ANNA, "anna2@new.example")
    assert (await person.call("DELETE")).said["ended"] == "withdrawn"
    assert (await person.call("DELETE")).problem == "wrong_step"
    assert (await person.say("hello")).problem == "wrong_step"


@pytest.mark.row("R16")
async def test_a_tie_between_two_sides_ends_with_the_case_that_is_approved(api: Api) -> None:
    await owner_of(api)
    claimant, waits = await begin_with_password(api)
    [notice] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), notice)
    await pass_time(api, 73)
    assert (await claimant.show(waits.flow_id)).state == "referred"
    assert await is_disputed(api)
    headers = {"Flow-Token": claimant.flow_tokens[waits.flow_id]}
    given = {"kind": "dispute", "contact": NEW, "flow_id": waits.flow_id}
    case = await claimant.call("POST", "/api/v1/cases", given, headers=headers)
    person, stranger = Person(claimant, case.said["number"], headers["Flow-Token"]), await opened(api, ANNA, "other@new.example", "dispute")
    await person.confirm((await api.newest(NEW)).code)
    await decided(api, stranger, Choice.REFUSE)
    await left(api, stranger)
    assert await is_disputed(api), "whose case is refused frees nothing"
    await decided(api, person, Choice.APPROVE)
    await left(api, person)
    assert not await is_disputed(api)
    assert (await claimant.show(await person.goes_on())).state == "waiting"


async def is_disputed(api: Api) -> bool:
    async with api.parts.services.store.transaction() as tx:
        return (await tx.accounts.find_by_key(f"email:{ANNA}")).disputed_at is not None


@pytest.mark.row("C6")
async def test_two_agents_cannot_give_the_account_of_a_third_away(api: Api) -> None:
    await owner_with_two(api)
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{ANNA}")
        await tx.accounts.save(account, replace(account, role="agent"), api.clock.now())
    person = await opened(api, ANNA)
    await decided(api, person, Choice.APPROVE)
    assert (await left(api, person)).state is CaseState.CLOSED
    assert (await person.program.finish(await person.goes_on(), ANOTHER)).status == 410
    assert await letters_about(api, ANNA, WAITING) == []


async def test_a_question_of_an_agent_waits_two_weeks_and_nothing_is_held_against_the_person(api: Api) -> None:
    person = await opened(api, ANNA)
    case = await of_number(api, person.number)
    async with api.parts.services.store.transaction() as tx:
        await tx.cases.add_message(CaseMessage(case.case_id, 0, api.clock.now(), Author.AGENT, "When was it?", "a" * 32))
        await tx.cases.save(moved(case, CaseMove.ASK, api.clock.now()))
    asked = await person.show()
    assert (asked.state, [(m["author"], m["text"]) for m in asked.said["messages"]]) == ("asked", [("agent", "When was it?")])
    assert (await person.say("In May.")).state == "open"
    case = await of_number(api, person.number)
    async with api.parts.services.store.transaction() as tx:
        await tx.cases.save(moved(case, CaseMove.ASK, api.clock.now()))
    await pass_until(api, await of_number(api, person.number))
    assert (await person.show()).said["ended"] == "unanswered"
    assert len(await letters_about(api, NEW, "is closed")) == 1


# ---------------------------------------------------------------- a blocked account, row C4


@pytest.mark.row("C4")
async def test_that_it_is_blocked_is_told_only_after_all_proofs_are_right(api: Api) -> None:
    owner = await owner_with_two(api)
    home = await full_sign_in(api, owner)
    assert await block_account(api.parts.services, AGENT, ANNA)
    assert not await block_account(api.parts.services, AGENT, NOBODY)
    assert not await home.is_signed_in(), "its sessions end"
    program = api.program()
    assert (await program.sign_in(ANNA, ANOTHER)).problem == "not_proven"
    asked = await program.sign_in(ANNA, PASSWORD)
    assert (asked.state, "totp" in asked.said["choices"]) == ("asking", True), "half of the proofs: nothing is said"
    assert (await answer(program, asked.flow_id, "totp", code="000000")).problem == "not_proven"
    told = await answer(program, asked.flow_id, "totp", code=owner.app.next_code())
    assert (told.state, told.said["ended"]) == ("denied", "blocked")
    headers = {"Flow-Token": program.flow_tokens[asked.flow_id]}
    case = await program.call("POST", "/api/v1/cases", {"kind": "appeal", "contact": NEW, "flow_id": asked.flow_id}, headers=headers)
    person = Person(program, case.said["number"], headers["Flow-Token"])
    await person.confirm((await api.newest(NEW)).code)
    await decided(api, person, Choice.APPROVE)
    assert (await api.program().sign_in(ANNA)).state == "asking"
    await left(api, person)
    assert (await person.show()).said["ended"] == "unblocked"
    assert await (await full_sign_in(api, owner)).is_signed_in()
