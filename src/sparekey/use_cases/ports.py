"""What the use cases need from outside, as protocols. ``adapters`` fulfils them, ``bootstrap`` joins the two."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import Account, AccountId, Address
from sparekey.domain.flow.flow import Flow
from sparekey.domain.passwords import Strength
from sparekey.domain.sessions import KnownDevice, Session
from sparekey.domain.values import Struct
from sparekey.use_cases.stores_of_agents import Agents, Votes
from sparekey.use_cases.stores_of_cases import Cases
from sparekey.use_cases.stores_of_changes import Changes
from sparekey.use_cases.stores_of_closing import Personal
from sparekey.use_cases.stores_of_contacts import Circles, ContactAsks, SecretAnswers
from sparekey.use_cases.stores_of_disputes import Disputes
from sparekey.use_cases.stores_of_factors import BackupCodes, Factors
from sparekey.use_cases.stores_of_messages import NoticeLinks, Outbox
from sparekey.use_cases.stores_of_prompts import Prompts
from sparekey.use_cases.stores_of_shop import Confirmations, ShopActivities, ShopEvents


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, UTC, in whole milliseconds (what every store can keep)."""


class Chance(Protocol):
    """All randomness. From the operating system in production, seeded in tests."""

    def new_id(self, now: datetime) -> str:
        """32 hexadecimal digits: 48 bits of time in milliseconds, then 80 random bits."""

    def token(self) -> str:
        """A secret of 256 random bits, URL-safe."""

    def digits(self, count: int) -> str:
        """A code of so many decimal digits, each equally likely."""

    def below(self, bound: int) -> int:
        """A whole number from 0 up to but not including ``bound``, each equally likely."""


class Sealer(Protocol):
    """Keeps what must be read again (outbox bodies, personal fields). Authenticated encryption, keys outside the database."""

    def seal(self, text: bytes, purpose: str) -> bytes: ...

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Raises ``ValueError`` when the text was altered or is of another purpose."""

    def keyed_hash(self, text: bytes, purpose: str) -> bytes:
        """32 bytes, under the current key. For what must be found or compared, never read."""

    def keyed_hashes(self, text: bytes, purpose: str) -> tuple[bytes, ...]:
        """The same under every key still kept, the current one first: what was stored before a rotation still matches."""


class PasswordHasher(Protocol):
    """Argon2id with a pepper, off the event loop, on one bounded budget of cores. Raises ``Busy`` when its queue is full."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, stored: str, password: str) -> bool:
        """Compares in the time of one hash. An empty ``stored`` takes as long and never matches."""

    def needs_rehash(self, stored: str) -> bool: ...

    def must_have_room(self) -> None:
        """Raises ``Busy`` when the queue is full at this moment: to be asked before anything is written for nothing."""


class Breached(Protocol):
    async def has(self, password: str) -> bool:
        """Whether the password is in a known breach, as far as the lists at hand know."""


class ParsedAddress(Struct, frozen=True):
    """``value``: as it is written to. ``key``: what two spellings of it share."""

    value: str
    key: str


class Identifiers(Protocol):
    """Understands what people type as their name or address."""

    def email(self, typed: str, field: str = "email") -> ParsedAddress:
        """Raises ``InvalidInput``."""

    def phone(self, typed: str, field: str = "phone") -> ParsedAddress:
        """A number that can get texts, in E.164. Raises ``InvalidInput``."""

    def user_name(self, typed: str, field: str = "user_name") -> tuple[str, str]:
        """What is shown, and its key. Raises ``InvalidInput``."""

    def key_of(self, typed: str) -> str:
        """The key of anything that may name an account; never fails."""


StrengthMeter = Callable[[str, Iterable[str]], Strength]
"""Measures a password against guessing; the second argument are words that it must not lean on (name, address, site)."""


class VolumeLimits(Protocol):
    async def hit(self, limit: str, subject: str) -> int:
        """Count one and answer 0, or answer after how many whole seconds to try again. ``limit``: a name of ``domain.limits``."""

    async def left(self, limit: str, subject: str) -> int:
        """How many more are let through now. Counts nothing."""


class HumanCheck(Protocol):
    """Proofs of work. ``purpose``: what one is good for; a solution for another purpose is none."""

    def challenge(self, purpose: str, now: datetime) -> str:
        """A new one, as JSON for the browser."""

    def check(self, solution: str, purpose: str, now: datetime) -> bytes | None:
        """What names the solved challenge, to be spent once; ``None`` for anything that is no right solution."""


# ---------------------------------------------------------------- the store


class WhoIs(Struct, frozen=True):
    """The answer to "who is signed in?": a session and whose it is."""

    session: Session
    email: str
    name: str
    language: str


class SubjectLock(Struct, frozen=True):
    """The head of one audit chain. Holding it is holding the lock on its subject for the length of the transaction."""

    chain: str
    seq: int
    mac: bytes


