"""A recovery that waits: cancelled, or objected to (mission.md, R10; docs/decisions/0012-cancel-and-objection.md).

Cancelling is worth as much as the recovery that it ends, or else whoever has a stolen password could keep the owner out for ever.
Everybody else who hears of a recovery can object: that ends nothing, but what is settled makes a dispute (``disputes.py``).
"""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.disputes import TIE_ONCE_IN
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.carry_out.change import Change, give_back_code, record_change, tell_all
from sparekey.use_cases.carry_out.disputes import At, at_account, object_with, settle
from sparekey.use_cases.ports import SubjectLock
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.tokens import token_hash


async def cancel_recovery(change: Change) -> None:
    """End the recovery that the flow is about; or only object to it, when this is the second tie in 30 days."""
    change.permit.must_be_for(Action.CANCEL_RECOVERY)
    services, now = change.services, change.services.clock.now()
    recovery, at = await _waiting(change), await _at(change, change.lock)
    more = at.weight_of(change.flow.proofs) > at.weight_of(recovery.proofs)
    mark = token_hash(f"recovery.cancelled.{change.account.account_id}")
    if not await change.tx.spent.spend(mark, now + TIE_ONCE_IN) and not more:
        await object_to_all(change)
        return
    situation = Situation(change.account, recovery.proofs, now)
    ended = step(recovery, Ended("cancelled"), policy=services.policy, situation=situation)
    await change.tx.flows.save(ended)
    await give_back_code(change.tx, ended)
    await tell_all(change, change.account, MessageKind.RECOVERY_CANCELLED)
    lock = await record_change(change, Event.RECOVERY_CANCELLED, recovery=recovery.flow_id)
    await settle(await _at(change, lock))


async def object_to_all(change: Change) -> SubjectLock:
    """Object to every recovery that waits, with what was shown in the flow; the new head of the chain."""
    if change.permit.action != Action.CANCEL_RECOVERY:
        change.permit.must_be_for(Action.OBJECT)
    at, _ = await object_with(await _at(change, change.lock), change.flow.proofs, change.flow.flow_id)
    return at.lock


async def _at(change: Change, lock: SubjectLock) -> At:
    return await at_account(change.tx, change.services, change.client, lock, change.account.account_id)


async def _waiting(change: Change) -> Flow:
    """Locked by the subject that both flows have. Raises ``WrongStep`` when it waits no more."""
    recovery = await change.tx.flows.get_for_step(change.flow.wants.flow_id)
    if (
        recovery is None
        or not is_waiting_recovery(recovery, change.account.account_id)
        or not recovery.is_open(change.services.clock.now())
    ):
        raise WrongStep("no recovery waits")
    return recovery
