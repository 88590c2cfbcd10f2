"""Ways to have an account: what is enrolled and since when, what lies in one phone, what one mailbox opens; and what is stolen or lost.

Nothing is decided here. The graph is asked about each (``test_ten_thousand.py``), and the server is walked for some
(``tests/attacks/test_graph_walk.py``).
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import combinations_with_replacement, product
from typing import Final

from typing_extensions import override

from sparekey.domain.accounts import Account, AccountId, Address, AddressKind, has_settled_second_factor, is_settled, nobody, second_factors
from sparekey.domain.factors import PHISHING_RESISTANT, THING_OF, Factor, FactorKind, Thing, ThingKind, things_behind
from sparekey.domain.values import Struct, replace

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
LONG_AGO, LAST_WEEK = NOW - timedelta(days=400), NOW - timedelta(days=7)

PIECES: Final = {
    "mailbox": FactorKind.EMAIL,
    "second_mailbox": FactorKind.EMAIL,
    "number": FactorKind.SMS,
    "number2": FactorKind.SMS,
    "sms": FactorKind.SMS,
    "sms2": FactorKind.SMS,
    "mail": FactorKind.EMAIL,
    "totp": FactorKind.TOTP,
    "totp2": FactorKind.TOTP,
    "phone": FactorKind.PHONE_APPROVAL,
    "phone2": FactorKind.PHONE_APPROVAL,
    "passkey": FactorKind.PASSKEY,
    "passkey2": FactorKind.PASSKEY,
    "key": FactorKind.SECURITY_KEY,
    "key2": FactorKind.SECURITY_KEY,
    "social": FactorKind.SOCIAL,
    "social_at_mailbox": FactorKind.SOCIAL,
    "codes": FactorKind.BACKUP_CODE,
    "remembered": FactorKind.REMEMBERED_DEVICE,
    "contacts": FactorKind.CONTACTS,
}
"""What can be on an account beside the password. ``sms``, ``sms2`` and ``mail`` choose an address as second factor (``mail`` the second
mailbox where there is one, or the main one). ``social_at_mailbox``: the provider vouches for the main mailbox, so it is the same thing."""

NOT_IN_STRICT: Final = frozenset({"sms", "sms2", "mail", "social", "social_at_mailbox", "remembered", "contacts"})
SECONDS: Final = frozenset({"sms", "sms2", "mail", "totp", "totp2", "phone", "phone2", "passkey", "passkey2", "key", "key2"})
NEEDS: Final = {"number2": "number", "sms": "number", "sms2": "number2", **{f"{w}2": w for w in ("totp", "phone", "passkey", "key")}}
ADDRESSES: Final = frozenset({"mailbox", "second_mailbox", "number", "number2"})
YOUNG_TOO: Final = {"sms": "number", "sms2": "number2"}
"""A factor is not older than the address that it goes to."""


_numbers: dict[object, int] = {}


def _number(of: object) -> int:
    """The same for what is equal: quicker to look up."""
    return _numbers.setdefault(of, len(_numbers))


class Enrolment(Struct, frozen=True, dict=True):
    """``has``: words of ``PIECES``; the main mailbox is always there. ``young``: those of them that came last week. ``one_phone``: the
    second authenticator, number and approving phone are in the same phone as the first ones; otherwise in a tablet. ``behind``: an account
    elsewhere that the main mailbox opens, though nobody here knows. ``friends``: how many of how many, (0, 0) for none."""

    profile: str
    has: frozenset[str]
    young: frozenset[str] = frozenset()
    password: bool = True
    one_phone: bool = True
    behind: bool = False
    friends: tuple[int, int] = (0, 0)

    @override
    def __str__(self) -> str:
        words = [f"{'young ' if w in self.young else ''}{w}" for w in PIECES if w in self.has]
        words += [] if self.password else ["no password"]
        words += [] if self.one_phone else ["in two devices"]
        words += ["social behind the mailbox"] if self.behind else []
        words += [f"{self.friends[0]} of {self.friends[1]} friends"] if self.friends != (0, 0) else []
        return f"{self.profile}: {' + '.join(words)}"

    @cached_property
    def account(self) -> Account:
        addresses, enrolled = [], []
        for word in PIECES:
            since = LAST_WEEK if word in self.young else LONG_AGO
            if word == "mailbox":
                addresses.append(Address(word, AddressKind.EMAIL, word, word, since, main=True, with_account=True))
            elif word not in self.has:
                continue
            elif word == "second_mailbox":
                addresses.append(Address(word, AddressKind.EMAIL, word, word, since, main=False))
            elif word in {"number", "number2"}:
                addresses.append(Address(word, AddressKind.PHONE, word, word, since, main=word == "number", confirmed_at=NOW))
            else:
                came_with = word.startswith("social") and not self.password
                factor = Factor(word, PIECES[word], self.thing(word), since, second=word in SECONDS, with_account=came_with)
                enrolled.append(factor)
        return replace(
            nobody(),
            account_id=AccountId("a" * 32),
            created_at=LONG_AGO,
            password_hash="set" if self.password else "",
            password_set_at=LONG_AGO,
            addresses=tuple(addresses),
            enrolled=tuple(enrolled),
        )

    @property
    def guarded(self) -> bool:
        """Whether it has a second factor that counts: a young one raises nothing yet."""
        return has_settled_second_factor(self.account, NOW)

    def thing(self, word: str) -> Thing:
        match word:
            case "password":
                return Thing(ThingKind.MEMORY, word)
            case "sms" | "sms2":
                return Thing(ThingKind.NUMBER, YOUNG_TOO[word])
            case "mail":
                return Thing(ThingKind.MAILBOX, self.chosen_mailbox)
            case "social_at_mailbox":
                return Thing(ThingKind.MAILBOX, "mailbox")
            case _:
                return Thing(THING_OF[PIECES[word]], word)

    @property
    def chosen_mailbox(self) -> str:
        return "second_mailbox" if "second_mailbox" in self.has else "mailbox"

    @cached_property
    def words(self) -> frozenset[str]:
        """Everything by which something may be shown."""
        return self.has | {"mailbox"} | ({"password"} if self.password else set())

    @cached_property
    def factors(self) -> Mapping[str, Factor]:
        return {f.factor_id: f for f in self.account.factors()}

    def things(self, words: Iterable[str]) -> frozenset[Thing]:
        """What somebody has who can show these."""
        return frozenset(t for w in words for t in things_behind(self.factors[w].kind, self.factors[w].thing))

    @cached_property
    def hearing(self) -> frozenset[str]:
        """The addresses that may be told of a wait: the settled ones."""
        return frozenset({"mailbox", "second_mailbox", "number", "number2"} & self.words - self.young)

    def witnesses(self, shown: frozenset[str]) -> frozenset[str]:
        """Those of them that were not shown."""
        things = {self.held_as[w] for w in shown}
        return frozenset([a for a in self.hearing if self.held_as[a] not in things])

    def same_thing(self, word: str) -> frozenset[str]:
        return frozenset(w for w in self.words if self.held_as[w] == self.held_as[word])

    @cached_property
    def held_as(self) -> Mapping[str, int]:
        """The thing that each is held as, as a number."""
        return {w: _number(f.thing) for w, f in self.factors.items()}

    def after_recovery(self, lost: frozenset[str]) -> "Enrolment":
        """What the server leaves on the account: without what was called lost, and without factors that are not settled (R12)."""
        kept = self.has - lost - (self.young - ADDRESSES)
        kept -= {"codes", "remembered"} if not kept & SECONDS else set()
        return replace(self, has=kept, young=self.young & kept, password=True)

    @cached_property
    def facts(self) -> int:
        """What the judges ask of an account as a whole, as a number."""
        seconds = second_factors(self.account)
        settled_keys = any(f.kind in PHISHING_RESISTANT and is_settled(f, None, NOW) for f in seconds)
        return _number((self.profile, bool(seconds), self.guarded, settled_keys))

    @cached_property
    def tokens(self) -> Mapping[str, int]:
        """Each factor as the judges see it, as a number: its kind, as what kind of thing it is held, how old both are, and whether the
        thing is chosen as a second factor, settled or not."""
        every = self.factors.values()
        settled = {f.thing for f in every if is_settled(f, None, NOW)}
        chosen = {(f.kind, f.thing): is_settled(f, None, NOW) for f in every if f.second}
        return {
            w: _number((f.kind, f.thing.kind, f.second, is_settled(f, None, NOW), f.thing in settled, chosen.get((f.kind, f.thing))))
            for w, f in self.factors.items()
        }

    @property
    def in_the_phone(self) -> frozenset[str]:
        """What goes with the phone. Its mail can be read elsewhere, so an owner who loses it keeps the mailbox."""
        second = {"number2", "sms2", "totp2", "phone2"} if self.one_phone else set()
        return frozenset({"number", "sms", "totp", "phone"} | second) & self.has

    @property
    def in_the_tablet(self) -> frozenset[str]:
        return frozenset() if self.one_phone else frozenset({"number2", "sms2", "totp2", "phone2"}) & self.has


# ---------------------------------------------------------------- stolen, and lost


class Theft(Struct, frozen=True):
    """``words``: of the account, what the thief can show. ``session``: a living session, opened a while ago. ``at_home``: the thief uses
    the owner's own browser; otherwise one that is far away."""

    words: frozenset[str]
    session: bool = False
    at_home: bool = False


