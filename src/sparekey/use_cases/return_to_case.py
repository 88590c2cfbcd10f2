"""Come back to a support case by the link in one of its mails, in any browser.

Opening it changes nothing. Its button brings the case, and what waits after an approval, to this browser: whoever reads the contact
mailbox has the case, for that mailbox is what it would bind.
"""

from sparekey.domain.audit import Event
from sparekey.domain.cases import Case
from sparekey.domain.errors import FlowOver
from sparekey.domain.values import replace
from sparekey.messages.render import UNDER
from sparekey.use_cases.load_case import load_case_for_time
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.tokens import is_same, token_hash

OF_CASES = frozenset(kind for kind, road in UNDER.items() if road == "c")


async def look_at_case_link(services: Services, token: str) -> Case:
    """Where a link leads; changes nothing. Raises ``FlowOver("link_over")``."""
    async with services.store.transaction() as tx:
        return await _case(tx, services, token)


async def return_to_case(services: Services, client: Client, token: str) -> Case:
    """The case, in this browser from now on. Raises ``FlowOver("link_over")`` and ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await look_at_case_link(services, token)
    if is_same(client.holder, seen.holder):
        return seen
    async with services.store.transaction() as tx:
        at = await load_case_for_time(tx, services, seen)
        case = replace(at.case, holder=token_hash(client.holder))
        await tx.cases.save(case)
        if case.flow_id and (flow := await tx.flows.get_for_step(case.flow_id)) is not None:
            await tx.flows.save(replace(flow, holder=case.holder, ceremony=None, handshake=None, prompt_id=""))
        await record(tx, services, at.lock, Event.CASE_MOVED, at.account, client, flow_id=case.case_id, subject=case.subject)
    return replace(case, version=case.version + 1)


async def _case(tx: Transaction, services: Services, token: str) -> Case:
    link = await tx.notice_links.find(token_hash(token))
    if link is None or link.kind not in OF_CASES or services.clock.now() >= link.expires_at:
        raise FlowOver("link_over")
    case = await tx.cases.get(link.flow_id)
    if case is None:
        raise FlowOver("link_over")
    return case
