"""Account, its addresses, and ``nobody()``: the stand-in for an account that does not exist."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique
from typing import NewType

from sparekey.domain.factors import SECOND_FACTORS, Factor, FactorKind, Thing, ThingKind
from sparekey.domain.values import Struct, replace

AccountId = NewType("AccountId", str)
"""32 hexadecimal digits; the first 12 are the time of creation in milliseconds, so that new rows lie side by side."""

LONGEST_IDENTIFIER = 320
"""Characters of whatever names an account: an e-mail address has 64 + @ + 255 at the most (RFC 5321, 4.5.3.1)."""

NOBODY_ID = AccountId("0" * 32)
"""The stand-in is a real row in the database, so that an unknown name takes the same road through the same statements."""

SETTLED_AFTER = timedelta(days=30)
"""A thing counts as settled when it was on the account so long without objection (mission.md, "Settled")."""


NUMBER_CONFIRMED_FOR = timedelta(days=365)
"""Operators give a number that was left to somebody else after some months."""

BOUNCE_FORGIVEN = timedelta(days=30)
"""A mailbox that takes mail again so soon is still the same one. Later its domain may be somebody else's: a lapsed name is given back to
its owner alone for about so long (ICANN, Expired Registration Recovery Policy)."""


@unique
class AddressKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"


class Address(Struct, frozen=True):
    """A verified way to reach the owner.

    ``value``: as it is written to. ``key``: what two spellings of one address share; unique among verified addresses.
    ``with_account``: verified at sign-up.
    """

    address_id: str
    kind: AddressKind
    value: str
    key: str
    added_at: datetime
    main: bool
    with_account: bool = False
    stolen: bool = False
    confirmed_at: datetime | None = None
    """When (UTC) it was last shown to reach the owner; ``None`` for not since it was added."""
    bounced_at: datetime | None = None
    """Since when (UTC) messages to it are refused for good; ``None`` while they arrive, and once the owner confirmed it again."""
    removed_at: datetime | None = None
    """When (UTC) it left the account; ``None`` while it is there. Only what ``Accounts.former`` answers has left (mission.md, R13)."""
    given_up: bool = False
    """The owner left it with two settled things and said that it is not theirs any more: it can only object (mission.md, R13)."""


class Account(Struct, frozen=True):
    """An account as the domain sees it; times in UTC. ``password_hash`` is opaque here.

    ``contested_at``: when the first contested change was made; ``None`` when nothing is contested.
    ``version`` grows with every change of a credential or address.
    """

    account_id: AccountId
    name: str
    language: str
    created_at: datetime
    password_hash: str
    password_set_at: datetime
    version: int
    shred_key: str = ""
    """Part of the key under which personal fields of its audit events are sealed; destroyed when the account is closed."""
    user_name: str = ""
    user_name_key: str = ""
    addresses: tuple[Address, ...] = ()
    enrolled: tuple[Factor, ...] = ()
    preferred: str = ""
    """The kind of second factor that is offered first; empty for the order of the policy (mission.md, F7)."""
    must_have_second: bool = False
    """The site requires a second factor of this account in particular (mission.md, F8)."""
    second_offered_at: datetime | None = None
    """When (UTC) a second factor was last offered and refused."""
    reminded_at: datetime | None = None
    """When (UTC) the owner of a second factor was last reminded of it, at first when it was added; ``None`` without one."""
    contested_at: datetime | None = None
    frozen_at: datetime | None = None
    closing_at: datetime | None = None
    """When (UTC) it closes for good; ``None`` while nobody wants it closed (mission.md, S4)."""
    closed_at: datetime | None = None
    """When (UTC) it was closed for good: nothing personal can be read any more, and nothing signs in."""
    blocked_at: datetime | None = None
    """Since when (UTC) the site has blocked it (mission.md, C4)."""
    disputed_at: datetime | None = None
    """Since when (UTC) two sides claim it (mission.md, R16); ``None`` while nobody does."""
    recovered_at: datetime | None = None
    """When (UTC) the recovery was done that ``quarantined_until`` comes from."""
    quarantined_until: datetime | None = None
    """Until when (UTC) some things are withheld after a recovery (mission.md, R11)."""
    second_lost_at: datetime | None = None
    """When (UTC) a recovery took off the last second factor that was lost."""
    role: str = ""
    """``agent`` for whoever works on support cases (mission.md, C6); empty for everybody else."""

    @property
    def exists(self) -> bool:
        return self.account_id != NOBODY_ID

    def is_quarantined(self, now: datetime) -> bool:
        return self.quarantined_until is not None and now < self.quarantined_until

    @property
    def emails(self) -> tuple[Address, ...]:
        return tuple(a for a in self.addresses if a.kind is AddressKind.EMAIL)

    @property
    def phones(self) -> tuple[Address, ...]:
        return tuple(a for a in self.addresses if a.kind is AddressKind.PHONE)

    @property
    def main_phone(self) -> Address | None:
        return next((a for a in self.phones if a.main), None)

    @property
    def main_email(self) -> Address | None:
        return next((a for a in self.emails if a.main), None)

    def factors(self) -> tuple[Factor, ...]:
        """Everything that may prove something on this account: the password, the addresses, and what was enrolled.

        Whoever signed up with an account elsewhere may have no password. The stand-in counts as one who has.
        """
        memory = Factor(
            factor_id="password",
            kind=FactorKind.PASSWORD,
            thing=Thing(ThingKind.MEMORY, "password"),
            added_at=self.password_set_at,
            with_account=True,
        )
        remembered = (memory,) if self.password_hash or not self.exists else ()
        reached = tuple(
            Factor(
                factor_id=a.address_id,
                kind=FactorKind.EMAIL if a.kind is AddressKind.EMAIL else FactorKind.SMS,
                thing=address_thing(a),
                added_at=a.added_at,
                with_account=a.with_account,
                stolen=a.stolen,
            )
            for a in self.addresses
        )
        return (*remembered, *reached, *self.enrolled)


def address_thing(address: Address) -> Thing:
    """What a thief must get to read what is sent to an address."""
    return Thing(ThingKind.MAILBOX if address.kind is AddressKind.EMAIL else ThingKind.NUMBER, address.key)


def is_settled(factor: Factor | Address, contested_at: datetime | None, now: datetime) -> bool:
    """Whether a thing is settled: 30 days on the account without objection, or there before the first contested change.

    What came with the account at sign-up is settled from the start: nobody was there before it who could object
    (docs/decisions/0004-settled-at-sign-up.md). A thing reported stolen is never settled.
    """
    if factor.stolen:
        return False
    if contested_at is not None and factor.added_at >= contested_at:
        return False
    return factor.with_account or contested_at is not None or now - factor.added_at >= SETTLED_AFTER


def is_needed(account: Account, address: Address) -> bool:
    """Whether an address must stay: the main mailbox, and the main number as long as there are others."""
    return address.main and (address.kind is AddressKind.EMAIL or len(account.phones) > 1)


def is_weak(address: Address, now: datetime) -> bool:
    """Whether an address counts only beside another thing (mission.md, S6): mail to it is refused, or it is a number that was not
    shown to be the owner's for twelve months, in which operators give numbers to others."""
    if address.bounced_at is not None:
        return True
    shown = address.confirmed_at or address.added_at
    return address.kind is AddressKind.PHONE and now - shown >= NUMBER_CONFIRMED_FOR


