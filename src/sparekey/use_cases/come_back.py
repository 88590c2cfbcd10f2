"""Come back to a recovery that waits, by the link that was sent to the address that was shown (mission.md, R10).

The link works as often as one likes. It proves nothing new: it brings the flow to the browser in which the button was pressed, as a
mailed code link does (docs/decisions/0009-links-outlive-their-flow.md).
"""

from dataclasses import replace

from sparekey.domain.errors import FlowOver
from sparekey.domain.flow.flow import Flow
from sparekey.use_cases.disown import WAYS_BACK
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import chain_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.tokens import is_same, token_hash


async def look_at_way_back(services: Services, client: Client, token: str) -> bool:
    """Whether the flow is in this browser already. Raises ``FlowOver("link_over")`` for a link that leads nowhere."""
    async with services.store.transaction() as tx:
        return is_same(client.holder, (await _flow_of(tx, token)).holder)


async def come_back(services: Services, client: Client, token: str) -> Standing:
    """The flow, in this browser from now on. Raises ``FlowOver("link_over")``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        seen = await _flow_of(tx, token)
    async with services.store.transaction() as tx:
        await tx.audit.lock(chain_of(seen.subject, services.clock.now()))
        flow = await tx.flows.get_for_step(seen.flow_id)
        if flow is None:
            raise FlowOver("link_over")
        if not is_same(client.holder, flow.holder):
            flow = replace(flow, holder=token_hash(client.holder), moved=True)
            await tx.flows.save(flow)
        situation = await situation_of(tx, services, client, await tx.accounts.get(flow.account_id), flow)
    return standing(services, flow, situation)


async def _flow_of(tx: Transaction, token: str) -> Flow:
    link = await tx.notice_links.find(token_hash(token))
    if link is None or link.kind not in WAYS_BACK:
        raise FlowOver("link_over")
    flow = await tx.flows.get(link.flow_id)
    if flow is None:
        raise FlowOver("link_over")
    return flow
