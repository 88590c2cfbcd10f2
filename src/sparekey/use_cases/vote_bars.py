"""Why an agent's vote on a case would not be taken now: asked before a vote is offered, and again when it is given (mission.md, C6)."""

from collections.abc import Sequence

from sparekey.domain.agents import Bar, Choice, can_decide, standing_votes
from sparekey.domain.cases import WITH_AGENTS
from sparekey.domain.limits import RESERVED
from sparekey.use_cases.at_work import AtWork
from sparekey.use_cases.load_case import LoadedCase
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client
from sparekey.use_cases.tokens import is_same


async def vote_bars(tx: Transaction, client: Client, at: AtWork, loaded: LoadedCase, choice: Choice) -> Sequence[Bar]:
    """Everything in the way, empty for a vote that would be taken. ``loaded``: locked in this transaction."""
    case, now, me = loaded.case, loaded.now, at.agent
    agents = {a.account_id: a for a in await tx.agents.all()}
    votes = await tx.votes.of_case(case.case_id)
    mine = [v for v in votes if v.agent_id == me.account_id]
    others = [v for v in standing_votes(votes, agents, now) if v.agent_id != me.account_id and v.choice is choice]
    is_so = {
        Bar.OVER: case.state not in WITH_AGENTS,
        Bar.VOTED: bool(mine),
        Bar.OWN_CASE: case.account_id == me.account_id,
        Bar.COLLIDES: await _collides(tx, client, at, loaded),
        Bar.ROLE_YOUNG: not me.counts(now),
        Bar.KEY_YOUNG: not at.key_counts,
        Bar.SAME_HAND: any(agents[v.agent_id].hand == me.hand for v in others),
    }
    if choice is Choice.APPROVE:
        is_so |= {
            Bar.OF_AN_AGENT: bool(loaded.account.role),
            Bar.TOO_FEW: not can_decide((a for a in agents.values() if a.account_id != case.account_id), now),
        }
    return [bar for bar, so in is_so.items() if so]


async def _collides(tx: Transaction, client: Client, at: AtWork, loaded: LoadedCase) -> bool:
    """Whether the person of the case may be the agent: the mailbox that would be bound is, or was, the agent's, or the case was opened in
    the browser that the agent works in."""
    case, own = loaded.case, at.account
    former = await tx.accounts.former(own.account_id, loaded.now - RESERVED)
    addresses = {a.key for a in (*own.addresses, *former)}
    return case.contact_key in addresses or (bool(client.holder) and is_same(client.holder, case.holder))
