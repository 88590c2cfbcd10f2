"""Look after one flow that waits: credit time, count notices, tell of it again, and go on when it is over.

Nothing but the database knows of a wait. Each look locks the subject and reads the flow anew, so any number of workers on any number
of nodes may look at once, and one that is killed leaves nothing half done.
"""

from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.flow.events import Ended, NothingMore, TimePassed
from sparekey.domain.flow.flow import Flow, step, still_stands, what_stands
from sparekey.domain.flow.state import State
from sparekey.domain.flow.waiting import LOOK_EVERY, Waiting
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Delay
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.carry_out.addresses import tell_leaving
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.leads_back import former_of
from sparekey.use_cases.look_at_closing import look_at_closing
from sparekey.use_cases.look_at_contacts import look_at_contacts
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import chain_of, record
from sparekey.use_cases.services import WORKER, Services
from sparekey.use_cases.tell_of_case import tell_person
from sparekey.use_cases.tell_of_wait import begin_wait, send_way_back, tell_waiting, waiting_of, who_asked, witness_ids

PAGE = 100


class Look(Struct, frozen=True):
    """One look at a flow that waits, in an open transaction. ``former``: things that left the account lately and still lead to it."""

    tx: Transaction
    services: Services
    lock: SubjectLock
    flow: Flow
    account: Account
    now: datetime
    former: tuple[Factor, ...]

    @property
    def situation(self) -> Situation:
        """From no device in particular: what was shown must be enough wherever the person comes back."""
        return Situation(self.account, self.flow.proofs, self.now, breached_password=self.flow.breached, former=self.former)