def thefts(of: Enrolment) -> dict[str, Theft]:
    """Each one thing that can be taken. A passkey without its PIN or finger shows nothing, nor does one friend, nor one agent."""
    behind = {"social"} if of.behind else set()
    mailboxes = {"mailbox", "social_at_mailbox", *behind}
    mailboxes |= {"mail"} if of.chosen_mailbox == "mailbox" else set()
    second = {"second_mailbox"} | ({"mail"} if of.chosen_mailbox == "second_mailbox" else set())
    all_of_it = {
        "mailbox": Theft(frozenset(mailboxes)),
        "second mailbox": Theft(frozenset(second)),
        "number": Theft(frozenset({"number", "sms"})),
        "second number": Theft(frozenset({"number2", "sms2"})),
        "password": Theft(frozenset({"password"})),
        "session": Theft(frozenset(), session=True),
        "unlocked phone": Theft(of.in_the_phone | mailboxes | second | {"remembered"}, session=True, at_home=True),
        "unlocked tablet": Theft(of.in_the_tablet | mailboxes | second, session=True) if of.in_the_tablet else Theft(frozenset()),
        "browser profile": Theft(frozenset({"password", "remembered"}), session=True),
        "paper": Theft(frozenset({"codes"})),
        "security key": Theft(frozenset({"key"})),
        "second security key": Theft(frozenset({"key2"})),
        "account elsewhere": Theft(frozenset({"social"})),
        "passkey without its PIN": Theft(frozenset()),
        "one friend": Theft(frozenset()),
        "all friends together": Theft(frozenset({"contacts"})),
        "one agent": Theft(frozenset()),
    }
    always = {"session", "one agent"}
    always |= {"passkey without its PIN"} if "passkey" in of.has else set()
    always |= {"one friend"} if of.friends != (0, 0) else set()
    return {name: replace(t, words=t.words & of.words) for name, t in all_of_it.items() if name in always or t.words & of.words}


