"""End a flow from the person's side: leave it, or say that there is no other way."""

from dataclasses import replace

from sparekey.domain.audit import Event
from sparekey.domain.flow.events import NothingMore
from sparekey.use_cases.advance import advance
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing


async def leave_flow(services: Services, client: Client, flow_id: str) -> None:
    """The person goes no further in this browser: it can drive the flow no more, and typed codes are void.

    The mailed links stay good for whoever reads the mailbox. Otherwise a stranger could start flows and leave them at once, use up
    what we mail to one address, and so keep its owner out (D2). Raises ``FlowOver``.
    """
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        only_links = tuple(replace(a, code_hash=b"") for a in at.flow.asked)
        await tx.flows.save(replace(at.flow, holder=b"", asked=only_links))
        await record(tx, services, at.lock, Event.LEFT, at.account, client, flow_id=flow_id)


async def nothing_more(services: Services, client: Client, flow_id: str) -> Standing:
    """The person said "I have no other way"; the policy says what stands then.

    Before the first proof that is only said, and the flow stays as it is, for the same reason as in ``leave_flow``.
    Raises ``FlowOver``, ``WrongStep``.
    """
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        lock = await record(tx, services, at.lock, Event.NOTHING_MORE, at.account, client, flow_id=flow_id)
        moved = await advance(tx, services, client, lock, at.flow, NothingMore(), situation)
        if at.flow.proofs:
            await tx.flows.save(moved.flow)
    return standing(services, moved.flow, moved.situation, opened=moved.opened)
