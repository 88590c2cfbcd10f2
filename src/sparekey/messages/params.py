"""What each message needs to be told, by name. ``check`` is for whoever writes a message; ``render`` asks it again.

=============== ===========================================================================================
code            the code as it is typed, without spaces: digits, or letters and digits
link            the token of the link, no more; the address is made from the site's own (RFC 9700, OWASP: fixed host)
minutes         how long the code (or, without a code, the link) works: a whole number from 1 to 1440
device, place   who acted, in words ("Firefox · Linux", "Riga, Latvia"); empty when unknown
at              when it happened: ISO 8601 with its offset, shown in UTC
address         the address that the change is about, or the main one of the account that a code leads to; already masked
name            the owner's name; empty when there is none
disown          the token of "this wasn't me" (H1) or "I did not ask for this" (F10); likewise no address
factor          the kind of factor: a name of ``FactorKind``
provider        the name of another provider, as people know it
left            how many backup codes are left: a whole number
until           when a wait may be over at the earliest: ISO 8601 with its offset
outcome         how a dispute stands: ``recovery``, ``objection``, ``withdrawn``, ``case``, ``lapsed`` or ``tied``
undone          what was undone: names of ``domain.changes.Group``, joined by commas
reply           the address that an answer by mail goes to; empty where the site takes none
number          of a support case, such as K7-4921-QX
what            which details changed: ``name``, ``language``, ``user_name``, joined by commas
=============== ===========================================================================================

Nothing here goes to an address that was not proven but the code and link themselves: a mistyped address, or one that
is leaving, learns neither device nor place nor name (mission.md, "always").
"""

from collections.abc import Mapping
from typing import Final

from sparekey.domain.messages import MessageKind

_CODE: Final = frozenset({"code", "link", "minutes", "disown"})
_BY_WHOM: Final = frozenset({"device", "place"})
_CHANGE: Final = _BY_WHOM | {"at", "disown"}
_CASE: Final = frozenset({"number", "link"})

