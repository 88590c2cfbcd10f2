"""Backup codes: ten on a sheet of paper, each with its number in front. What they look like, and how one is read; no I/O and no policy.

Source: NIST SP 800-63B-4, 3.1.2 (look-up secrets); ASVS 5.0, 6.5.2. Only the letters of RFC 8628, 6.1: none is mistaken for another
one or for a digit, and they spell no words.
"""

from collections.abc import Callable
from typing import Final

from sparekey.challenges.message_code import plain
from sparekey.domain.values import Struct

CODES: Final = 10

LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"

LENGTH: Final = 15
"""20^15 is 64.8 bits: at least the 64 from which no throttle is needed (NIST SP 800-63B-4, 3.1.2.2)."""

GROUP: Final = 5

WARN_AT: Final = 3
"""So many are left when the owner is told to make new ones (mission.md, F5)."""


class Typed(Struct, frozen=True):
    """What was typed. ``number``: printed before the code, 1 to 10."""

    number: int
    code: str


class Unreadable(Struct, frozen=True):
    """``reason``: a stable name."""

    reason: str


def make(below: Callable[[int], int]) -> tuple[str, ...]:
    """Ten new codes, the first with number 1. ``below``: a whole number below a bound, by chance."""
    return tuple("".join(LETTERS[below(len(LETTERS))] for _ in range(LENGTH)) for _ in range(CODES))


def printed(code: str) -> str:
    """In groups, as it stands on the paper."""
    return "-".join(code[n : n + GROUP] for n in range(0, len(code), GROUP))


def read(text: str) -> Typed | Unreadable:
    """Number and code as a person types them: "4 BCDFG-HJKLM-NPQRS"; spaces, dashes, points and letter case do not matter."""
    together = plain(text)
    digits = together[: len(together) - len(together.lstrip("0123456789"))]
    code = together[len(digits) :]
    if len(code) != LENGTH or not set(code) <= set(LETTERS):
        return Unreadable("backup_code_unreadable")
    if not digits or len(digits) > 2 or not 1 <= int(digits) <= CODES:
        return Unreadable("backup_code_number")
    return Typed(int(digits), code)
