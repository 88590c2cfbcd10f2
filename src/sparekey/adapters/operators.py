"""Which operators refuse texts today: counted in memory, by the first digits of a number, and forgotten after a day.

Only of this process, and only what providers report; it is advice for people, and decides nothing.
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from sparekey.domain.limits import prefix_of

WINDOW: Final = timedelta(days=1)
LEAST: Final = 10
"""Texts from which a share says something."""

MANY: Final = 0.5
KEPT: Final = 500
"""Outcomes of one prefix that are kept, so that memory has a bound."""

PREFIXES: Final = 10_000


class OperatorMemory:
    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[datetime, bool]]] = {}

    def note(self, number: str, *, arrived: bool, now: datetime) -> None:
        prefix = prefix_of(number)
        if prefix not in self._seen and len(self._seen) >= PREFIXES:
            self._seen.pop(next(iter(self._seen)))
        self._seen.setdefault(prefix, deque(maxlen=KEPT)).append((now, arrived))

    def refuses_many(self, number: str, now: datetime) -> bool:
        lately = [arrived for at, arrived in self._seen.get(prefix_of(number), ()) if now - at < WINDOW]
        return len(lately) >= LEAST and lately.count(False) >= MANY * len(lately)
