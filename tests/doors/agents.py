"""Agents of support with their keys, at the door: what the tests of several rows do again and again."""

from dataclasses import dataclass

from sparekey.cli.agents import OPERATOR
from sparekey.domain.cases import Case, CaseKind
from sparekey.use_cases.agents import add_agent
from sparekey.use_cases.open_case import confirm_case, open_case
from sparekey.use_cases.say_in_case import Typed, give_statements, say_in_case
from sparekey.use_cases.services import Client
from tests.doors.api import Answer, Api, Program
from tests.doors.test_keys import add, new_key, sign_in
from tests.soft_key import SoftKey


@dataclass
class AtWork:
    """An agent, signed in with the key."""

    email: str
    program: Program
    key: SoftKey
    account_id: str

    async def again(self) -> Answer:
        """A new shift: signed in with the key once more."""
        return await sign_in(self.program, self.key)


async def with_key(api: Api, email: str, name: str = "Anna") -> AtWork:
    """Somebody with a passkey, and no role."""
    program, key = await api.signed_up(email, name=name), new_key(api)
    await add(program, key)
    assert (await sign_in(program, key)).state == "done"
    return AtWork(email, program, key, (await program.read("account"))["account_id"])


async def agents(api: Api, *emails: str, days: float = 8) -> list[AtWork]:
    """Agents placed by the operator so many days ago, each in a new shift."""
    found = [await with_key(api, email, name=email.split("@")[0].title()) for email in emails]
    for agent in found:
        await add_agent(api.parts.services, OPERATOR, agent.email)
    api.clock.wait(days=days)
    for agent in found:
        assert (await agent.again()).state == "done"
    return found


@dataclass
class Person:
    """Somebody with a case, driven past the door: what the person's side is like is the matter of other tests."""

    api: Api
    client: Client
    number: str
    contact: str

    async def say(self, text: str) -> None:
        await say_in_case(self.api.parts.services, self.client, self.number, text)

    async def state(self, **given: str) -> None:
        await give_statements(self.api.parts.services, self.client, self.number, Typed(**given))


async def case_of(api: Api, typed: str, contact: str = "new@example.net", language: str = "en", **stated: str) -> Person:
    """A case that waits for agents. ``stated``: what the person says of the account."""
    services = api.parts.services
    client = Client(holder=services.chance.token(), network="203.0.113.9", user_agent="Firefox", language=language)
    case = await open_case(services, client, CaseKind.LOST, typed, contact)
    await confirm_case(services, client, case.number, (await api.newest(contact)).code)
    person = Person(api, client, case.number, contact)
    if stated:
        await person.state(**stated)
    return person


async def look(agent: AtWork, person: Person) -> Answer:
    return await agent.program.call("GET", f"/api/v1/agent/cases/{person.number}")


async def vote(agent: AtWork, person: Person, choice: str = "approve", reason: str = "") -> Answer:
    reason = reason or {"approve": "statements_fit", "refuse": "too_little_said"}[choice]
    return await agent.program.call("POST", f"/api/v1/agent/cases/{person.number}/votes", {"choice": choice, "reason": reason})


async def case_row(api: Api, person: Person) -> Case:
    async with api.parts.services.store.transaction() as tx:
        case = await tx.cases.by_number(person.number)
    assert case is not None
    return case
