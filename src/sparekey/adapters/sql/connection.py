"""What the tables need from a database: statements with named parameters, rows as tuples.

One text serves SQLite and PostgreSQL: only what both understand is written (``on conflict``, ``returning``, integers for
times and truth values, bytes). ``/*lock*/`` becomes ``for update`` where rows can be locked; SQLite locks the whole file at
``begin immediate`` instead. Texts are compiled once, at import.
"""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

Row = Sequence[Any]

_NAME = re.compile(r"(?<!:):([a-z_]+)")
_TABLE = re.compile(r"\b(?:from|join|into|update)\s+(?!set\b)([a-z_]+)")


class Statement:
    """A text with ``:name`` parameters, in both dialects. ``names``: in the order of PostgreSQL's ``$1, $2 …``.

    ``last_of``: a name; of several writes in one transaction with the same value of it only the last counts.
    ``writes``: whether it changes or locks rows, so that a transaction must be open. ``tables``: those that it names.
    """

    __slots__ = ("_text", "inserts", "last_of", "names", "postgres", "sqlite", "tables", "writes")

    def __init__(self, text: str, last_of: str = "") -> None:
        self._text = text
        self.last_of = last_of
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_NAME.findall(text)))
        self.inserts = text.startswith("insert") and not re.search(r"\b(?:select|on conflict)\b", text)
        self.writes = not text.startswith("select") or "/*lock*/" in text
        self.tables = frozenset(_TABLE.findall(text))
        self.sqlite = text.replace("/*lock*/", "").replace("/*skip*/", "")
        self.postgres = self.numbered_from(1)

    def numbered_from(self, first: int) -> str:
        """For PostgreSQL, with ``$first`` as the first parameter."""
        return (
            _NAME.sub(lambda m: f"${self.names.index(m[1]) + first}", self._text)
            .replace("/*lock*/", "for update")
            .replace("/*skip*/", "for update skip locked")
        )


class Connection(Protocol):
    """One open transaction."""

    async def one(self, statement: Statement, **values: object) -> Row | None: ...

    async def all(self, statement: Statement, **values: object) -> Sequence[Row]: ...

    async def run(self, statement: Statement, **values: object) -> int:
        """Answers how many rows were changed. Raises ``UniqueViolation``."""

    async def later(self, statement: Statement, **values: object) -> None:
        """A write whose outcome nobody waits for: done before anything looks at its table, at the latest when the transaction
        commits."""


class LookUps(Protocol):
    """One row for each key, outside any transaction."""

    async def get(self, key: bytes) -> Row | None: ...


class Database(Protocol):
    """``no_such_table``: what a statement raises where the tables were not made yet."""

    no_such_table: type[Exception]

    async def open(self) -> None:
        """Raises ``StoreUnavailable`` when the database does not answer."""

    async def close(self) -> None: ...

    def transaction(self) -> AbstractAsyncContextManager[Connection]: ...

    def look_ups_by(self, key: str, one: Statement, many: str) -> LookUps:
        """``one``: the statement for one key, a parameter of this name; ``many``: for an array of keys (PostgreSQL), the key first."""


class UniqueViolation(Exception):
    """Another row has this value already."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def to_ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def from_ms_or_none(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)
