"""Transactions on SQLite that wait at the same moment share one commit. Each must still be one of its own."""

import asyncio
import sqlite3
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from sparekey.adapters.sql.sqlite import SqliteDatabase
from sparekey.domain.errors import StoreUnavailable
from tests.contracts.stores import Held

DAY = 20_000


class Thrown(Exception):
    pass


async def count(at: Held, subject: str, *, fails: bool = False) -> None:
    async with at.store.transaction() as tx:
        await tx.guesses.count_one(subject, "password", DAY)
        await tx.guesses.count_one(subject, "email", DAY)
        if fails:
            raise Thrown


async def counted(at: Held) -> dict[str, int]:
    rows = await at.rows("select subject, sum(today), count(*) from guess group by subject")
    assert all(lanes == 2 for _, _, lanes in rows), "half a transaction"
    return {subject: total // 2 for subject, total, _ in rows}


def raw_of(at: Held) -> sqlite3.Connection:
    assert isinstance(at.database, SqliteDatabase)
    assert at.database._raw is not None
    return at.database._raw


async def test_many_at_once_share_commits_and_each_is_kept(on_sqlite: Held) -> None:
    commits = []
    raw_of(on_sqlite).set_trace_callback(lambda text: commits.append(text) if text == "commit" else None)
    await asyncio.gather(*(count(on_sqlite, f"s{i}") for i in range(200)))
    assert len(commits) < 20
    assert await counted(on_sqlite) == {f"s{i}": 1 for i in range(200)}


async def test_one_that_fails_takes_back_only_its_own(on_sqlite: Held) -> None:
    ends = await asyncio.gather(*(count(on_sqlite, f"s{i}", fails=i % 3 == 0) for i in range(60)), return_exceptions=True)
    assert [isinstance(e, Thrown) for e in ends] == [i % 3 == 0 for i in range(60)]
    assert await counted(on_sqlite) == {f"s{i}": 1 for i in range(60) if i % 3}


async def test_what_was_acknowledged_is_seen_by_another_process(on_sqlite: Held) -> None:
    other = sqlite3.connect(on_sqlite.database._file)  # type: ignore[union-attr]

    async def count_and_look(i: int) -> None:
        await count(on_sqlite, f"s{i}")
        assert other.execute("select count(*) from guess where subject = ?", (f"s{i}",)).fetchone() == (2,)

    await asyncio.gather(*(count_and_look(i) for i in range(50)))
    other.close()


async def test_cancelled_at_any_moment_leaves_all_or_nothing(on_sqlite: Held) -> None:
    random = Random(7)
    tasks = [asyncio.create_task(count(on_sqlite, f"s{i}")) for i in range(300)]
    for task in random.sample(tasks, 100):
        for _ in range(random.randrange(4)):
            await asyncio.sleep(0)
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    kept = await counted(on_sqlite)
    assert all(kept.get(f"s{i}") == 1 for i, e in enumerate(ends) if e is None)
    await count(on_sqlite, "after")
    assert (await counted(on_sqlite))["after"] == 1


async def test_a_disk_that_is_full_keeps_what_was_acknowledged_and_nothing_else(on_sqlite: Held) -> None:
    raw = raw_of(on_sqlite)
    await count(on_sqlite, "before")
    pages = raw.execute("pragma page_count").fetchone()[0]
    raw.execute(f"pragma max_page_count = {pages + 8}")
    ends = await asyncio.gather(*(count(on_sqlite, f"{i:04d}" * 200) for i in range(120)), return_exceptions=True)
    assert {type(e) for e in ends if e is not None} == {StoreUnavailable}
    raw.execute("pragma max_page_count = 1000000")
    kept = await counted(on_sqlite)
    assert {s for s in kept if s != "before"} == {f"{i:04d}" * 200 for i, e in enumerate(ends) if e is None}
    await count(on_sqlite, "after")


async def test_a_commit_that_fails_is_nobodys_success(on_sqlite: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        """The connection, with a disk that does not answer at the commit."""

        def __init__(self, inner: sqlite3.Connection) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def execute(self, text: str, values: Mapping[str, Any] | None = None) -> sqlite3.Cursor:
            if text == "commit":
                raise sqlite3.OperationalError("disk I/O error")
            return self._inner.execute(text, values or {})

    assert isinstance(on_sqlite.database, SqliteDatabase)
    with monkeypatch.context() as patch:
        patch.setattr(on_sqlite.database, "_raw", Broken(raw_of(on_sqlite)))
        ends = await asyncio.gather(*(count(on_sqlite, f"s{i}") for i in range(20)), return_exceptions=True)
    assert {type(e) for e in ends} == {StoreUnavailable}
    assert await counted(on_sqlite) == {}
