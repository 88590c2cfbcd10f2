"""A recovery that waits: cancelled, or objected to (mission.md, R10; docs/decisions/0012-cancel-and-objection.md).

Cancelling is worth as much as the recovery that it ends, or else whoever has a stolen password could keep the owner out for ever.
Everybody else who hears of a recovery can object: that makes it longer, once, and ends nothing.
"""

from dataclasses import replace
from datetime import timedelta

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.events import Ended, Objected
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.carry_out.change import Change, give_back_code, record_change, tell_all
from sparekey.use_cases.ports import SubjectLock
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.standing import settled_things
from sparekey.use_cases.tokens import token_hash

TIE_ONCE_IN = timedelta(days=30)
"""So often somebody who shows as much as the recovery, and no more, may cancel (mission.md, R16: a second cancel in 30 days)."""


async def cancel_recovery(change: Change) -> None:
    """End the recovery that the flow is about; or only object to it, when this is the second tie in 30 days."""
    change.permit.must_be_for(Action.CANCEL_RECOVERY)
    services, now = change.services, change.services.clock.now()
    recovery = await _waiting(change)
    more = settled_things(services, change.flow, change.account) > settled_things(services, recovery, change.account)
    mark = token_hash(f"recovery.cancelled.{change.account.account_id}")
    if not await change.tx.spent.spend(mark, now + TIE_ONCE_IN) and not more:
        await _object(change, recovery)
        return
    situation = Situation(change.account, recovery.proofs, now)
    ended = step(recovery, Ended("cancelled"), policy=services.policy, situation=situation)
    await change.tx.flows.save(ended)
    await give_back_code(change.tx, ended)
    await tell_all(change, change.account, MessageKind.RECOVERY_CANCELLED)
    await record_change(change, Event.RECOVERY_CANCELLED, recovery=recovery.flow_id)


async def object_to_recovery(change: Change) -> None:
    """Object to the recovery that the flow is about."""
    change.permit.must_be_for(Action.OBJECT)
    await _object(change, await _waiting(change))


async def object_to_all(change: Change) -> SubjectLock:
    """Object to every recovery that waits, with leave to object or to freeze; the new head of the chain."""
    if change.permit.action != Action.FREEZE:
        change.permit.must_be_for(Action.OBJECT)
    for seen in await change.tx.flows.waiting_of(change.account.account_id):
        recovery = await change.tx.flows.get_for_step(seen.flow_id)
        if (
            recovery is not None
            and is_waiting_recovery(recovery, change.account.account_id)
            and recovery.is_open(change.services.clock.now())
        ):
            change = replace(change, lock=await _object(change, recovery))
    return change.lock


async def _object(change: Change, recovery: Flow) -> SubjectLock:
    assert recovery.waiting is not None
    if recovery.waiting.objected_at is not None:
        return change.lock
    situation = Situation(change.account, recovery.proofs, change.services.clock.now())
    await change.tx.flows.save(step(recovery, Objected(), policy=change.services.policy, situation=situation))
    await tell_all(change, change.account, MessageKind.RECOVERY_OBJECTED)
    return await record_change(change, Event.RECOVERY_OBJECTED, recovery=recovery.flow_id)


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
