"""What every scenario is made of, and what those of several topics prepare or count."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sparekey.adapters.sql.connection import Statement
from sparekey.bootstrap import dev_phone
from tests.doors.api import Answer, Api, Program

Facts = dict[str, Any]
"""What the second server is told of the first: names, tokens, codes."""


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


async def give_code(api: Api, program: Program, facts: Facts) -> object:
    return await program.code(facts["flow"], facts["code"])


async def has_account(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    facts.update(session=owner.session, device=owner.device, sessions=await sessions(api))


async def flows_and_messages(api: Api, action: str, kind: str) -> tuple[int, int]:
    async with api.parts.database.transaction() as connection:
        flows = await connection.one(Statement("select count(*) from flow where action = :action"), action=action)
        messages = await connection.one(Statement("select count(*) from outbox where kind = :kind"), kind=kind)
    assert flows is not None
    assert messages is not None
    return int(flows[0]), int(messages[0])


async def open_link(api: Api, program: Program, facts: Facts) -> object:
    return await program.open(facts["link"])


async def with_second_address(api: Api, program: Program, facts: Facts) -> Program:
    owner = await api.signed_up(facts["email"])
    began = await owner.start("add_address", email=facts["second"])
    assert (await owner.code(began.flow_id, (await api.newest(facts["second"])).code)).state == "done"
    facts.update(session=owner.session, device=owner.device)
    return owner


async def has_second_address(api: Api, program: Program, facts: Facts) -> None:
    owner = await with_second_address(api, program, facts)
    program.session, program.device = owner.session, owner.device
    facts["address"] = next(a["address_id"] for a in (await program.read("account"))["addresses"] if not a["main"])


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
