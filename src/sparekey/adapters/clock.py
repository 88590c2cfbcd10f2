"""The clock of the machine."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Fulfils ``Clock``. The wall clock may leap in both directions; what must outlive a leap says so where it counts time."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)
