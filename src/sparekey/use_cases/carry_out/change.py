"""What every change is given, and what every change does: tell every address, write the audit event.

Each change puts its notices and its audit event into the same transaction (mission.md, "always"): a notice to every address, the
old one too; an address that is leaving learns only that something changed.
"""

from sparekey.challenges.backup_code import WARN_AT
from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import GROUPS, OPENED, PastChange, was
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.permit import Permit, permit_of
from sparekey.domain.flow.state import State
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.services import Client, Services


class Change(Struct, frozen=True):
    """What every change is given: the open transaction, who asks, the lock on the subject, and the flow that allowed it."""

    tx: Transaction
    services: Services
    client: Client
    lock: SubjectLock
    permit: Permit
    flow: Flow
    account: Account


def allowed(tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account) -> Change:
    """What an allowed flow may change. Raises ``FlowOver`` or ``WrongStep`` for a flow that permits nothing."""
    return Change(tx, services, client, lock, permit_of(flow, services.clock.now()), flow, account)


async def permitted(tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account) -> Change:
    """The same, to be changed now: the backup code that served it is spent."""
    return await spend_code(allowed(tx, services, client, lock, flow, account))


async def spend_code(change: Change) -> Change:
    """Spend the backup code that the flow has reserved: with its change, or not at all. Raises ``WrongStep`` when it is not its own."""
    number = change.flow.backup_code
    if number is None:
        return change
    codes = next(p for p in change.flow.proofs if p.kind is FactorKind.BACKUP_CODE)
    tx, account_id, now = change.tx, change.account.account_id, change.services.clock.now()
    if not await tx.backup_codes.spend(account_id, codes.factor_id, number, change.flow.flow_id, now):
        raise WrongStep("the backup code is not reserved for this flow")
    left = await tx.backup_codes.left(account_id, codes.factor_id)
    await tell_all(change, change.account, MessageKind.BACKUP_CODE_USED, left=str(left))
    if left == WARN_AT:
        await tell_all(change, change.account, MessageKind.BACKUP_CODES_LOW, left=str(left))
    return replace(change, lock=await record_change(change, Event.BACKUP_CODE_USED, number=str(number), left=str(left)))


async def give_back_code(tx: Transaction, flow: Flow) -> None:
    """A flow that ended without its change, or was left, costs no backup code."""
    if flow.backup_code is not None:
        await tx.backup_codes.release(flow.account_id, flow.flow_id)


def is_closing(flow: Flow) -> bool:
    """Whether this flow waits to close its account: only by being stopped it ends (mission.md, S4)."""
    return flow.action == Action.CLOSE_ACCOUNT and flow.state is State.WAITING


async def end_open_flows(change: Change, reason: str) -> None:
    """End every other open flow of the account, links and codes with it. A recovery that waits goes on: it ends by being cancelled,
    or when what it has shown is worth nothing any more (``use_cases/waits.py``)."""
    services, now = change.services, change.services.clock.now()
    for flow in await change.tx.flows.open_of_account(change.account.account_id, change.flow.flow_id, now):
        if is_waiting_recovery(flow, change.account.account_id) or is_closing(flow):
            continue
        situation = Situation(account=change.account, proofs=flow.proofs, now=now)
        ended = step(flow, Ended(reason), policy=services.policy, situation=situation)
        await change.tx.flows.save(ended)
        await give_back_code(change.tx, ended)


async def tell_all(change: Change, account: Account, kind: MessageKind, **params: str) -> None:
    """A notice to every address that the account has after the change."""
    now = change.services.clock.now()
    known = {**where(change.services, change.client), "at": now.isoformat(), **params}
    await tell(change.tx, change.services, account, account.addresses, kind, known, now, flow_id=change.flow.flow_id)


async def record_change(change: Change, event: Event, **detail: str) -> SubjectLock:
    """The audit event of the change, with the route that allowed it; answers the new head of the chain.

    ``change.account``: as it was before, and ``save`` was called. What can be undone is kept, as it was before and after.
    """
    if event in GROUPS or event is OPENED:
        await _keep(change, event)
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


async def _keep(change: Change, event: Event) -> None:
    before, after = was(change.account), was(await change.tx.accounts.get(change.account.account_id))
    if before == after and event is not OPENED:
        return  # two events of one change: the first has kept it
    now = change.services.clock.now()
    past = PastChange(change.services.chance.new_id(now), event, now, change.flow.flow_id, before, after)
    await change.tx.changes.add(change.account.account_id, past)
