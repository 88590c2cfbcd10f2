"""What an agent is advised to do next with a case. Advice only: it decides nothing, and says nothing that the judged statements do not."""

from collections.abc import Iterable
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.statements import WEIGHTS, Judged, Match, total
from sparekey.domain.values import Struct

ENOUGH: Final = sum(WEIGHTS.values()) // 2
"""Half of all that can be said, by weight."""

ENOUGH_BESIDE_A_PROOF: Final = 4
"""Beside one settled thing that was shown: as much as one thing says that friends cannot guess."""

TOO_LITTLE: Final = 2
"""No more than one thing that a friend may guess."""


@unique
class Step(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    ASK = "ask"


class Advice(Struct, frozen=True):
    """``about``: what to ask for, a name of ``statements.About``; empty where nothing is asked."""

    step: Step
    about: str = ""


def advise(judged: Iterable[Judged], settled_things: int) -> Advice:
    """``settled_things``: how many settled things of the account were shown before the case."""
    judged = tuple(judged)
    weight = total(judged)
    if weight >= ENOUGH or (settled_things and weight >= ENOUGH_BESIDE_A_PROOF):
        return Advice(Step.APPROVE)
    unsaid = [j.about for j in judged if j.match is Match.UNSAID]
    if unsaid and (weight > TOO_LITTLE or len(unsaid) > len(judged) // 2):
        return Advice(Step.ASK, max(unsaid, key=lambda about: WEIGHTS[about]))
    return Advice(Step.REFUSE if weight <= TOO_LITTLE else Step.ASK)
