"""SQLite on the event loop: a look-up takes microseconds, so a thread would cost more than it saves.

One writing connection for each process; ``begin immediate`` takes the write lock of the file, so that what is read in a
transaction is still true when it commits, in any number of processes. While another process writes we wait on the loop,
not in SQLite. ``synchronous = full``: what was acknowledged survives a power cut.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from sparekey.adapters.sql.connection import Row, Statement, UniqueViolation
from sparekey.domain.errors import StoreUnavailable

WAITS = 20.0
"""Seconds to wait for another process's transaction before giving up."""


class SqliteConnection:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def one(self, statement: Statement, **values: object) -> Row | None:
        row: Row | None = self._raw.execute(statement.sqlite, values).fetchone()
        return row

    async def all(self, statement: Statement, **values: object) -> Sequence[Row]:
        return self._raw.execute(statement.sqlite, values).fetchall()

    async def run(self, statement: Statement, **values: object) -> int:
        try:
            return self._raw.execute(statement.sqlite, values).rowcount
        except sqlite3.IntegrityError as e:
            raise UniqueViolation(str(e)) from e

    async def later(self, statement: Statement, **values: object) -> None:
        """At once: here nothing is gained by waiting."""
        self._raw.execute(statement.sqlite, values)


class _Group:
    """Transactions that reach the disk together. ``done`` ends with the commit, or with ``StoreUnavailable``."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _LookUps:
    def __init__(self, database: "SqliteDatabase", key: str, statement: Statement) -> None:
        self._database, self._key, self._statement = database, key, statement

    async def get(self, key: bytes) -> Row | None:
        return await self._database.read_one(self._statement, **{self._key: key})


class SqliteDatabase:
    no_such_table: type[Exception] = sqlite3.OperationalError

    def __init__(self, file: Path) -> None:
        self._file = file
        self._raw: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._turn = asyncio.Lock()
        self._group: _Group | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")

    async def open(self) -> None:
        self._raw = _connect(self._file)
        self._reader = _connect(self._file)
        self._reader.execute("pragma query_only = on")

    async def close(self) -> None:
        await asyncio.gather(*self._closing)
        self._disk.shutdown()
        for raw in (self._raw, self._reader):
            if raw is not None:
                raw.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteConnection]:
        """Ends when its changes are on disk. Those that wait for their turn at the same moment share one commit: each is a
        savepoint, so that one that fails takes back its own changes and no others'."""
        raw = self._opened(self._raw)
        async with self._turn:
            group = await self._joined(raw)
            raw.execute("savepoint one")
            try:
                yield SqliteConnection(raw)
                raw.execute("release one")
            except BaseException as e:
                self._take_back(raw, group)
                if isinstance(e, sqlite3.OperationalError):
                    raise _down_or_bug(e) from e
                raise
        await asyncio.shield(group.done)

    async def _joined(self, raw: sqlite3.Connection) -> _Group:
        """The group that is open, or a new one. It is closed by a task that stands in line behind all who wait now: they are
        its members."""
        if self._group is None:
            await _begin(raw)
            self._group = _Group()
            task = asyncio.create_task(self._close_group(raw, self._group))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return self._group

    async def _close_group(self, raw: sqlite3.Connection, group: _Group) -> None:
        async with self._turn:
            if self._group is not group:
                return
            self._group = None
            try:
                # In a thread: while the disk works, the loop answers who needs no writing.
                await asyncio.get_running_loop().run_in_executor(self._disk, raw.execute, "commit")
            except sqlite3.Error as e:
                if raw.in_transaction:
                    raw.execute("rollback")
                group.done.set_exception(StoreUnavailable(str(e)))
            else:
                group.done.set_result(None)

    def _take_back(self, raw: sqlite3.Connection, group: _Group) -> None:
        if raw.in_transaction:
            raw.execute("rollback to one")
            raw.execute("release one")
        else:
            # After some errors (a full disk) SQLite takes back the whole transaction, hence everybody's.
            self._group = None
            group.done.set_exception(StoreUnavailable("the transaction was taken back"))
            group.done.exception()  # there may be nobody else to hear of it

    async def read_one(self, statement: Statement, **values: object) -> Row | None:
        """One look-up outside any transaction, on a connection that cannot write."""
        try:
            row: Row | None = self._opened(self._reader).execute(statement.sqlite, values).fetchone()
        except sqlite3.OperationalError as e:
            raise _down_or_bug(e) from e
        return row

    def look_ups_by(self, key: str, one: Statement, many: str) -> _LookUps:
        return _LookUps(self, key, one)

    def _opened(self, raw: sqlite3.Connection | None) -> sqlite3.Connection:
        if raw is None:
            raise StoreUnavailable("the database is not open")
        return raw


_DOWN = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }
)


def _down_or_bug(e: sqlite3.OperationalError) -> Exception:
    """What the disk or another process causes may pass; a wrong statement is ours."""
    return StoreUnavailable(str(e)) if e.sqlite_errorcode & 0xFF in _DOWN else e


async def _begin(raw: sqlite3.Connection) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAITS
    pause = 0.001
    while True:
        try:
            raw.execute("begin immediate")
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > deadline:
                raise StoreUnavailable(str(e)) from e
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.02)
        else:
            return


def _connect(file: Path) -> sqlite3.Connection:
    try:
        raw = sqlite3.connect(file, isolation_level=None, timeout=WAITS, cached_statements=256, check_same_thread=False)
        raw.execute("pragma journal_mode = wal")
        raw.execute("pragma synchronous = full")
        raw.execute("pragma temp_store = memory")  # what a savepoint would take back is else written to files, half of all writing
        raw.execute("pragma wal_autocheckpoint = 4000")  # 16 MB of log: pages that change again and again are brought home less often
        raw.execute("pragma foreign_keys = on")
        raw.execute("pragma cache_size = -32000")
        raw.execute("pragma mmap_size = 268435456")
        raw.execute("pragma busy_timeout = 0")  # from here on we wait on the loop
    except sqlite3.Error as e:
        raise StoreUnavailable(f"{file}: {e}") from e
    return raw
