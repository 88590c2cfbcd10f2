"""Who is an agent of support: put one in place, take the role away, list them all (mission.md, C6).

The operator does so at the machine, an agent in the console. An agent whom another one has put in place is one hand with him
(``domain/agents.py``). Every agent is told of a new one, by mail.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sparekey.domain.accounts import Account, AccountId
from sparekey.domain.agents import ROLE, Agent, keys_of, placed
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.load_by_name import load_by_name
from sparekey.use_cases.notify import tell
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


class AgentSeen(Struct, frozen=True):
    """``placed_by``: the name of the agent who gave the role; empty for the operator. ``keys``: how many keys the account has. ``hand``:
    whoever has the same one is not independent of this agent. Times in UTC."""

    account_id: str
    name: str
    email: str
    since: datetime
    counts_from: datetime
    counts: bool
    placed_by: str
    hand: str
    keys: int


async def add_agent(services: Services, client: Client, typed: str, by: Agent | None = None) -> Agent:
    """Put an account in the role. ``by``: the agent who does; ``None`` for the operator.

    Raises ``InvalidInput``: ``agent_not_possible`` for a name that nobody has and for an account without a key alike,
    ``agent_already``.
    """
    async with services.store.transaction() as tx:
        account, lock = await load_by_name(tx, services, typed)
        now = services.clock.now()
        if not account.exists or not keys_of(account) or account.blocked_at is not None or account.closed_at is not None:
            raise InvalidInput(FieldProblem("identifier", "agent_not_possible"))
        if await tx.agents.get(account.account_id) is not None:
            raise InvalidInput(FieldProblem("identifier", "agent_already"))
        agent = placed(account.account_id, by, now)
        await tx.agents.put(agent)
        await tx.accounts.save(account, replace(account, role=ROLE), now)
        await record(tx, services, lock, Event.AGENT_PLACED, account, client, placed_by=agent.placed_by, hand=agent.hand)
        await _tell_all(tx, services, account, now)
    return agent


async def remove_agent(services: Services, client: Client, typed: str) -> bool:
    """Take the role away, at once; answers whether the account was an agent. Votes of one who is none any more do not count."""
    async with services.store.transaction() as tx:
        account, lock = await load_by_name(tx, services, typed)
        if not await tx.agents.remove(account.account_id):
            return False
        await tx.accounts.save(account, replace(account, role=""), services.clock.now())
        await record(tx, services, lock, Event.AGENT_REMOVED, account, client)
    return True


async def list_agents(services: Services) -> Sequence[AgentSeen]:
    """All agents, those who have been there longest first."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        agents = await tx.agents.all()
        accounts = {a.account_id: await tx.accounts.get(a.account_id) for a in agents}
    return [
        AgentSeen(
            a.account_id,
            accounts[a.account_id].name,
            main.value if (main := accounts[a.account_id].main_email) is not None else "",
            a.since,
            a.counts_from,
            a.counts(now),
            _name(accounts, a.placed_by),
            a.hand,
            len(keys_of(accounts[a.account_id])),
        )
        for a in agents
    ]


def _name(accounts: Mapping[AccountId, Account], placed_by: str) -> str:
    """Of the agent who gave the role, or its id when he is none any more."""
    placer = accounts.get(AccountId(placed_by))
    return placed_by if placer is None else placer.name


async def _tell_all(tx: Transaction, services: Services, account: Account, now: datetime) -> None:
    """Every agent, the new one too: whoever puts a friend in place does not do so unseen."""
    params = {"name": account.name, "at": now.isoformat()}
    for agent in await tx.agents.all():
        told = account if agent.account_id == account.account_id else await tx.accounts.get(agent.account_id)
        await tell(tx, services, told, told.emails, MessageKind.AGENT_PLACED, params, now)
