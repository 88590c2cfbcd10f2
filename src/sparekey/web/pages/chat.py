"""What is said in a case, as it is said: server-sent events (WHATWG HTML, 9.2), for both sides. Without a script the page is reloaded.

A stream ends by itself after a while and the browser asks for the next one, naming the last message that it has: so a server that stops
waits for nobody, and a session that ended is refused.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sparekey.domain.cases import CaseMessage
from sparekey.domain.errors import SparekeyError

LASTS: Final = 25.0
"""Seconds of one stream."""

LOOK_EVERY: Final = 1.5
"""Seconds between two looks for something new."""

_encode = msgspec.json.Encoder().encode


def after_of(request: Request) -> int:
    """The number of the last message that the browser has."""
    said = request.headers.get("last-event-id", "") or request.query_params.get("after", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0


def stream(after: int, hear: Callable[[int], Awaitable[Sequence[CaseMessage]]]) -> Response:
    """Every message after one, and those that follow. ``hear``: those after a number; what it raises ends the stream."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(after, hear), media_type="text/event-stream", headers=headers)


async def _events(after: int, hear: Callable[[int], Awaitable[Sequence[CaseMessage]]]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    looks = int(LASTS / LOOK_EVERY)
    for _ in range(looks):
        try:
            heard = await hear(after)
        except SparekeyError:
            return
        for message in heard:
            after = message.seq
            said = {"author": message.author, "text": message.text, "at": message.at}
            yield b"id: %d\ndata: %b\n\n" % (after, _encode(said))
        await asyncio.sleep(LOOK_EVERY)