GONE: Final = "mailbox, gone for good"
"""Mail to it is refused, so that it is no witness either."""


def losses(of: Enrolment) -> dict[str, frozenset[str]]:
    """Each one thing that somebody can lose or forget, as the words that go with it. What is gone with a phone goes together."""
    k, n = of.friends
    all_of_it = {
        "nothing, on a new device": frozenset[str](),
        "password": frozenset({"password"}),
        "mailbox": frozenset({"mailbox", "social_at_mailbox"} | ({"mail"} if of.chosen_mailbox == "mailbox" else set())),
        GONE: frozenset({"mailbox", "social_at_mailbox"} | ({"mail"} if of.chosen_mailbox == "mailbox" else set())),
        "second mailbox": frozenset({"second_mailbox"} | ({"mail"} if of.chosen_mailbox == "second_mailbox" else set())),
        "number": frozenset({"number", "sms"}),
        "second number": frozenset({"number2", "sms2"}),
        "phone": of.in_the_phone | {"remembered"},
        "tablet": of.in_the_tablet,
        "computer": frozenset({"remembered"}),
        "paper": frozenset({"codes"}),
        "passkey": frozenset({"passkey"}),
        "second passkey": frozenset({"passkey2"}),
        "security key": frozenset({"key"}),
        "second security key": frozenset({"key2"}),
        "account elsewhere": frozenset({"social"}),
        "a friend": frozenset({"contacts"} if k == n else set()),
    }
    always = {"nothing, on a new device"} | ({"a friend"} if of.friends != (0, 0) else set())
    found = {name: words & of.words for name, words in all_of_it.items() if name in always or words & of.words}
    if not of.in_the_phone:
        found.pop("phone", None)
    return found


