"""Volume limits in memory, by the library ``limits``. One node; a restart forgets them, and the database's guess counters remain."""

import math
import time

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from sparekey.domain.limits import VOLUME_LIMITS


class MemoryVolumeLimits:
    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = {name: RateLimitItemPerSecond(v.most, v.seconds, namespace=name) for name, v in VOLUME_LIMITS.items()}

    async def hit(self, limit: str, subject: str) -> int:
        item = self._items[limit]
        if await self._limiter.hit(item, subject):
            return 0
        reset = (await self._limiter.get_window_stats(item, subject)).reset_time
        return max(1, math.ceil(reset - time.time()))

    async def left(self, limit: str, subject: str) -> int:
        return (await self._limiter.get_window_stats(self._items[limit], subject)).remaining


class NoVolumeLimits:
    """Counts nothing. For measuring only (``insecure_no_volume_limits``)."""

    async def hit(self, limit: str, subject: str) -> int:
        return 0

    async def left(self, limit: str, subject: str) -> int:
        return VOLUME_LIMITS[limit].most
