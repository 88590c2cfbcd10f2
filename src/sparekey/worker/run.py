"""The worker's loop: inside ``serve`` on one node, or apart. It ends when told to, and from nothing else."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

import structlog

from sparekey.worker.deliver import AT_ONCE

BUSY_PAUSE: Final = 0.2
"""Seconds between two looks while there is something to do: what is written meanwhile is claimed together."""

IDLE_PAUSE: Final = 1.0
"""Seconds between two looks at an empty outbox. ``wake`` ends this pause at once, in the process that wrote the message."""

ERROR_PAUSE: Final = 30.0
"""Seconds; the pause doubles up to this while the database does not answer."""

BATCHES: Final = 4
"""Batches under way at the same time, so that one stalled provider does not hold up the rest."""

SECONDS_TO_END: Final = 10.0
"""How long messages under way may take to end when the worker stops; what is cut off is sent again by the next one."""

_log = structlog.get_logger(__name__)


class Taken(Protocol):
    """Rows that are one worker's alone for a while."""

    @property
    def rows(self) -> Sequence[object]: ...


Some = TypeVar("Some", bound=Taken)


class Delivers(Protocol[Some]):
    async def claim(self) -> Some:
        """Take what is due."""

    async def deliver(self, batch: Some, /) -> None:
        """Send and mark it. Raises nothing."""


async def run(deliverer: Delivers[Some], stop: asyncio.Event, wake: asyncio.Event) -> None:
    """Deliver until ``stop`` is set. ``wake``: set it after a commit that wrote messages."""
    under_way: set[asyncio.Task[None]] = set()
    errors = 0
    while not stop.is_set():
        wake.clear()
        taken = 0
        if len(under_way) < BATCHES:
            try:
                batch = await deliverer.claim()
            except Exception as e:  # noqa: BLE001 - the worker outlives every error
                errors += 1
                # The text of a database error may hold values of rows; its type does not.
                _log.error("outbox.not_claimed", error=type(e).__name__)
            else:
                errors = 0
                taken = len(batch.rows)
                if taken:
                    under_way.add(asyncio.create_task(deliverer.deliver(batch)))
        if taken < AT_ONCE:
            await _rest(BUSY_PAUSE, stop)
            if errors:
                await _rest(min(2.0**errors, ERROR_PAUSE), stop)
            elif not taken:
                await _rest(IDLE_PAUSE - BUSY_PAUSE, stop, wake)
        under_way = _still(under_way)
    if under_way:
        _, cut_off = await asyncio.wait(under_way, timeout=SECONDS_TO_END)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _still(under_way: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """The batches that are not over. ``deliver`` raises nothing; should it, the rows come back when their lease ends."""
    for task in under_way:
        if task.done() and (error := task.exception()) is not None:
            _log.error("outbox.batch_broke", error=type(error).__name__)
    return {task for task in under_way if not task.done()}


async def _rest(seconds: float, *unless: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in unless]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
