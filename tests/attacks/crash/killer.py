"""Counts the writes of this process, to a database or to the file of the keys, and kills it before a chosen one."""

import os
import sqlite3
from collections.abc import Awaitable, Callable
from signal import SIGKILL
from typing import Any

import asyncpg
from typing_extensions import override

READS = ("select", "savepoint", "release", "begin")
"""Before these nothing new can have been written."""


class Killer:
    """Counts the writes of this process once armed, commits among them, and kills it before a chosen one."""

    def __init__(self) -> None:
        self._left = 0

    def arm(self, at: int) -> None:
        self._left = at

    def look(self, statement: str) -> None:
        if self._left and not statement.lstrip().startswith(READS):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), SIGKILL)


killer = Killer()


class KilledSqlite(sqlite3.Connection):
    @override
    def execute(self, *given: Any) -> sqlite3.Cursor:
        killer.look(given[0])
        return super().execute(*given)


def hook_into_databases() -> None:
    """Every statement passes the killer first: on SQLite ``commit`` is one of them, on PostgreSQL too."""
    connect = sqlite3.connect
    sqlite3.connect = lambda *given, **named: connect(*given, **named, factory=KilledSqlite)  # type: ignore[assignment]
    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        setattr(asyncpg.Connection, name, _killed(getattr(asyncpg.Connection, name)))


def hook_into_files() -> None:
    """The key ring is a file: what makes a new one last, and what puts it in the place of the old one."""
    for name in ("fsync", "replace"):
        setattr(os, name, _killed_before(name, getattr(os, name)))


def _killed_before(name: str, true: Callable[..., object]) -> Callable[..., object]:
    def killed(*given: Any, **named: Any) -> object:
        killer.look(name)
        return true(*given, **named)

    return killed


def _killed(true: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def killed(*given: Any, **named: Any) -> Any:
        killer.look(given[1])
        return await true(*given, **named)

    return killed
