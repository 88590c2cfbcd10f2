"""What the owner sees of the own account: details, devices, activity, messages. Questions only; nothing here changes anything."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.domain.accounts import Account, Address, address_thing, is_needed, is_settled, is_weak, second_factors
from sparekey.domain.audit import FOR_OWNER
from sparekey.domain.devices import device_name
from sparekey.domain.remembered import remembered
from sparekey.domain.retention import MESSAGE_KEPT
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import AuditRow
from sparekey.use_cases.record import personal_purpose
from sparekey.use_cases.services import Services
from sparekey.use_cases.stores_of_messages import SentMessage

SHOWN = 100
"""So many events and messages are shown, the newest first."""

SHOWN_FOR = MESSAGE_KEPT
"""Events are shown as long as messages. What is older can still tell the owner from a thief who reads the page (mission.md, C5)."""


class AddressSeen(Struct, frozen=True):
    """``settled``: it can already help to get back in. ``weak``: why it counts only beside something else: bounced, unconfirmed, or
    empty. ``second_factor``: codes to it are one. ``may_leave``: it can be removed."""

    address_id: str
    kind: str
    value: str
    main: bool
    added_at: datetime
    settled: bool
    weak: str
    confirmed_at: datetime | None
    second_factor: bool
    may_leave: bool


class Details(Struct, frozen=True):
    """Not when the account was made: that is something to tell its owner by (mission.md, C5)."""

    account_id: str
    name: str
    user_name: str
    language: str
    password_set_at: datetime | None
    """``None`` for an account without one: it began with an account elsewhere."""
    addresses: tuple[AddressSeen, ...]


class SessionSeen(Struct, frozen=True):
    """``place``: city and country, or empty when unknown. ``current``: the one that asks."""

    session_id: str
    device: str
    place: str
    created_at: datetime
    seen_at: datetime
    current: bool


class Activity(Struct, frozen=True):
    """``name``: a stable name of ``domain.audit``; its sentence is in ``messages``."""

    at: datetime
    name: str
    device: str
    place: str


async def read_details(services: Services, session: Session) -> Details:
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
    now = services.clock.now()
    return Details(
        account_id=account.account_id,
        name=account.name,
        user_name=account.user_name,
        language=account.language,
        password_set_at=account.password_set_at if account.password_hash else None,
        addresses=tuple(_address(account, a, now) for a in account.addresses),
    )


def _address(account: Account, a: Address, now: datetime) -> AddressSeen:
    return AddressSeen(
        a.address_id,
        a.kind.value,
        a.value,
        a.main,
        a.added_at,
        settled=is_settled(a, account.contested_at, now),
        weak=("bounced" if a.bounced_at else "unconfirmed") if is_weak(a, now) else "",
        confirmed_at=a.confirmed_at,
        second_factor=any(f.thing == address_thing(a) for f in second_factors(account)),
        may_leave=not is_needed(account, a),
    )


async def read_sessions(services: Services, session: Session) -> Sequence[SessionSeen]:
    async with services.store.transaction() as tx:
        found = await tx.sessions.of_account(session.account_id)
    now, current, rules = services.clock.now(), session.session_id, services.policy.sessions
    # The session that asks is in use, though that may not be written down yet.
    there = [s for s in found if s.session_id == current or not rules.has_ended(s, now, s.seen_at)]
    return [session_seen(services, s, current) for s in there]


def session_seen(services: Services, s: Session, current: str) -> SessionSeen:
    """``current``: the id of the session that asks, or empty."""
    place = services.places.place_of(s.network)
    return SessionSeen(s.session_id, device_name(s.user_agent), place, s.created_at, s.seen_at, s.session_id == current)


class RememberedSeen(Struct, frozen=True):
    """A device on which the second factor is not asked for, until a moment. ``current``: the one that asks."""

    factor_id: str
    device: str
    added_at: datetime
    until: datetime
    current: bool


async def read_remembered(services: Services, session: Session) -> Sequence[RememberedSeen]:
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
    return [
        RememberedSeen(f.factor_id, f.label, f.added_at, f.until, f.thing.name == session.device_id)
        for f in remembered(account, services.clock.now())
        if f.until is not None
    ]


async def read_activity(services: Services, session: Session) -> Sequence[Activity]:
    """What the audit log knows about this account, for the owner, the newest first."""
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
        rows = await tx.audit.of_chain(account.account_id, SHOWN * 3)
    since = services.clock.now() - SHOWN_FOR
    shown = [r for r in rows if r.name in FOR_OWNER and r.at >= since]
    return [activity_of(services, account, r) for r in shown[:SHOWN]]


async def read_messages(services: Services, session: Session) -> Sequence[SentMessage]:
    """Every message that we sent, so that a false one can be told."""
    async with services.store.transaction() as tx:
        return await tx.outbox.of_account(session.account_id, SHOWN)


def activity_of(services: Services, account: Account, row: AuditRow) -> Activity:
    """One event, for the owner."""
    personal: dict[str, str] = msgspec.json.decode(services.sealer.open(row.personal, personal_purpose(account)), type=dict[str, str])
    return Activity(row.at, row.name, device_name(personal["user_agent"]), services.places.place_of(personal["network"]))
