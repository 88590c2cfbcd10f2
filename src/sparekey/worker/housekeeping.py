"""What is done once a minute, beside delivering messages. Nothing of it is urgent, and an error waits for the next minute."""

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Final

import structlog

from sparekey.use_cases.ports import Store
from sparekey.use_cases.remind import remind_all
from sparekey.use_cases.remind_contacts import remind_contacts
from sparekey.use_cases.services import Services
from sparekey.use_cases.warn import Warned, warn_of_all
from sparekey.use_cases.who_is import SessionChecks
from sparekey.worker.cases import look_at_cases
from sparekey.worker.seal import AuditSeals
from sparekey.worker.waits import look_at_waits

EVERY: Final = 60.0
"""Seconds."""

PRUNE_EVERY: Final = timedelta(hours=1)
"""Nothing that is kept long enough has to go on the minute (``domain/retention.py``)."""

BATCH: Final = 200
"""Rows of one kind that are removed in one transaction, so that nobody waits long for it."""

PAUSE: Final = 0.1
"""Seconds between two batches."""

log = structlog.get_logger(__name__)


async def keep_house(services: Services, checks: SessionChecks, seals: AuditSeals, stop: asyncio.Event) -> None:
    """Until ``stop`` is set; once more at the end, so that the last minute is not lost."""
    prune_at: datetime | None = None
    warned = Warned()
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY)
        await _try("sessions_seen", checks.write_seen())
        await _try("seal", seals.seal())
        await _try("waits", look_at_waits(services, stop))
        await _try("cases", look_at_cases(services, stop))
        await _try("warn", warn_of_all(services, warned))
        now = services.clock.now()
        if not stop.is_set() and (prune_at is None or now >= prune_at):
            prune_at = now + PRUNE_EVERY
            await _try("prune", prune(services.store, now, stop))
            await _try("remind", remind_all(services))
            await _try("remind_contacts", remind_contacts(services))
    seals.close()


async def prune(store: Store, now: datetime, stop: asyncio.Event) -> dict[str, int]:
    """Remove what was kept long enough, batch by batch; how many rows of each kind."""
    removed: dict[str, int] = {}
    while not stop.is_set():
        batch = await store.prune(now, BATCH)
        removed = {kind: removed.get(kind, 0) + count for kind, count in batch.items()}
        if max(batch.values()) < BATCH:
            break
        await asyncio.sleep(PAUSE)
    if any(removed.values()):
        log.info("housekeeping.pruned", **removed)
    return removed


async def _try(what: str, doing: Awaitable[object]) -> None:
    try:
        await doing
    except Exception as e:  # noqa: BLE001 - one task of the house never stops the others, nor the next minute
        # The text of a database error may hold values of rows; its type does not.
        log.warning("housekeeping.failed", what=what, error=type(e).__name__)
