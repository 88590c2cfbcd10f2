"""Support cases through JSON, and what agents and time do to them: what the tests of several rows do again and again."""

import asyncio
import re
from dataclasses import dataclass
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.agents import Choice, Vote
from sparekey.domain.cases import Case
from sparekey.use_cases.decide_case import decide_case
from sparekey.use_cases.load_case import load_case_for_time
from sparekey.use_cases.services import Client
from sparekey.worker.cases import look_at_cases
from tests.doors.api import Answer, Api, Letter, Program

NEW = "anna@new.example"

AGENT = Client(holder="", network="192.0.2.7", user_agent="", language="en")


@dataclass
class Person:
    """One program with one case, and the token that it belongs to."""

    program: Program
    number: str = ""
    token: str = ""

    async def call(self, method: str, more: str = "", json: object = None) -> Answer:
        return await self.program.call(method, f"/api/v1/cases/{self.number}{more}", json, headers={"Flow-Token": self.token})

    async def show(self) -> Answer:
        return await self.call("GET")

    async def confirm(self, code: str) -> Answer:
        return await self.call("POST", "/confirm", {"code": code})

    async def state(self, **said: str) -> Answer:
        return await self.call("POST", "/statements", said)

    async def say(self, text: str) -> Answer:
        return await self.call("POST", "/messages", {"text": text})

    async def goes_on(self) -> str:
        """The flow of an approved case, ready to be driven by this program."""
        flow_id: str = (await self.show()).said["flow_id"]
        self.program.flow_tokens[flow_id] = self.token
        return flow_id


class HasPrograms(Protocol):
    """A server, however it is reached."""

    def program(self) -> Program: ...


async def begin(
    api: HasPrograms, identifier: str, contact: str = NEW, kind: str = "lost", program: Program | None = None
) -> tuple[Person, Answer]:
    """A case whose contact mailbox is still to be shown."""
    program = program or api.program()
    began = await program.call("POST", "/api/v1/cases", {"kind": kind, "identifier": identifier, "contact": contact})
    said = began.said if began.status == 201 else {}
    return Person(program, said.get("number", ""), said.get("flow_token", "")), began


async def opened(api: Api, identifier: str, contact: str = NEW, kind: str = "lost") -> Person:
    person, began = await begin(api, identifier, contact, kind)
    assert began.state == "unconfirmed", began
    confirmed = await person.confirm((await api.newest(contact)).code)
    assert confirmed.state == "open", confirmed
    return person


async def of_number(api: Api, number: str) -> Case:
    async with api.parts.services.store.transaction() as tx:
        case = await tx.cases.by_number(number)
    assert case is not None
    return case


async def decided(api: Api, person: Person, choice: Choice, *agents: str) -> Case:
    """Two votes, as agents give them, and what follows at once."""
    services = api.parts.services
    seen = await of_number(api, person.number)
    async with services.store.transaction() as tx:
        at = await load_case_for_time(tx, services, seen)
        for agent in agents or ("a" * 32, "b" * 32):
            await tx.votes.add(at.case.case_id, Vote(AccountId(agent), choice, "enough", at.now))
        case, _ = await decide_case(tx, services, AGENT, at.lock, at.case, choice)
    return case


async def left(api: Api, person: Person) -> Case:
    """The case, once its decision has left."""
    case = await of_number(api, person.number)
    assert case.due_at is not None
    await pass_until(api, case)
    return await of_number(api, person.number)


async def pass_until(api: Api, case: Case) -> None:
    """The clock moves to when time acts on the case, and a worker looks."""
    assert case.due_at is not None
    api.clock.wait(seconds=(case.due_at - api.clock.now()).total_seconds())
    await look_at_cases(api.parts.services, asyncio.Event())


def case_token(letter: Letter) -> str:
    """What stands behind ``/c/``."""
    found = re.search(r"/c/([A-Za-z0-9_-]+)", letter.text)
    assert found, f"no link to a case in {letter.text!r}"
    return found[1]
