"""Closing the account and downloading its data (S4): thirty days in which it can be stopped, and then nothing personal is left."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sparekey.adapters.sql import personal, schema
from sparekey.adapters.sql.connection import Statement
from sparekey.domain.accounts import AccountId
from sparekey.domain.confirmations import Confirmation
from sparekey.domain.contacts import Circle, Contact, ContactState, Friend, new_factor
from sparekey.domain.shop import Activity, ActivityKind
from sparekey.domain.values import replace
from sparekey.use_cases import look_at_closing
from sparekey.use_cases.keep_account import look_at_keeping
from sparekey.use_cases.verify_audit import verify_chains, verify_presence
from sparekey.worker.waits import look_at_waits
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Letter, Program, served
from tests.doors.second_factors import enrol
from tests.doors.waits import ANNA, SECOND, add_second, deliver, disown_token, letters_about, owner_with_two, pass_time

pytestmark = pytest.mark.row("S4")

CLOSING, KEPT, CLOSED = "is going to be closed", "is not closed", "is closed"

ON_ONE_DATABASE = ""
"""For what no database does differently."""


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(ON_ONE_DATABASE, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def close(program: Program) -> Answer:
    began = await program.start("close_account")
    return await program.password(began.flow_id, PASSWORD) if began.state == "asking" else began


async def closing_at(program: Program) -> str | None:
    found: str | None = (await program.read("account/closing"))["until"]
    return found


def keep_token(letter: Letter) -> str:
    found = re.search(r"/k/([A-Za-z0-9_-]+)", letter.text)
    assert found, letter.text
    return found[1]


async def keep(program: Program, letter: Letter) -> Answer:
    return await program.call("POST", "/api/v1/closing/stop", {"token": keep_token(letter)})


async def pass_days(api: Api, days: float) -> None:
    """In steps of an hour, as the worker credits them; mail is delivered once a day, for time's sake."""
    for _ in range(int(days)):
        await pass_time(api, 24, mail=False)
        await deliver(api)
    await pass_time(api, days % 1 * 24, mail=False)


async def is_closed(api: Api) -> bool:
    return all(row[1] == "" for row in (await api.rows("account"))["account"] if row[1] != "Nobody")


# ---------------------------------------------------------------- thirty days


async def test_it_waits_thirty_days_with_notices_and_then_nothing_is_left(patient_api: Api) -> None:
    api = patient_api
    anna = await api.signed_up(ANNA)
    began = await close(anna)
    assert began.state == "waiting"
    assert (await anna.show(began.flow_id)).problem == "unknown", "nobody drives the wait"
    assert await closing_at(anna) is not None
    assert (await anna.start("close_account")).problem == "wrong_step", "it closes already"
    assert len(await letters_about(api, ANNA, CLOSING)) == 1
    await pass_days(api, 29)
    assert len(await letters_about(api, ANNA, CLOSING)) == 5, "at the start, after 7, 14 and 21 days, and three days before the end"
    assert await anna.is_signed_in(), "until the end everything works as before"
    await pass_days(api, 1.2)
    assert await is_closed(api)
    assert not await anna.is_signed_in()
    [last] = await letters_about(api, ANNA, CLOSED)
    assert "closed for good" in last.text
    assert (await api.program().sign_in(ANNA)).problem == "not_proven"
    forgot = await api.program().start("recover", identifier=ANNA)
    assert forgot.state == "asking", "the same answer as for a name that nobody has"
    assert (await api.newest(ANNA)) == last, "and no mail"