class AuditRow(Struct, frozen=True):
    """One link of a chain. ``detail``: JSON of nothing personal. ``personal``: JSON, sealed under the key of the account."""

    chain: str
    seq: int
    at: datetime
    name: str
    flow_id: str
    detail: bytes
    personal: bytes
    mac: bytes


class Link(Struct, frozen=True):
    """An event, and the head of its chain as it stood at the same moment; ``None`` when there is no head."""

    row: AuditRow
    head: SubjectLock | None


class Head(Struct, frozen=True):
    """The newest event of a chain, to be sealed. ``at``: when it happened, UTC."""

    chain: str
    seq: int
    mac: bytes
    at: datetime


class Guesses(Struct, frozen=True):
    """A counter of wrong answers. ``today``: in the present UTC day. ``in_a_row``: since the last right one."""

    today: int
    in_a_row: int


class Accounts(Protocol):
    async def find_by_key(self, key: str) -> Account:
        """By the key of a verified address, or a user name; ``nobody()`` when there is none. One statement either way."""

    async def find_by_key_or_former(self, key: str, removed_after: datetime) -> tuple[Account, Sequence[Address]]:
        """The same, also by an address that left after then and was neither stolen nor given up; and what ``former`` answers of the
        account. One statement in every case."""

    async def former(self, account_id: AccountId, removed_after: datetime) -> Sequence[Address]:
        """The addresses that left after then, the newest first, with ``removed_at``. Whether one leads back: ``domain.changes``."""

    async def get(self, account_id: AccountId) -> Account: ...

    async def add(self, account: Account) -> None:
        """Raises ``AddressTaken`` when another account has verified the address meanwhile."""

    async def save(self, old: Account, new: Account, now: datetime) -> None:
        """Writes what changed from ``old`` to ``new``: a replaced password goes to the history, a removed address is kept
        as a former one; one that ``new`` has and ``old`` has not is put back where it was the account's. Raises ``AddressTaken``."""

    async def former_passwords(self, account_id: AccountId, most: int) -> Sequence[str]:
        """The hashes of passwords before the present one, the newest first."""

    async def arrived(self, address_id: str, bounced_after: datetime) -> None:
        """A message to this address arrived: it is not refused any more, unless that began before ``bounced_after``."""

    async def last_reminded(self, before: datetime, most: int) -> Sequence[AccountId]:
        """Owners of a second factor who were last reminded of it before then."""

    async def reminded(self, account_id: AccountId, now: datetime) -> None: ...

    async def holder_of(self, key: str, removed_after: datetime) -> AccountId | None:
        """Whose address this is, or was until ``removed_after`` (a former address is reserved for a while)."""


class Spent(Protocol):
    async def spend(self, mark: bytes, until: datetime) -> bool:
        """Mark something as spent, to be kept until then; answers whether it was not spent before."""


class Flows(Protocol):
    async def get_for_step(self, flow_id: str) -> Flow | None:
        """Locked until the transaction ends, so that of many at once one steps after the other."""

    async def get(self, flow_id: str) -> Flow | None: ...

    async def add(self, flow: Flow) -> None: ...

    async def save(self, flow: Flow) -> None:
        """Raises ``StaleFlow`` when the stored version is not the one that was loaded."""

    async def open_of_account(self, account_id: AccountId, but: str, now: datetime) -> Sequence[Flow]:
        """Every open flow of an account but one, locked."""

    async def waiting(self, after: str, most: int) -> Sequence[Flow]:
        """Flows of all accounts that wait, by id, page by page; not locked."""

    async def half_signed_in(self, since: datetime, until: datetime, after: str, most: int) -> Sequence[Flow]:
        """Sign-ins to accounts that ask for something more and expire between two moments, by id, page by page; not locked."""

    async def waiting_of(self, account_id: AccountId) -> Sequence[Flow]:
        """Flows of one account that wait, or have waited and are not carried out yet, the oldest first; not locked."""


class Sessions(Protocol):
    async def add(self, session: Session, token_hash: bytes) -> None: ...

    async def of_account(self, account_id: AccountId) -> Sequence[Session]: ...

    async def end(self, account_id: AccountId, session_id: str) -> bool: ...

    async def end_all(self, account_id: AccountId, except_session: str = "") -> int: ...

    async def refresh(self, session: Session) -> None:
        """Writes anew what a session is worth: its proofs (after a fresh one), and whether it is limited."""


class Devices(Protocol):
    async def find(self, token_hash: bytes, account_id: AccountId) -> KnownDevice | None: ...

    async def add(self, device: KnownDevice, token_hash: bytes) -> None: ...

    async def seen(self, device_id: str, now: datetime, networks: tuple[str, ...]) -> None:
        """It signed in fully once more; ``networks``: its usual surroundings from now on."""

    async def forget_younger(self, account_id: AccountId, than: datetime) -> None: ...


