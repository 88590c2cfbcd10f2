"""PostgreSQL through asyncpg, on connections of our own: a queue without the pool's reset, statements prepared once each.

Look-ups outside a transaction that arrive in the same turn of the event loop are joined into one query (``= any($1)``) and
handed out by their key; see ``BatchedLookup`` and its test with a million mixed ones.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import asyncpg

from sparekey.adapters.sql.connection import Row, Statement, UniqueViolation
from sparekey.domain.errors import StoreUnavailable

DOWN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.DeadlockDetectedError,  # two browsers that exchange the same two accounts at the same moment: one has to ask again
    OSError,
    TimeoutError,
)
CONNECTIONS = 8
"""For each process. More only wait for the same two or four cores of the database."""

LOOK_UP_CONNECTIONS = 2
"""Besides. While one batch of look-ups is under way the next one is gathered, so two keep the database busy."""

WAITS = 20.0
"""Seconds to wait for a free connection before giving up."""


class PostgresConnection:
    """One transaction. It begins with its first lock or write, since before that each statement sees the newest rows anyway
    (read committed); writes of which nobody wants the outcome are gathered and sent as one statement."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._begun = False
        self._pending: list[tuple[Statement, dict[str, object]]] = []

    async def one(self, statement: Statement, **values: object) -> Row | None:
        await self._prepare_for(statement)
        row: Row | None = await self._raw.fetchrow(statement.postgres, *[values[n] for n in statement.names])
        return row

    async def all(self, statement: Statement, **values: object) -> Sequence[Row]:
        await self._prepare_for(statement)
        rows: Sequence[Row] = await self._raw.fetch(statement.postgres, *[values[n] for n in statement.names])
        return rows

    async def run(self, statement: Statement, **values: object) -> int:
        await self._prepare_for(statement)
        try:
            status: str = await self._raw.execute(statement.postgres, *[values[n] for n in statement.names])
        except asyncpg.UniqueViolationError as e:
            raise UniqueViolation(str(e)) from e
        return int(status.rsplit(" ", 1)[1])

    async def later(self, statement: Statement, **values: object) -> None:
        if key := statement.last_of:
            self._pending = [(s, v) for s, v in self._pending if s is not statement or v[key] != values[key]]
        # The parts of one statement all see the rows as they were before it, so only inserts may meet in one table.
        if any(s.tables & statement.tables and not (s.inserts and statement.inserts) for s, _ in self._pending):
            await self._write_pending()
        self._pending.append((statement, values))

    async def commit(self) -> None:
        if self._pending:
            await self._write_pending(last=True)
        if self._begun:
            await self._raw.execute("commit")

    async def rollback(self) -> None:
        if self._begun and not self._raw.is_closed():
            await self._raw.execute("rollback")

    async def _prepare_for(self, statement: Statement) -> None:
        if any(s.tables & statement.tables for s, _ in self._pending):
            await self._write_pending()
        if statement.writes:
            await self._begin()

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            await self._raw.execute("begin")

    async def _write_pending(self, *, last: bool = False) -> None:
        pending, self._pending = self._pending, []
        if not last:
            await self._begin()  # a transaction that is one statement needs no more than that
        await self._raw.execute(_joined(tuple(s for s, _ in pending)), *[v[n] for s, v in pending for n in s.names])


@lru_cache
def _joined(statements: tuple[Statement, ...]) -> str:
    """Writes as one statement. The same few combinations come again and again, so the database plans each once."""
    texts, first = [], 1
    for statement in statements:
        texts.append(statement.numbered_from(first))
        first += len(statement.names)
    before = ", ".join(f"write{i} as ({text})" for i, text in enumerate(texts[:-1]))
    return f"with {before} {texts[-1]}" if before else texts[-1]


class _Connections:
    """Some connections, handed from one to the next in the order of asking. Opened when first needed."""

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._idle: list[Any] = [None] * count
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._open: set[Any] = set()

    async def connect(self) -> Any:
        """Raises ``StoreUnavailable`` when the database does not answer."""
        try:
            raw = await asyncpg.connect(self._url, timeout=5, command_timeout=20, statement_cache_size=256)
        except (*DOWN, asyncpg.PostgresError) as e:
            raise StoreUnavailable(type(e).__name__) from e
        self._open.add(raw)
        return raw

    async def close(self) -> None:
        await asyncio.gather(*(raw.close(timeout=2) for raw in self._open), return_exceptions=True)
        self._open.clear()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """A connection for as long as the block lasts; one that broke is thrown away and opened anew."""
        raw = self._idle.pop() if self._idle else await self._wait()
        try:
            if raw is None or raw.is_closed():
                self._open.discard(raw)
                raw = None
                raw = await self.connect()
            yield raw
        except DOWN as e:
            raise StoreUnavailable(type(e).__name__) from e
        finally:
            self._give_back(raw)

    async def _wait(self) -> Any:
        turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(WAITS):
                return await turn
        except BaseException as e:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result())  # handed over in the moment in which its taker left
            if isinstance(e, TimeoutError):
                raise StoreUnavailable("no free connection") from e
            raise

    def _give_back(self, raw: Any) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(raw)
                return
        self._idle.append(raw)


class PostgresDatabase:
    """``look_ups``: connections for look-ups outside transactions, so that these never wait for one that writes."""

    no_such_table: type[Exception] = asyncpg.UndefinedTableError

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self._transactions = _Connections(url, connections)
        self.look_ups = _Connections(url, LOOK_UP_CONNECTIONS)

    async def open(self) -> None:
        """Raises ``StoreUnavailable`` when the database does not answer."""
        async with self._transactions.one():
            pass

    async def close(self) -> None:
        await asyncio.gather(self._transactions.close(), self.look_ups.close())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        async with self._transactions.one() as raw:
            connection = PostgresConnection(raw)
            try:
                yield connection
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
            finally:
                if raw.is_in_transaction():
                    raw.terminate()  # cut off in the middle: nobody may inherit it

    def look_ups_by(self, key: str, one: Statement, many: str) -> "BatchedLookup":
        return BatchedLookup(self, many)


class BatchedLookup:
    """Look-ups by one key that wait in the same turn of the loop, joined into one query.

    ``statement`` has one parameter, an array of keys, and answers the key as its first column. Each caller gets the row of
    its own key or ``None``; one who is cancelled meanwhile disturbs nobody.
    """

    def __init__(self, database: PostgresDatabase, statement: str, most: int = 64) -> None:
        self._connections = database.look_ups
        self._statement = statement
        self._most = most
        self._free = LOOK_UP_CONNECTIONS
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
            async with self._connections.one() as raw:
                rows = {row[0]: row for row in await raw.fetch(self._statement, [key for key, _ in batch])}
        except (StoreUnavailable, asyncpg.PostgresError) as e:
            for _, future in batch:
                if not future.done():
                    future.set_exception(StoreUnavailable(str(e)))
            return
        for key, future in batch:
            if not future.done():
                future.set_result(rows.get(key))
