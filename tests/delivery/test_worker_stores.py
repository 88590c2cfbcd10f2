"""The worker over the real databases, and what an operator sees of the outbox."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey import bootstrap
from sparekey.adapters.chance import SystemChance
from sparekey.adapters.sql.store import SqlStore
from sparekey.cli import outbox
from sparekey.domain.accounts import NOBODY_ID, AddressKind
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.values import replace
from sparekey.settings import Settings, read_settings
from sparekey.use_cases.ports_of_delivery import Refused
from sparekey.worker.deliver import LEASE, Deliverer
from tests.delivery.memory import Letter, TurnedClock, Way
from tests.messages.samples import message

CANARY = "719364"


@pytest.fixture
def environment(data_dir: Path, database_url: str) -> dict[str, str]:
    return {"SPAREKEY_DATA": str(data_dir)} | ({"SPAREKEY_DATABASE": database_url} if database_url else {})


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    settings = read_settings(environment)
    bootstrap.prepare_data_dir(settings)
    bootstrap.key_ring(settings)
    return settings


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[SqlStore]:
    await asyncio.to_thread(bootstrap.bring_schema_up, settings)
    async with bootstrap.open_store(settings) as store:
        yield store


def numbered(n: int, kind: MessageKind = MessageKind.NEW_DEVICE, **params: str) -> Message:
    return replace(message(kind, message_id=f"{n:032x}", to=f"reader{n}@mail.example", params=params), account_id=NOBODY_ID)


async def put(store: SqlStore, *messages: Message) -> None:
    async with store.transaction() as t:
        for m in messages:
            await t.outbox.add(m)


def deliverer(store: SqlStore, clock: TurnedClock, way: Way) -> Deliverer:
    return Deliverer(store, clock, SystemChance(), {AddressKind.EMAIL: [way]}, site_name="Sparekey", base_url="https://id.example.com")


@pytest.mark.row("R14", "O2")
async def test_workers_side_by_side_send_each_message_once_and_wipe_it(store: SqlStore, data_dir: Path) -> None:
    way, clock = Way("first", lambda letter: asyncio.sleep(0)), TurnedClock()
    await put(
        store, *(numbered(n) for n in range(120)), replace(numbered(120), void=True), numbered(121, MessageKind.RECOVERY_CODE, code=CANARY)
    )
    workers = [deliverer(store, clock, way) for _ in range(3)]
    while any(await asyncio.gather(*(worker.deliver_due() for worker in workers))):
        pass
    assert sorted(letter.to for letter in way.sent) == sorted(f"reader{n}@mail.example" for n in (*range(120), 121))
    async with store.transaction() as t:
        assert await t.outbox.counts() == {"delivered": 121, "void": 1}
    with contextlib.suppress(FileNotFoundError):  # on PostgreSQL there is no file to look into
        for body in _bodies(data_dir / bootstrap.SQLITE_FILE):
            assert body == b""


@pytest.mark.row("R14", "D7")
async def test_a_worker_that_dies_leaves_its_messages_sealed_to_the_next_one(store: SqlStore, data_dir: Path) -> None:
    way, clock = Way("first"), TurnedClock()
    await put(store, numbered(1, MessageKind.RECOVERY_CODE, code=CANARY))
    await deliverer(store, clock, way).claim()  # and no more
    with contextlib.suppress(FileNotFoundError):
        (body,) = _bodies(data_dir / bootstrap.SQLITE_FILE)
        assert body
        assert CANARY.encode() not in body
        assert b"reader1" not in body
    assert await deliverer(store, clock, way).deliver_due() == 0
    clock.turn(LEASE)
    assert await deliverer(store, clock, way).deliver_due() == 1
    assert [letter.to for letter in way.sent] == ["reader1@mail.example"]


def _bodies(file: Path) -> list[bytes]:
    if not file.exists():
        raise FileNotFoundError(file)
    with contextlib.closing(sqlite3.connect(file)) as raw:
        return [row[0] for row in raw.execute("select body from outbox where message_id != ?", ("",))]


def _refuse(letter: Letter) -> None:
    raise Refused(f"550 5.1.1 <{letter.to}> is gone")


@pytest.mark.row("R14")
async def test_an_operator_sees_what_was_given_up_without_addresses_and_sends_it_again(
    store: SqlStore, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (environment | {"COLUMNS": "160"}).items():
        monkeypatch.setenv(name, value)
    clock = TurnedClock()
    way = Way("first", _refuse)
    await put(store, *(numbered(n) for n in range(3)))
    await deliverer(store, clock, way).deliver_due()

    await outbox.counts()
    assert re.search(r"│ dead +│ 3 +│", capsys.readouterr().out)
    await outbox.dead()
    shown = capsys.readouterr().out
    assert f"{1:032x}" in shown
    assert "550 5.1.1 … is gone" in shown
    assert "reader" not in shown
    for wrong in ({"message_id": "", "all_": False}, {"message_id": "x", "all_": True}, {"message_id": "nope", "all_": False}):
        with pytest.raises(SystemExit):
            await outbox.retry(**wrong)  # type: ignore[arg-type]
    await outbox.retry(f"{1:032x}")
    await outbox.retry(all_=True)
    assert "1 to be sent again" in (said := capsys.readouterr().out)
    assert "2 to be sent again" in said
    await outbox.dead()
    assert "No message was given up" in capsys.readouterr().out