class GuessCounters(Protocol):
    async def count_one(self, subject: str, lane: str, day: int) -> Guesses:
        """Count one and answer the counter as it now stands. ``day``: days since 1970-01-01, UTC."""

    async def read(self, subject: str, lane: str, day: int) -> Guesses:
        """The counter as it stands, without counting."""

    async def many_today(self, lane: str, day: int, least: int, after: str, most: int) -> Sequence[AccountId]:
        """Accounts with so many wrong answers in a lane on that day, by id, page by page."""

    async def clear(self, subject: str, lane_prefix: str, *, but_the_day_in: str = "") -> None:
        """Forget all counters of one factor: it was replaced by a new one. In one lane only the row of wrong answers ends: what was
        tried there today still counts."""

    async def count_within(self, subject: str, lane: str, day: int, most_today: int, most_in_a_row: int) -> bool:
        """Count one if that stays within both limits; answers whether it did. Nothing is counted beyond them."""

    async def take_back(self, subject: str, lane: str, day: int) -> None:
        """The answer was right: undo the count and end the row of wrong ones."""

    async def not_looked_at(self, subject: str, lane: str, day: int) -> None:
        """The answer was never compared: undo the count, and nothing else."""


class Audit(Protocol):
    async def lock(self, chain: str) -> SubjectLock:
        """Lock a subject (an account, or a name that nobody has) and read the head of its chain."""

    async def append(self, row: AuditRow) -> None: ...

    async def of_chain(self, chain: str, most: int) -> Sequence[AuditRow]:
        """The newest first."""

    async def of_flow(self, chain: str, flow_id: str) -> Sequence[AuditRow]:
        """The events of one flow in one chain, the oldest first."""

    async def chains_of_flow(self, flow_id: str, since: datetime, until: datetime) -> Sequence[str]:
        """The chains with events of a flow between two moments."""

    async def links(self, chain: str, seq: int, most: int) -> Sequence[Link]:
        """Events of all chains after the one named, in the order of chain and number, page by page."""

    async def expected(self, after: str, most: int) -> Sequence[tuple[str, bool]]:
        """Every chain that must have events (each account's, and each with a head), by name, page by page; and whether it has."""

    async def mac_of(self, chain: str, seq: int) -> bytes | None: ...

    async def count(self) -> int:
        """How many events there are."""

    async def changed(self, after: datetime, most: int) -> tuple[Sequence[Head], datetime | None]:
        """The heads of chains with events after a moment, a page of about ``most`` events; and the moment from which to ask for
        the next page, ``None`` after the last."""

    async def happened(self, after: datetime, until: datetime, most: int) -> Sequence[str]:
        """Chains with events after one moment and not after another."""


class Transaction(Protocol):
    """One transaction. It commits when the block ends without an error, and leaves nothing behind otherwise."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def flows(self) -> Flows: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def devices(self) -> Devices: ...

    @property
    def factors(self) -> Factors: ...

    @property
    def backup_codes(self) -> BackupCodes: ...

    @property
    def prompts(self) -> Prompts: ...

    @property
    def notice_links(self) -> NoticeLinks: ...

    @property
    def spent(self) -> Spent: ...

    @property
    def guesses(self) -> GuessCounters: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def personal(self) -> Personal: ...

    @property
    def changes(self) -> Changes: ...

    @property
    def disputes(self) -> Disputes: ...

    @property
    def agents(self) -> Agents: ...

    @property
    def votes(self) -> Votes: ...

    @property
    def shop_activities(self) -> ShopActivities: ...

    @property
    def confirmations(self) -> Confirmations: ...

    @property
    def shop_events(self) -> ShopEvents: ...

    @property
    def cases(self) -> Cases: ...

    @property
    def circles(self) -> Circles: ...

    @property
    def contact_asks(self) -> ContactAsks: ...

    @property
    def secret_answers(self) -> SecretAnswers: ...


class Store(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def session_by_token(self, token_hash: bytes) -> WhoIs | None:
        """The hot path: who is signed in? One look-up, never cached, ``None`` for ended and unknown."""

    async def sessions_seen(self, seen: Mapping[str, datetime]) -> None:
        """Write down the last use of sessions, many at once."""

    async def prune(self, now: datetime, most: int) -> dict[str, int]:
        """Remove what is kept long enough (``domain.retention``), at most ``most`` rows of each kind, each kind in a transaction of
        its own; how many of each were removed."""

    async def is_ready(self) -> bool:
        """Whether the database answers."""


class Places(Protocol):
    def place_of(self, network: str) -> str:
        """City and country of an IP address, or an empty string when unknown."""


class Operators(Protocol):
    """What happens to texts, by the first digits of their numbers. Forgotten at a restart; it decides nothing."""

    def note(self, number: str, *, arrived: bool, now: datetime) -> None: ...

    def refuses_many(self, number: str, now: datetime) -> bool:
        """Whether this operator refuses many texts today, whoever they are for. ``number``: in E.164."""


class AddressTaken(Exception):
    """Another account has verified this address, or taken this user name, meanwhile."""
