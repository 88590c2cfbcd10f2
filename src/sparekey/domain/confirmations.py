"""What a site asks somebody to confirm before it does it: an action of its own (docs/shop.md, "What needs a fresh proof").

The answer is bound to exactly what was asked: a confirmation stands for one reference with one content, is confirmed at most once, and
what was confirmed is used at most once.
"""

from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.accounts import AccountId
from sparekey.domain.errors import BadRequest, FlowOver
from sparekey.domain.factors import FactorKind
from sparekey.domain.values import Struct

ANSWER_WITHIN: Final = timedelta(minutes=30)
"""Since it was asked: the person came straight from the site. As long as a mailed link lives (mission.md, R1)."""

USE_WITHIN: Final = timedelta(minutes=10)
"""Since it was confirmed: the browser is on its way back, so the site acts at once. As long as a code lives (mission.md, F2)."""


@unique
class ConfirmationState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"  # never stored: time makes it of an open one


class Confirmation(Struct, frozen=True):
    """``action``: one of the site's own. ``reference``: the site's name for it, one of a kind on the account. ``title``: in words for the
    owner. ``return_to``: where the person goes on afterwards, an address of the site.

    ``answered_at``: when it was confirmed or refused (UTC), ``None`` before. ``proofs``: the kinds by which it was confirmed.
    ``used_at``: when the site acted on it.
    """

    confirmation_id: str
    account_id: AccountId
    action: str
    reference: str
    title: str
    return_to: str
    asked_at: datetime
    state: ConfirmationState = ConfirmationState.OPEN
    answered_at: datetime | None = None
    proofs: tuple[FactorKind, ...] = ()
    used_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + ANSWER_WITHIN

    @property
    def use_until(self) -> datetime | None:
        """Until when the site may act on it; ``None`` while it is not confirmed."""
        confirmed_at = self.answered_at if self.state is ConfirmationState.CONFIRMED else None
        return confirmed_at + USE_WITHIN if confirmed_at else None

    def state_at(self, now: datetime) -> ConfirmationState:
        is_late = self.state is ConfirmationState.OPEN and now >= self.expires_at
        return ConfirmationState.EXPIRED if is_late else self.state

    def asks_the_same(self, other: "Confirmation") -> bool:
        return (self.action, self.title, self.return_to) == (other.action, other.title, other.return_to)


def must_be_open(confirmation: Confirmation, now: datetime) -> None:
    """Raises ``FlowOver`` with why nobody can answer it any more: done, refused, expired."""
    match confirmation.state_at(now):
        case ConfirmationState.OPEN:
            return
        case ConfirmationState.CONFIRMED:
            raise FlowOver("done")
        case over:
            raise FlowOver(over.value)


def must_be_usable(confirmation: Confirmation, now: datetime) -> None:
    """Raises ``BadRequest`` with why the site must not act on it: not_confirmed, confirmation_used, confirmation_over."""
    if confirmation.use_until is None:
        raise BadRequest("not_confirmed")
    if confirmation.used_at is not None:
        raise BadRequest("confirmation_used")
    if now >= confirmation.use_until:
        raise BadRequest("confirmation_over")
