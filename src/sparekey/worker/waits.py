"""Look at every flow that waits and every dispute that is due, one transaction each, so that one that cannot go on holds up no other."""

import asyncio

import structlog

from sparekey.use_cases.look_at_dispute import disputes_to_look_at, look_at_dispute
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
    return looked + await _look_at_disputes(services, stop)


async def _look_at_disputes(services: Services, stop: asyncio.Event) -> int:
    looked, after, more = 0, "", True
    while more and not stop.is_set():
        due, after = await disputes_to_look_at(services, after)
        more = bool(after)
        for account_id in due:
            try:
                await look_at_dispute(services, account_id)
                looked += 1
            except Exception as e:  # noqa: BLE001 - as above
                log.warning("dispute.not_looked_at", account_id=account_id, error=type(e).__name__)
    return looked
