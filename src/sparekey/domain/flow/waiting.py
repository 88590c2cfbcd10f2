"""How far a wait has come (mission.md, R10).

Two things must come together. *Counted notices*: so many days as the wait has, each with a notice that the mail server of a witness
accepted, at least ``NOTICES_APART`` apart. *Credited time*: the length of the wait, added up in small steps by the worker, so that
neither an outage nor a leap of the clock ends a wait.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

NOTICES_APART = timedelta(hours=20)
"""Two counted notices are at least so far apart."""

STEP_AT_MOST = timedelta(hours=1)
"""The most that one look at the clock adds, however long ago the last one was."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Times in UTC. ``length``: of the wait. ``credited``: how much of it has passed. ``looked_at``: when that was last added to.

    ``counted``: notices that a witness's server accepted. ``counted_at``: when the last of them was. ``noticed_at``: when the last
    notices were written. ``objected_at``: when somebody objected.
    """

    length: timedelta
    began_at: datetime
    looked_at: datetime
    credited: timedelta = timedelta(0)
    counted: int = 0
    counted_at: datetime | None = None
    noticed_at: datetime | None = None
    objected_at: datetime | None = None

    @property
    def days(self) -> int:
        """How many counted notices it takes."""
        return max(1, round(self.length / timedelta(days=1)))

    @property
    def is_over(self) -> bool:
        return self.credited >= self.length and self.counted >= self.days

    def until(self, now: datetime) -> datetime:
        """The earliest moment at which it may be over."""
        missing = max(0, self.days - self.counted)
        by_notices = (self.counted_at or now) + NOTICES_APART * missing if missing else now
        return max(now + max(self.length - self.credited, timedelta(0)), by_notices)

    def at_most(self, length: timedelta) -> "Waiting":
        """The same wait, shortened by a stronger proof; never lengthened by another."""
        return replace(self, length=min(self.length, length))

    def looked(self, now: datetime) -> "Waiting":
        """After a look at the clock: time is credited, never more than ``STEP_AT_MOST``, and never taken back."""
        passed = min(max(now - self.looked_at, timedelta(0)), STEP_AT_MOST)
        return replace(self, credited=self.credited + passed, looked_at=now)

    def accepted(self, at: datetime) -> "Waiting":
        """After a witness's server accepted a notice at ``at``; counted when it is far enough from the one before."""
        if self.counted_at is not None and at - self.counted_at < NOTICES_APART:
            return self
        return replace(self, counted=self.counted + 1, counted_at=at)


def begin(length: timedelta, now: datetime) -> Waiting:
    return Waiting(length=length, began_at=now, looked_at=now)
