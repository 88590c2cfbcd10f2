"""Move a flow by one event inside an open transaction, and carry its action out at once where nothing more is to be given.

Some actions need something from the person after the policy has allowed them: a new password, or the code of a new address.
``GIVES_LAST`` names them; all others are carried out in the transaction of the proof that allowed them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sparekey.domain.accounts import Account
from sparekey.domain.actions import RECOVERIES, Action, is_own
from sparekey.domain.audit import Event
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import CarriedOut, Proven, Started
from sparekey.domain.flow.events import Event as FlowEvent
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.state import OPEN, State
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.carry_out.account import change_details, create_account
from sparekey.use_cases.carry_out.addresses import add_address, claim_number, remove_address, set_main_address
from sparekey.use_cases.carry_out.agents import begin_shift
from sparekey.use_cases.carry_out.change import Change, allowed, give_back_code, spend_code
from sparekey.use_cases.carry_out.closing import begin_closing, close_account, kept_by_sign_in, stop_closing
from sparekey.use_cases.carry_out.confirm import confirm
from sparekey.use_cases.carry_out.contacts import begin_contacts_wait, set_contacts
from sparekey.use_cases.carry_out.disputes import at_account, meet
from sparekey.use_cases.carry_out.factors import prefer_kind, remove_factor, rename_factor, report_stolen
from sparekey.use_cases.carry_out.freeze import thaw
from sparekey.use_cases.carry_out.secret_answer import set_answer
from sparekey.use_cases.carry_out.sessions import end_sessions
from sparekey.use_cases.carry_out.social import unlink_social
from sparekey.use_cases.carry_out.waits import cancel_recovery, object_to_all
from sparekey.use_cases.enrolling import begin_enrolling
from sparekey.use_cases.key_ceremony import KEYS, ceremony_to_prove, ceremony_to_register
from sparekey.use_cases.open_session import open_session
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.remember_device import remember_if_wished, remembered_proof
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.social_identity import kept_link
from sparekey.use_cases.standing import Opened, standing
from sparekey.use_cases.start_flow import new_flow
from sparekey.use_cases.tell_of_wait import begin_wait

GIVES_LAST = frozenset(
    {
        Action.RECOVER,
        Action.BIND_AFTER_CASE,
        Action.CHANGE_PASSWORD,
        Action.ADD_FACTOR,
        Action.RENEW_BACKUP_CODES,
        Action.LINK_SOCIAL,
        Action.APPROVE_SIGN_IN,
        Action.UNDO,
        Action.DOWNLOAD_DATA,
    }
)


CHANGES: Mapping[str, Callable[[Change], Awaitable[object]]] = {
    Action.ADD_ADDRESS: add_address,
    Action.REMOVE_ADDRESS: remove_address,
    Action.SET_MAIN_ADDRESS: set_main_address,
    Action.CHANGE_DETAILS: change_details,
    Action.END_SESSIONS: end_sessions,
    Action.REMOVE_FACTOR: remove_factor,
    Action.REPORT_STOLEN: report_stolen,
    Action.UNLINK_SOCIAL: unlink_social,
    Action.CANCEL_RECOVERY: cancel_recovery,
    Action.OBJECT: object_to_all,
    Action.THAW: thaw,
    Action.CHANGE_CONTACTS: set_contacts,
    Action.SET_SECRET_ANSWER: set_answer,
    Action.CLOSE_ACCOUNT: close_account,
    Action.STOP_CLOSING: stop_closing,
    Action.WORK_ON_CASES: begin_shift,
}
"""What is carried out with nothing but the flow."""

BeginWait = Callable[[Transaction, Services, Client, SubjectLock, Flow, Account], Awaitable[tuple[Flow, SubjectLock]]]

BEGINS_TO_WAIT: Final[Mapping[str, BeginWait]] = {Action.CLOSE_ACCOUNT: begin_closing, Action.CHANGE_CONTACTS: begin_contacts_wait}
"""Who is told when an action begins to wait that is no recovery."""


class Advanced(Struct, frozen=True):
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
    flow, lock = await _with_remembered(tx, services, client, lock, flow, event, situation)
    flow = replace(flow, strange=not situation.known_device) if flow.action == Action.SIGN_IN else flow
    if flow.state is not before:
        lock = await record(
            tx, services, lock, Event.JUDGED, situation.account, client, flow_id=flow.flow_id, state=flow.state, route=flow.route
        )
    if before is State.ASKING and flow.state is State.WAITING and not flow.void:
        begin = BEGINS_TO_WAIT.get(flow.action, begin_wait)
        flow, lock = await begin(tx, services, client, lock, flow, situation.account)
        flow, lock = await _meet(tx, services, client, lock, flow, situation.account)
    await _keep_code(tx, services, flow)
    flow = begin_enrolling(services, flow)
    opened = None
    flow = await _with_key(tx, services, flow, situation)
    if flow.state is State.ALLOWED and not flow.void and not _waits_for_person(flow):
        flow, opened = await _carry_out(tx, services, client, lock, flow, situation)
    return Advanced(flow=flow, situation=replace(situation, proofs=flow.proofs), opened=opened)


async def _meet(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account
) -> tuple[Flow, SubjectLock]:
    """A recovery that begins to wait where another one waits is in dispute with it (mission.md, R16)."""
    if flow.action not in RECOVERIES:
        return flow, lock
    at, flow = await meet(await at_account(tx, services, client, lock, account.account_id), flow)
    return flow, at.lock


async def _with_key(tx: Transaction, services: Services, flow: Flow, situation: Situation) -> Flow:
    """The flow with a challenge open where a key comes next: the one to be added, or the proof that is asked for first."""
    account = situation.account
    if flow.state is State.ALLOWED and flow.action == Action.ADD_FACTOR and flow.wants.factor_kind in KEYS:
        return replace(flow, ceremony=await ceremony_to_register(tx, services, flow, account))
    if flow.state is State.ASKING and flow.proofs and any(f.kind in KEYS for f in account.enrolled):
        first = standing(services, flow, replace(situation, proofs=flow.proofs)).choices[:1]
        if first and first[0] in KEYS:
            return replace(flow, ceremony=await ceremony_to_prove(tx, services, flow, account, first[0]))
    return flow


async def _keep_code(tx: Transaction, services: Services, flow: Flow) -> None:
    """A backup code stays reserved as long as its flow is open: a wait keeps it, too."""
    if flow.backup_code is not None and flow.state in OPEN:
        codes = next(p for p in flow.proofs if p.kind is FactorKind.BACKUP_CODE)
        now, until = services.clock.now(), flow.expires_at
        await tx.backup_codes.reserve(flow.account_id, codes.factor_id, flow.backup_code, flow.flow_id, until, now)
    elif flow.state is not State.DONE:
        await give_back_code(tx, flow)


async def _with_remembered(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, event: FlowEvent, situation: Situation
) -> tuple[Flow, SubjectLock]:
    """A sign-in that asks for a second factor, on a device that is remembered: that proves itself, where it is enough (I6)."""
    if flow.action != Action.SIGN_IN or flow.state is not State.ASKING or flow.void or not isinstance(event, Proven):
        return flow, lock
    proof = await remembered_proof(tx, services, client, situation.account)
    if proof is None:
        return flow, lock
    further = step(flow, Proven(proof), policy=services.policy, situation=situation)
    if further.state is not State.ALLOWED:
        return flow, lock
    await tx.factors.used(situation.account.account_id, proof.factor_id, services.clock.now())
    lock = await record(tx, services, lock, Event.PROVEN, situation.account, client, flow_id=flow.flow_id, challenge=proof.kind)
    return further, lock


def _waits_for_person(flow: Flow) -> bool:
    if flow.action == Action.SIGN_UP:
        return flow.moved  # brought to another browser by the link: which password is meant must be asked
    if flow.action == Action.ADD_ADDRESS:
        return not any(p.enrolling for p in flow.proofs)
    if flow.action == Action.REPORT_STOLEN:
        return not flow.wants.factor_id  # begun by a name: which one it is can be told only after a proof
    return flow.action in GIVES_LAST


async def _carry_out(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, situation: Situation
) -> tuple[Flow, Opened | None]:
    account = situation.account
    if flow.action == Action.SIGN_IN and (flow.short or (flow.breached and not situation.known_device)):
        return over(services, replace(flow, next_flow=await to_recovery(tx, services, client, lock, flow, situation)), account), None
    change = allowed(tx, services, client, lock, flow, account)
    if flow.action == Action.ADD_ADDRESS and (stopped := await claim_number(change)) is not None:
        return step(flow, stopped, policy=services.policy, situation=situation), None
    change = await spend_code(change)
    lock, permit = change.lock, change.permit
    opened = None
    match flow.action:
        case Action.SIGN_IN:
            account, lock = await kept_by_sign_in(tx, services, client, lock, account, flow)
            opened, lock = await open_session(tx, services, client, lock, permit, flow, account)
            known = situation.known_device
            opened = await remember_if_wished(tx, services, client, lock, opened, account, known_device=known)
        case Action.SIGN_UP:
            created, own = await create_account(change, flow.wants.name, flow.wants.password_hash, kept_link(services, flow))
            flow = replace(flow, account_id=created.account_id)
            opened, _ = await open_session(tx, services, client, own, permit, flow, created)
        case Action.CHANGE_DETAILS if flow.wants.factor_id:
            await rename_factor(change)
        case Action.CHANGE_DETAILS if flow.wants.factor_kind:
            await prefer_kind(change)
        case _ if flow.action in CHANGES:
            await CHANGES[flow.action](change)
        case _ if is_own(flow.action):
            await confirm(change)
        case _:
            raise WrongStep(f"{flow.action} cannot be carried out yet")
    return over(services, flow, account), opened


async def to_recovery(tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, situation: Situation) -> str:
    """The id of a recovery with the proofs of this sign-in, and with the backup code that it has reserved.

    A breached password opens no session on an unknown device, and one that is too short by now none at all: it is replaced first
    (P4, P1). And who has lost the second factor goes on with what was shown already (R12).
    """
    begun = replace(
        new_flow(services, client, Action.RECOVER, flow.account_id, flow.subject, typed=flow.typed, typed_key=flow.typed_key),
        proofs=flow.proofs,
    )
    recovery = step(begun, Started(), policy=services.policy, situation=replace(situation, proofs=flow.proofs))
    if recovery.state is State.WAITING:
        recovery, lock = await begin_wait(tx, services, client, lock, recovery, situation.account)
        recovery, _ = await _meet(tx, services, client, lock, recovery, situation.account)
    if flow.backup_code is not None:
        recovery = replace(recovery, backup_code=flow.backup_code)
        await tx.backup_codes.hand_over(flow.account_id, flow.flow_id, recovery.flow_id, recovery.expires_at)
    await tx.flows.add(recovery)
    return recovery.flow_id


def over(services: Services, flow: Flow, account: Account) -> Flow:
    """The flow after its action was carried out."""
    situation = Situation(account=account, proofs=flow.proofs, now=services.clock.now())
    return step(flow, CarriedOut(), policy=services.policy, situation=situation)
