"""The limit of this machine for a session check: bare ASGI with nothing but the look-up, on the same rows and the same server.

No framework, no domain, no settings: the token's hash, the very statement of the product, four fields as JSON.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec

from sparekey.adapters.sql.sessions import WHO_ARE, WHO_IS
from sparekey.use_cases.tokens import token_hash

AT_ONCE = 64
Row = Any


class Answer(msgspec.Struct):
    account_id: str
    email: str
    session_id: str
    expires_at: int


encode = msgspec.json.Encoder().encode
look_up: Callable[[bytes], Awaitable[Row]]


async def open_database() -> None:
    global look_up  # noqa: PLW0603 - as bare as it gets
    look_up = (
        await joined_look_ups(os.environ["BARE_POSTGRES"]) if os.environ.get("BARE_POSTGRES") else sqlite_look_up(os.environ["BARE_SQLITE"])
    )


async def joined_look_ups(url: str) -> Callable[[bytes], Awaitable[Row]]:
    """What waits at the same moment goes to the database as one statement, on two connections."""
    loop = asyncio.get_running_loop()
    idle = [await (await asyncpg.connect(url)).prepare(WHO_ARE) for _ in range(2)]
    waiting: list[tuple[bytes, asyncio.Future[Row]]] = []

    pumps: set[asyncio.Task[None]] = set()

    async def pump(statement: Any) -> None:
        while waiting:
            batch = waiting[:AT_ONCE]
            del waiting[:AT_ONCE]
            rows = {row[0]: row for row in await statement.fetch([key for key, _ in batch])}
            for key, future in batch:
                future.set_result(rows.get(key))
        idle.append(statement)

    def start() -> None:
        if waiting and idle:
            pumps.add(task := loop.create_task(pump(idle.pop())))
            task.add_done_callback(pumps.discard)

    async def get(key: bytes) -> Row:
        future: asyncio.Future[Row] = loop.create_future()
        waiting.append((key, future))
        if idle and len(waiting) == 1:
            loop.call_soon(start)
        return await future

    return get


def sqlite_look_up(file: str) -> Callable[[bytes], Awaitable[Row]]:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("pragma query_only = on")

    async def get(key: bytes) -> Row:
        return connection.execute(WHO_IS.sqlite, {"token_hash": key}).fetchone()

    return get


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await open_database()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    status, body = 401, b"{}"
    for name, value in scope["headers"]:
        if name == b"authorization":
            row = await look_up(token_hash(value[7:].decode()))
            if row is not None:
                status, body = 200, encode(Answer(row[2], row[9], row[1], row[6] // 1000))
    if scope["path"] == "/up":
        status = 200
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
