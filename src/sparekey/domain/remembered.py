"""Remembered devices: browsers on which the second factor is not asked for again for a while (mission.md, I6)."""

from datetime import datetime, timedelta

from sparekey.domain.accounts import Account
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.values import replace

REMEMBERED_FOR = timedelta(days=30)

LAPSED_KEPT = timedelta(days=30)
"""So long a lapsed one stays on the account: a browser that is remembered again is then the thing it was, not a new one."""


def remembered(account: Account, now: datetime) -> tuple[Factor, ...]:
    """Those that still count, the newest first."""
    living = (f for f in account.enrolled if f.kind is FactorKind.REMEMBERED_DEVICE and f.until is not None and now < f.until)
    return tuple(sorted(living, key=lambda f: f.added_at, reverse=True))


def with_remembered(account: Account, new: Factor, now: datetime) -> Account:
    """The account with one browser more. What was remembered of the same browser gives way; its age as a thing stays."""
    same = [f for f in account.enrolled if f.kind is new.kind and f.thing == new.thing]
    first = min((f.added_at for f in same), default=new.added_at)
    kept = tuple(f for f in account.enrolled if f not in same and (f.until is None or now < f.until + LAPSED_KEPT))
    return replace(account, enrolled=(*kept, replace(new, added_at=first)))


def without_remembered(account: Account, *, but: str | None = None) -> Account:
    """The account with no browser remembered; ``but``: except the one with this device id."""
    kept = (f for f in account.enrolled if f.kind is not FactorKind.REMEMBERED_DEVICE or f.thing.name == but)
    return replace(account, enrolled=tuple(kept))
