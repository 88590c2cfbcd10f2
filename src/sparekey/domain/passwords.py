"""What a password must be, and why one is refused. Nothing here hashes or looks anything up: what that found comes in as arguments.

NIST SP 800-63B-4, section 3.1.1.2: length is the only rule of form; the blocklist is compared with the whole password, never with
a part of it; the reason for a refusal is told.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum, unique

from sparekey.domain.errors import FieldProblem
from sparekey.domain.values import Struct

MIN_ALONE = 15
"""Where the password may be the only factor (NIST SP 800-63B-4, section 3.1.1.2)."""

MIN_BESIDE_SECOND = 8
"""Where every sign-in asks for a second factor (the same section)."""

MAX_LENGTH = 1024
"""NIST asks for 64 at least. The bound keeps one request from costing more than another."""

LARGEST_NFC_GROWTH = 4
"""A text in NFC is at least a quarter as long as any of its other forms (Unicode Standard Annex #15, section 9: NFD grows a text
at most fourfold in UTF-32)."""

OWN_CHARACTERS = 6
"""How much of a password must remain after names, addresses and the site's words are taken out. Less, and whoever knows these
has to guess less than a six-digit code."""


@unique
class Strength(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def strength_of(score: int) -> Strength:
    """Strength from a zxcvbn score of 0 to 4.

    0 and 1 fall within a million guesses, too few even for guessing through a limit; 4 means more than 10^10
    (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016).
    """
    if score <= 1:
        return Strength.LOW
    return Strength.MEDIUM if score <= 3 else Strength.HIGH


class PasswordRules(Struct, frozen=True):
    """Lengths in code points, counted after NFC."""

    min_length: int
    max_length: int = MAX_LENGTH


def rules_for(*, second_factor_required: bool, remembered_devices: bool) -> PasswordRules:
    """The rules of a site. A remembered device skips the second factor, so there the password stands alone after all."""
    beside_second = second_factor_required and not remembered_devices
    return PasswordRules(MIN_BESIDE_SECOND if beside_second else MIN_ALONE)


def normalize(password: str) -> str:
    """The form that is measured, hashed and compared: NFC, so that one password typed on two systems is one. Nothing else changes."""
    return unicodedata.normalize("NFC", password)


def is_usable(password: str, max_length: int = MAX_LENGTH) -> bool:
    """Whether a text can be a password at all: not longer than allowed, without control characters and lone surrogates."""
    return not _form_reason(password, max_length)


def problems(
    password: str,
    *,
    rules: PasswordRules,
    site_words: Iterable[str],
    names: Iterable[str],
    addresses: Iterable[str],
    strength: Strength,
    breached: bool,
    former: bool,
    field: str = "password",
) -> tuple[FieldProblem, ...]:
    """Every reason to refuse a new password; empty when it is good.

    ``site_words``, ``names``, ``addresses``: what a stranger knows of this site and this person. ``strength``, ``breached``
    (in a known breach) and ``former`` (among the last ten of this account) were found out before. ``field``: the name that the
    problems carry.
    """
    found = form_problems(password, rules=rules, field=field)
    if found:
        return found
    reasons = []
    if former:
        reasons.append("password_used_before")
    if breached:
        reasons.append("password_breached")
    alike = _like(normalize(password), names=names, addresses=addresses, site_words=site_words)
    if alike:
        reasons.append(alike)
    if not reasons and strength is Strength.LOW:
        reasons.append("password_too_easy")
    return tuple(FieldProblem(field, reason) for reason in reasons)


def form_problems(password: str, *, rules: PasswordRules, field: str = "password") -> tuple[FieldProblem, ...]:
    """The part of ``problems`` that needs no look-up, to be asked first: whatever fails here is not worth a look-up."""
    reason = _form_reason(password, rules.max_length)
    if reason == "password_too_long":
        return (FieldProblem(field, reason, (("max", str(rules.max_length)),)),)
    if reason:
        return (FieldProblem(field, reason),)
    if len(normalize(password)) < rules.min_length:
        return (FieldProblem(field, "password_too_short", (("min", str(rules.min_length)),)),)
    return ()


def _form_reason(password: str, max_length: int) -> str:
    # Measured before normalizing too: putting a megabyte of combining marks in order takes quadratic time.
    if len(password) > LARGEST_NFC_GROWTH * max_length or len(normalize(password)) > max_length:
        return "password_too_long"
    # Cc: typed by no keyboard, and cut or eaten on the way by some system or other. Cs: no UTF-8 exists for it.
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in password):
        return "password_bad_character"
    return ""


def _like(password: str, *, names: Iterable[str], addresses: Iterable[str], site_words: Iterable[str]) -> str:
    """Which kind of known words the whole password is made of, as a reason; empty when enough of it is its own."""
    kinds = {
        "password_like_name": _words(names),
        "password_like_address": _words(addresses),
        "password_like_site": _words(site_words),
    }
    whole = rest = _folded(password)
    for word in sorted(set().union(*kinds.values()), key=lambda w: (-len(w), w)):
        rest = rest.replace(word, "")
    if rest == whole or len(rest) >= OWN_CHARACTERS:
        return ""
    return next(reason for reason, words in kinds.items() if any(word in whole for word in words))


def _words(texts: Iterable[str]) -> set[str]:
    """Each text as one word, and its parts; single letters are in too many passwords to say anything."""
    found = set()
    for text in texts:
        parts = "".join(c if c.isalnum() else " " for c in text).split()
        found |= {_folded(text), *(_folded(part) for part in parts)}
    return {word for word in found if len(word) > 1}


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
