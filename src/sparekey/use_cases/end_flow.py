"""End a flow from the person's side: leave it, or say that there is no other way."""

from sparekey.domain.audit import Event
from sparekey.domain.flow.events import Ended, NothingMore
from sparekey.use_cases.advance import advance
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing


async def leave_flow(services: Services, client: Client, flow_id: str) -> Standing:
    """The person goes no further. Its codes and links are good for nothing any more. Raises ``FlowOver``."""
    return await _by(services, client, flow_id, Ended("left"), Event.LEFT)


async def nothing_more(services: Services, client: Client, flow_id: str) -> Standing:
    """The person said "I have no other way"; the policy says what stands then. Raises ``FlowOver``, ``WrongStep``."""
    return await _by(services, client, flow_id, NothingMore(), Event.PROVEN)


async def _by(services: Services, client: Client, flow_id: str, event: Ended | NothingMore, name: Event) -> Standing:
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        lock = await record(tx, services, at.lock, name, at.account, client, flow_id=flow_id, event=type(event).__name__)
        moved = await advance(tx, services, client, lock, at.flow, event, situation)
        await tx.flows.save(moved.flow)
    return standing(services, moved.flow, moved.situation, opened=moved.opened)
