"""Recovery contacts: friends who help to get back in, a few of them together (mission.md, R7; docs/decisions/0019-recovery-contacts.md).

A *circle* is one list of friends, and how many of them are needed. The circle that holds is the one that a factor of the account names;
a new one takes its place after a wait, once enough friends have accepted. All friends together are one thing held.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.accounts import Account, AccountId
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.values import Struct

FEWEST: Final = 2
"""Friends in a circle, and friends that are needed: one alone can do nothing (mission.md, R7)."""

MOST: Final = 5

PHRASE_WORDS: Final = 4
"""Of a list of 7,776: 51 bits, and a link takes five tries. Short enough to be told on the phone."""

INVITED_FOR: Final = timedelta(days=30)
"""How long an invitation can be accepted, and the acceptance taken back."""

ASKED_FOR: Final = timedelta(days=3)
"""How long a friend has to type the phrase: friends travel."""


@unique
class ContactState(StrEnum):
    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@unique
class AskKind(StrEnum):
    """What a friend is mailed a link for."""

    INVITATION = "invitation"
    PHRASE = "phrase"


@unique
class AskState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"  # the phrase was right
    REFUSED = "refused"  # the friend said that nobody had told a phrase
    DEAD = "dead"  # too many wrong phrases


class Friend(Struct, frozen=True):
    """One whom the owner names. ``key``: what two spellings of the address share."""

    name: str
    email: str
    key: str


class Contact(Struct, frozen=True):
    """A friend in a circle. ``owner``: the name of the account's owner as the friend was told it, and all that the friend learns."""

    contact_id: str
    friend: Friend
    owner: str
    state: ContactState
    added_at: datetime


class Circle(Struct, frozen=True):
    """``needed``: so many of the friends must type the phrase. ``made_at``, ``remind_at``: UTC. No friends at all: the owner wants none."""

    circle_id: str
    account_id: AccountId
    needed: int
    made_at: datetime
    remind_at: datetime
    contacts: tuple[Contact, ...] = ()

    @property
    def accepted(self) -> tuple[Contact, ...]:
        return tuple(c for c in self.contacts if c.state is ContactState.ACCEPTED)

    @property
    def is_ready(self) -> bool:
        """Whether it can take effect: enough friends have accepted, or there are to be none."""
        return not self.contacts or len(self.accepted) >= self.needed

    @property
    def is_hopeless(self) -> bool:
        """Whether so many declined that it can never take effect."""
        left = [c for c in self.contacts if c.state is not ContactState.DECLINED]
        return bool(self.contacts) and len(left) < self.needed


class ContactAsk(Struct, frozen=True):
    """A link that was mailed to a friend. ``contact_id``: empty for one that was mailed to nobody. ``phrase``: what the friend must type;
    empty for an invitation. ``flow_id``: of the recovery, or of the change of the list. Times in UTC."""

    kind: AskKind
    flow_id: str
    account_id: AccountId
    contact_id: str
    phrase: str
    asked_at: datetime
    expires_at: datetime
    state: AskState = AskState.OPEN
    wrong: int = 0
    answered_at: datetime | None = None


def contacts_factor(account: Account) -> Factor | None:
    """The factor that names the circle that holds."""
    return next((f for f in account.enrolled if f.kind is FactorKind.CONTACTS), None)


def new_factor(circle_id: str, now: datetime) -> Factor:
    """All friends of a circle are one thing held."""
    return Factor(circle_id, FactorKind.CONTACTS, Thing(ThingKind.PEOPLE, circle_id), now)


def check_circle(friends: Sequence[Friend], needed: int, own_keys: Collection[str], *, all_needed_is_meant: bool) -> None:
    """Whether an owner may have these friends. ``own_keys``: the addresses of the account: whoever reads one of those is not a friend.

    Raises ``InvalidInput`` with everything that is wrong: contacts_too_few, contacts_too_many, contacts_needed, contact_is_you,
    contact_twice, and contacts_all_needed where every single friend is needed and the owner has not said that this is meant. No friends at
    all is fine.
    """
    problems = []
    if len(friends) > MOST:
        problems.append(FieldProblem("friends", "contacts_too_many", (("most", str(MOST)),)))
    elif 0 < len(friends) < FEWEST:
        problems.append(FieldProblem("friends", "contacts_too_few", (("fewest", str(FEWEST)),)))
    seen: set[str] = set()
    for number, friend in enumerate(friends, 1):
        if friend.key in own_keys:
            problems.append(FieldProblem(f"email_{number}", "contact_is_you"))
        elif friend.key in seen:
            problems.append(FieldProblem(f"email_{number}", "contact_twice"))
        seen.add(friend.key)
    if friends and not problems and not FEWEST <= needed <= len(friends):
        problems.append(FieldProblem("needed", "contacts_needed", (("fewest", str(FEWEST)), ("most", str(len(friends))))))
    if friends and not problems and needed == len(friends) and not all_needed_is_meant:
        problems.append(FieldProblem("all_needed", "contacts_all_needed"))
    if problems:
        raise InvalidInput(*problems)


def normal_phrase(typed: str) -> str:
    """What two ways of typing one phrase share: capital letters, commas, dashes and spaces do not matter."""
    text = unicodedata.normalize("NFKC", typed).casefold()
    return " ".join(re.findall(r"\w+", text))


def answered(asks: Sequence[ContactAsk], contact_ids: Collection[str]) -> int:
    """How many of these friends have typed the right phrase, each counted once."""
    return len({a.contact_id for a in asks if a.state is AskState.ANSWERED} & set(contact_ids))
