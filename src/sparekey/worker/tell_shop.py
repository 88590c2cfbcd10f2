"""From the table of events to the shop: claim what is due, send it outside any transaction, mark it. At least once, in any order.

The same loop and the same waits as for messages (``run.py``, ``deliver.py``).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Chance, Clock, Store
from sparekey.use_cases.ports_of_delivery import TryLater
from sparekey.use_cases.stores_of_shop import ClaimedEvent
from sparekey.worker.deliver import AT_ONCE, LEASE, MARK_AGAIN, plain_reason, wait_before_next

SIDE_BY_SIDE: Final = 4
"""Events under way at the same time: one shop, not the world."""

_log = structlog.get_logger(__name__)


class Webhook(Protocol):
    async def send(self, event_id: str, body: bytes) -> None:
        """Raises ``TryLater``."""


class Events(Struct, frozen=True):
    """Rows that are this worker's alone for a while."""

    rows: Sequence[ClaimedEvent]


class ShopTeller:
    def __init__(self, store: Store, clock: Clock, chance: Chance, webhook: Webhook) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._webhook = webhook
        self._gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def deliver_due(self) -> int:
        """Send what is due, ``AT_ONCE`` events at most; answers how many were taken up."""
        batch = await self.claim()
        await self.deliver(batch)
        return len(batch.rows)

    async def claim(self) -> Events:
        now = self._clock.now()
        async with self._store.transaction() as tx:
            return Events(await tx.shop_events.claim(now, now + LEASE, AT_ONCE))

    async def deliver(self, batch: Events) -> None:
        """Send and mark what was just claimed. Errors end as marks or log lines, never here."""
        claimed_at = self._clock.now()
        await asyncio.gather(*(self._one(claimed, claimed_at + LEASE / 2) for claimed in batch.rows))

    async def _one(self, claimed: ClaimedEvent, until: datetime) -> None:
        async with self._gate:
            if self._clock.now() > until:
                return  # the lease might end on the way: it is claimed anew
            try:
                await self._webhook.send(claimed.event.event_id, claimed.event.body)
            except Exception as e:  # noqa: BLE001 - down, slow, or broken in a way of its own: the event is kept
                await self._mark(claimed, plain_reason(e) if isinstance(e, TryLater) else type(e).__name__)
            else:
                await self._mark(claimed, "")

    async def _mark(self, claimed: ClaimedEvent, error: str) -> None:
        """``error``: empty when it was delivered."""
        event_id, log = claimed.event.event_id, _log.bind(event_id=claimed.event.event_id, kind=claimed.event.kind)
        now, wait = self._clock.now(), wait_before_next(claimed.tries + 1, self._chance.below(1000) / 999)
        for pause in (*MARK_AGAIN, None):
            try:
                async with self._store.transaction() as tx:
                    if not error:
                        await tx.shop_events.delivered(event_id, now)
                    elif wait is None:
                        await tx.shop_events.dead(event_id, error)
                    else:
                        await tx.shop_events.failed(event_id, error, now + wait)
                break
            except Exception as e:  # noqa: BLE001 - whatever it is: sent is sent, and must be marked
                log.error("shop_event.not_marked", error=type(e).__name__, again_in=pause)  # noqa: TRY400 - no traces in the log
                if pause is not None:
                    await asyncio.sleep(pause)
        if not error:
            log.info("shop_event.delivered")
        else:
            log.warning("shop_event.dead" if wait is None else "shop_event.failed", error=error)
