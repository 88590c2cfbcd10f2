"""What the person says of an account in a support case, beside what the account knows (mission.md, C5).

Agents see match, near or none, with a weight for each; never the fact itself. Only facts count that are older than the first contested
sign-in, and that no page shows: who has been inside the account reads the pages.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.accounts import SETTLED_AFTER
from sparekey.domain.values import Struct


@unique
class About(StrEnum):
    """What a statement is about."""

    SIGN_UP = "sign_up"
    ADDRESS = "address"
    DEVICE = "device"
    PLACE = "place"
    ORDER = "order"
    SECRET = "secret"


IN_ORDER: Final = tuple(About)


@unique
class Match(StrEnum):
    MATCH = "match"
    NEAR = "near"
    NONE = "none"
    UNSAID = "unsaid"  # the person left it out
    UNKNOWN = "unknown"  # nothing is known to compare with


WEIGHTS: Final = {
    About.ORDER: 5,
    About.ADDRESS: 4,
    About.SIGN_UP: 3,
    About.DEVICE: 2,
    About.PLACE: 2,
    About.SECRET: 1,
}
"""How much a match says. What only the owner and the shop know says most; what friends may guess says least (NIST SP 800-63B-4, 3.1.1.2,
takes no secret question at all)."""


NEAR_MONTHS: Final = 2
"""People remember the season of a sign-up, seldom its month."""

NEAR_ORDERS: Final = 5
"""Among so many last orders one that is not the last one still is near."""

LONGEST_STATEMENT: Final = 200
"""Characters of one statement."""


class Said(Struct, frozen=True):
    """What was said, as it was typed. ``sign_up``: a month, ``2024-05``. ``secret``: how the answer to the secret question compared; the
    answer itself is not kept. ``None`` where it was left out."""

    sign_up: str = ""
    address: str = ""
    device: str = ""
    place: str = ""
    order: str = ""
    secret: Match | None = None


NOTHING_SAID: Final = Said()


class Facts(Struct, frozen=True):
    """What the account knows and no page shows, from before the first contested sign-in. ``addresses``: keys of those that it had.
    ``devices``, ``places``: in words. ``orders``: references of the last ones, the newest first. ``sign_up``: ``None`` where a page
    shows it."""

    sign_up: date | None = None
    addresses: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()


class Judged(Struct, frozen=True):
    """One statement. ``weight``: what it adds; 0 for what does not match."""

    about: About
    match: Match
    weight: int


def older_than(contested_at: datetime | None, opened_at: datetime) -> datetime:
    """Only facts from before this moment count: before the first contested change, and where nothing is contested before what is settled
    today became so. Times in UTC; ``opened_at``: of the case."""
    return min(contested_at or opened_at, opened_at - SETTLED_AFTER)


def judge(said: Said, facts: Facts | None, address_key: str) -> tuple[Judged, ...]:
    """Every statement beside the facts. ``facts``: ``None`` for a name that nobody has. ``address_key``: what ``said.address`` is looked
    up by."""
    return tuple(Judged(about, match, _weight(about, match)) for about, match in _matches(said, facts, address_key))


def most_possible(judged: Iterable[Judged]) -> int:
    """What the statements would add if all that can be compared matched."""
    return sum(WEIGHTS[j.about] for j in judged if j.match is not Match.UNKNOWN)


def total(judged: Iterable[Judged]) -> int:
    return sum(j.weight for j in judged)


def _weight(about: About, match: Match) -> int:
    match match:
        case Match.MATCH:
            return WEIGHTS[about]
        case Match.NEAR:
            return WEIGHTS[about] // 2
        case Match.NONE | Match.UNSAID | Match.UNKNOWN:
            return 0


def _matches(said: Said, facts: Facts | None, address_key: str) -> Iterable[tuple[About, Match]]:
    if facts is None:
        texts = (said.sign_up, said.address, said.device, said.place, said.order, said.secret)
        yield from ((about, Match.NONE if text else Match.UNSAID) for about, text in zip(IN_ORDER, texts, strict=True))
        return
    yield About.SIGN_UP, _month(said.sign_up, facts.sign_up)
    yield About.ADDRESS, _address(address_key if said.address else "", facts.addresses)
    yield About.DEVICE, _words(said.device, facts.devices)
    yield About.PLACE, _words(said.place, facts.places)
    yield About.ORDER, _order(said.order, facts.orders)
    yield About.SECRET, said.secret or Match.UNSAID


def _month(said: str, known: date | None) -> Match:
    if not said:
        return Match.UNSAID
    if known is None:
        return Match.UNKNOWN
    year, month = said.split("-")
    apart = abs((int(year) - known.year) * 12 + int(month) - known.month)
    return Match.MATCH if apart == 0 else Match.NEAR if apart <= NEAR_MONTHS else Match.NONE


def _address(said: str, known: tuple[str, ...]) -> Match:
    if not said:
        return Match.UNSAID
    if not known:
        return Match.UNKNOWN
    if said in known:
        return Match.MATCH
    kind, _, name = said.partition(":")
    return Match.NEAR if any(_is_near(name, k.partition(":")[2]) for k in known if k.startswith(f"{kind}:")) else Match.NONE


def _is_near(said: str, known: str) -> bool:
    """The same name at another provider, or a number with one digit wrong."""
    if "@" in said:
        return said.partition("@")[0] == known.partition("@")[0]
    return len(said) == len(known) and sum(a != b for a, b in zip(said, known, strict=True)) == 1


def _words(said: str, known: tuple[str, ...]) -> Match:
    """Words are compared, not sentences: "my old iPhone" names an iPhone."""
    if not said:
        return Match.UNSAID
    if not known:
        return Match.UNKNOWN
    typed = _split(said)
    found = [len(typed & (words := _split(k))) / len(words) for k in known if _split(k)]
    best = max(found, default=0.0)
    return Match.MATCH if best == 1 else Match.NEAR if best > 0 else Match.NONE


def _split(text: str) -> frozenset[str]:
    return frozenset("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _order(said: str, known: tuple[str, ...]) -> Match:
    if not said:
        return Match.UNSAID
    if not known:
        return Match.UNKNOWN
    typed, newest, *others = ("".join(c for c in text.casefold() if c.isalnum()) for text in (said, *known))
    if typed == newest:
        return Match.MATCH
    return Match.NEAR if typed in others else Match.NONE