async def test_after_the_end_a_dump_shows_nothing_personal_and_the_chain_still_holds(patient_api: Api) -> None:
    api = patient_api
    owner = await owner_with_two(api)
    program = await signed_in(api, owner.email, owner.app.next_code())
    assert (await program.start("change_details", name="Anna Karenina", language="en", user_name="anna.k")).state in {"done", "asking"}
    stranger = api.program()
    await stranger.sign_in(ANNA, ANOTHER)
    await api.program().start("recover", identifier=SECOND)
    before = await dump(api)
    for said in ("anna@example.com", "anna@second.example", "Anna"):
        assert said in before, "the check can fail"
    await with_order_and_friends(api, program)
    assert (await close_fully(api, program, owner.app.next_code())).state == "waiting"
    [account_id] = [row[0] for row in (await api.rows("account"))["account"] if row[1] != "Nobody"]
    await pass_days(api, 30.2)
    assert await is_closed(api)
    after = await dump(api)
    for said in ("anna@", "second.example", "Anna", "anna.k"):
        assert said not in after, said
    assert [row[5] for row in (await api.rows("outbox"))["outbox"] if row[1] == account_id] == ["", ""], "the last two messages, unnamed"
    services = api.parts.services
    assert [f async for _, found in verify_chains(services.store, services.sealer) for f in found] == []
    assert [f async for found in verify_presence(services.store) for f in found] == []
    rows = (await api.rows("audit_event"))["audit_event"]
    left = await api.rows(
        *("shop_activity", "confirmation", "contact_circle", "contact", "factor", "session", "device", "former_password", "change")
    )
    assert {table: found for table, found in left.items() if found} == {}
    mine = [row for row in rows if row[0] == account_id]
    assert mine
    for row in mine:
        with pytest.raises(ValueError, match="altered"):
            services.sealer.open(row[6], "audit.personal.")  # type: ignore[arg-type]


