"""Look at every flow that waits and is due, one transaction each, so that one that cannot go on holds up no other."""

import asyncio

import structlog

from sparekey.use_cases.services import Services
from sparekey.use_cases.waits import look_at_wait, waits_to_look_at

log = structlog.get_logger(__name__)


async def look_at_waits(services: Services, stop: asyncio.Event) -> int:
    """How many were looked at. What goes wrong with one is logged, and tried again at the next round."""
    looked, after, more = 0, "", True
    while more and not stop.is_set():
        due, after = await waits_to_look_at(services, after)
        more = bool(after)
        for flow_id, subject in due:
            try:
                await look_at_wait(services, flow_id, subject)
                looked += 1
            except Exception as e:  # noqa: BLE001 - the text of a database error may hold values of rows; its type does not
                log.warning("wait.not_looked_at", flow_id=flow_id, error=type(e).__name__)
    return looked
