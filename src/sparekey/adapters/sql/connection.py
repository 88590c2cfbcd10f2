"""What the tables need from a database: statements with named parameters, rows as tuples.

One text serves SQLite and PostgreSQL: only what both understand is written (``on conflict``, ``returning``, integers for
times and truth values, bytes). ``/*lock*/`` becomes ``for update`` where rows can be locked; SQLite locks the whole file at
``begin immediate`` instead. Texts are compiled once, at import.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

Row = Sequence[Any]

_NAME = re.compile(r"(?<!:):([a-z_]+)")


class Statement:
    """A text with ``:name`` parameters, in both dialects. ``names``: in the order of PostgreSQL's ``$1, $2 …``."""

    __slots__ = ("names", "postgres", "sqlite")

    def __init__(self, text: str) -> None:
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_NAME.findall(text)))
        self.sqlite = text.replace("/*lock*/", "").replace("/*skip*/", "")
        self.postgres = (
            _NAME.sub(lambda m: f"${self.names.index(m[1]) + 1}", text)
            .replace("/*lock*/", "for update")
            .replace("/*skip*/", "for update skip locked")
        )


class Connection(Protocol):
    """One open transaction."""

    async def one(self, statement: Statement, **values: object) -> Row | None: ...

    async def all(self, statement: Statement, **values: object) -> Sequence[Row]: ...

    async def run(self, statement: Statement, **values: object) -> int:
        """Answers how many rows were changed. Raises ``UniqueViolation``."""


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
