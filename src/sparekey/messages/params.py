"""What each message needs to be told, by name. ``check`` is for whoever writes a message; ``render`` asks it again.

=============== ===========================================================================================
code            the code as it is typed, without spaces: digits, or letters and digits
link            the token of the link, no more; the address is made from the site's own (RFC 9700, OWASP: fixed host)
minutes         how long the code (or, without a code, the link) works: a whole number from 1 to 1440
device, place   who acted, in words ("Firefox · Linux", "Riga, Latvia"); empty when unknown
at              when it happened: ISO 8601 with its offset, shown in UTC
address         the address that the change is about, or the main one of the account that a code leads to; already masked
name            the owner's name; empty when there is none
what            which details changed: ``name``, ``language``, ``user_name``, joined by commas
=============== ===========================================================================================

Nothing here goes to an address that was not proven but the code and link themselves: a mistyped address, or one that
is leaving, learns neither device nor place nor name (mission.md, "always").
"""

from collections.abc import Mapping
from typing import Final

from sparekey.domain.messages import MessageKind

_CODE: Final = frozenset({"code", "link", "minutes"})
_BY_WHOM: Final = frozenset({"device", "place"})
_CHANGE: Final = _BY_WHOM | {"at"}

PARAMS: Final[Mapping[MessageKind, frozenset[str]]] = {
    MessageKind.SIGN_UP_CODE: _CODE,
    MessageKind.RECOVERY_CODE: _CODE | _BY_WHOM | {"address"},
    MessageKind.SIGN_IN_LINK: _BY_WHOM | {"link", "minutes"},
    MessageKind.ADDRESS_CODE: _CODE,
    MessageKind.SIGN_UP_TAKEN: frozenset(),
    MessageKind.RECOVERY_UNSETTLED: frozenset(),
    MessageKind.ADDRESS_TAKEN: frozenset(),
    MessageKind.WELCOME: frozenset({"name"}),
    MessageKind.PASSWORD_CHANGED: _CHANGE,
    MessageKind.PASSWORD_RECOVERED: _CHANGE,
    MessageKind.ADDRESS_ADDED: _CHANGE | {"address"},
    MessageKind.ADDRESS_REMOVED: _CHANGE | {"address"},
    MessageKind.ADDRESS_LEFT: frozenset({"at"}),
    MessageKind.MAIN_ADDRESS_CHANGED: _CHANGE | {"address"},
    MessageKind.DETAILS_CHANGED: _CHANGE | {"what"},
    MessageKind.NEW_DEVICE: _CHANGE,
    MessageKind.SESSIONS_ENDED: _CHANGE,
}
"""All of them must be given, and no other: what a message is not told, it cannot betray."""

BY_TEXT: Final = frozenset({MessageKind.SIGN_UP_CODE, MessageKind.RECOVERY_CODE, MessageKind.ADDRESS_CODE})
"""The kinds that can go to a phone: each has an ``sms.txt``."""


def check(kind: MessageKind, params: Mapping[str, str]) -> None:
    """Raises ``ValueError``, naming the missing and the unknown names and never a value."""
    wanted = PARAMS[kind]
    if params.keys() != wanted:
        missing, unknown = sorted(wanted - params.keys()), sorted(params.keys() - wanted)
        raise ValueError(f"{kind}: missing {missing}, unknown {unknown}")
