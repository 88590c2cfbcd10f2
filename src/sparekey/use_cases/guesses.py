"""Reserve one guess in its lane, before anything is compared."""

from dataclasses import dataclass

from sparekey.domain.errors import TooManyTries
from sparekey.domain.factors import FactorKind
from sparekey.domain.limits import day_of, is_closed, lane, seconds_to_next_day
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services


@dataclass(frozen=True, slots=True)
class Guess:
    subject: str
    lane: str
    day: int


async def reserve(tx: Transaction, services: Services, subject: str, kind: FactorKind, device_id: str, flow_id: str) -> Guess:
    """Count one guess. Raises ``TooManyTries`` when the lane is closed; then nothing is counted, so that it opens again."""
    now = services.clock.now()
    guess = Guess(subject, lane(kind, device_id, flow_id), day_of(now))
    counter = await tx.guesses.count_one(subject, guess.lane, guess.day)
    if is_closed(counter.today, counter.in_a_row):
        raise TooManyTries(seconds_to_next_day(now), "guesses_used_up")
    return guess
