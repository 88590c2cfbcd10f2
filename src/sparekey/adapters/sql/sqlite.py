"""SQLite on the event loop: a look-up takes microseconds, so a thread would cost more than it saves.

One writing connection for each process; ``begin immediate`` takes the write lock of the file, so that what is read in a
transaction is still true when it commits, in any number of processes. While another process writes we wait on the loop,
not in SQLite. ``synchronous = full``: what was acknowledged survives a power cut.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
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


class SqliteDatabase:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._raw: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        self._raw = _connect(self._file)
        self._reader = _connect(self._file)
        self._reader.execute("pragma query_only = on")

    async def close(self) -> None:
        for raw in (self._raw, self._reader):
            if raw is not None:
                raw.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteConnection]:
        raw = self._opened(self._raw)
        async with self._turn:
            await _begin(raw)
            try:
                yield SqliteConnection(raw)
                raw.execute("commit")
            except sqlite3.OperationalError as e:
                raise _down_or_bug(e) from e
            finally:
                if raw.in_transaction:
                    raw.execute("rollback")

    async def read_one(self, statement: Statement, **values: object) -> Row | None:
        """One look-up outside any transaction, on a connection that cannot write."""
        try:
            row: Row | None = self._opened(self._reader).execute(statement.sqlite, values).fetchone()
        except sqlite3.OperationalError as e:
            raise _down_or_bug(e) from e
        return row

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
        raw = sqlite3.connect(file, isolation_level=None, timeout=WAITS, cached_statements=256)
        raw.execute("pragma journal_mode = wal")
        raw.execute("pragma synchronous = full")
        raw.execute("pragma foreign_keys = on")
        raw.execute("pragma cache_size = -32000")
        raw.execute("pragma mmap_size = 268435456")
        raw.execute("pragma busy_timeout = 0")  # from here on we wait on the loop
    except sqlite3.Error as e:
        raise StoreUnavailable(f"{file}: {e}") from e
    return raw
