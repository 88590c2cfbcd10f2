"""What the shop tells us of an account, and what it is told of it (docs/shop.md).

An event says that something became different, not what is true now: events may come late, twice, and in another order. The shop then
asks what is withheld.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.accounts import AccountId
from sparekey.domain.audit import Event
from sparekey.domain.values import Struct

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""By so much the shop's clock may be ahead of ours (as for signatures: Standard Webhooks 1.0, "Verifying webhook authenticity")."""


@unique
class ActivityKind(StrEnum):
    ORDER = "order"
    PAYMENT = "payment"
    PAYOUT = "payout"
    PAYOUT_TARGET = "payout_target"  # another account or card for payouts was set


class Activity(Struct, frozen=True):
    """One thing that somebody did at the shop. ``reference``: the shop's own name for it, one of a kind on the account. ``at``: UTC.

    ``title``: in words for the owner. ``amount``: a decimal number in ``currency`` (ISO 4217), both empty where there is none.
    ``network`` and ``user_agent``: from where, as far as the shop says; else empty.
    """

    account_id: AccountId
    reference: str
    kind: ActivityKind
    at: datetime
    title: str = ""
    amount: str = ""
    currency: str = ""
    network: str = ""
    user_agent: str = ""


TOLD: Final[Mapping[Event, str]] = {
    Event.FROZEN: "account.frozen",
    Event.THAWED: "account.thawed",
    Event.DISPUTED: "account.disputed",
    Event.DISPUTE_OVER: "account.dispute_over",
    Event.BLOCKED: "account.blocked",
    Event.UNBLOCKED: "account.unblocked",
    Event.CLOSING_BEGUN: "account.closing",
    Event.CLOSING_STOPPED: "account.closing_stopped",
    Event.CLOSED_FOR_GOOD: "account.closed",
    Event.RECOVERED: "account.recovered",
    Event.QUARANTINED: "account.quarantined",
    Event.QUARANTINE_ENDED: "account.quarantine_ended",
}
"""Which audit events the shop is told of, and by which name. Names are for ever."""

TOLD_OF: Final = frozenset({"until"})
"""What of an audit event's detail goes with it."""

DISOWNED: Final = "activity.disowned"
"""The owner says that these orders and payments were somebody else's."""

CONFIRMED: Final = "confirmation.confirmed"
REFUSED: Final = "confirmation.refused"
"""The owner answered what the shop asked."""
