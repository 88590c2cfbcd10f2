"""Agents of support with their keys, at the door: what the tests of several rows do again and again."""

from dataclasses import dataclass

from sparekey.cli.agents import OPERATOR
from sparekey.use_cases.agents import add_agent
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
