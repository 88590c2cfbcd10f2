"""How hard a password is to guess, by zxcvbn."""

from collections.abc import Iterable
from itertools import islice

from zxcvbn_rs_py import zxcvbn

from sparekey.domain.passwords import Strength, normalize, strength_of

LONGEST = 100
"""Characters that are looked at. The time grows with more than the square of the length; what is strong in its first hundred
characters stays so."""

MOST_WORDS = 20
"""Words of the person and the site that are taken into account, each at most ``LONGEST`` long."""


def strength(password: str, known_words: Iterable[str] = ()) -> Strength:
    """``known_words``: what a stranger knows of person and site; they count as the first guesses. Takes any text."""
    words = [_safe(word) for word in islice(known_words, MOST_WORDS)]
    return strength_of(int(zxcvbn(_safe(normalize(password[:LONGEST])), words).score))


def _safe(text: str) -> str:
    # zxcvbn raises on a lone surrogate. Such a password is refused for its form, but the meter may be asked first.
    return text[:LONGEST].encode("utf-8", "replace").decode()
