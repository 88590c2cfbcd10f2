"""Reserve one guess in its lanes, before anything is compared.

A guess at a password from an unknown device is counted twice. For the account, however it was named: ten a day reach the hash, no
more. And for the name as it was typed: that is what is told. So the answer "too often" comes after ten guesses at this name,
whether it is somebody's or not, and guesses at the user name do not show that an address belongs to the same person (mission.md,
D1 and D3). A known device, or a flow that has proven something, is no stranger: there one count is kept and told.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sparekey.domain.errors import Busy, TooManyTries
from sparekey.domain.factors import FactorKind
from sparekey.domain.limits import GUESSES_A_DAY, GUESSES_IN_A_ROW, day_of, lane, seconds_to_next_day
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services

NEVER_REACHED = 2**31
"""The row of wrong answers ends with the factor. A name has no factor to replace, so for it only the day counts."""


class Guess(Struct, frozen=True):
    subject: str
    lane: str
    day: int


class Reserved(Struct, frozen=True):
    """``open``: the guess may be compared. Otherwise the account's lane is closed, and the answer is that of a wrong one."""

    counted: tuple[Guess, ...]
    open: bool

    async def was_right(self, tx: Transaction) -> None:
        for guess in self.counted:
            await tx.guesses.take_back(guess.subject, guess.lane, guess.day)


async def reserve(tx: Transaction, services: Services, subject: str, name: str, kind: FactorKind, device_id: str, own: str) -> Reserved:
    """Count one guess. ``name``: the subject of the name as typed (``record.subject_of_name``), or of the account where none was
    typed. Raises ``TooManyTries`` when this name, or in a lane of its own the account, was tried too often today; then nothing is
    counted.
    """
    now = services.clock.now()
    account_lane, day = lane(kind, device_id, own), day_of(now)
    of_account = Guess(subject, account_lane, day)
    if device_id or own:
        if not await tx.guesses.count_within(subject, account_lane, day, GUESSES_A_DAY, GUESSES_IN_A_ROW):
            raise TooManyTries(seconds_to_next_day(now), "guesses_used_up")
        return Reserved((of_account,), open=True)
    by_name = Guess(name, f"{account_lane}/name", day)
    if not await tx.guesses.count_within(by_name.subject, by_name.lane, day, GUESSES_A_DAY, NEVER_REACHED):
        raise TooManyTries(seconds_to_next_day(now), "guesses_used_up")
    if await tx.guesses.count_within(subject, account_lane, day, GUESSES_A_DAY, GUESSES_IN_A_ROW):
        return Reserved((by_name, of_account), open=True)
    return Reserved((by_name,), open=False)


async def wrong_by_name(tx: Transaction, services: Services, name: str) -> int:
    """Wrong passwords today for a name as typed, whoever has it, from unknown devices."""
    counter = await tx.guesses.read(name, f"{lane(FactorKind.PASSWORD, '', '')}/name", day_of(services.clock.now()))
    return counter.today


@asynccontextmanager
async def given_back_if_busy(services: Services, reserved: Reserved) -> AsyncIterator[None]:
    """Around the comparison: where the queue was full nothing was compared, so nothing is counted. Otherwise a flood of strangers
    would use up the owner's own tries (D2).
    """
    try:
        yield
    except Busy:
        async with services.store.transaction() as tx:
            for guess in reserved.counted:
                await tx.guesses.not_looked_at(guess.subject, guess.lane, guess.day)
        raise