async def test_the_address_is_free_again_after_its_reservation(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    await pass_days(api, 30.2)
    assert await is_closed(api)
    stranger = api.program()
    began = await stranger.start("sign_up", email=ANNA, name="Someone", password=PASSWORD)
    assert began.state == "asking"
    assert CLOSED in (await api.newest(ANNA)).subject, "no code: it stays reserved for 30 days"
    api.clock.wait(days=30.1)
    assert await (await api.signed_up(ANNA)).is_signed_in()


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize("leap", [timedelta(hours=1), timedelta(days=31), timedelta(days=-31), timedelta(hours=-1)])
async def test_a_leap_of_the_clock_ends_nothing_early(api: Api, leap: timedelta) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    await pass_days(api, 1)
    api.clock.wait(seconds=leap.total_seconds())
    await look_at_waits(api.parts.services, asyncio.Event())
    await pass_time(api, 3, mail=False)
    assert not await is_closed(api)
    api.clock.wait(seconds=-leap.total_seconds())
    await pass_days(api, 28.5)
    assert not await is_closed(api), "29.6 days are credited at most"
    await pass_days(api, 1)
    assert await is_closed(api)


async def test_without_the_worker_no_time_passes(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    api.clock.wait(days=60)
    await look_at_waits(api.parts.services, asyncio.Event())
    assert not await is_closed(api)
    assert len(await letters_about(api, ANNA, CLOSING)) == 2, "the day has moved, and that is told"
    assert (await api.program().sign_in(ANNA)).state == "done"
    assert len(await letters_about(api, ANNA, KEPT)) == 1


# ---------------------------------------------------------------- who may stop it


async def test_any_sign_in_stops_it(api: Api) -> None:
    thief = await api.signed_up(ANNA)
    await close(thief)
    owner = api.program()
    assert (await owner.sign_in(ANNA)).state == "done"
    assert await closing_at(owner) is None
    assert len(await letters_about(api, ANNA, KEPT)) == 1
    await pass_days(api, 31)
    assert not await is_closed(api)
    assert [w async for w in waiting(api)] == [], "no wait is left behind"


async def test_a_living_session_stops_it_with_one_press(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    assert (await anna.start("stop_closing")).state == "done"
    assert await closing_at(anna) is None
    assert (await close(anna)).state == "waiting", "and it can be asked for again"
    assert await closing_at(anna) is not None


async def test_a_settled_address_stops_it_by_its_link_as_often_as_needed(api: Api) -> None:
    thief = await api.signed_up(ANNA)
    await close(thief)
    letter = await api.newest(ANNA)
    anybody = api.program()
    seen = await anybody.call("POST", "/api/v1/closing/look", {"token": keep_token(letter)})
    assert (seen.said["may"], seen.said["until"]) == (True, await closing_at(thief))
    assert await closing_at(thief) is not None, "looking changes nothing"
    assert (await keep(anybody, letter)).said == {"until": None, "may": True}
    assert await closing_at(thief) is None
    assert not anybody.session, "no session is given"
    assert (await keep(anybody, letter)).said["until"] is None, "nothing to stop, and nothing breaks"
    assert len(await letters_about(api, ANNA, KEPT)) == 1
    await close(thief)
    assert (await keep(anybody, letter)).said == {"until": None, "may": True}, "the thief tries again, and so does the link"
    assert await closing_at(thief) is None


async def test_a_former_settled_address_stops_it_and_a_young_one_cannot(api: Api) -> None:
    """The thief adds his own address, makes it the main one, takes the owner's off, and closes the account."""
    thief = await api.signed_up(ANNA)
    api.clock.wait(days=40)
    thief = await signed_in(api, ANNA)
    await add_second(api, thief, "thief@evil.example")
    young = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"].startswith("thief"))
    old = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"] == ANNA)
    assert (await thief.start("set_main_address", address_id=young)).state == "done"
    assert (await thief.start("remove_address", address_id=old)).state == "done"
    assert (await close(thief)).state == "waiting"
    [to_thief] = await letters_about(api, "thief@evil.example", CLOSING)
    assert (await keep(api.program(), to_thief)).said["may"] is False
    assert await closing_at(thief) is not None
    by_name = api.program()
    asked = await by_name.start("stop_closing", identifier="thief@evil.example")
    assert asked.state == "asking"
    tried = await by_name.code(asked.flow_id, (await api.newest("thief@evil.example")).code)
    assert tried.state != "done"
    assert await closing_at(thief) is not None, "a young address proves itself and is not enough"
    [to_owner] = await letters_about(api, ANNA, CLOSING)
    assert "evil" not in to_owner.text
    assert "thief" not in to_owner.text
    assert (await keep(api.program(), to_owner)).said == {"until": None, "may": True}
    assert await closing_at(thief) is None


async def test_a_former_address_stops_it_by_name_and_an_unknown_name_takes_the_same_road(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    owner, nobody = api.program(), api.program()
    asked = await owner.start("stop_closing", identifier=ANNA)
    unknown = await nobody.start("stop_closing", identifier="nobody@example.com")
    hidden = ("flow_id", "flow_token", "sent_to", "expires_at", "resend_at")
    assert {k: v for k, v in asked.said.items() if k not in hidden} == {k: v for k, v in unknown.said.items() if k not in hidden}
    assert (await nobody.code(unknown.flow_id, "123456")).problem == (await owner.code(asked.flow_id, "123456")).problem
    assert (await owner.code(asked.flow_id, (await api.newest(ANNA)).code)).state == "done"
    assert await closing_at(anna) is None


async def test_an_address_that_was_taken_off_stops_it_by_name(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await add_second(api, anna)
    api.clock.wait(days=31)
    thief = await signed_in(api, ANNA)
    second = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"] == SECOND)
    assert (await thief.start("remove_address", address_id=second)).state == "done"
    await close(thief)
    owner = api.program()
    asked = await owner.start("stop_closing", identifier=SECOND)
    assert (await owner.code(asked.flow_id, (await api.newest(SECOND)).code)).state == "done"
    assert await closing_at(thief) is None


async def test_links_from_before_do_nothing_to_a_closed_account(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    letter = await api.newest(ANNA)
    await pass_days(api, 28.9)
    [*_, last] = await letters_about(api, ANNA, CLOSING)
    await pass_days(api, 1.3)
    assert await is_closed(api)
    before = await api.rows("account", "address")
    for token in (disown_token(letter), disown_token(last)):
        pressed = await api.program().call("POST", "/api/v1/notices/disown", {"token": token})
        assert pressed.status == 404 or not pressed.said["frozen"], pressed
    assert (await keep(api.program(), last)).said["until"] is None
    assert await api.rows("account", "address") == before


async def test_this_was_not_me_stops_it_too(api: Api) -> None:
    thief = await api.signed_up(ANNA)
    await close(thief)
    letter = await api.newest(ANNA)
    pressed = await api.program().call("POST", "/api/v1/notices/disown", {"token": disown_token(letter)})
    assert pressed.said["frozen"] is True
    assert not await thief.is_signed_in()
    await pass_days(api, 31)
    assert not await is_closed(api)
    assert [w async for w in waiting(api)] == []


async def test_it_does_not_close_under_somebody_who_is_getting_back_in(api: Api) -> None:
    owner = await owner_with_two(api)
    program = await signed_in(api, owner.email, owner.app.next_code())
    await close_fully(api, program, owner.app.next_code())
    await pass_days(api, 29)
    lost = api.program()
    began = await lost.start("recover", identifier=ANNA)
    await lost.password(began.flow_id, PASSWORD)
    waits = await lost.call("POST", f"/api/v1/flows/{began.flow_id}/nothing-more")
    assert waits.state == "waiting"
    await pass_days(api, 3)
    assert not await is_closed(api)


async def test_a_quarantined_account_cannot_be_closed_yet(api: Api) -> None:
    await api.signed_up(ANNA)
    lost = api.program()
    began = await lost.start("recover", identifier=ANNA)
    await lost.code(began.flow_id, (await api.newest(ANNA)).code)
    assert (await lost.finish(began.flow_id, ANOTHER)).state == "done"
    program = api.program()
    await program.sign_in(ANNA, ANOTHER)
    began = await program.start("close_account")
    began = await program.password(began.flow_id, ANOTHER) if began.state == "asking" else began
    assert (began.state, began.said["ended"]) == ("denied", "quarantined")
    assert await closing_at(program) is None


# ---------------------------------------------------------------- the file


async def test_the_file_has_everything_that_is_kept_and_no_secret(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await add_second(api, anna)
    owner = await enrol(api, anna, ANNA)
    await with_order_and_friends(api, anna)
    began = await anna.start("download_data")
    began = await anna.password(began.flow_id, PASSWORD) if began.state == "asking" else began
    if began.state == "asking":
        began = await anna.call(
            "POST", f"/api/v1/flows/{began.flow_id}/answer", {"answer": {"challenge": "totp", "code": owner.app.next_code()}}
        )
    assert (began.state, began.said["finish"]) == ("allowed", "data")
    file = await anna.call("POST", f"/api/v1/flows/{began.flow_id}/data")
    assert file.status == 200
    said = file.said
    assert (said["name"], [a["value"] for a in said["addresses"]]) == ("Anna", [ANNA, SECOND])
    assert {m["kind"] for m in said["methods"]} >= {"totp", "backup_code"}
    assert [o["title"] for o in said["orders"]] == ["A lamp"]
    assert [f["email"] for f in said["friends"]] == ["bob@example.com", "eve@example.com"]
    assert [s["network"] for s in said["sessions"]]
    assert {"account.sign_up.done", "account.address.added"} <= {e["name"] for e in said["events"]}
    assert said["messages"]
    for table, column in (("factor", 3), ("session", 0)):
        for row in (await api.rows(table))[table]:
            assert str(row[column]) not in str(said)
    assert "argon2" not in str(said)
    assert len(await letters_about(api, ANNA, "was downloaded")) == 1
    again = await anna.call("POST", f"/api/v1/flows/{began.flow_id}/data")
    assert again.problem == "done", "one proof, one file"
    stranger = api.program()
    assert (await stranger.call("POST", f"/api/v1/flows/{began.flow_id}/data")).problem == "unknown"
    assert (await stranger.start("download_data")).status == 401


# ---------------------------------------------------------------- races


@pytest.mark.parametrize("first", ["stop", "finish"])
async def test_fifty_stops_and_finishes_at_once(patient_api: Api, first: str) -> None:
    """Either it is kept and whole, or closed and empty; the audit log tells one of the two, once."""
    api = patient_api
    anna = await api.signed_up(ANNA)
    await close(anna)
    letter = await api.newest(ANNA)
    await pass_days(api, 29.95)
    assert not await is_closed(api)
    api.clock.wait(hours=1)
    services = api.parts.services

    async def finish() -> None:
        await look_at_waits(services, asyncio.Event())

    async def stop() -> None:
        answer = await keep(api.program(), letter)
        assert answer.status in {200, 404}, answer

    order = (stop, finish) if first == "stop" else (finish, stop)
    await asyncio.gather(*(order[n % 2]() for n in range(50)))
    await finish()
    names = [row[3] for row in (await api.rows("audit_event"))["audit_event"]]
    assert names.count("account.closing.stopped") + names.count("account.closing.done") == 1
    closed = "account.closing.done" in names
    assert await is_closed(api) is closed
    assert await anna.is_signed_in() is not closed


# ---------------------------------------------------------------- the checks can fail


async def test_a_wait_that_believed_the_clock_would_be_seen(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    monkeypatch.setattr(look_at_closing, "over", lambda waiting: replace(waiting, counted=waiting.days, credited=waiting.length))
    api.clock.wait(days=31)
    await look_at_waits(api.parts.services, asyncio.Event())
    assert await is_closed(api)


async def test_a_table_that_was_forgotten_would_be_seen(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await api.signed_up(ANNA)
    await close(anna)
    monkeypatch.setattr(personal, "_ADDRESSES", Statement("select address_id, key from address where account_id = :account_id and 1 = 0"))
    await pass_days(api, 30.2)
    assert await is_closed(api)
    assert "anna@example.com" in await dump(api)


async def test_a_policy_that_took_young_addresses_would_be_seen(api: Api) -> None:
    services = api.parts.services
    rules = services.policy.actions["stop_closing"]
    lax = replace(rules, routes=tuple(replace(r, settled=False, needs=tuple(n for n in r.needs if n != "settled")) for r in rules.routes))
    policy = replace(services.policy, actions={**services.policy.actions, "stop_closing": lax})
    anna = await api.signed_up(ANNA)
    await add_second(api, anna)
    await close(anna)
    letter = await api.newest(SECOND)
    assert (await look_at_keeping(services, keep_token(letter))).may is False
    assert (await look_at_keeping(replace(services, policy=policy), keep_token(letter))).may is True


# ---------------------------------------------------------------- nothing is forgotten


def test_every_table_is_cleared_or_says_why_not() -> None:
    assert personal.CLEARED | personal.KEPT.keys() == set(schema.metadata.tables)
    assert personal.CLEARED.isdisjoint(personal.KEPT)


def test_every_table_that_is_said_to_be_cleared_is() -> None:
    statements = [
        *personal._CLEAR,
        *personal._CLEAR_CASES,
        *personal._CLEAR_CONTACTS,
        personal._CLEAR_FLOWS,
        personal._CLEAR_MESSAGES,
        personal._CLEAR_GUESSES,
    ]
    assert {s.sqlite.split()[2] for s in statements} == personal.CLEARED


# ---------------------------------------------------------------- parts


async def with_order_and_friends(api: Api, program: Program) -> None:
    """What other parts of the server keep: an order of the shop, a question of it, and two friends for recovery, a list that holds."""
    account_id = AccountId((await program.read("account"))["account_id"])
    now = api.clock.now()
    async with api.parts.services.store.transaction() as tx:
        await tx.shop_activities.add(Activity(account_id, "R1", ActivityKind.ORDER, now, title="A lamp"))
        await tx.confirmations.add(Confirmation("c" * 32, account_id, "link_card", "R2", "Anna’s card", "https://shop.example", now))
        friends = [Friend(name, f"{name}@example.com", f"email:{name}@example.com") for name in ("bob", "eve")]
        contacts = tuple(Contact(f"contact-{f.name}", f, "Anna", ContactState.ACCEPTED, now) for f in friends)
        await tx.circles.add(Circle("circle", account_id, 2, now, now + timedelta(days=365), contacts))
        account = await tx.accounts.get(account_id)
        held = replace(account, enrolled=(*account.enrolled, new_factor("circle", now)))
        await tx.accounts.save(account, held, now)


async def signed_in(api: Api, email: str, code: str = "") -> Program:
    program = api.program()
    asked = await program.sign_in(email)
    if code:
        asked = await program.call("POST", f"/api/v1/flows/{asked.flow_id}/answer", {"answer": {"challenge": "totp", "code": code}})
    assert asked.state == "done", asked
    return program


async def close_fully(api: Api, program: Program, code: str) -> Answer:
    """With whatever is still asked for."""
    began = await program.start("close_account")
    if began.state == "asking" and "password" in began.said["choices"]:
        began = await program.password(began.flow_id, PASSWORD)
    if began.state == "asking":
        began = await program.call("POST", f"/api/v1/flows/{began.flow_id}/answer", {"answer": {"challenge": "totp", "code": code}})
    return began


async def waiting(api: Api) -> AsyncIterator[str]:
    async with api.parts.services.store.transaction() as tx:
        for flow in await tx.flows.waiting("", 100):
            yield flow.action


async def dump(api: Api) -> str:
    """Every row of every table, as a thief of the database reads it."""
    tables = await api.rows(*schema.metadata.tables)
    return "\n".join(
        " ".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row) for rows in tables.values() for row in rows
    )
