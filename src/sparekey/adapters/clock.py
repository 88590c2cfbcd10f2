"""The clock of the machine."""

from datetime import UTC, datetime


class SystemClock:
    """Fulfils ``Clock``. The wall clock may leap in both directions; what must outlive a leap says so where it counts time."""

    def now(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
