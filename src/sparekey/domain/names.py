"""People's names: whatever they say it is, as long as it can be shown. And what they type to name an account."""

import unicodedata

from sparekey.domain.accounts import LONGEST_IDENTIFIER
from sparekey.domain.errors import FieldProblem, InvalidInput

LONGEST = 100

# Invisible marks that turn or hide what stands beside them (Unicode UAX #9): a name in a mail could fake its text with them.
_TRICKS = frozenset(chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF))


def has_bad_character(text: str, *, but: str = "") -> bool:
    """Whether there is a control character (``but``: except these), something that is no character at all, or one of those marks."""
    return any((unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} and c not in but) or c in _TRICKS for c in text)


def check_name(typed: str, field: str = "name") -> str:
    """The name in NFC with outer spaces gone. Raises ``InvalidInput``: name_missing, name_too_long, name_bad_character."""
    name = unicodedata.normalize("NFC", typed.strip()[: 4 * LONGEST])
    if not name:
        raise InvalidInput(FieldProblem(field, "name_missing"))
    if len(name) > LONGEST:
        raise InvalidInput(FieldProblem(field, "name_too_long", (("max", str(LONGEST)),)))
    if has_bad_character(name):
        raise InvalidInput(FieldProblem(field, "name_bad_character"))
    return name


def check_identifier(typed: str) -> str:
    """What may name an account, outer spaces gone. Raises ``InvalidInput``: identifier_missing, identifier_invalid."""
    typed = typed.strip()
    if not typed:
        raise InvalidInput(FieldProblem("identifier", "identifier_missing"))
    if len(typed) > LONGEST_IDENTIFIER or any(unicodedata.category(c) in {"Cc", "Cs"} for c in typed):
        raise InvalidInput(FieldProblem("identifier", "identifier_invalid"))
    return typed
