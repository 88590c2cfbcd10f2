"""What is done once a minute, beside delivering messages. Nothing of it is urgent, and an error waits for the next minute."""

import asyncio
from typing import Final

import structlog

from sparekey.domain.errors import StoreUnavailable
from sparekey.use_cases.services import Services
from sparekey.use_cases.who_is import SessionChecks

EVERY: Final = 60.0
"""Seconds."""

log = structlog.get_logger(__name__)


async def keep_house(services: Services, checks: SessionChecks, stop: asyncio.Event) -> None:
    """Until ``stop`` is set; once more at the end, so that the last minute is not lost."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), EVERY)
        except TimeoutError:
            pass
        try:
            await checks.write_seen()
        except StoreUnavailable as e:
            log.warning("housekeeping.store_unavailable", detail=str(e)[:100])
