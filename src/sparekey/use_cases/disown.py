"""Press "this wasn't me" in a notice, or "I did not ask for this" in a message with a code (mission.md, H1 and F10).

The link proves the address that it was sent to, and nothing else. A settled address undoes everything that was done since the notice, as
one, and freezes the account; so does one that left the account since, unless its owner said that it is not theirs any more. A young one
can only object to recoveries that wait; so does everybody who presses in a notice of such a recovery. One that came with an undone change
has no say. A link in a message with a code ends the flow that asked for the code, and whoever began it does not learn of that.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum, unique

from sparekey.domain import changes as log
from sparekey.domain.accounts import NOBODY_ID, Account, Address, AddressKind, address_thing
from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import UNDO_FOR, PastChange, former_things, opened_after
from sparekey.domain.errors import FlowOver
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.permit import permit_of
from sparekey.domain.flow.state import State
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.change import Change, end_open_flows
from sparekey.use_cases.carry_out.disputes import at_account, object_with
from sparekey.use_cases.carry_out.freeze import freeze, make_void
from sparekey.use_cases.carry_out.undo import Undone, undo
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import chain_of, record
from sparekey.use_cases.return_to_case import OF_CASES
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume, new_flow
from sparekey.use_cases.stop_case import stop_case
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import token_hash

CODES = frozenset(
    {
        MessageKind.SIGN_UP_CODE,
        MessageKind.RECOVERY_CODE,
        MessageKind.SIGN_IN_LINK,
        MessageKind.ADDRESS_CODE,
        MessageKind.SIGN_IN_CODE,
        MessageKind.PROOF_CODE,
        MessageKind.PHONE_CODE,
        MessageKind.CASE_CODE,
    }
)
"""Messages with a code or link of one flow."""

WAYS_BACK = frozenset({MessageKind.RECOVERY_STATUS, MessageKind.RECOVERY_READY}) | OF_CASES
"""Their links are kept in the same table, and disown nothing (``come_back.py``, ``return_to_case.py``)."""


OF_RECOVERIES = frozenset({MessageKind.RECOVERY_WAITING, MessageKind.ACCOUNT_DISPUTED})
"""Notices of recoveries that wait. Their links object, and locking is a second button."""

SIGN_INS = frozenset({MessageKind.NEW_DEVICE, MessageKind.NEW_PLACE, MessageKind.SIGNED_IN_AFTER_FAILURES, MessageKind.HALF_SIGNED_IN})
"""Notices of a sign-in. Whoever disowns one says that somebody knows the password."""


@unique
class Does(StrEnum):
    """What a press would do. ``FREEZE``: undo everything since, and lock the account."""

    FREEZE = "freeze"
    OBJECT = "object"
    STOP = "stop"


class Told(Struct, frozen=True):
    """One thing that was done, and when (UTC). Nothing personal: the link alone proves little."""

    kind: Event
    at: datetime


class Disowning(Struct, frozen=True):
    """``kind`` and ``at``: of the message that is disowned. ``undoes``: what a press undoes, the oldest first. ``only``: what it undoes
    where only the change of this message is meant; empty where that is no choice. ``password``: it would be void. ``closing``: a closing
    of the account would stop."""

    kind: MessageKind
    at: datetime
    does: Does
    undoes: tuple[Told, ...] = ()
    only: tuple[Told, ...] = ()
    password: bool = False
    closing: bool = False


NOTHING_UNDONE = Undone()


class Disowned(Struct, frozen=True):
    """What a press has done.

    ``frozen``: the account is locked, now or before. ``objected``: there was a recovery that waits, and it was objected to.
    ``disputed``: that weighs in a dispute, in which more can be shown (mission.md, R16).
    ``stopped``: the flow that asked for the code is dead. ``used``: its code had been used before. ``password_known``: whoever began it
    had typed the right password. ``can_lock``: the account can be locked with the same link. ``undone``: what was undone.
    """

    kind: MessageKind
    frozen: bool = False
    objected: bool = False
    disputed: bool = False
    stopped: bool = False
    used: bool = False
    password_known: bool = False
    can_lock: bool = False
    undone: Undone = NOTHING_UNDONE


async def look_at_notice(services: Services, token: str) -> Disowning:
    """What a press would do; changes nothing. Raises ``FlowOver("link_over")`` for a link that is spent, expired, or was never ours."""
    async with services.store.transaction() as tx:
        link = await _find(tx, services, token)
        if link.used_at is not None:
            raise FlowOver("link_over")
        account, now = await tx.accounts.get(link.account_id), services.clock.now()
        former = await tx.accounts.former(link.account_id, now - UNDO_FOR)
        changes = await tx.changes.of_account(link.account_id, now - UNDO_FOR)
    does = _does(services, link, account, former)
    if does is not Does.FREEZE:
        return Disowning(link.kind, link.happened_at, does)
    every, one = _since(link, changes), _of_notice(link, changes)
    return Disowning(
        link.kind,
        link.happened_at,
        does,
        undoes=_told(every),
        only=_told(one),
        password=bool(account.password_hash) and (_is_known(link, changes) or log.undoing(account, every).password),
        closing=account.closing_at is not None,
    )


async def disown(services: Services, client: Client, token: str, *, lock_account: bool = False, only: bool = False) -> Disowned:
    """Press the button. ``lock_account``: lock the account after a press that did not. ``only``: undo the change of this message and
    nothing else, and lock nothing; for one that is no alarm.

    Raises ``FlowOver("link_over")`` when the link is spent, expired, or was never ours, and ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        link = await _find(tx, services, token)
        flow = await tx.flows.get(link.flow_id) if link.flow_id else None
    async with services.store.transaction() as tx:
        now = services.clock.now()
        subject = flow.subject if flow else link.account_id
        if link.kind is MessageKind.CASE_CODE:
            await _spend(tx, link, token, now, lock_account=lock_account)
            return Disowned(link.kind, stopped=await stop_case(tx, services, client, link.flow_id))
        if subject == NOBODY_ID:  # a sign-up that is long over: there is nothing left to stop
            await _spend(tx, link, token, now, lock_account=lock_account)
            return Disowned(link.kind)
        lock = await tx.audit.lock(chain_of(subject, now))
        await _spend(tx, link, token, now, lock_account=lock_account)
        account = await tx.accounts.get(link.account_id)
        former = await tx.accounts.former(link.account_id, now - UNDO_FOR)
        changes = await tx.changes.of_account(link.account_id, now - UNDO_FOR)
        press = _Press(tx, services, client, lock, link, account, former, changes)
        if lock_account:
            return await _freeze(press) if press.may_freeze else Disowned(link.kind)
        match _does(services, link, account, former):
            case Does.FREEZE if only and (one := _of_notice(link, changes)):
                return await _undo_only(press, one)
            case Does.FREEZE:
                return await _undo_and_freeze(press)
            case Does.OBJECT:
                return await _object(press)
            case Does.STOP:
                return await _stop(press)


