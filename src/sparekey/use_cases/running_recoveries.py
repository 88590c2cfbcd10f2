"""Recoveries of an account that wait, or have waited and are not carried out yet, as their owner sees them."""

from collections.abc import Sequence
from datetime import datetime

from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import RECOVERIES
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.flow import Flow
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services


class RecoverySeen(Struct, frozen=True):
    """``until``: when it may open at the earliest. ``ready``: the wait is over. ``objected``: it is, or was, in dispute."""

    flow_id: str
    began_at: datetime
    until: datetime
    ready: bool
    objected: bool


async def read_recoveries(services: Services, session: Session) -> Sequence[RecoverySeen]:
    """The oldest first."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        found = await tx.flows.waiting_of(session.account_id)
    return [_seen(f, now) for f in found if is_waiting_recovery(f, session.account_id) and f.is_open(now)]


async def must_wait(tx: Transaction, services: Services, account_id: AccountId, flow_id: str) -> None:
    """Raises ``WrongStep`` when this is no recovery of the account that waits."""
    found = await tx.flows.get(flow_id)
    if found is None or not is_waiting_recovery(found, account_id) or not found.is_open(services.clock.now()):
        raise WrongStep("no recovery waits")


def is_waiting_recovery(flow: Flow, account_id: AccountId) -> bool:
    """Whether this is a recovery of the account that waits, or has waited. One that was disowned waits for nothing."""
    return flow.action in RECOVERIES and flow.account_id == account_id and flow.waiting is not None and not flow.void


def _seen(flow: Flow, now: datetime) -> RecoverySeen:
    waiting = flow.waiting
    assert waiting is not None
    return RecoverySeen(flow.flow_id, waiting.began_at, waiting.until(now), waiting.is_over, waiting.objected_at is not None)
