"""Load a flow for whoever may drive it: the browser or program that began it, or to which a mailed link brought it."""

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.errors import FlowOver, NotSignedIn
from sparekey.domain.flow.flow import ID_LENGTH, Flow, check_open, only_signed_in
from sparekey.domain.flow.state import OPEN
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.carry_out.session_over import SIGNED_OUT
from sparekey.use_cases.friends_asked import friends_asked
from sparekey.use_cases.pairing import pairing_of
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.prompt_shown import prompt_shown, without_number
from sparekey.use_cases.read_delivery import read_delivery
from sparekey.use_cases.read_dispute import seen_by_recovery
from sparekey.use_cases.record import chain_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, may_begin, situation_of, standing
from sparekey.use_cases.tokens import is_same


class Loaded(Struct, frozen=True):
    flow: Flow
    account: Account
    lock: SubjectLock


async def read_flow(services: Services, client: Client, flow_id: str) -> Flow:
    """The flow as it stands, unlocked. Raises ``FlowOver("unknown")`` for one that does not exist or is another's,
    ``FlowOver("not_offered")`` for one whose action the site has taken out of its policy meanwhile, and ``NotSignedIn``."""
    async with services.store.transaction() as tx:
        flow = await tx.flows.get(flow_id) if len(flow_id) == ID_LENGTH and flow_id.isalnum() and flow_id.isascii() else None
    if flow is None or not is_same(client.holder, flow.holder):
        raise FlowOver("unknown")
    if flow.action not in services.policy.actions:
        raise FlowOver("not_offered")
    must_be_signed_in(services, client, flow)
    return flow


def must_be_signed_in(services: Services, client: Client, flow: Flow) -> None:
    """Raises ``NotSignedIn`` where a flow goes on in a session only, and this client has none of its account: also after it was allowed,
    for the person still gives something then, and what is shown is the account's."""
    goes_on = flow.state in OPEN or flow.ended == SIGNED_OUT
    session = client.session
    mine = session is not None and session.account_id == flow.account_id and may_begin(session, flow.action)
    if goes_on and not mine and only_signed_in(flow, services.policy):
        raise NotSignedIn


async def load_for_step(tx: Transaction, services: Services, client: Client, seen: Flow) -> Loaded:
    """The flow, its account and the lock on its subject, for a step. The subject is locked first, in every use case, so that
    two flows of one account never wait for each other.

    Raises ``FlowOver`` with what may be told, also when a link took the flow to another browser meanwhile, and ``NotSignedIn``.
    """
    lock = await tx.audit.lock(chain_of(seen.subject, services.clock.now()))
    flow = await tx.flows.get_for_step(seen.flow_id)
    if flow is None or not is_same(client.holder, flow.holder):
        raise FlowOver("unknown")
    must_be_signed_in(services, client, flow)
    check_open(flow, services.clock.now())
    return Loaded(flow, await tx.accounts.get(flow.account_id), lock)


async def show_flow(services: Services, client: Client, flow_id: str) -> Standing:
    """Where a flow stands, over or not. Raises ``FlowOver`` only when it is not this client's, and ``NotSignedIn``."""
    flow = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(flow.account_id)
        situation = await situation_of(tx, services, client, account, flow)
        delivery = await read_delivery(tx, flow, situation)
        pairing = pairing_of(services, flow)
        prompt = await tx.prompts.get(flow.prompt_id) if flow.prompt_id and pairing is None else None
        friends = await friends_asked(tx, flow, account)
        approves = await tx.prompts.get(flow.wants.flow_id) if flow.action == Action.APPROVE_SIGN_IN else None
        dispute = await seen_by_recovery(tx, services, account, flow) if account.disputed_at is not None else None
    now, shown = services.clock.now(), standing(services, flow, situation, delivery=delivery)
    asked = replace(shown, prompt=prompt_shown(prompt, now), friends=friends)
    return replace(asked, approves=without_number(prompt_shown(approves, now)), pairing=pairing, dispute=dispute)
