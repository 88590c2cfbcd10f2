"""Look after one dispute: credit time, count the notices that arrived, tell of it again, and weigh it when it is time (mission.md, R16).

As with waits (``waits.py``) nothing but the database knows of it, and any number of workers may look at once.
"""

from collections.abc import Sequence

from sparekey.domain.accounts import Account, AccountId, is_settled
from sparekey.domain.disputes import Dispute
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.disputes import At, at_account, decide, tell_disputed
from sparekey.use_cases.services import WORKER, Services
from sparekey.use_cases.waits import PAGE


async def disputes_to_look_at(services: Services, after: str) -> tuple[Sequence[AccountId], str]:
    """Accounts with a dispute that is due for a look, out of one page; and the id to go on after, empty after the last."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        page = await tx.disputes.open(after, PAGE)
    return [d.account_id for d in page if d.is_due(now)], page[-1].dispute_id if len(page) == PAGE else ""


async def look_at_dispute(services: Services, account_id: AccountId) -> None:
    """One look, in one transaction."""
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(account_id)
        dispute, now = await tx.disputes.open_of(account_id), services.clock.now()
        if dispute is None or not dispute.is_due(now):
            return
        at = await at_account(tx, services, WORKER, lock, account_id)
        dispute = await _counted(at, dispute.looked(now))
        if dispute.tied_at is None and not dispute.waiting.is_over and dispute.waiting.is_notice_due(now):
            await tell_disputed(at, dispute)
            dispute = replace(dispute, waiting=dispute.waiting.noticed(now))
        await decide(at, dispute)


async def _counted(at: At, dispute: Dispute) -> Dispute:
    """With every notice counted that the server of an address of the owner accepted."""
    heard_by, waiting = _heard_by(at.account, at), dispute.waiting
    for address_id, arrived in await at.tx.outbox.accepted_of_flow(dispute.dispute_id, MessageKind.ACCOUNT_DISPUTED):
        if address_id in heard_by and waiting.began_at <= arrived <= at.now:
            waiting = waiting.accepted(arrived)
    if not heard_by:
        waiting = replace(waiting, counted=waiting.days)  # nobody is left who could hear of it
    return replace(dispute, waiting=waiting)


def _heard_by(account: Account, at: At) -> frozenset[str]:
    """Settled addresses; of an account that has none, all that may hear of anything."""
    told = tuple(a for a in account.addresses if not a.stolen)
    settled = tuple(a for a in told if is_settled(a, account.contested_at, at.now))
    return frozenset(a.address_id for a in settled or told)
