"""Let time act on support cases, one transaction each: decisions leave, questions without an answer end."""

import asyncio

import structlog

from sparekey.use_cases.decide_case import cases_due, look_at_case
from sparekey.use_cases.services import Services

log = structlog.get_logger(__name__)


async def look_at_cases(services: Services, stop: asyncio.Event) -> int:
    """How many were looked at. What goes wrong with one is logged, and tried again at the next round."""
    looked = 0
    for case in await cases_due(services):
        if stop.is_set():
            break
        try:
            await look_at_case(services, case)
            looked += 1
        except Exception as e:  # noqa: BLE001 - the text of a database error may hold values of rows; its type does not
            log.warning("case.not_looked_at", case_id=case.case_id, error=type(e).__name__)
    return looked
