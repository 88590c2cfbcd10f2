"""Move a flow by one event inside an open transaction, and carry its action out at once where nothing more is to be given.

Some actions need something from the person after the policy has allowed them: a new password, or the code of a new address.
``GIVES_LAST`` names them; all others are carried out in the transaction of the proof that allowed them.
"""

from dataclasses import dataclass, replace

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.events import CarriedOut, Started
from sparekey.domain.flow.events import Event as FlowEvent
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.permit import permit_of
from sparekey.domain.flow.state import State
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.carry_out.account import change_details, create_account
from sparekey.use_cases.carry_out.addresses import add_address, remove_address, set_main_address
from sparekey.use_cases.carry_out.change import Change
from sparekey.use_cases.carry_out.sessions import end_sessions
from sparekey.use_cases.open_session import open_session
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened
from sparekey.use_cases.start_flow import new_flow

GIVES_LAST = frozenset({Action.RECOVER, Action.CHANGE_PASSWORD, Action.ADD_FACTOR, Action.RENEW_BACKUP_CODES, Action.LINK_SOCIAL})


@dataclass(frozen=True, slots=True)
class Advanced:
    flow: Flow
    situation: Situation
    opened: Opened | None


async def advance(
    tx: Transaction,
    services: Services,
    client: Client,
    lock: SubjectLock,
    flow: Flow,
    event: FlowEvent,
    situation: Situation,
) -> Advanced:
    """The flow after one event, its action carried out if that is next. The caller saves the flow.

    Raises what ``step`` and the action raise; then the whole transaction falls.
    """
    before = flow.state
    flow = step(flow, event, policy=services.policy, situation=situation)
    if flow.state is not before:
        lock = await record(
            tx, services, lock, Event.JUDGED, situation.account, client, flow_id=flow.flow_id, state=flow.state, route=flow.route
        )
    opened = None
    if flow.state is State.ALLOWED and not flow.void and not _waits_for_person(flow):
        flow, opened = await _carry_out(tx, services, client, lock, flow, situation)
    return Advanced(flow=flow, situation=replace(situation, proofs=flow.proofs), opened=opened)


def _waits_for_person(flow: Flow) -> bool:
    if flow.action == Action.SIGN_UP:
        return flow.moved  # brought to another browser by the link: which password is meant must be asked
    if flow.action == Action.ADD_ADDRESS:
        return not any(p.enrolling for p in flow.proofs)
    return flow.action in GIVES_LAST


async def _carry_out(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, situation: Situation
) -> tuple[Flow, Opened | None]:
    account = situation.account
    permit = permit_of(flow, services.clock.now())
    change = Change(tx, services, client, lock, permit, flow, account)
    opened = None
    match flow.action:
        case Action.SIGN_IN if flow.breached and not situation.known_device:
            flow = replace(flow, next_flow=await _to_new_password(tx, services, client, flow, situation))
        case Action.SIGN_IN:
            opened, _ = await open_session(tx, services, client, lock, permit, flow, account)
        case Action.SIGN_UP:
            created, own = await create_account(change, flow.wants.name, flow.wants.password_hash)
            flow = replace(flow, account_id=created.account_id)
            opened, _ = await open_session(tx, services, client, own, permit, flow, created)
        case Action.ADD_ADDRESS:
            await add_address(change)
        case Action.REMOVE_ADDRESS:
            await remove_address(change)
        case Action.SET_MAIN_ADDRESS:
            await set_main_address(change)
        case Action.CHANGE_DETAILS:
            await change_details(change)
        case Action.END_SESSIONS:
            await end_sessions(change)
        case _:
            raise WrongStep(f"{flow.action} cannot be carried out yet")
    return over(services, flow, account), opened


async def _to_new_password(tx: Transaction, services: Services, client: Client, flow: Flow, situation: Situation) -> str:
    """The id of a recovery with the proofs of this sign-in: a breached password opens no session on an unknown device, it is
    replaced first (P4)."""
    begun = replace(
        new_flow(services, client, Action.RECOVER, flow.account_id, flow.subject, typed=flow.typed, typed_key=flow.typed_key),
        proofs=flow.proofs,
    )
    recovery = step(begun, Started(), policy=services.policy, situation=replace(situation, proofs=flow.proofs))
    await tx.flows.add(recovery)
    return recovery.flow_id


def over(services: Services, flow: Flow, account: Account) -> Flow:
    """The flow after its action was carried out."""
    situation = Situation(account=account, proofs=flow.proofs, now=services.clock.now())
    return step(flow, CarriedOut(), policy=services.policy, situation=situation)
