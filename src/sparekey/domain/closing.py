"""Closing an account: thirty days in which it can be stopped, and when its owner is told (mission.md, S4).

The wait is a flow's (``flow.waiting``): time is credited in small steps, so that neither an outage nor a leap of the clock ends it. Unlike
a recovery it does not stand still while mail is down: nobody could close an account whose mailbox is gone.
"""

from datetime import datetime, timedelta

from sparekey.domain.flow.waiting import Waiting
from sparekey.domain.values import replace

NOTICE_EVERY = timedelta(days=7)

LAST_NOTICE = timedelta(days=3)
"""So long before the end the last notice goes out."""

CASES_HOLD = timedelta(days=30)
"""So much longer an open support case keeps an account at most: anybody can open one."""


def until(waiting: Waiting, now: datetime) -> datetime:
    """The earliest moment at which the account closes for good."""
    return now + max(waiting.length - waiting.credited, timedelta(0))


def is_notice_due(waiting: Waiting, now: datetime) -> bool:
    """At the start, weekly, and before the end."""
    if waiting.noticed_at is None:
        return True
    since, left = now - waiting.noticed_at, waiting.length - waiting.credited
    return since >= NOTICE_EVERY or (left <= LAST_NOTICE < since)


def over(waiting: Waiting) -> Waiting | None:
    """The wait, counted as over; ``None`` while it is not. Only credited time ends it."""
    return replace(waiting, counted=waiting.days) if waiting.credited >= waiting.length else None
