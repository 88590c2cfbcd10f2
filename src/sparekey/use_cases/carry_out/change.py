"""What every change is given, and what every change does: tell every address, write the audit event.

Each change puts its notices and its audit event into the same transaction (mission.md, "always"): a notice to every address, the
old one too; an address that is leaving learns only that something changed.
"""

from dataclasses import dataclass

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.permit import Permit
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


@dataclass(frozen=True, slots=True)
class Change:
    """What every change is given: the open transaction, who asks, the lock on the subject, and the flow that allowed it."""

    tx: Transaction
    services: Services
    client: Client
    lock: SubjectLock
    permit: Permit
    flow: Flow
    account: Account


async def end_open_flows(change: Change, reason: str) -> None:
    """End every other open flow of the account, links and codes with it."""
    services, now = change.services, change.services.clock.now()
    for flow in await change.tx.flows.open_of_account(change.account.account_id, change.flow.flow_id, now):
        situation = Situation(account=change.account, proofs=flow.proofs, now=now)
        await change.tx.flows.save(step(flow, Ended(reason), policy=services.policy, situation=situation))


async def tell_all(change: Change, account: Account, kind: MessageKind, **params: str) -> None:
    """A notice to every address that the account has after the change."""
    now = change.services.clock.now()
    known = {**where(change.services, change.client), "at": now.isoformat(), **params}
    await tell(change.tx, change.services, account, account.addresses, kind, known, now, flow_id=change.flow.flow_id)


async def record_change(change: Change, event: Event, **detail: str) -> SubjectLock:
    """The audit event of the change, with the route that allowed it; answers the new head of the chain."""
    return await record(
        change.tx,
        change.services,
        change.lock,
        event,
        change.account,
        change.client,
        flow_id=change.flow.flow_id,
        route=change.permit.route,
        **detail,
    )
