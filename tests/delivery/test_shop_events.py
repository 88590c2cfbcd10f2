"""The shop is told of changes by signed webhooks, over real sockets: to a shop that is up, that refuses, is slow, or is down (R11, D6)."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from sparekey.adapters.shop_webhook import ShopWebhook
from sparekey.adapters.sql import migrate
from sparekey.cli.outbox import retry, shop
from sparekey.domain.accounts import NOBODY_ID
from sparekey.use_cases.ports_of_delivery import TryLater
from sparekey.use_cases.tell_shop import tell_shop
from sparekey.worker.run import run
from sparekey.worker.tell_shop import ShopTeller
from tests.delivery.conftest import HttpServer
from tests.doors.api import Api, served
from tests.doors.second_factors import answer, owner_of
from tests.doors.test_quarantine import recovered_by_two
from tests.doors.waits import press

pytestmark = [pytest.mark.row("R11"), pytest.mark.row("D6")]

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture(scope="module")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "sparekey.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@asynccontextmanager
async def told(url: str, database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    given = {"shop_webhook": f"{url}/events", "shop_webhook_secret": SECRET, "insecure_no_volume_limits": "true"}
    async with served(database_url, data_dir, migrated_sqlite, **given) as api:
        yield api


@pytest.fixture
async def api(http_server: HttpServer, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with told(http_server.url, "", data_dir, migrated_sqlite) as api:
        yield api


async def say(api: Api, kind: str = "account.frozen") -> None:
    async with api.parts.services.store.transaction() as tx:
        await tell_shop(tx, api.parts.services, kind, NOBODY_ID, api.clock.now())


async def states(api: Api) -> dict[str, int]:
    async with api.parts.services.store.transaction() as tx:
        return await tx.shop_events.counts()


def teller(api: Api, url: str, client: httpx2.AsyncClient, seconds: float = 0.3) -> ShopTeller:
    s = api.parts.services
    return ShopTeller(s.store, s.clock, s.chance, ShopWebhook(client, url=url, secret=SECRET, clock=s.clock, seconds=seconds))


async def test_the_shop_hears_of_all_that_changes_what_it_withholds(
    http_server: HttpServer, database_url: str, data_dir: Path, migrated_sqlite: Path
) -> None:
    async with told(http_server.url, database_url, data_dir, migrated_sqlite) as api:
        assert api.parts.shop is not None
        owner = await owner_of(api)
        account_id = (await owner.program.read("account"))["account_id"]
        assert await api.parts.shop.deliver_due() == 0
        program = await recovered_by_two(api, owner)
        asked = await program.sign_in(owner.email, "seven grey herons on one leg")
        assert (await answer(program, asked.flow_id, "totp", code=owner.app.next_code())).state == "done"
        await press(program, next(m for m in reversed(await api.letters(owner.email)) if "/d/" in m.text))
        while await api.parts.shop.deliver_due():
            pass
        said = [json.loads(r.body) for r in http_server.requests]
        wanted = {"account.recovered", "account.quarantined", "account.quarantine_ended", "account.frozen"}
        assert {s["type"] for s in said} == wanted
        assert len(said) == len(wanted)
        assert {s["data"]["account_id"] for s in said} == {account_id}
        assert [s["data"].keys() for s in said if s["type"] == "account.quarantined"] == [{"account_id", "until"}]
        everything = b"".join(r.body for r in http_server.requests).decode()
        assert not any(secret in everything for secret in ("anna", "203.0.113", "Mozilla", "127.0.0.1"))
        assert await states(api) == {"delivered": len(wanted)}


async def test_an_event_is_signed_as_standard_webhooks_say(api: Api, http_server: HttpServer) -> None:
    await say(api)
    assert api.parts.shop is not None
    assert await api.parts.shop.deliver_due() == 1
    (got,) = http_server.requests
    assert got.line == "POST /events HTTP/1.1"
    assert got.headers["content-type"] == "application/json"
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()


async def test_a_shop_that_refuses_is_told_again_with_the_same_words_until_it_takes_them(api: Api, http_server: HttpServer) -> None:
    http_server.answers = [(500, b"oops"), (404, b""), (302, b""), (200, b"")]
    await say(api)
    assert api.parts.shop is not None
    for tries in range(4):
        assert await api.parts.shop.deliver_due() == 1, tries
        assert await api.parts.shop.deliver_due() == 0, "not again at once"
        api.clock.wait(minutes=10)
    assert await states(api) == {"delivered": 1}
    assert len({(r.headers["webhook-id"], r.body) for r in http_server.requests}) == 1
    # Each try is signed at its own time, so that the shop may refuse old ones.
    assert len({r.headers["webhook-timestamp"] for r in http_server.requests}) == 4


async def test_a_shop_that_takes_the_call_and_says_nothing_holds_up_no_other(api: Api, stalled_port: int) -> None:
    for _ in range(5):
        await say(api)
    async with httpx2.AsyncClient(trust_env=False) as client:
        slow = teller(api, f"http://127.0.0.1:{stalled_port}", client)
        async with asyncio.timeout(20):
            assert await slow.deliver_due() == 5
    assert await states(api) == {"ready": 5}
    async with api.parts.services.store.transaction() as tx:
        assert {(e.tries, e.error) for e in await tx.shop_events.in_state("ready", 10)} == {(1, "TimeoutError")}


async def test_a_shop_that_answers_byte_by_byte_is_left_after_its_time(api: Api) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for letter in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 400:
            writer.write(bytes([letter]))
            await asyncio.sleep(0.05)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with httpx2.AsyncClient(trust_env=False) as client:
        webhook = ShopWebhook(client, url=url, secret=SECRET, clock=api.clock, seconds=0.3)
        with pytest.raises(TryLater, match="TimeoutError"):
            await webhook.send("id", b"{}")
    server.close()


async def test_a_shop_that_is_down_for_days_is_told_later_and_given_up_after_more(
    api: Api, dead_port: int, http_server: HttpServer
) -> None:
    await say(api)
    async with httpx2.AsyncClient(trust_env=False) as client:
        down = teller(api, f"http://127.0.0.1:{dead_port}", client)
        for _ in range(3 * 4):
            await down.deliver_due()
            api.clock.wait(hours=6)
        assert await states(api) == {"ready": 1}, "after three days"
        while (await states(api)).get("ready"):
            await down.deliver_due()
            api.clock.wait(hours=8)
    async with api.parts.services.store.transaction() as tx:
        [dead] = await tx.shop_events.in_state("dead", 10)
        assert dead.error == "ConnectError"
        assert await tx.shop_events.retry_dead(dead.event_id, api.clock.now())
        assert not await tx.shop_events.retry_dead("unknown", api.clock.now())
    assert api.parts.shop is not None
    assert await api.parts.shop.deliver_due() == 1
    assert len(http_server.requests) == 1


async def test_two_workers_tell_an_event_once_and_a_killed_one_loses_none(api: Api, http_server: HttpServer) -> None:
    for _ in range(20):
        await say(api)
    assert api.parts.shop is not None
    lost = await api.parts.shop.claim()  # and here it is killed
    assert len(lost.rows) == 20
    taken = await asyncio.gather(*(api.parts.shop.deliver_due() for _ in range(4)))
    assert sum(taken) == 0
    api.clock.wait(minutes=3)
    taken = await asyncio.gather(*(api.parts.shop.deliver_due() for _ in range(4)))
    assert sum(taken) == 20
    assert len({r.headers["webhook-id"] for r in http_server.requests}) == len(http_server.requests) == 20


async def test_the_loop_of_the_worker_tells_by_itself(api: Api, http_server: HttpServer) -> None:
    assert api.parts.shop is not None
    stop = asyncio.Event()
    running = asyncio.create_task(run(api.parts.shop, stop, asyncio.Event()))
    await say(api)
    for _ in range(300):
        await asyncio.sleep(0.1)
        if http_server.requests:
            break
    stop.set()
    await running
    assert await states(api) == {"delivered": 1}


async def test_nothing_is_written_where_no_shop_is_to_be_told(data_dir: Path, migrated_sqlite: Path) -> None:
    async with served("", data_dir, migrated_sqlite) as api:
        await say(api)
        assert await states(api) == {}


async def test_an_event_of_a_change_that_failed_is_never_told(api: Api) -> None:
    async def fail() -> None:
        async with api.parts.services.store.transaction() as tx:
            await tell_shop(tx, api.parts.services, "account.frozen", NOBODY_ID, api.clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await states(api) == {}


@pytest.mark.row("D7")
async def test_old_reports_and_told_events_are_removed_and_given_up_ones_stay(api: Api) -> None:
    await say(api)
    assert api.parts.shop is not None
    await api.parts.shop.deliver_due()
    await say(api)
    async with api.parts.services.store.transaction() as tx:
        [left] = await tx.shop_events.in_state("ready", 10)
        await tx.shop_events.dead(left.event_id, "planted")
    removed = await api.parts.services.store.prune(api.clock.now() + timedelta(days=31), 100)
    assert removed["shop_event"] == 1
    assert await states(api) == {"dead": 1}


async def test_the_operator_sees_what_was_given_up_and_sends_it_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("data", "database"):
        monkeypatch.setenv(f"SPAREKEY_{name.upper()}", getattr(api.settings.storage, name))
    await say(api)
    async with api.parts.services.store.transaction() as tx:
        [event] = await tx.shop_events.in_state("ready", 10)
        await tx.shop_events.dead(event.event_id, "500")
    with io.StringIO() as out, contextlib.redirect_stdout(out):
        await shop()
        assert event.event_id in out.getvalue()
        assert "dead: 1" in out.getvalue()
    await retry(event.event_id)
    assert await states(api) == {"ready": 1}
    async with api.parts.services.store.transaction() as tx:
        await tx.shop_events.dead(event.event_id, "500")
    await retry(all_=True)
    assert await states(api) == {"ready": 1}
