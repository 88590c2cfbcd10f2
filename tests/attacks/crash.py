"""A server that is killed at a chosen write, and one that starts after it and looks at what is left.

Run: ``python -m tests.attacks.crash``, or with ``lost_notice`` for a server with that bug. It reads one job a line on standard input
and answers one line. For each job it forks: the child is a server of its own over the same database, drives itself through ASGI, and
kills itself with SIGKILL before the N-th write of one step, commits among them. Nothing of it is closed, nothing is rolled back by
us: what stays is what a power cut would leave to the database.
"""

import asyncio
import json
import os
import re
import sqlite3
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from signal import SIGKILL
from typing import Any

import asyncpg
import httpx2
from typing_extensions import override

from sparekey.adapters.clock import SystemClock
from sparekey.adapters.crypto.keys import keys_path, read_keys_file, rotate_keys_file
from sparekey.adapters.sql.connection import Statement
from sparekey.bootstrap import Parts, build, build_app, configure_log, dev_mailbox, dev_phone
from sparekey.domain.accounts import Account
from sparekey.domain.messages import MessageKind
from sparekey.messages.render import render
from sparekey.settings import Settings, read_settings
from sparekey.use_cases import finish_flow as true_finish
from sparekey.use_cases.carry_out import change as changes
from sparekey.use_cases.carry_out import password as passwords
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.verify_audit import verify_chains, verify_presence
from sparekey.web.api import flows as api_flows
from sparekey.worker.deliver import LEASE
from sparekey.worker.waits import look_at_waits
from tests.doors.api import ANOTHER, CHEAP, PASSWORD, Answer, Api, HashingHere, Lifespan, Program
from tests.doors.friends import INVITED, named
from tests.doors.second_factors import App
from tests.doors.waits import disown_token
from tests.messages.samples import message

Facts = dict[str, Any]
"""What the second server is told of the first: names, tokens, codes."""

READS = ("select", "savepoint", "release", "begin")
"""Before these nothing new can have been written."""


class Killer:
    """Counts the writes of this process once armed, commits among them, and kills it before a chosen one."""

    def __init__(self) -> None:
        self._left = 0

    def arm(self, at: int) -> None:
        self._left = at

    def look(self, statement: str) -> None:
        if self._left and not statement.lstrip().startswith(READS):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), SIGKILL)


killer = Killer()


class KilledSqlite(sqlite3.Connection):
    @override
    def execute(self, *given: Any) -> sqlite3.Cursor:
        killer.look(given[0])
        return super().execute(*given)


def hook_into_databases() -> None:
    """Every statement passes the killer first: on SQLite ``commit`` is one of them, on PostgreSQL too."""
    connect = sqlite3.connect
    sqlite3.connect = lambda *given, **named: connect(*given, **named, factory=KilledSqlite)  # type: ignore[assignment]
    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        setattr(asyncpg.Connection, name, _killed(getattr(asyncpg.Connection, name)))


def hook_into_files() -> None:
    """The key ring is a file: what makes a new one last, and what puts it in the place of the old one."""
    for name in ("fsync", "replace"):
        setattr(os, name, _killed_before(name, getattr(os, name)))


def _killed_before(name: str, true: Callable[..., object]) -> Callable[..., object]:
    def killed(*given: Any, **named: Any) -> object:
        killer.look(name)
        return true(*given, **named)

    return killed