# ---------------------------------------------------------------- many of them

FRIENDS: Final = ((2, 2), (2, 3), (3, 5))


def enrolments(most: int) -> list[Enrolment]:
    """So many different ones, always the same: every small one first, then larger ones by chance."""
    chance = random.Random("enrolments")
    found = dict.fromkeys(_small())
    while len(found) < most:
        found[_any(chance)] = None
    return list(found)[:most]


def _small() -> Iterator[Enrolment]:
    """Everything with up to two things beside password and mailbox, settled and young; a second factor with its paper, and without it, once
    all codes are used."""
    words = [w for w in PIECES if w not in {"mailbox", "codes"}]
    for profile, pair, paper in product(("shop", "strict"), combinations_with_replacement(words, 2), (True, False)):
        needed = {NEEDS[w] for w in pair if w in NEEDS}
        has = {*pair, *needed, *(NEEDS[w] for w in needed if w in NEEDS), *(["codes"] if paper else [])}
        friends = (2, 3) if "contacts" in has else (0, 0)
        for late in ((), pair[:1], pair[1:], pair):
            yield possible(Enrolment(profile, frozenset(has), frozenset(late), friends=friends))


def _any(chance: random.Random) -> Enrolment:
    has = {w for w, of_ten in (("second_mailbox", 4), ("remembered", 4), ("mail", 1), ("codes", 9)) if chance.randrange(10) < of_ten}
    for word in ("number", "totp", "phone", "passkey", "key"):
        has.update((word, f"{word}2")[: chance.choice((0, 0, 0, 1, 1, 2))])
    has.update(w for w in ("sms", "sms2") if chance.randrange(10) < 3)
    has.update(w for w in ("social", "social_at_mailbox") if chance.randrange(10) < 3)
    friends = chance.choice(((0, 0), (0, 0), *FRIENDS))
    has.update({"contacts"} if friends != (0, 0) else ())
    young = chance.choice((0, 0, 3))
    return possible(
        Enrolment(
            chance.choice(("shop", "strict")),
            frozenset(has),
            frozenset(w for w in sorted(has) if chance.randrange(10) < young),
            password=chance.randrange(10) > 0,
            one_phone=chance.randrange(2) == 0,
            behind=chance.randrange(2) == 0,
            friends=friends,
        )
    )


def possible(wanted: Enrolment) -> Enrolment:
    """The nearest that the server lets a person have."""
    has = wanted.has - (NOT_IN_STRICT if wanted.profile == "strict" else frozenset())
    for word, first in NEEDS.items():
        has -= {word} if first not in has else set()
    if not has & SECONDS:
        has -= {"codes", "remembered"}  # they stand in for a second factor
    in_the_phone = {"sms", "sms2", "mail", "totp", "totp2", "phone", "phone2"}
    password = wanted.password or not has & {"social", "social_at_mailbox"} or bool(has & in_the_phone)  # such a factor takes a password
    young = {w for w in wanted.young & has if password or not w.startswith("social")}  # the first one came with the account
    young |= {w for w, first in YOUNG_TOO.items() if w in has and first in young}
    young |= {"mail"} & has if {"second_mailbox"} & young else set()
    young |= {"codes"} & has if has & SECONDS <= young else set()  # they come with the first second factor
    young |= {"remembered"} & has  # for thirty days at most, so it never settles
    return Enrolment(
        wanted.profile,
        has,
        frozenset(young),
        password=password,
        one_phone=wanted.one_phone or not has & {"number2", "totp2", "phone2"},
        behind=wanted.behind and "social" in has,
        friends=wanted.friends if "contacts" in has else (0, 0),
    )
