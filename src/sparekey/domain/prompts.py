"""A question that one screen shows and another device answers: how long it is good, what can become of it, and how many may be asked.

The number on the first screen is typed on the other device. A plain "yes" would be given by tired people to whoever asks often enough
(mission.md, F6), and a wrong number ends the question, so that it cannot be guessed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum, unique

NUMBER_DIGITS = 3
"""Typed once and wrong is over: one blind try in a thousand, and three questions an hour."""

PROMPT_LASTS = timedelta(minutes=5)
"""A question to a phone; and so long may the other screen take to go on after the answer."""

QR_LASTS = timedelta(minutes=2)
"""The QR code by which a computer signs in (mission.md, I4)."""

CHALLENGE_LASTS = timedelta(minutes=2)
"""What a phone signs with its word: longer than a person takes to type three digits after the phone last asked; it then asks anew."""

PAIRING_LASTS = timedelta(minutes=10)
"""The code with which a phone is enrolled."""

PROMPTS_AN_HOUR = 3
"""Unanswered questions in one lane (mission.md, F6): all unknown devices together, and each known device (D2)."""

HOUR = timedelta(hours=1)


@unique
class State(StrEnum):
    ASKED = "asked"
    HELD = "held"  # beyond the limit, before anything was proven: its screen looks as ever, and no phone is told of it
    PAIRING = "pairing"  # not a question to a phone: one is being enrolled
    APPROVED = "approved"  # the right number was typed; the asking screen goes on
    WRONG = "wrong"  # another number was typed: it is over
    REFUSED = "refused"  # "this was not me"
    SPENT = "spent"  # the asking screen went on


COUNTED = frozenset({State.ASKED, State.WRONG, State.REFUSED})
"""What was shown on a phone and not approved."""


def hold_until(made: Iterable[tuple[datetime, State]], now: datetime) -> datetime | None:
    """From when another question may be asked in a lane, or ``None`` for now. ``made``: the questions of this lane."""
    counted = sorted(at for at, state in made if state in COUNTED and now - at < HOUR)
    return counted[-PROMPTS_AN_HOUR] + HOUR if len(counted) >= PROMPTS_AN_HOUR else None