PARAMS: Final[Mapping[MessageKind, frozenset[str]]] = {
    MessageKind.SIGN_UP_CODE: _CODE,
    MessageKind.RECOVERY_CODE: _CODE | _BY_WHOM | {"address"},
    MessageKind.SIGN_IN_LINK: _CODE | _BY_WHOM,
    MessageKind.ADDRESS_CODE: _CODE,
    MessageKind.SIGN_IN_CODE: _BY_WHOM | {"code", "minutes", "disown"},
    MessageKind.PROOF_CODE: _BY_WHOM | {"code", "minutes", "disown"},
    MessageKind.PHONE_CODE: frozenset({"code", "minutes", "disown"}),
    MessageKind.SIGN_UP_TAKEN: frozenset(),
    MessageKind.RECOVERY_UNSETTLED: frozenset(),
    MessageKind.ADDRESS_TAKEN: frozenset(),
    MessageKind.NUMBER_LEAVING: frozenset({"address", "at", "disown"}),
    MessageKind.WELCOME: frozenset({"name"}),
    MessageKind.PASSWORD_CHANGED: _CHANGE,
    MessageKind.PASSWORD_RECOVERED: _CHANGE,
    MessageKind.ADDRESS_ADDED: _CHANGE | {"address"},
    MessageKind.ADDRESS_REMOVED: _CHANGE | {"address"},
    MessageKind.ADDRESS_LEFT: frozenset({"at", "disown"}),
    MessageKind.MAIN_ADDRESS_CHANGED: _CHANGE | {"address"},
    MessageKind.DETAILS_CHANGED: _CHANGE | {"what"},
    MessageKind.NEW_DEVICE: _CHANGE,
    MessageKind.NEW_PLACE: _CHANGE,
    MessageKind.SIGNED_IN_AFTER_FAILURES: _CHANGE,
    MessageKind.HALF_SIGNED_IN: _CHANGE,
    MessageKind.MANY_FAILURES: frozenset({"at"}),
    MessageKind.SESSIONS_ENDED: _CHANGE,
    MessageKind.FACTOR_ADDED: _CHANGE | {"factor"},
    MessageKind.FACTOR_REMOVED: _CHANGE | {"factor"},
    MessageKind.FACTOR_STOLEN: _CHANGE | {"factor"},
    MessageKind.BACKUP_CODES_MADE: _CHANGE,
    MessageKind.BACKUP_CODE_USED: _CHANGE | {"left"},
    MessageKind.SOCIAL_LINKED: _CHANGE | {"provider"},
    MessageKind.SOCIAL_UNLINKED: _CHANGE | {"provider"},
    MessageKind.NUMBER_MOVED: frozenset({"address", "at", "disown"}),
    MessageKind.RECOVERY_WAITING: _CHANGE | {"until"},
    MessageKind.RECOVERY_STATUS: frozenset({"link", "until", "at"}),
    MessageKind.RECOVERY_READY: frozenset({"link", "at"}),
    MessageKind.RECOVERY_CANCELLED: _CHANGE,
    MessageKind.RECOVERY_OBJECTED: _CHANGE,
    MessageKind.ACCOUNT_DISPUTED: frozenset({"at", "until", "disown"}),
    MessageKind.DISPUTE_OVER: frozenset({"at", "outcome"}),
    MessageKind.ACCOUNT_FROZEN: _BY_WHOM | {"at"},
    MessageKind.ACCOUNT_THAWED: _CHANGE,
    MessageKind.CHANGES_UNDONE: _CHANGE | {"undone"},
    MessageKind.ACCOUNT_CLOSING: frozenset({"link", "until", "disown"}),
    MessageKind.ACCOUNT_KEPT: _CHANGE,
    MessageKind.ACCOUNT_CLOSED: frozenset({"at"}),
    MessageKind.DATA_DOWNLOADED: _CHANGE,
    MessageKind.AGENT_PLACED: frozenset({"name", "at"}),
    MessageKind.CASE_CODE: frozenset({"code", "minutes", "disown"}),
    MessageKind.CASE_OPENED: _CASE | {"until"},
    MessageKind.CASE_MESSAGE: _CASE | {"reply"},
    MessageKind.CASE_APPROVED: _CASE | {"until"},
    MessageKind.CASE_UNBLOCKED: _CASE,
    MessageKind.CASE_REFUSED: _CASE,
    MessageKind.CASE_READY: _CASE,
    MessageKind.CASE_CLOSED: _CASE,
    MessageKind.CONTACTS_CHANGING: _CHANGE | {"until"},
    MessageKind.CONTACTS_CHANGED: frozenset({"at", "disown"}),
    MessageKind.CONTACT_LEFT: frozenset({"at"}),
    MessageKind.CONTACT_REFUSED: frozenset({"at"}),
    MessageKind.SECRET_ANSWER_CHANGED: _CHANGE,
    MessageKind.CONTACT_INVITATION: frozenset({"name", "link"}),
    MessageKind.CONTACT_LEAVING: frozenset({"name"}),
    MessageKind.CONTACT_ASKED: frozenset({"name", "link"}),
    MessageKind.CONTACTS_REMINDER: frozenset({"name"}),
    MessageKind.SECURITY_REMINDER: frozenset({"name"}),
    MessageKind.BACKUP_CODES_LOW: frozenset({"left"}),
}
"""All of them must be given, and no other: what a message is not told, it cannot betray."""

BY_TEXT: Final = frozenset(MessageKind) - {
    MessageKind.SIGN_UP_CODE,
    MessageKind.SIGN_IN_LINK,
    MessageKind.ADDRESS_CODE,
    MessageKind.SIGN_UP_TAKEN,
    MessageKind.ADDRESS_TAKEN,
    MessageKind.CONTACT_INVITATION,
    MessageKind.CONTACT_LEAVING,
    MessageKind.CONTACT_ASKED,
    MessageKind.CONTACTS_REMINDER,
    MessageKind.SECURITY_REMINDER,
    MessageKind.BACKUP_CODES_LOW,
    MessageKind.MANY_FAILURES,  # whoever likes can cause one every day, and a text costs money
    MessageKind.AGENT_PLACED,
    MessageKind.CASE_CODE,
    MessageKind.CASE_OPENED,
    MessageKind.CASE_MESSAGE,
    MessageKind.CASE_APPROVED,
    MessageKind.CASE_UNBLOCKED,
    MessageKind.CASE_REFUSED,
    MessageKind.CASE_READY,
    MessageKind.CASE_CLOSED,
}
"""The kinds that can go to a phone: each has an ``sms.txt``."""


def check(kind: MessageKind, params: Mapping[str, str]) -> None:
    """Raises ``ValueError``, naming the missing and the unknown names and never a value."""
    wanted = PARAMS[kind]
    if params.keys() != wanted:
        missing, unknown = sorted(wanted - params.keys()), sorted(params.keys() - wanted)
        raise ValueError(f"{kind}: missing {missing}, unknown {unknown}")
