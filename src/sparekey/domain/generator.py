"""Passwords made for the person: random characters, or random words. The browser has the same in ``web/static``; the two share the
alphabets below and the list of words."""

import string
from collections.abc import Callable, Sequence

Below = Callable[[int], int]
"""``below(n)``: a whole number from 0 to n - 1, each equally likely."""

SYMBOLS = "!#$%&()*+,-./:;<=>?@[]^_{|}~"
"""Printing ASCII without quotes, backslash and backtick, which shells and configuration files read as their own."""

LONGEST = 128
"""Longer adds nothing: 20 characters of all kinds carry 129 bits."""

MOST_WORDS = 24


def characters(below: Below, length: int, *, lower: bool = True, upper: bool = True, digits: bool = True, symbols: bool = True) -> str:
    """A password of ``length`` random characters, with at least one of each kind that is asked for.

    Raises ``ValueError`` when no kind is asked for, or the length is below 8 or above ``LONGEST``.
    """
    chosen = ((lower, string.ascii_lowercase), (upper, string.ascii_uppercase), (digits, string.digits), (symbols, SYMBOLS))
    kinds = [letters for wanted, letters in chosen if wanted]
    if not kinds:
        raise ValueError("choose at least one kind of character")
    if not 8 <= length <= LONGEST:
        raise ValueError(f"the length must be from 8 to {LONGEST}")
    alphabet = "".join(kinds)
    while True:
        # Drawn anew as a whole: mending a draw that lacks a kind would make some passwords likelier than others.
        password = "".join(alphabet[below(len(alphabet))] for _ in range(length))
        if all(any(c in letters for c in password) for letters in kinds):
            return password


def words(below: Below, word_list: Sequence[str], count: int, separator: str = "-") -> str:
    """A passphrase of ``count`` words of the list, each drawn by itself. Raises ``ValueError`` for fewer than 3 or too many."""
    if not 3 <= count <= MOST_WORDS:
        raise ValueError(f"the number of words must be from 3 to {MOST_WORDS}")
    return separator.join(word_list[below(len(word_list))] for _ in range(count))
