"""How far a wait has come (mission.md, R10).

Two things must come together. *Counted notices*: so many days as the wait has, each with a notice that the mail server of a witness
accepted, at least ``NOTICES_APART`` apart. *Credited time*: the length of the wait, added up in small steps by the worker, so that
neither an outage nor a leap of the clock ends a wait.
"""

from datetime import datetime, timedelta

from sparekey.domain.values import Struct, replace

NOTICES_APART = timedelta(hours=20)
"""Two counted notices are at least so far apart."""

LOOK_EVERY = timedelta(minutes=15)
"""How often a wait or a dispute is looked at. A look writes it, and notices are days apart."""

STEP_AT_MOST = timedelta(hours=1)
"""The most that one look at the clock adds, however long ago the last one was."""

NOTICE_EVERY = timedelta(days=1)

LAST_NOTICE = timedelta(hours=4)
"""So long before the end the last notice goes out, unless one went out within ``QUIET_BEFORE``."""

QUIET_BEFORE = timedelta(hours=12)


class Waiting(Struct, frozen=True):
    """Times in UTC. ``length``: of the wait. ``credited``: how much of it has passed. ``looked_at``: when that was last added to.

    ``counted``: notices that a witness's server accepted. ``counted_at``: when the last of them was. ``noticed_at``: when the last
    notices were written. ``objected_at``: since when it is, or was, in dispute. ``won_at``: when it was weighed and came out ahead.
    """

    length: timedelta
    began_at: datetime
    looked_at: datetime
    credited: timedelta = timedelta(0)
    counted: int = 0
    counted_at: datetime | None = None
    noticed_at: datetime | None = None
    objected_at: datetime | None = None
    won_at: datetime | None = None

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

    def at_least(self, length: timedelta) -> "Waiting":
        """The same wait, lengthened: what was shown is worth less by now than when it began."""
        return replace(self, length=max(self.length, length))

    def objected(self, now: datetime) -> "Waiting":
        """In dispute. Its own time goes on."""
        return replace(self, objected_at=self.objected_at or now)

    def won(self, now: datetime) -> "Waiting":
        """Weighed in a dispute, and ahead: who has shown less holds it up no more."""
        return replace(self, won_at=now)

    def looked(self, now: datetime) -> "Waiting":
        """After a look at the clock: time is credited, never more than ``STEP_AT_MOST``, and never taken back.

        A clock that is a little behind (another node's) adds nothing until it has caught up. One that is far behind was put back: from
        here on it is believed, and what was noted ahead of it is taken as of now, so that the wait does not stand still.
        """
        if timedelta(0) <= self.looked_at - now <= STEP_AT_MOST:
            return self
        passed = min(max(now - self.looked_at, timedelta(0)), STEP_AT_MOST)
        return replace(
            self,
            credited=self.credited + passed,
            looked_at=now,
            counted_at=min(self.counted_at, now) if self.counted_at else None,
            noticed_at=min(self.noticed_at, now) if self.noticed_at else None,
        )

    def is_notice_due(self, now: datetime) -> bool:
        """At the start, daily, and before the end."""
        if self.noticed_at is None:
            return True
        since, left = now - self.noticed_at, self.length - self.credited
        return since >= NOTICE_EVERY or (timedelta(0) < left <= LAST_NOTICE and since >= QUIET_BEFORE)

    def noticed(self, now: datetime) -> "Waiting":
        return replace(self, noticed_at=now)

    def accepted(self, at: datetime) -> "Waiting":
        """After a witness's server accepted a notice at ``at``; counted when it is far enough from the one before."""
        if self.counted_at is not None and at - self.counted_at < NOTICES_APART:
            return self
        return replace(self, counted=self.counted + 1, counted_at=at)


def begin(length: timedelta, now: datetime) -> Waiting:
    return Waiting(length=length, began_at=now, looked_at=now)