def _killed(true: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def killed(*given: Any, **named: Any) -> Any:
        killer.look(given[1])
        return await true(*given, **named)

    return killed


class Later(SystemClock):
    """The machine's clock, put forward: after the lease of what a dead worker held."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    @override
    def now(self) -> datetime:
        return super().now() + self._by


@dataclass(frozen=True)
class Built:
    """A server that is not open yet: made once, copied by each fork."""

    settings: Settings
    clock: Later
    parts: Parts


def built(later: timedelta) -> Built:
    settings, clock = read_settings(os.environ), Later(later)
    return Built(settings, clock, build(settings, clock=clock, hashing=HashingHere(), cost=CHEAP))


@asynccontextmanager
async def server(of: Built) -> AsyncIterator[Api]:
    settings, clock, parts = of.settings, of.clock, of.parts
    app = build_app(settings, parts)
    async with Lifespan(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=settings.base_url) as http:
        yield Api(app, parts, settings, clock, http)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the steps


@dataclass(frozen=True)
class Scenario:
    """``prepare``: all before the step, and what the second server needs to know. ``step``: killed. ``check``: raises for a trace
    of half a change; it may repeat the step, as a person does whose page never came."""

    prepare: Callable[[Api, Program, Facts], Awaitable[None]]
    step: Callable[[Api, Program, Facts], Awaitable[object]]
    check: Callable[[Api, Program, Facts], Awaitable[None]]


async def kinds(program: Program) -> list[str]:
    return [m["kind"] for m in (await program.read("account/messages"))["messages"]]


async def sessions(api: Api) -> int:
    async with api.parts.database.transaction() as connection:
        row = await connection.one(Statement("select count(*) from session"))
        return int(row[0]) if row else 0


async def began_sign_up(api: Api, program: Program, facts: Facts) -> None:
    began = await program.start("sign_up", email=facts["email"], name="Anna", password=PASSWORD)
    letter = await api.newest(facts["email"])
    facts.update(flow=began.flow_id, code=letter.code, link=letter.link)


async def give_code(api: Api, program: Program, facts: Facts) -> object:
    return await program.code(facts["flow"], facts["code"])


async def account_is_whole(api: Api, program: Program, facts: Facts) -> None:
    """The step is done now, once; its code is good for nothing more; the account has one welcome."""
    again = await program.code(facts["flow"], facts["code"])
    assert (again.status, again.said.get("state")) in {(200, "done"), (410, None)}, again
    assert (await program.code(facts["flow"], facts["code"])).status == 410
    assert (await program.open(facts["link"])).status == 404
    owner = api.program()
    assert (await owner.sign_in(facts["email"])).state == "done"
    assert (await kinds(owner)).count("welcome") == 1


async def moved_sign_up(api: Api, program: Program, facts: Facts) -> None:
    await began_sign_up(api, api.program(), facts)
    await program.open(facts["link"])


async def finish_sign_up(api: Api, program: Program, facts: Facts) -> object:
    return await program.finish(facts["flow"], ANOTHER, name="Berta")


async def moved_account_is_whole(api: Api, program: Program, facts: Facts) -> None:
    assert (await program.finish(facts["flow"], ANOTHER, name="Berta")).status in {200, 410}
    assert (await program.finish(facts["flow"], ANOTHER, name="Berta")).status == 410
    assert (await api.program().sign_in(facts["email"], PASSWORD)).status == 401
    owner = api.program()
    assert (await owner.sign_in(facts["email"], ANOTHER)).state == "done"
    assert (await kinds(owner)).count("welcome") == 1


async def has_account(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    facts.update(session=owner.session, device=owner.device, sessions=await sessions(api))


async def nothing_yet(api: Api, program: Program, facts: Facts) -> None:
    """The step is the first thing that happens."""


async def start_sign_up(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("sign_up", email=facts["email"], name="Anna", password=PASSWORD)


async def flows_and_messages(api: Api, action: str, kind: str) -> tuple[int, int]:
    async with api.parts.database.transaction() as connection:
        flows = await connection.one(Statement("select count(*) from flow where action = :action"), action=action)
        messages = await connection.one(Statement("select count(*) from outbox where kind = :kind"), kind=kind)
    assert flows is not None
    assert messages is not None
    return int(flows[0]), int(messages[0])


async def sign_up_can_start(api: Api, program: Program, facts: Facts) -> None:
    flows, messages = await flows_and_messages(api, "sign_up", "sign_up_code")
    assert flows == messages, "a flow without its message, or a message without its flow"
    await began_sign_up(api, program, facts)
    await account_is_whole(api, program, facts)


async def wrong_code(api: Api, program: Program, facts: Facts) -> object:
    return await program.code(facts["flow"], "000000" if facts["code"] != "000 000" else "111111")


async def wrong_code_counts(api: Api, program: Program, facts: Facts) -> None:
    """Whatever a power cut makes of one, five are the end of a code, and of nothing else."""
    for _ in range(5):
        assert (await wrong_code(api, program, facts)).status in {401, 409}  # type: ignore[attr-defined]
    assert (await program.code(facts["flow"], facts["code"])).status == 401, "a code that is guessed at for ever"
    assert (await program.open(facts["link"])).state == "allowed"


async def about_to_resend(api: Api, program: Program, facts: Facts) -> None:
    """A minute after the first code; the limits of volume are off here."""
    await began_recovery(api, program, facts)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(facts["flow"])
        assert flow is not None
        await tx.flows.save(replace(flow, asked=tuple(replace(a, asked_at=a.asked_at - timedelta(seconds=61)) for a in flow.asked)))


async def resend(api: Api, program: Program, facts: Facts) -> object:
    return await program.send(facts["flow"])


async def every_code_sent_is_good_until_one_is_used(api: Api, program: Program, facts: Facts) -> None:
    sent = [letter.code for letter in await api.letters(facts["email"]) if "Get back" in letter.subject and letter.code != facts["code"]]
    assert (await resend(api, program, facts)).status == (429 if sent else 200)  # type: ignore[attr-defined]
    newest = (await api.newest(facts["email"])).code
    assert newest != facts["code"]
    assert (await program.code(facts["flow"], newest)).state == "allowed"
    assert (await program.code(facts["flow"], facts["code"])).status in {401, 409}
    assert (await api.program().open(facts["link"])).status == 404


async def sign_in(api: Api, program: Program, facts: Facts) -> object:
    return await program.sign_in(facts["email"])


async def session_and_notice_go_together(api: Api, program: Program, facts: Facts) -> None:
    opened = await sessions(api) - facts["sessions"]
    owner = Program(api.http, session=facts["session"])
    told = (await kinds(owner)).count("new_device")
    assert opened == told, f"{opened} sessions, {told} notices"
    assert (await program.sign_in(facts["email"])).state == "done"


async def began_link_sign_in(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    await program.start("sign_in", identifier=facts["email"])
    facts.update(link=(await api.newest(facts["email"])).link)


async def link_opens_one_session(api: Api, program: Program, facts: Facts) -> None:
    opened = await sessions(api) - facts["sessions"]
    owner = Program(api.http, session=facts["session"])
    assert (await kinds(owner)).count("new_device") == opened, f"{opened} sessions"
    assert (await program.open(facts["link"])).status == (404 if opened else 200)
    assert (await program.open(facts["link"])).status == 404
    assert await sessions(api) == facts["sessions"] + 1


async def start_recovery(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("recover", identifier=facts["email"])


async def recovery_can_start(api: Api, program: Program, facts: Facts) -> None:
    flows, codes = await flows_and_messages(api, "recover", "recovery_code")
    assert flows == codes, "a flow without its message, or a message without its flow"
    began = await program.start("recover", identifier=facts["email"])
    code = (await api.newest(facts["email"])).code
    assert (await program.code(began.flow_id, code)).state == "allowed"


async def began_recovery(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    began = await program.start("recover", identifier=facts["email"])
    letter = await api.newest(facts["email"])
    facts.update(flow=began.flow_id, code=letter.code, link=letter.link)


async def code_is_spent_once(api: Api, program: Program, facts: Facts) -> None:
    again = await program.code(facts["flow"], facts["code"])
    assert again.status in {200, 401, 409}, again
    assert (await program.show(facts["flow"])).state == "allowed", "the proof is there, whichever of the two gave it"
    assert (await program.code(facts["flow"], facts["code"])).status in {401, 409}
    assert (await api.program().open(facts["link"])).status == 404


async def open_link(api: Api, program: Program, facts: Facts) -> object:
    return await program.open(facts["link"])


async def link_is_spent_once(api: Api, program: Program, facts: Facts) -> None:
    if (await program.show(facts["flow"])).state == "asking":
        assert (await program.open(facts["link"])).status == 200
    assert (await program.open(facts["link"])).status == 404
    assert (await program.code(facts["flow"], facts["code"])).status in {401, 409}
    assert (await program.show(facts["flow"])).state == "allowed"


async def with_second_address(api: Api, program: Program, facts: Facts) -> Program:
    owner = await api.signed_up(facts["email"])
    began = await owner.start("add_address", email=facts["second"])
    assert (await owner.code(began.flow_id, (await api.newest(facts["second"])).code)).state == "done"
    facts.update(session=owner.session, device=owner.device)
    return owner


async def proven_recovery(api: Api, program: Program, facts: Facts) -> None:
    await with_second_address(api, program, facts)
    began = await program.start("recover", identifier=facts["email"])
    assert (await program.code(began.flow_id, (await api.newest(facts["email"])).code)).state == "allowed"
    facts.update(flow=began.flow_id)


async def finish(api: Api, program: Program, facts: Facts) -> object:
    return await program.finish(facts["flow"], ANOTHER)


async def recovered_or_not(api: Api, program: Program, facts: Facts) -> None:
    await password_changed_or_not(api, program, facts, notice="password_recovered")


async def password_changed_or_not(api: Api, program: Program, facts: Facts, notice: str = "password_changed") -> None:
    """All of it or nothing: the password, the notice to both addresses, the end of other sessions, the end of the flow."""
    async with api.parts.database.transaction() as connection:
        of_account = "select account_id from address where value = :email"
        row = await connection.one(
            Statement(f"select count(*) from outbox where kind = :kind and account_id in ({of_account})"), kind=notice, email=facts["email"]
        )
    told = row[0] if row else 0
    old, new = await api.program().sign_in(facts["email"]), await api.program().sign_in(facts["email"], ANOTHER)
    happened = new.status == 201
    assert (old.status == 201) != happened, "one password, not two and not none"
    assert told == (2 if happened else 0)
    other: str = facts.get("other") or facts["session"]
    assert await Program(api.http, session=other).is_signed_in() != happened
    assert (await program.show(facts["flow"])).state == ("done" if happened else "allowed")
    again = await program.finish(facts["flow"], ANOTHER)
    assert again.status == (410 if happened else 200), again
    assert (await program.finish(facts["flow"], ANOTHER)).status == 410
    assert (await api.about(facts["second"])).count((await api.about(facts["second"]))[-1]) >= 1


async def proven_change(api: Api, program: Program, facts: Facts) -> None:
    owner = await with_second_address(api, program, facts)
    other = api.program()
    await other.sign_in(facts["email"])
    facts.update(other=other.session)
    began = await owner.start("change_password")
    if began.state == "asking":
        began = await owner.password(began.flow_id, PASSWORD)
    assert began.state == "allowed", began
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    facts.update(flow=began.flow_id)


async def began_add_address(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    began = await owner.start("add_address", email=facts["second"])
    letter = await api.newest(facts["second"])
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    facts.update(flow=began.flow_id, code=letter.code, link=letter.link)


async def address_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    addresses = [a["value"] for a in (await program.read("account"))["addresses"]]
    told = (await kinds(program)).count("address_added")
    assert told == (2 if facts["second"] in addresses else 0), f"{addresses}, {told} notices"
    assert (await program.code(facts["flow"], facts["code"])).status in {200, 410}
    assert (await program.code(facts["flow"], facts["code"])).status == 410
    assert [a["value"] for a in (await program.read("account"))["addresses"]] == [facts["email"], facts["second"]]


async def has_second_address(api: Api, program: Program, facts: Facts) -> None:
    owner = await with_second_address(api, program, facts)
    program.session, program.device = owner.session, owner.device
    facts["address"] = next(a["address_id"] for a in (await program.read("account"))["addresses"] if not a["main"])


async def remove_address(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("remove_address", address_id=facts["address"])


async def leaving_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    addresses = [a["value"] for a in (await program.read("account"))["addresses"]]
    gone = facts["second"] not in addresses
    said = await kinds(program)
    assert (said.count("address_removed"), said.count("address_left")) == ((1, 1) if gone else (0, 0))
    if not gone:
        assert (await remove_address(api, program, facts)).state == "done"  # type: ignore[attr-defined]


async def set_main_address(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("set_main_address", address_id=facts["address"])


async def one_main_address(api: Api, program: Program, facts: Facts) -> None:
    """Two statements turn it: a session whose account has no main address would be nobody's."""
    main = [a["value"] for a in (await program.read("account"))["addresses"] if a["main"]]
    assert len(main) == 1
    assert (await kinds(program)).count("main_address_changed") == (2 if main == [facts["second"]] else 0)


async def has_mail_waiting(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    await api.letters()
    facts["letters"] = len(await api.letters(facts["email"]))
    assert (await api.program().sign_in(facts["email"])).state == "done"


async def deliver(api: Api, program: Program, facts: Facts) -> object:
    return await api.parts.deliverer.deliver_due()


async def mail_arrives(api: Api, program: Program, facts: Facts) -> None:
    """At least once; the same message twice is one letter."""
    assert len(await api.letters(facts["email"])) == facts["letters"] + 1
    owner = Program(api.http, session=facts["session"])
    assert {m["state"] for m in (await owner.read("account/messages"))["messages"]} == {"delivered"}


async def change_details(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.start("change_details", name="Olga", language="ru", user_name=f"u{facts['email'][:12]}")


async def details_change_together(api: Api, program: Program, facts: Facts) -> None:
    account, told = await program.read("account"), (await kinds(program)).count("details_changed")
    is_new = account["name"] == "Olga"
    assert (account["language"], bool(account["user_name"]), told) == (("ru", True, 2) if is_new else ("en", False, 0)), account
    if not is_new:
        assert (await change_details(api, program, facts)).state == "done"
    assert (await api.program().sign_in(f"u{facts['email'][:12]}")).state == "done"


async def has_two_sessions(api: Api, program: Program, facts: Facts) -> None:
    await has_second_address(api, program, facts)
    other = api.program()
    await other.sign_in(facts["email"])
    facts["other"] = other.session


async def end_sessions(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.start("end_sessions")


async def sessions_end_and_are_told(api: Api, program: Program, facts: Facts) -> None:
    lives = await Program(api.http, session=facts["other"]).is_signed_in()
    assert (await kinds(program)).count("sessions_ended") == (0 if lives else 2)
    assert (await end_sessions(api, program, facts)).state == "done"
    assert not await Program(api.http, session=facts["other"]).is_signed_in()
    assert await program.is_signed_in()


async def rotate_keys(api: Api, program: Program, facts: Facts) -> object:
    return rotate_keys_file(keys_path(api.settings.storage), api.clock.now(), pause=lambda: None)


async def all_opens_with_the_keys_that_are_left(api: Api, program: Program, facts: Facts) -> None:
    """What was hashed and sealed before; and a rotation can be made anew."""
    ring = read_keys_file(keys_path(api.settings.storage))
    assert len({key.id for key in ring}) == len(ring)
    assert (await program.code(facts["flow"], facts["code"])).state == "allowed"
    assert await Program(api.http, session=facts["session"]).is_signed_in(), "made under a key that is gone"
    await rotate_keys(api, program, facts)
    assert (await api.program().sign_in(facts["email"])).state == "done"


async def notices(api: Api, kind: str, email: str) -> int:
    """How many messages of a kind were written to the account with this address."""
    async with api.parts.database.transaction() as connection:
        of_account = "select account_id from address where value = :email"
        statement = Statement(f"select count(*) from outbox where kind = :kind and account_id in ({of_account})")
        row = await connection.one(statement, kind=kind, email=email)
        return int(row[0]) if row else 0


async def text_code(api: Api) -> str:
    await api.letters()
    found = re.search(r"#([0-9A-Z]+)$", dev_phone(api.settings, api.clock).list()[0].text)
    assert found is not None
    return found[1]


async def by_text(api: Api, program: Program, flow_id: str) -> Answer:
    body = {"answer": {"challenge": "sms", "code": await text_code(api)}}
    return await program.call("POST", f"/api/v1/flows/{flow_id}/answer", body)


async def shown_number(api: Api, program: Program, facts: Facts) -> None:
    """An account with a mailbox and a number, and a recovery that has shown the number: what is next is a wait of 72 hours."""
    owner = await api.signed_up(facts["email"])
    facts["number"] = f"+37120{int(facts['email'][:12], 16) % 10**6:06}"
    began = await owner.start("add_address", phone=facts["number"])
    assert (await by_text(api, owner, began.flow_id)).state == "done"
    async with api.parts.database.transaction() as connection:
        await connection.run(Statement("update address set added_at = 1 where value = :value"), value=facts["number"])
    began = await program.start("recover", identifier=facts["number"])
    assert (await by_text(api, program, began.flow_id)).state == "asking"
    facts.update(flow=began.flow_id, session=owner.session, device=owner.device)


async def about_to_add_number(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    facts["number"] = f"+37120{int(facts['email'][:12], 16) % 10**6:06}"
    began = await program.start("add_address", phone=facts["number"])
    facts.update(flow=began.flow_id, code=await text_code(api))


async def give_text_code(api: Api, program: Program, facts: Facts) -> Answer:
    body = {"answer": {"challenge": "sms", "code": facts["code"]}}
    return await program.call("POST", f"/api/v1/flows/{facts['flow']}/answer", body)


async def number_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    added = facts["number"] in [a["value"] for a in (await program.read("account"))["addresses"]]
    told = (await kinds(program)).count("address_added")
    assert bool(told) is added
    assert (await give_text_code(api, program, facts)).status == (410 if added else 200)
    assert (await give_text_code(api, program, facts)).status == 410
    assert [a["value"] for a in (await program.read("account"))["addresses"]] == [facts["email"], facts["number"]]


async def shown_backup_codes(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    began = await program.start("add_factor", factor="totp", label="My phone")
    path = f"/api/v1/flows/{began.flow_id}"
    app = App(api, began.said["authenticator"]["key"])
    shown = await program.call("POST", f"{path}/new-totp", {"code": app.code()})
    facts.update(flow=began.flow_id, code=f"7 {shown.said['new_codes'][6]}")


async def keep_codes(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{facts['flow']}/keep-codes", {"code": facts["code"]})


async def second_factor_is_whole(api: Api, program: Program, facts: Facts) -> None:
    """App, codes and notices at once: who has an app and no codes could be locked out."""
    is_on = (await api.program().sign_in(facts["email"])).state != "done"
    told = [await notices(api, kind, facts["email"]) for kind in ("factor_added", "backup_codes_made")]
    assert [bool(n) for n in told] == [is_on, is_on], told
    assert (await keep_codes(api, program, facts)).status == (409 if is_on else 200)
    asked = await api.program().sign_in(facts["email"])
    assert set(asked.said["choices"]) >= {"totp", "backup_code"}, asked


async def close_account(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.start("close_account")


async def closing_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    closes = (await program.read("account/closing"))["until"] is not None
    assert await notices(api, "account_closing", facts["email"]) == (2 if closes else 0)
    if not closes:
        assert (await close_account(api, program, facts)).state == "waiting"
    assert (await program.read("account/closing"))["until"] is not None
    assert await notices(api, "account_closing", facts["email"]) == 2


async def change_contacts(api: Api, program: Program, facts: Facts) -> Answer:
    friends = [f"{name}-{facts['email']}" for name in ("boris", "clara", "dora")]
    return await program.start("change_contacts", friends=named(*friends), needed=2, all_needed=False)


async def friends_are_invited_together(api: Api, program: Program, facts: Facts) -> None:
    told = await notices(api, "contacts_changing", facts["email"])
    invited = sum(letter.to.endswith(f"-{facts['email']}") for letter in await api.letters() if INVITED in letter.subject)
    assert (told, invited) in {(0, 0), (2, 3)}, "some were asked, or the owner was not told"
    if not told:
        assert (await change_contacts(api, program, facts)).state == "waiting"


async def begin_wait(api: Api, program: Program, facts: Facts) -> object:
    return await program.call("POST", f"/api/v1/flows/{facts['flow']}/nothing-more")


async def wait_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    waits = (await program.show(facts["flow"])).state == "waiting"
    told = [await notices(api, kind, facts["email"]) for kind in ("recovery_waiting", "recovery_status")]
    assert told == ([2, 1] if waits else [0, 0]), f"waits: {waits}, notices: {told}"
    assert (await begin_wait(api, program, facts)).state == "waiting"  # type: ignore[attr-defined]
    assert [await notices(api, kind, facts["email"]) for kind in ("recovery_waiting", "recovery_status")] == [2, 1]


async def wait_nearly_over(api: Api, program: Program, facts: Facts) -> None:
    await shown_number(api, program, facts)
    await begin_wait(api, program, facts)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(facts["flow"])
        assert flow is not None
        assert flow.waiting is not None
        near = replace(flow.waiting, credited=flow.waiting.length, counted=3, looked_at=flow.waiting.looked_at - timedelta(hours=1))
        await tx.flows.save(replace(flow, waiting=near))


async def look_at_wait(api: Api, program: Program, facts: Facts) -> object:
    return await look_at_waits(api.parts.services, asyncio.Event())


async def wait_ends_once(api: Api, program: Program, facts: Facts) -> None:
    over = (await program.show(facts["flow"])).state == "allowed"
    assert await notices(api, "recovery_ready", facts["email"]) == int(over)
    await look_at_wait(api, program, facts)
    assert (await program.show(facts["flow"])).state == "allowed"
    assert await notices(api, "recovery_ready", facts["email"]) == 1


async def has_notice(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    assert (await api.program().sign_in(facts["email"])).state == "done"
    facts["notice"] = disown_token(await api.newest(facts["email"]))


async def press_notice(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.call("POST", "/api/v1/notices/disown", {"token": facts["notice"]})


async def has_been_robbed(api: Api, program: Program, facts: Facts) -> None:
    """A thief changed the name and added a mailbox; the notice of the sign-in is in the mailbox of the owner."""
    await api.signed_up(facts["email"])
    thief = api.program()
    assert (await thief.sign_in(facts["email"])).state == "done"
    facts["notice"] = disown_token(await api.newest(facts["email"]))
    assert (await change_details(api, thief, facts)).state == "done"
    began = await thief.start("add_address", email=facts["second"])
    assert (await thief.code(began.flow_id, (await api.newest(facts["second"])).code)).state == "done"
    facts["thief"] = thief.session


async def undone_as_one(api: Api, program: Program, facts: Facts) -> None:
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{facts['email']}")
    is_undone = account.name == "Anna"
    assert len(account.addresses) == (1 if is_undone else 2)
    assert (account.user_name, account.password_hash).count("") == (2 if is_undone else 0)
    assert await Program(api.http, session=facts["thief"]).is_signed_in() != is_undone
    assert bool(await notices(api, "changes_undone", facts["email"])) is is_undone
    assert (await press_notice(api, program, facts)).status == (404 if is_undone else 200)
    assert not await Program(api.http, session=facts["thief"]).is_signed_in()
    assert (await api.program().sign_in(facts["email"])).status == 401


async def freeze_is_whole(api: Api, program: Program, facts: Facts) -> None:
    living = await Program(api.http, session=facts["session"]).is_signed_in()
    assert await notices(api, "account_frozen", facts["email"]) == int(not living)
    assert (await press_notice(api, program, facts)).status == (200 if living else 404)
    assert not await Program(api.http, session=facts["session"]).is_signed_in()
    assert (await api.program().sign_in(facts["email"])).status == 401, "whoever signed in knew the password, so it is void"
    assert await notices(api, "account_frozen", facts["email"]) == 1


async def about_to_cancel(api: Api, program: Program, facts: Facts) -> None:
    await shown_number(api, program, facts)
    await begin_wait(api, program, facts)
    facts["recovery"] = facts["flow"]
    program.session, program.device = facts["session"], facts["device"]
    began = await program.start("cancel_recovery", flow_id=facts["flow"])
    assert began.state == "asking"
    facts["flow"] = began.flow_id


async def cancel(api: Api, program: Program, facts: Facts) -> object:
    return await program.password(facts["flow"], PASSWORD)


async def cancel_is_whole(api: Api, program: Program, facts: Facts) -> None:
    cancelled = (await program.show(facts["recovery"])).state == "ended"
    assert await notices(api, "recovery_cancelled", facts["email"]) == (2 if cancelled else 0)
    assert (await cancel(api, program, facts)).status == (410 if cancelled else 200)  # type: ignore[attr-defined]
    assert (await program.show(facts["recovery"])).said["ended"] == "cancelled"
    assert await notices(api, "recovery_cancelled", facts["email"]) == 2


async def about_to_object(api: Api, program: Program, facts: Facts) -> None:
    await shown_number(api, program, facts)
    await begin_wait(api, program, facts)
    facts["notice"] = disown_token(await api.newest(facts["email"]))


async def is_disputed(api: Api, facts: Facts) -> bool:
    """As the account says, and as the dispute itself says: never only one of them."""
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{facts['email']}")
        dispute = await tx.disputes.open_of(account.account_id)
    assert (account.disputed_at is not None) is (dispute is not None)
    return dispute is not None


async def dispute_is_whole(api: Api, program: Program, facts: Facts) -> None:
    disputed = await is_disputed(api, facts)
    assert await notices(api, "account_disputed", facts["email"]) == (2 if disputed else 0)
    assert (await program.show(facts["flow"])).said["objected"] is disputed
    assert (await press_notice(api, program, facts)).status == (404 if disputed else 200)
    assert await is_disputed(api, facts)
    assert await notices(api, "account_disputed", facts["email"]) == 2


async def dispute_nearly_weighed(api: Api, program: Program, facts: Facts) -> None:
    """One thing against one: a tie."""
    await about_to_object(api, program, facts)
    assert (await press_notice(api, program, facts)).said["disputed"]
    async with api.parts.services.store.transaction() as tx:
        dispute = await tx.disputes.open_of((await tx.accounts.find_by_key(f"email:{facts['email']}")).account_id)
        assert dispute is not None
        before = dispute.waiting
        near = replace(before, credited=before.length, counted=3, looked_at=before.looked_at - timedelta(hours=1))
        await tx.disputes.save(replace(dispute, waiting=near))


async def weighed_once(api: Api, program: Program, facts: Facts) -> None:
    weighed = (await program.show(facts["flow"])).state == "referred"
    assert await notices(api, "dispute_over", facts["email"]) == (2 if weighed else 0)
    assert await is_disputed(api, facts), "a tie holds what is held"
    await look_at_wait(api, program, facts)
    assert (await program.show(facts["flow"])).state == "referred"
    assert await notices(api, "dispute_over", facts["email"]) == 2


SCENARIOS: dict[str, Scenario] = {
    "sign_up_start": Scenario(nothing_yet, start_sign_up, sign_up_can_start),
    "sign_up_code": Scenario(began_sign_up, give_code, account_is_whole),
    "sign_up_finish_elsewhere": Scenario(moved_sign_up, finish_sign_up, moved_account_is_whole),
    "sign_in": Scenario(has_account, sign_in, session_and_notice_go_together),
    "sign_in_link": Scenario(began_link_sign_in, open_link, link_opens_one_session),
    "recovery_start": Scenario(has_account, start_recovery, recovery_can_start),
    "recovery_code": Scenario(began_recovery, give_code, code_is_spent_once),
    "recovery_link": Scenario(began_recovery, open_link, link_is_spent_once),
    "resend": Scenario(about_to_resend, resend, every_code_sent_is_good_until_one_is_used),
    "wrong_code": Scenario(began_recovery, wrong_code, wrong_code_counts),
    "recovery_finish": Scenario(proven_recovery, finish, recovered_or_not),
    "change_password": Scenario(proven_change, finish, password_changed_or_not),
    "add_address": Scenario(began_add_address, give_code, address_and_notices_go_together),
    "remove_address": Scenario(has_second_address, remove_address, leaving_and_notices_go_together),
    "set_main_address": Scenario(has_second_address, set_main_address, one_main_address),
    "change_details": Scenario(has_second_address, change_details, details_change_together),
    "end_sessions": Scenario(has_two_sessions, end_sessions, sessions_end_and_are_told),
    "add_number": Scenario(about_to_add_number, give_text_code, number_and_notices_go_together),
    "keys_rotate": Scenario(began_recovery, rotate_keys, all_opens_with_the_keys_that_are_left),
    "second_factor": Scenario(shown_backup_codes, keep_codes, second_factor_is_whole),
    "closing": Scenario(has_second_address, close_account, closing_and_notices_go_together),
    "contacts": Scenario(has_second_address, change_contacts, friends_are_invited_together),
    "undo": Scenario(has_been_robbed, press_notice, undone_as_one),
    "wait_begins": Scenario(shown_number, begin_wait, wait_and_notices_go_together),
    "wait_ends": Scenario(wait_nearly_over, look_at_wait, wait_ends_once),
    "freeze": Scenario(has_notice, press_notice, freeze_is_whole),
    "cancel": Scenario(about_to_cancel, cancel, cancel_is_whole),
    "dispute_opens": Scenario(about_to_object, press_notice, dispute_is_whole),
    "dispute_is_weighed": Scenario(dispute_nearly_weighed, look_at_wait, weighed_once),
    "delivery": Scenario(has_mail_waiting, deliver, mail_arrives),
}


LOST_NOTICE = "lost_notice"


def plant_lost_notice() -> None:
    """A bug on purpose: the notices of a new password are written after it, in a transaction of their own."""
    true, later = true_finish.finish_with_password, list[tuple[changes.Change, MessageKind]]()

    async def tell_all(change: changes.Change, account: Account, kind: MessageKind, **params: str) -> None:
        later.append((replace(change, account=account), kind))

    async def finish_with_password(
        services: Services, client: Client, flow_id: str, new_password: str, lost: Collection[str] = ()
    ) -> Standing:
        standing = await true(services, client, flow_id, new_password, lost)
        now = services.clock.now()
        async with services.store.transaction() as tx:
            for change, kind in later:
                params = {**where(services, client), "at": now.isoformat()}
                await tell(tx, services, change.account, change.account.addresses, kind, params, now)
        return standing

    passwords.tell_all = tell_all  # type: ignore[attr-defined]
    api_flows.finish_with_password = finish_with_password  # type: ignore[attr-defined]


# ---------------------------------------------------------------- the two servers


async def be_killed(first: Built, job: Facts, out: int) -> None:
    """Everything up to the step, the facts, then the step. Where it ends alive, the process is killed before it can say so."""
    scenario = SCENARIOS[job["scenario"]]
    async with server(first) as api:
        program, facts = api.program(), {"email": job["email"], "second": f"second-{job['email']}"}
        await scenario.prepare(api, program, facts)
        told = {"facts": facts, "program": [program.session, program.device, program.flow_tokens]}
        os.write(out, json.dumps(told).encode() + b"\n")
        killer.arm(job["at"])
        await scenario.step(api, program, facts)
        os.write(out, b"done\n")
        os.kill(os.getpid(), SIGKILL)


async def look_after(second: Built, job: Facts, told: Facts, out: int) -> None:
    """A new server over what is left. After the lease of a dead worker, so that it takes up its messages."""
    scenario = SCENARIOS[job["scenario"]]
    async with server(second) as api:
        session, device, flow_tokens = told["program"]
        program = Program(api.http, session=session, device=device, flow_tokens=flow_tokens)
        try:
            await no_broken_chain(api)
            await scenario.check(api, program, told["facts"])
            await no_broken_chain(api)
        except Exception:  # noqa: BLE001 - whatever is wrong is the answer
            os.write(out, json.dumps({"wrong": traceback.format_exc(limit=-1)}).encode() + b"\n")


async def no_broken_chain(api: Api) -> None:
    found = [f async for _, page in verify_chains(api.parts.services.store, api.parts.services.sealer) for f in page]
    found += [f async for page in verify_presence(api.parts.services.store) for f in page]
    assert not found, f"the audit log is not whole: {found}"


def forked(run: Callable[[int], Awaitable[None]]) -> list[str]:
    """What a child said until it ended, however it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            asyncio.run(run(writing))  # type: ignore[arg-type]
        except BaseException as e:  # noqa: BLE001 - a child never returns
            os.write(writing, json.dumps({"wrong": f"broke: {type(e).__name__}: {e}"}).encode() + b"\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        lines = said.read().splitlines()
    os.waitpid(child, 0)
    return lines


def do(first: Built, late: Built, job: Facts) -> Facts:
    """``done``: the step ended before its N-th write. ``wrong``: what is broken after it, or empty."""
    lines = forked(lambda out: be_killed(first, job, out))
    told = json.loads(lines[0]) if lines else {"wrong": "the first server said nothing"}
    if "wrong" in told:
        return {"done": True, "wrong": told["wrong"]}
    if broke := next((line for line in lines[1:] if "wrong" in line), ""):
        return {"done": True, "wrong": f"the step: {broke}"}
    second = late if job["scenario"] == "delivery" else first
    after = forked(lambda out: look_after(second, job, told, out))
    return {"done": "done" in lines, "wrong": json.loads(after[0])["wrong"] if after else ""}


def main() -> None:
    configure_log()
    if sys.argv[1:] == [LOST_NOTICE]:
        plant_lost_notice()
    hook_into_databases()
    hook_into_files()
    first, late = built(timedelta()), built(LEASE + timedelta(seconds=1))
    for kind in MessageKind:
        render(message(kind), first.settings.site.name, first.settings.base_url)  # compiled once, not in each fork
    for line in sys.stdin:
        dev_mailbox(first.settings, first.clock).clear()
        print(json.dumps(do(first, late, json.loads(line))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
