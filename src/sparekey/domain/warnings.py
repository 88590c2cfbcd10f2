"""When the owner is warned of a sign-in (mission.md, H4). An ordinary one, on a known device where it usually is, warns of nothing."""

from datetime import timedelta
from typing import Final

from sparekey.domain.limits import GUESSES_A_DAY
from sparekey.domain.messages import MessageKind

MANY: Final = GUESSES_A_DAY // 2
"""Wrong passwords of a day, from devices that we do not know, after which a success is told of in other words: half of what is let
through at all."""

HALF_DONE_AFTER: Final = timedelta(minutes=15)
"""Whoever has typed the right password and shows no second factor for so long has none at hand: a person finds the phone within the ten
minutes that a code lives (``limits.CODE_LASTS``)."""


def of_sign_in(*, known: bool, usual: bool, failures: int) -> MessageKind | None:
    """What is told of a sign-in. ``known``: the browser signed in fully before. ``usual``: and this is where it usually is.
    ``failures``: wrong passwords today from devices that we do not know."""
    if usual:
        return None
    if failures >= MANY:
        return MessageKind.SIGNED_IN_AFTER_FAILURES
    return MessageKind.NEW_PLACE if known else MessageKind.NEW_DEVICE
