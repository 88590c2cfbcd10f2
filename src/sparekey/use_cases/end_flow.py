"""End a flow from the person's side: leave it, or say that there is no other way."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.flow.events import Ended, NothingMore
from sparekey.domain.flow.flow import Flow, judge, step
from sparekey.domain.flow.state import State
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Deny
from sparekey.domain.values import replace
from sparekey.use_cases.advance import advance, to_recovery
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing


async def leave_flow(services: Services, client: Client, flow_id: str) -> Flow:
    """The flow as it was. The person goes no further in this browser: it can drive the flow no more, and typed codes are void.

    The mailed links stay good for whoever reads the mailbox. Otherwise a stranger could start flows and leave them at once, use up
    what we mail to one address, and so keep its owner out (D2). What waits waits no more. Raises ``FlowOver``.
    """
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        if at.flow.state is State.WAITING:
            situation = await situation_of(tx, services, client, at.account, at.flow)
            await tx.flows.save(step(at.flow, Ended("left"), policy=services.policy, situation=situation))
            await give_back_code(tx, at.flow)
            await record(tx, services, at.lock, Event.LEFT, at.account, client, flow_id=flow_id)
            return at.flow
        only_links = tuple(replace(a, code_hash=b"") for a in at.flow.asked)
        await tx.flows.save(replace(at.flow, holder=b"", asked=only_links, prompt_id="", backup_code=None))
        await give_back_code(tx, at.flow)
        await record(tx, services, at.lock, Event.LEFT, at.account, client, flow_id=flow_id)
        return at.flow


async def nothing_more(services: Services, client: Client, flow_id: str) -> Standing:
    """The person said "I have no other way"; the policy says what stands then.

    Before the first proof that is only said, and the flow stays as it is, for the same reason as in ``leave_flow``.
    Raises ``FlowOver``, ``WrongStep``.
    """
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        if _leads_to_recovery(services, at.flow, situation):
            lock = await record(tx, services, at.lock, Event.NOTHING_MORE, at.account, client, flow_id=flow_id)
            lock = await record(tx, services, lock, Event.RECOVERY_STARTED, at.account, client, flow_id=flow_id)
            over = step(at.flow, Ended("replaced"), policy=services.policy, situation=situation)
            over = replace(over, next_flow=await to_recovery(tx, services, client, lock, at.flow, situation))
            await tx.flows.save(over)
            return standing(services, over, situation)
        lock = await record(tx, services, at.lock, Event.NOTHING_MORE, at.account, client, flow_id=flow_id)
        moved = await advance(tx, services, client, lock, at.flow, NothingMore(), situation)
        if at.flow.proofs:
            await tx.flows.save(moved.flow)
    return standing(services, moved.flow, moved.situation, opened=moved.opened)


def _leads_to_recovery(services: Services, flow: Flow, situation: Situation) -> bool:
    """Whether the person has proven something, but cannot sign in with what is left: then what was shown is good for getting back in."""
    if not any(not p.enrolling for p in flow.proofs) or rules_of(services.policy, flow.action).or_else != Action.RECOVER:
        return False
    return isinstance(judge(replace(flow, nothing_more=True), services.policy, situation), Deny)
