"""Look-ups of the same moment are joined into one query. Each asker must get the account of its own token, whatever becomes of
the others: this is the test that the design asks for."""

import asyncio
import hashlib
from random import Random

import pytest
from typing_extensions import override

from sparekey.adapters.sql.connection import Row
from sparekey.adapters.sql.postgres import BatchedLookup, PostgresDatabase
from sparekey.adapters.sql.sessions import WHO_ARE
from sparekey.domain.errors import StoreUnavailable
from tests.contracts.stores import Held

SESSIONS = 500
AT_ONCE = 400


def token_hash(i: int) -> bytes:
    return hashlib.sha256(f"token {i}".encode()).digest()


@pytest.fixture
async def with_sessions(on_postgres: Held) -> Held:
    numbers = f"generate_series(0, {SESSIONS - 1}) as g(i)"
    await on_postgres.sql(
        f"""insert into account (account_id, name, language, created_at, password_hash, password_set_at, version, shred_key, user_name)
        select 'account' || i, 'Anna', 'en', 0, '', 0, 1, '', '' from {numbers}"""
    )
    await on_postgres.sql(
        f"""insert into address (address_id, account_id, kind, value, key, added_at, main, with_account, stolen)
        select 'address' || i, 'account' || i, 'email', i || '@example.com', 'key' || i, 0, 1, 1, 0 from {numbers}"""
    )
    await on_postgres.sql(
        f"""insert into session (token_hash, session_id, account_id, device_id, created_at, seen_at, expires_at, proofs, user_agent,
            network)
        select sha256(convert_to('token ' || i, 'UTF8')), 'session' || i, 'account' || i, '', 0, 0, 0, '[]', '', '' from {numbers}"""
    )
    return on_postgres


async def soak(look_ups: BatchedLookup, times: int, seed: int) -> tuple[int, int]:
    """So many look-ups of known and unknown tokens, some cancelled, some timed out. Answers how many were answered and cut off.

    Raises ``AssertionError`` when one asker gets what is not its own.
    """
    random = Random(seed)
    answered = cut_off = 0

    async def ask() -> None:
        nonlocal answered, cut_off
        i = random.randrange(2 * SESSIONS)  # every second one is nobody's
        row: Row | None
        match random.randrange(10):
            case 0:
                task = asyncio.create_task(look_ups.get(token_hash(i)))
                for _ in range(random.randrange(6)):
                    await asyncio.sleep(0)
                task.cancel()
                try:
                    row = await task
                except asyncio.CancelledError:
                    cut_off += 1
                    return
            case 1:
                try:
                    async with asyncio.timeout(random.random() * 0.003):
                        row = await look_ups.get(token_hash(i))
                except TimeoutError:
                    cut_off += 1
                    return
            case _:
                row = await look_ups.get(token_hash(i))
        answered += 1
        assert (row is None) == (i >= SESSIONS)
        assert row is None or (row[1], row[2]) == (f"session{i}", f"account{i}")

    async def one_after_another(count: int) -> None:
        for _ in range(count):
            await ask()

    await asyncio.gather(*(one_after_another(times // AT_ONCE) for _ in range(AT_ONCE)))
    return answered, cut_off


def database_of(at: Held) -> PostgresDatabase:
    assert isinstance(at.database, PostgresDatabase)
    return at.database


async def test_twenty_thousand_mixed_cancelled_and_timed_out(with_sessions: Held) -> None:
    answered, cut_off = await soak(BatchedLookup(database_of(with_sessions), WHO_ARE), 20_000, seed=1)
    assert answered + cut_off == 20_000
    assert cut_off > 500


@pytest.mark.soak
async def test_a_million_mixed_cancelled_and_timed_out(with_sessions: Held) -> None:
    answered, cut_off = await soak(BatchedLookup(database_of(with_sessions), WHO_ARE), 1_000_000, seed=2)
    assert answered + cut_off == 1_000_000


async def test_a_planted_mix_up_is_caught(with_sessions: Held) -> None:
    class ByPlace(BatchedLookup):
        """Hands rows out in the order in which they came, as if the database kept that of the keys."""

        @override
        async def _answer(self, batch: list[tuple[bytes, asyncio.Future[Row | None]]]) -> None:
            async with self._connections.one() as raw:
                rows = list(await raw.fetch(WHO_ARE, [key for key, _ in batch]))
            for _, future in batch:
                row = rows.pop(0) if rows else None
                if not future.done():
                    future.set_result(row)

    with pytest.raises(AssertionError):
        await soak(ByPlace(database_of(with_sessions), WHO_ARE), 4_000, seed=3)


async def test_a_database_that_goes_away_is_told_to_everyone_who_waits(with_sessions: Held) -> None:
    look_ups = BatchedLookup(database_of(with_sessions), WHO_ARE)
    assert await look_ups.get(token_hash(1)) is not None
    waiting = [asyncio.create_task(look_ups.get(token_hash(i))) for i in range(100)]
    await asyncio.sleep(0)
    for raw in database_of(with_sessions).look_ups._open:
        raw.terminate()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(e) for e in ends if isinstance(e, Exception)} <= {StoreUnavailable}
    row = await look_ups.get(token_hash(2))
    assert row is not None
    assert row[1] == "session2"