async def _find(tx: Transaction, services: Services, token: str) -> NoticeLink:
    link = await tx.notice_links.find(token_hash(token))
    if link is None or link.kind in WAYS_BACK or services.clock.now() >= link.expires_at:
        raise FlowOver("link_over")
    return link


async def _spend(tx: Transaction, link: NoticeLink, token: str, now: datetime, *, lock_account: bool) -> None:
    """Each of the two buttons works once."""
    if lock_account:
        spent = await tx.spent.spend(token_hash(f"lock.{token}"), link.expires_at)
    else:
        spent = await tx.notice_links.spend(token_hash(token), now)
    if not spent:
        raise FlowOver("link_over")


class _Press(Struct, frozen=True):
    """``account``: of the address that the link was sent to; the stand-in for one that is nobody's yet. ``former``: the addresses that
    left it in the last 30 days. ``changes``: what was changed in that time."""

    tx: Transaction
    services: Services
    client: Client
    lock: SubjectLock
    link: NoticeLink
    account: Account
    former: Sequence[Address]
    changes: Sequence[PastChange]

    @property
    def may_freeze(self) -> bool:
        return _may_freeze(self.services, self.link, self.account, self.former)


def _does(services: Services, link: NoticeLink, account: Account, former: Sequence[Address]) -> Does:
    if link.kind in CODES:
        return Does.STOP
    if link.kind in OF_RECOVERIES or not _may_freeze(services, link, account, former):
        return Does.OBJECT
    return Does.FREEZE


def _may_freeze(services: Services, link: NoticeLink, account: Account, former: Sequence[Address]) -> bool:
    flow = _proven(services, _flow(services, None, Action.FREEZE, account), link, account, former)
    return account.exists and flow.state is State.ALLOWED


def _since(link: NoticeLink, changes: Sequence[PastChange]) -> tuple[PastChange, ...]:
    return log.since(changes, link.happened_at - log.TOOK)


def _of_notice(link: NoticeLink, changes: Sequence[PastChange]) -> tuple[PastChange, ...]:
    return log.told_by(changes, link.flow_id, link.happened_at)


def _is_known(link: NoticeLink, changes: Sequence[PastChange]) -> bool:
    """Whether the notice says that somebody knows the password, and it was not replaced by whoever opened the account again."""
    return link.kind in SIGN_INS and opened_after(changes, link.happened_at) is None


def _told(changes: Sequence[PastChange]) -> tuple[Told, ...]:
    return tuple(Told(c.kind, c.at) for c in changes)


def _flow(services: Services, client: Client | None, action: Action, account: Account) -> Flow:
    """A flow of one step, which no browser drives."""
    nobody = Client(holder="", network="", user_agent="", language=account.language)
    return replace(new_flow(services, client or nobody, action, account.account_id, account.account_id), holder=b"")


