"""Agents of support, and their votes on cases."""

from collections.abc import Sequence

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.agents import Agent, Choice, Vote

_AGENT = "select account_id, since, placed_by, hand from agent"
_GET = Statement(f"{_AGENT} where account_id = :account_id")
_ALL = Statement(f"{_AGENT} order by since, account_id")
_PUT = Statement(
    """insert into agent (account_id, since, placed_by, hand) values (:account_id, :since, :placed_by, :hand)
    on conflict (account_id) do update set since = excluded.since, placed_by = excluded.placed_by, hand = excluded.hand"""
)
_REMOVE = Statement("delete from agent where account_id = :account_id")
_VOTES = Statement("select agent_id, vote, reason, at from case_vote where case_id = :case_id order by at, agent_id")
_VOTE = Statement(
    """insert into case_vote (case_id, agent_id, vote, reason, at) values (:case_id, :agent_id, :vote, :reason, :at)
    on conflict (case_id, agent_id) do nothing"""
)


class SqlAgents:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def get(self, account_id: AccountId) -> Agent | None:
        row = await self._c.one(_GET, account_id=account_id)
        return None if row is None else _agent(row)

    async def all(self) -> Sequence[Agent]:
        return [_agent(row) for row in await self._c.all(_ALL)]

    async def put(self, agent: Agent) -> None:
        await self._c.run(_PUT, account_id=agent.account_id, since=to_ms(agent.since), placed_by=agent.placed_by, hand=agent.hand)

    async def remove(self, account_id: AccountId) -> bool:
        return await self._c.run(_REMOVE, account_id=account_id) == 1


class SqlVotes:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def of_case(self, case_id: str) -> Sequence[Vote]:
        return [Vote(AccountId(r[0]), Choice(r[1]), r[2], from_ms(r[3])) for r in await self._c.all(_VOTES, case_id=case_id)]

    async def add(self, case_id: str, vote: Vote) -> bool:
        values = {"agent_id": vote.agent_id, "vote": vote.choice.value, "reason": vote.reason, "at": to_ms(vote.at)}
        return await self._c.run(_VOTE, case_id=case_id, **values) == 1


def _agent(row: Row) -> Agent:
    return Agent(AccountId(row[0]), from_ms(row[1]), row[2], row[3])
