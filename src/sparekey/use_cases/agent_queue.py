"""The cases that wait for agents, the oldest first (mission.md, C5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sparekey.domain.cases import WITH_AGENTS, Author, Case
from sparekey.domain.values import Struct
from sparekey.use_cases.at_work import at_work
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services

MOST = 100
"""So many cases are shown; the oldest are worked on first."""


class Waiting(Struct, frozen=True):
    """A case in the queue. ``waits``: since it was opened. ``state``: ``open`` or ``asked`` (the person acts next). ``answered``: the
    newest word is the person's. ``voted``: this agent has voted. ``votes``: how many votes there are, never which."""

    number: str
    kind: str
    state: str
    language: str
    opened_at: datetime
    waits: timedelta
    answered: bool
    voted: bool
    votes: int


async def agent_queue(services: Services, client: Client) -> Sequence[Waiting]:
    """Raises what ``at_work`` raises."""
    async with services.store.transaction() as tx:
        at = await at_work(tx, services, client)
        cases = await tx.cases.queue(WITH_AGENTS, MOST)
        return [await _waiting(tx, case, at.agent.account_id, services.clock.now()) for case in cases]


async def _waiting(tx: Transaction, case: Case, agent_id: str, now: datetime) -> Waiting:
    votes, said = await tx.votes.of_case(case.case_id), await tx.cases.messages(case.case_id)
    return Waiting(
        case.number,
        case.kind.value,
        case.state.value,
        case.language,
        case.opened_at,
        now - case.opened_at,
        answered=bool(said) and said[-1].author is Author.PERSON,
        voted=any(v.agent_id == agent_id for v in votes),
        votes=len(votes),
    )