def second_factors(account: Account) -> tuple[Factor, ...]:
    """What the owner chose to be asked for beside the password. An address that may be written to is none by itself.

    One that was reported stolen is among them: it proves nothing any more, and the requirement stays (mission.md, F9).
    """
    return tuple(f for f in account.enrolled if f.second or f.kind in SECOND_FACTORS)


def has_second_factor(account: Account) -> bool:
    """Whether signing in asks for a second thing."""
    return bool(second_factors(account))


def lacks_second_factor(account: Account, *, required: bool) -> bool:
    """Whether the site asks for a second factor that the account does not have yet. ``required``: of all accounts (mission.md, F8)."""
    return (required or account.must_have_second) and not has_second_factor(account)


def has_settled_second_factor(account: Account, now: datetime) -> bool:
    """Whether recovery asks for a second thing: young factors raise nothing there (mission.md, R12).

    One that a recovery took off because it was lost is asked for as long as a new one is young: otherwise whoever reads the mailbox
    would come in behind the owner.
    """
    if account.second_lost_at is not None and now - account.second_lost_at < SETTLED_AFTER:
        return True
    return any(is_settled(replace(f, stolen=False), account.contested_at, now) for f in second_factors(account))


def nobody() -> Account:
    """The account behind a name that nobody has. It is shaped like any other, and nothing proves it."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    address = Address(
        address_id="0" * 32,
        kind=AddressKind.EMAIL,
        value="nobody@invalid",
        key="nobody@invalid",
        added_at=start,
        main=True,
        with_account=True,
    )
    return Account(
        account_id=NOBODY_ID,
        name="Nobody",
        language="en",
        created_at=start,
        password_hash="",
        password_set_at=start,
        version=1,
        addresses=(address,),
    )