async def waits_to_look_at(services: Services, after: str) -> tuple[list[tuple[str, str]], str]:
    """Flow id and subject of waits that are due for a look, out of one page; and the id to go on after, empty after the last."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        page = await tx.flows.waiting(after, PAGE)
    due = [(f.flow_id, f.subject) for f in page if f.waiting and _is_due(f.waiting, now)]
    return due, page[-1].flow_id if len(page) == PAGE else ""


async def look_at_wait(services: Services, flow_id: str, subject: str) -> None:
    """One look, in one transaction. Raises ``AddressTaken`` where what waited has become impossible."""
    async with services.store.transaction() as tx:
        now = services.clock.now()
        lock = await tx.audit.lock(chain_of(subject, now))
        flow = await tx.flows.get_for_step(flow_id)
        if flow is None or flow.state is not State.WAITING or not _is_due(waiting_of(flow), now):
            return
        account = await tx.accounts.get(flow.account_id)
        look = Look(tx, services, lock, _looked(flow, now), account, now, await former_of(tx, account, flow.action, now))
        await tx.flows.save(await _after(look))


def _is_due(waiting: Waiting, now: datetime) -> bool:
    return waiting.noticed_at is None or abs(now - waiting.looked_at) >= LOOK_EVERY


def _looked(flow: Flow, now: datetime) -> Flow:
    """The clock is read. What of it is not credited does not count for the flow's own end either: neither an outage nor a leap of the
    clock takes a wait away from its owner."""
    before = waiting_of(flow)
    after = before.looked(now)
    uncredited = (after.looked_at - before.looked_at) - (after.credited - before.credited)
    return replace(flow, waiting=after, expires_at=flow.expires_at + uncredited)


async def _after(look: Look) -> Flow:
    """The flow after a look. The caller saves it."""
    flow = look.flow
    if not flow.is_open(look.now):
        return flow
    if flow.action == Action.CLOSE_ACCOUNT:
        return await look_at_closing(look.tx, look.services, WORKER, look.lock, flow, look.account)
    if flow.void:
        return await _ended(look, "cancelled")  # to whoever began it this looks as if the owner had cancelled it (mission.md, F10)
    if flow.action in RECOVERIES:
        return await _recovery(look)
    if flow.action == Action.ADD_ADDRESS:
        return await _moving_number(look)
    if flow.action == Action.CHANGE_CONTACTS:
        return await look_at_contacts(look.tx, look.services, WORKER, look.lock, flow, look.account)
    raise WrongStep(f"{flow.action} does not wait")


async def _recovery(look: Look) -> Flow:
    services, account = look.services, look.account
    if waiting_of(look.flow).noticed_at is None:
        flow, _ = await begin_wait(look.tx, services, WORKER, look.lock, look.flow, account)
        return flow
    if _password_replaced(look) and not still_stands(look.flow, services.policy, look.situation):
        return await _ended(look, "replaced")
    heard_by = witness_ids(services, look.flow, account, look.now)
    look = _unheard(await _counted(look, MessageKind.RECOVERY_WAITING, heard_by), heard_by)
    if waiting_of(look.flow).is_over and account.disputed_at is None:
        return await _over(look)
    if waiting_of(look.flow).is_notice_due(look.now):
        by_whom = await who_asked(look.tx, services, look.flow, account)
        await tell_waiting(look.tx, services, look.flow, account, by_whom)
        return await _noticed(look)
    return look.flow


async def _over(look: Look) -> Flow:
    """The wait is over; what was shown must still lead there, for the account may have changed meanwhile."""
    tx, services, account = look.tx, look.services, look.account
    if not still_stands(look.flow, services.policy, look.situation):
        match what_stands(look.flow, services.policy, look.situation):
            case Delay(route, wait):
                return replace(look.flow, route=route, waiting=waiting_of(look.flow).at_least(wait))
            case _:
                return (await advance(tx, services, WORKER, look.lock, look.flow, NothingMore(), look.situation)).flow
    lock = await record(tx, services, look.lock, Event.WAIT_OVER, account, WORKER, flow_id=look.flow.flow_id)
    moved = await advance(tx, services, WORKER, lock, look.flow, TimePassed(), look.situation)
    await send_way_back(tx, services, moved.flow, account, MessageKind.RECOVERY_READY)
    case = await tx.cases.get(moved.flow.wants.flow_id) if moved.flow.action == Action.BIND_AFTER_CASE else None
    if case is not None:
        await tell_person(tx, services, case, MessageKind.CASE_READY)
    return moved.flow


def _unheard(look: Look, heard_by: frozenset[str]) -> Look:
    """After a case there may be nobody left whose mailbox still takes mail. Two agents have looked at it, so the time alone counts then."""
    waiting = waiting_of(look.flow)
    reached = any(a.address_id in heard_by and a.bounced_at is None for a in look.account.addresses)
    if look.flow.action != Action.BIND_AFTER_CASE or reached or waiting.credited < waiting.length:
        return look
    return replace(look, flow=replace(look.flow, waiting=replace(waiting, counted=waiting.days)))


async def _moving_number(look: Look) -> Flow:
    """A number that another account has moves when its owner was told for a week; nobody needs to come back for that (S6)."""
    key = look.flow.wants.address_key
    holder = await look.tx.accounts.find_by_key(key)
    number = next((a for a in holder.addresses if a.key == key), None) if holder.exists else None
    heard_by = frozenset(a.address_id for a in holder.addresses if a.key != key) if number else frozenset[str]()
    look = await _counted(look, MessageKind.NUMBER_LEAVING, heard_by)
    waiting = waiting_of(look.flow)
    if waiting.noticed_at is None:
        waiting = waiting.noticed(waiting.began_at)  # told when it began
    if not heard_by and waiting.credited >= waiting.length:
        waiting = replace(waiting, counted=waiting.days)  # nobody is left who could hear of it
    flow = replace(look.flow, waiting=waiting)
    if waiting.is_over:
        return (await advance(look.tx, look.services, WORKER, look.lock, flow, TimePassed(), look.situation)).flow
    if number is not None and waiting.is_notice_due(look.now):
        await tell_leaving(look.tx, look.services, holder, number, flow.flow_id)
        return await _noticed(replace(look, flow=flow))
    return flow


async def _counted(look: Look, kind: MessageKind, heard_by: frozenset[str]) -> Look:
    """With every notice counted that the server of one of these addresses accepted."""
    waiting = waiting_of(look.flow)
    for address_id, at in await look.tx.outbox.accepted_of_flow(look.flow.flow_id, kind):
        if address_id in heard_by and at <= look.now:
            waiting = waiting.accepted(at)
    return replace(look, flow=replace(look.flow, waiting=waiting))


async def _noticed(look: Look) -> Flow:
    await record(look.tx, look.services, look.lock, Event.WAIT_NOTICED, look.account, WORKER, flow_id=look.flow.flow_id)
    return replace(look.flow, waiting=waiting_of(look.flow).noticed(look.now))


async def _ended(look: Look, reason: str) -> Flow:
    flow = step(look.flow, Ended(reason), policy=look.services.policy, situation=look.situation)
    await give_back_code(look.tx, flow)
    return flow


def _password_replaced(look: Look) -> bool:
    changed_at = look.account.password_set_at
    return any(p.kind is FactorKind.PASSWORD and p.at < changed_at for p in look.flow.proofs)
