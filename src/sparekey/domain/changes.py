"""What was changed on an account, and what it looks like when changes are undone (mission.md, H2; docs/decisions/0017-undo.md).

Each change keeps what the account was before and after it. So any of them can be undone, whatever was changed since: what it brought
leaves, what it took away returns, and a password that it set is void. Nothing is ever un-stolen, and no password returns.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import TypeVar

from sparekey.domain.accounts import Account, Address, AddressKind, address_thing, has_second_factor, is_settled
from sparekey.domain.audit import Event
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.policy.conditions import STANDS_IN
from sparekey.domain.remembered import without_remembered
from sparekey.domain.values import Struct, replace

_T = TypeVar("_T", Address, Factor)

UNDO_FOR = timedelta(days=30)
"""So long a change can be undone, and an address that left leads back (mission.md, H2 and R13)."""

TOOK = timedelta(seconds=10)
"""A notice is written in the transaction of its change: what it tells of was done at most so long before."""

OPENED = Event.THAWED
"""Whoever opened a frozen account has shown enough: links from before undo nothing that was done after, nor anything that was left."""


@unique
class Group(StrEnum):
    """What a change is about, as people are told."""

    ADDRESS = "address"
    FACTOR = "factor"
    SOCIAL = "social"
    CONTACTS = "contacts"
    DETAILS = "details"
    CLOSING = "closing"
    PASSWORD = "password"


GROUPS: Mapping[Event, Group] = {
    Event.PASSWORD_CHANGED: Group.PASSWORD,
    Event.RECOVERED: Group.PASSWORD,
    Event.ADDRESS_ADDED: Group.ADDRESS,
    Event.ADDRESS_REMOVED: Group.ADDRESS,
    Event.MAIN_ADDRESS_CHANGED: Group.ADDRESS,
    Event.DETAILS_CHANGED: Group.DETAILS,
    Event.FACTOR_ADDED: Group.FACTOR,
    Event.FACTOR_REMOVED: Group.FACTOR,
    Event.BACKUP_CODES_MADE: Group.FACTOR,
    Event.SOCIAL_LINKED: Group.SOCIAL,
    Event.SOCIAL_UNLINKED: Group.SOCIAL,
    Event.CONTACTS_CHANGED: Group.CONTACTS,
}
"""What can be undone. That a factor was reported stolen cannot: whoever holds the stolen thing would undo it."""


class Was(Struct, frozen=True):
    """What of an account a change may alter and an undo bring back. Times in UTC."""

    addresses: tuple[Address, ...]
    enrolled: tuple[Factor, ...]
    name: str
    language: str
    user_name: str
    user_name_key: str
    preferred: str
    password_set_at: datetime


class PastChange(Struct, frozen=True):
    """``kind``: what was done; ``OPENED`` is kept among them, and undone by nobody. ``flow_id``: of the flow that did it. Times in UTC."""

    change_id: str
    kind: Event
    at: datetime
    flow_id: str
    before: Was
    after: Was
    undone_at: datetime | None = None


class Undoing(Struct, frozen=True):
    """What undoing some changes comes to. ``password``: it becomes void."""

    leaving: tuple[Address, ...]
    returning: tuple[Address, ...]
    factors_leaving: tuple[Factor, ...]
    factors_returning: tuple[Factor, ...]
    main: frozenset[str]
    """Ids of the addresses that are the main ones again."""
    name: str
    language: str
    user_name: str
    user_name_key: str
    preferred: str
    password: bool


def was(account: Account) -> Was:
    """What is kept of an account at a change. Remembered devices come and go without one."""
    return Was(
        account.addresses,
        without_remembered(account).enrolled,
        account.name,
        account.language,
        account.user_name,
        account.user_name_key,
        account.preferred,
        account.password_set_at,
    )


def opened_after(changes: Sequence[PastChange], since: datetime) -> datetime | None:
    """When the account was first opened again after a moment; ``None`` if it was not."""
    return min((c.at for c in changes if c.kind is OPENED and c.at > since), default=None)


def since(changes: Sequence[PastChange], moment: datetime) -> tuple[PastChange, ...]:
    """What can be undone of all that was done since a moment, the oldest first; nothing if the account was opened again after it."""
    if opened_after(changes, moment) is not None:
        return ()
    found = (c for c in changes if c.at >= moment and c.kind in GROUPS and c.undone_at is None)
    return tuple(sorted(found, key=lambda c: c.at))


def possible(changes: Sequence[PastChange]) -> tuple[PastChange, ...]:
    """Everything that can be undone, the oldest first: since the account was last opened again, if it ever was."""
    if not changes:
        return ()
    return since(changes, max((c.at for c in changes if c.kind is OPENED), default=min(c.at for c in changes)))


def told_by(changes: Sequence[PastChange], flow_id: str, at: datetime) -> tuple[PastChange, ...]:
    """What one notice told of: done by its flow, in its transaction."""
    return tuple(c for c in since(changes, at - TOOK) if c.flow_id == flow_id and c.at <= at + TOOK)


def undoing(account: Account, changes: Sequence[PastChange]) -> Undoing:
    """What undoing these changes (the oldest first) comes to on the account as it is now.

    What somebody changed again since, by a change that is not among them, stays as it is.
    """
    here, enrolled = {a.address_id: a for a in account.addresses}, {f.factor_id: f for f in account.enrolled}
    came, f_came = set[str](), set[str]()
    went, f_went = dict[str, Address](), dict[str, Factor]()
    for c in changes:  # what was there before the first of them did not come with any, also where it left and was brought back
        came |= _ids(c.after) - _ids(c.before) - went.keys()
        f_came |= _factor_ids(c.after) - _factor_ids(c.before) - f_went.keys()
        left = (a for a in c.before.addresses if a.address_id not in _ids(c.after) | came | went.keys())
        f_left = (f for f in c.before.enrolled if f.factor_id not in _factor_ids(c.after) | f_came | f_went.keys())
        went |= {a.address_id: _no_older(a, account, c.at) for a in left}
        f_went |= {f.factor_id: _no_older(f, account, c.at) for f in f_left}
    return Undoing(
        leaving=tuple(here[a] for a in here if a in came),
        returning=tuple(a for i, a in went.items() if i not in here and not a.stolen),
        factors_leaving=tuple(enrolled[f] for f in enrolled if f in f_came),
        factors_returning=tuple(f for i, f in f_went.items() if i not in enrolled and not f.stolen),
        main=_main(account, changes),
        name=_back("name", account, changes),
        language=_back("language", account, changes),
        user_name=_back("user_name", account, changes),
        user_name_key=_back("user_name_key", account, changes),
        preferred=_back("preferred", account, changes),
        password=any(c.before.password_set_at != c.after.password_set_at == account.password_set_at for c in changes),
    )


def without_what_came(account: Account, plan: Undoing, now: datetime, *, password: bool) -> Account:
    """The account after what came has left, and before anything returns. ``password``: it is void, whatever the plan says of it.
    A closing stops. No device is remembered any more."""
    gone, f_gone = {a.address_id for a in plan.leaving}, {f.factor_id for f in plan.factors_leaving}
    rest = without_remembered(account)
    void = password or plan.password
    return replace(
        rest,
        addresses=tuple(a for a in rest.addresses if a.address_id not in gone),
        enrolled=tuple(f for f in rest.enrolled if f.factor_id not in f_gone),
        password_hash="" if void else rest.password_hash,
        password_set_at=now if void else rest.password_set_at,
        closing_at=None,
        version=rest.version + 1,
    )


def with_what_returns(account: Account, plan: Undoing, addresses: Sequence[Address], factors: Sequence[Factor], now: datetime) -> Account:
    """The account after some of what left has returned. ``addresses`` and ``factors``: those of the plan that nobody else has taken."""
    back = tuple(replace(a, removed_at=None, given_up=False) for a in addresses)
    every = _one_main((*account.addresses, *back), plan.main)
    reached = {address_thing(a) for a in every}
    by_message = {FactorKind.SMS, FactorKind.EMAIL}
    enrolled = tuple(f for f in (*account.enrolled, *factors) if f.kind not in by_message or f.thing in reached)
    new = replace(
        account,
        addresses=every,
        enrolled=enrolled,
        name=plan.name,
        language=plan.language,
        user_name=plan.user_name,
        user_name_key=plan.user_name_key,
        preferred=plan.preferred if any(f.kind == plan.preferred for f in enrolled) else "",
    )
    if not has_second_factor(new):
        return replace(new, enrolled=tuple(f for f in enrolled if f.kind not in STANDS_IN), preferred="", reminded_at=None)
    return replace(new, reminded_at=new.reminded_at or now)


# ---------------------------------------------------------------- addresses that left (mission.md, R13)


def leads_back(address: Address, contested_at: datetime | None, now: datetime) -> bool:
    """Whether an address that left still leads to the account: settled when it left, less than 30 days ago, and not left for good."""
    if address.removed_at is None or now - address.removed_at >= UNDO_FOR or address.given_up:
        return False
    # By its age as well: else a freeze would settle a young one that left before what is contested.
    return all(is_settled(address, since, address.removed_at) for since in (None, contested_at))


def former_things(account: Account, left: Sequence[Address], now: datetime) -> tuple[Factor, ...]:
    """What addresses that left may still prove. One that is on the account again is no former one."""
    present = {a.key for a in account.addresses}
    return tuple(
        Factor(
            a.address_id,
            FactorKind.EMAIL if a.kind is AddressKind.EMAIL else FactorKind.SMS,
            address_thing(a),
            a.added_at,
            with_account=a.with_account,
        )
        for a in left
        if a.key not in present and leads_back(a, account.contested_at, now)
    )


# ---------------------------------------------------------------- details


def _no_older(thing: _T, account: Account, left_at: datetime) -> _T:
    """As it returns: on an account that is contested, what was young when it left is contested too, or else returning would settle it."""
    if account.contested_at is None or is_settled(thing, None, left_at):
        return thing
    return replace(thing, added_at=max(thing.added_at, account.contested_at))


def _ids(then: Was) -> set[str]:
    return {a.address_id for a in then.addresses}


def _factor_ids(then: Was) -> set[str]:
    return {f.factor_id for f in then.enrolled}


def _back(field: str, account: Account, changes: Sequence[PastChange]) -> str:
    """A detail as it was before the first of the changes that altered it, unless somebody altered it again since."""
    altered = [c for c in changes if getattr(c.before, field) != getattr(c.after, field)]
    now: str = getattr(account, field)
    if not altered or getattr(altered[-1].after, field) != now:
        return now
    before: str = getattr(altered[0].before, field)
    return before


def _main(account: Account, changes: Sequence[PastChange]) -> frozenset[str]:
    """The main ones as they were before the first change that altered them; of each kind its own."""
    found = set()
    for kind in AddressKind:
        altered = [c for c in changes if _main_of(c.before.addresses, kind) != _main_of(c.after.addresses, kind)]
        present = _main_of(account.addresses, kind)
        again = altered and _main_of(altered[-1].after.addresses, kind) == present
        found.add(_main_of(altered[0].before.addresses, kind) if again else present)
    return frozenset(found - {""})


def _main_of(addresses: Sequence[Address], kind: AddressKind) -> str:
    return next((a.address_id for a in addresses if a.kind is kind and a.main), "")


def _one_main(addresses: tuple[Address, ...], wanted: frozenset[str]) -> tuple[Address, ...]:
    """One main address of each kind, where there are any: the one that is wanted, else the one that is it, else the oldest."""
    chosen = set()
    for kind in AddressKind:
        own = sorted((a for a in addresses if a.kind is kind), key=lambda a: (a.address_id not in wanted, not a.main, a.added_at))
        chosen |= {a.address_id for a in own[:1]}
    return tuple(replace(a, main=a.address_id in chosen) for a in addresses)
