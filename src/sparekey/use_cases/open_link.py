"""Act on a mailed link: prove its mailbox, in whatever browser it was opened. Looking at a link changes nothing."""

from sparekey.challenges import message_code
from sparekey.domain.errors import FlowOver
from sparekey.domain.flow.asked import Asked
from sparekey.domain.flow.flow import ID_LENGTH, Flow
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.answer_code import prove_address
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.load_flow import Loaded, must_be_signed_in
from sparekey.use_cases.notify import CODE
from sparekey.use_cases.record import chain_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.tokens import is_same, token_hash


class Link(Struct, frozen=True):
    """What a link would do. ``here``: in the browser that asked for it."""

    action: str
    here: bool


async def look_at_link(services: Services, client: Client, token: str) -> Link:
    """Raises ``FlowOver("link_over")`` for a link that is spent, expired, replaced, or was never ours: one answer for all."""
    flow = await _flow_of(services, token)
    _asked(services, flow, token)
    here = is_same(client.holder, flow.holder)
    _must_stay(flow, moved=not here)
    return Link(action=flow.action, here=here)


async def open_link(services: Services, client: Client, token: str) -> Standing:
    """Spend a link. The flow goes on in this browser with its mailbox proven, and the one that began it is cut off.

    Raises ``FlowOver("link_over")``, and ``NotSignedIn`` outside a session of the account for what only one who is signed in may do.
    """
    await check_volume(services, "answer.network", client)
    seen = await _flow_of(services, token)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(chain_of(seen.subject, services.clock.now()))
        flow = await tx.flows.get_for_step(seen.flow_id)
        if flow is None:
            raise FlowOver("link_over")
        asked = _asked(services, flow, token)
        account = await tx.accounts.get(flow.account_id)
        must_be_signed_in(services, client, flow)
        moved = not is_same(client.holder, flow.holder)
        _must_stay(flow, moved=moved)
        if moved:
            # Who reads the mailbox has only the mailbox: what was shown in the browser that began is to be shown again in this one.
            await give_back_code(tx, flow)
            own = tuple(p for p in flow.proofs if p.enrolling)
            flow = replace(
                flow, holder=token_hash(client.holder), proofs=own, backup_code=None, ceremony=None, handshake=None, prompt_id=""
            )
            if flow.session_id and client.session is not None:
                flow = replace(flow, session_id=client.session.session_id)
        return await prove_address(tx, services, client, Loaded(flow, account, lock), asked, moved=moved)


def _must_stay(flow: Flow, *, moved: bool) -> None:
    """A wait goes elsewhere by its own link alone (``come_back.py``): else one mailbox more could take it from who has waited."""
    if moved and flow.waiting is not None:
        raise FlowOver("link_over")


async def _flow_of(services: Services, token: str) -> Flow:
    flow_id = token[:ID_LENGTH]
    if not (flow_id.isascii() and flow_id.isalnum()) or len(token) <= ID_LENGTH:
        raise FlowOver("link_over")
    async with services.store.transaction() as tx:
        flow = await tx.flows.get(flow_id)
    if flow is None:
        raise FlowOver("link_over")
    return flow


def _asked(services: Services, flow: Flow, token: str) -> Asked:
    now = services.clock.now()
    if not flow.is_open(now):
        raise FlowOver("link_over")
    outcome = message_code.check_link(
        flow.asked,
        flow_id=flow.flow_id,
        link=token[ID_LENGTH:],
        now=now,
        hashes=lambda text: services.sealer.keyed_hashes(text.encode(), CODE),
    )
    match outcome:
        case message_code.Right(asked):
            return asked
        case message_code.Wrong():
            raise FlowOver("link_over")