def _proven(services: Services, flow: Flow, link: NoticeLink, account: Account, left: Sequence[Address]) -> Flow:
    """The flow after the link has proven its address. One that has left the account, and does not lead back, counts as young."""
    now = services.clock.now()
    former = former_things(account, left, now)
    address = next((a for a in account.addresses if a.address_id == link.address_id), None)
    again = next((f for f in former if f.factor_id == link.address_id), None)
    if address is not None:
        kind = FactorKind.EMAIL if address.kind is AddressKind.EMAIL else FactorKind.SMS
        proof = Proof(kind, address.address_id, address_thing(address), now)
    elif again is not None:
        proof = Proof(again.kind, again.factor_id, again.thing, now)
    else:
        thing = Thing(ThingKind.MAILBOX, link.address_id)
        former = (Factor(link.address_id, FactorKind.EMAIL, thing, now),)
        proof = Proof(FactorKind.EMAIL, link.address_id, thing, now)
    return step(flow, Proven(proof), policy=services.policy, situation=Situation(account, (), now, former=former))


async def _change(press: _Press, action: Action) -> Change:
    flow = _proven(press.services, _flow(press.services, press.client, action, press.account), press.link, press.account, press.former)
    permit = permit_of(flow, press.services.clock.now())
    await press.tx.flows.add(over(press.services, flow, press.account))
    return Change(press.tx, press.services, press.client, press.lock, permit, flow, press.account)


async def _undo_and_freeze(press: _Press) -> Disowned:
    known = _is_known(press.link, press.changes)
    change, undone = await undo(await _change(press, Action.UNDO), _since(press.link, press.changes), password=known)
    done = await _freeze(replace(press, lock=change.lock, account=change.account))
    return replace(done, undone=undone)


async def _undo_only(press: _Press, one: Sequence[PastChange]) -> Disowned:
    change, undone = await undo(await _change(press, Action.UNDO), one)
    await end_open_flows(change, "replaced")
    return Disowned(press.link.kind, undone=undone, can_lock=press.account.frozen_at is None)


async def _freeze(press: _Press) -> Disowned:
    change = await _change(press, Action.FREEZE)
    lock = await freeze(change, press.link.kind, press.link.happened_at)
    objected = await _waits(press)
    at = await at_account(press.tx, press.services, press.client, lock, press.account.account_id)
    _, weighs = await object_with(at, change.flow.proofs, but=change.flow.flow_id)
    return Disowned(press.link.kind, frozen=True, objected=objected, disputed=weighs)


async def _object(press: _Press) -> Disowned:
    """A settled address makes a dispute of it, or weighs in the one that is open; a young one is heard, and changes nothing."""
    can_lock = press.may_freeze and press.account.frozen_at is None
    press = replace(press, lock=await _recorded(press))
    if _is_stolen(press) or not (await _waits(press) or press.account.disputed_at):
        return Disowned(press.link.kind, can_lock=can_lock)
    nothing_yet = _flow(press.services, press.client, Action.OBJECT, press.account)
    shown = _proven(press.services, nothing_yet, press.link, press.account, press.former).proofs
    at = await at_account(press.tx, press.services, press.client, press.lock, press.account.account_id)
    _, weighs = await object_with(at, shown, but="")
    return Disowned(press.link.kind, objected=True, disputed=weighs, can_lock=can_lock)


async def _stop(press: _Press) -> Disowned:
    """The flow that asked for a code is dead; only one that waits already is objected to, for a link ends no recovery."""
    link, can_lock = press.link, press.may_freeze and press.account.frozen_at is None
    flow = await press.tx.flows.get_for_step(link.flow_id)
    if flow is None or flow.void:
        return Disowned(link.kind, can_lock=can_lock)
    if flow.action in RECOVERIES and flow.waiting is not None:
        return await _object(press)
    known = any(p.kind is FactorKind.PASSWORD for p in flow.proofs)
    press = replace(press, lock=await _recorded(press))
    if not flow.is_open(press.services.clock.now()):
        return Disowned(link.kind, used=flow.state is State.DONE, password_known=known, can_lock=can_lock)
    await make_void(press.tx, flow)
    return Disowned(link.kind, stopped=True, password_known=known, can_lock=can_lock)


async def _waits(press: _Press) -> bool:
    return any(f.action in RECOVERIES and not f.void for f in await press.tx.flows.waiting_of(press.account.account_id))


async def _recorded(press: _Press) -> SubjectLock:
    account, link = press.account, press.link
    return await record(
        press.tx, press.services, press.lock, Event.DISOWNED, account, press.client, flow_id=link.flow_id, message=link.kind.value
    )


def _is_stolen(press: _Press) -> bool:
    """An address that came with a disowned change has no say, on the account or off it."""
    return any(a.address_id == press.link.address_id and a.stolen for a in (*press.account.addresses, *press.former))
