"""PostgreSQL through asyncpg, on connections of our own: a queue without the pool's reset, statements prepared once each.

Look-ups outside a transaction that arrive in the same turn of the event loop are joined into one query (``= any($1)``) and
handed out by their key; see ``BatchedLookup`` and its test with a million mixed ones.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from sparekey.adapters.sql.connection import Row, Statement, UniqueViolation
from sparekey.domain.errors import StoreUnavailable

DOWN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    OSError,
    TimeoutError,
)
CONNECTIONS = 8
"""For each process. More only wait for the same two or four cores of the database."""


class PostgresConnection:
    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def one(self, statement: Statement, **values: object) -> Row | None:
        row: Row | None = await self._raw.fetchrow(statement.postgres, *(values[n] for n in statement.names))
        return row

    async def all(self, statement: Statement, **values: object) -> Sequence[Row]:
        rows: Sequence[Row] = await self._raw.fetch(statement.postgres, *(values[n] for n in statement.names))
        return rows

    async def run(self, statement: Statement, **values: object) -> int:
        try:
            status: str = await self._raw.execute(statement.postgres, *(values[n] for n in statement.names))
        except asyncpg.UniqueViolationError as e:
            raise UniqueViolation(str(e)) from e
        return int(status.rsplit(" ", 1)[1])


class PostgresDatabase:
    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self._url = url
        self._size = connections
        self._idle: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        self._all: set[Any] = set()

    async def open(self) -> None:
        """Raises ``StoreUnavailable`` when the database does not answer."""
        self._idle.put_nowait(await self._connect())
        for _ in range(self._size - 1):
            self._idle.put_nowait(None)  # opened when first needed

    async def close(self) -> None:
        await asyncio.gather(*(raw.close(timeout=2) for raw in self._all), return_exceptions=True)
        self._all.clear()

    async def _connect(self) -> Any:
        try:
            raw = await asyncpg.connect(self._url, timeout=5, command_timeout=20, statement_cache_size=256)
        except (*DOWN, asyncpg.PostgresError) as e:
            raise StoreUnavailable(type(e).__name__) from e
        self._all.add(raw)
        return raw

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A raw connection for as long as the block lasts; one that broke is thrown away and opened anew."""
        try:
            raw = await asyncio.wait_for(self._idle.get(), 20) if self._idle.empty() else self._idle.get_nowait()
        except TimeoutError as e:
            raise StoreUnavailable("no free connection") from e
        try:
            if raw is None or raw.is_closed():
                self._all.discard(raw)
                raw = None
                raw = await self._connect()
            yield raw
        except DOWN as e:
            raise StoreUnavailable(type(e).__name__) from e
        finally:
            self._idle.put_nowait(raw)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        async with self.connection() as raw, raw.transaction():
            yield PostgresConnection(raw)


class BatchedLookup:
    """Look-ups by one key that wait in the same turn of the loop, joined into one query.

    ``statement`` has one parameter, an array of keys, and answers the key as its first column. Each caller gets the row of
    its own key or ``None``; one who is cancelled meanwhile disturbs nobody.
    """

    def __init__(self, database: PostgresDatabase, statement: str, most: int = 64, at_once: int = 2) -> None:
        self._database = database
        self._statement = statement
        self._most = most
        self._free = at_once
        self._waiting: list[tuple[bytes, asyncio.Future[Row | None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: bytes) -> Row | None:
        future: asyncio.Future[Row | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._free:
            self._free -= 1
            task = asyncio.create_task(self._serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _serve(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(batch)
        finally:
            self._free += 1

    async def _answer(self, batch: list[tuple[bytes, asyncio.Future[Row | None]]]) -> None:
        try:
            async with self._database.connection() as raw:
                rows = {row[0]: row for row in await raw.fetch(self._statement, [key for key, _ in batch])}
        except (StoreUnavailable, asyncpg.PostgresError) as e:
            for _, future in batch:
                if not future.done():
                    future.set_exception(StoreUnavailable(str(e)))
            return
        for key, future in batch:
            if not future.done():
                future.set_result(rows.get(key))
