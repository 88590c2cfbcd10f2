"""How a dispute stands, as one of its sides may see it (mission.md, R16): who is ahead, and until when more may be shown.

What the other side has shown is not told, only whether it is more.
"""

from datetime import datetime
from enum import StrEnum, unique

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.disputes import OVER_AFTER, Dispute, weight
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.leads_back import former_of
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services


@unique
class Other(StrEnum):
    """What the other side has shown, beside one's own."""

    LESS = "less"
    AS_MUCH = "as_much"
    MORE = "more"


class DisputeSeen(Struct, frozen=True):
    """``weighed_at``: when it is weighed at the earliest; ``over_at``: when nothing is held back any more, if the clock and the
    mail go on (both UTC). ``tied``: both sides had shown as much, and people look at it. ``mine``: how many settled things this side has
    shown."""

    opened_at: datetime
    weighed_at: datetime
    over_at: datetime
    tied: bool
    mine: int
    other: Other


async def read_dispute(services: Services, session: Session) -> DisputeSeen | None:
    """The dispute about the account of a session, from the side of whoever objects; ``None`` where there is none."""
    async with services.store.transaction() as tx:
        if await tx.disputes.open_of(session.account_id) is None:
            return None
        return await seen_by_objection(tx, services, await tx.accounts.get(session.account_id))


async def seen_by_objection(tx: Transaction, services: Services, account: Account) -> DisputeSeen | None:
    dispute = await tx.disputes.open_of(account.account_id)
    if dispute is None:
        return None
    mine, claims = await _weights(tx, services, account, dispute)
    return _seen(services, dispute, mine, max(claims.values(), default=0))


async def seen_by_recovery(tx: Transaction, services: Services, account: Account, flow: Flow) -> DisputeSeen | None:
    """``None`` also for a recovery that is no part of it."""
    dispute = await tx.disputes.open_of(account.account_id)
    if dispute is None or flow.flow_id not in dispute.claims:
        return None
    objection, claims = await _weights(tx, services, account, dispute)
    mine = claims.pop(flow.flow_id, 0)
    return _seen(services, dispute, mine, max((objection, *claims.values())))


async def _weights(tx: Transaction, services: Services, account: Account, dispute: Dispute) -> tuple[int, dict[str, int]]:
    now, policy = services.clock.now(), services.policy
    former = await former_of(tx, account, Action.RECOVER, now)
    found = [await tx.flows.get(flow_id) for flow_id in dispute.claims]
    claims = {r.flow_id: r.proofs for r in found if r is not None and r.state in {State.WAITING, State.REFERRED}}
    weights = {flow_id: weight(policy, account, proofs, now, former) for flow_id, proofs in claims.items()}
    return weight(policy, account, dispute.shown, now, former), weights


def _seen(services: Services, dispute: Dispute, mine: int, others: int) -> DisputeSeen:
    now = services.clock.now()
    other = Other.AS_MUCH if others == mine else Other.MORE if others > mine else Other.LESS
    return DisputeSeen(
        dispute.opened_at, dispute.waiting.until(now), now + (OVER_AFTER - dispute.lasted), dispute.tied_at is not None, mine, other
    )
