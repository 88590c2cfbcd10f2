"""What was kept long enough goes, and what must stay stays, to the day."""

import asyncio
from datetime import datetime, timedelta

import pytest

from sparekey.domain import retention
from sparekey.domain.confirmations import Confirmation
from sparekey.domain.limits import day_of
from sparekey.domain.sessions import KnownDevice
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Guesses
from sparekey.worker.housekeeping import BATCH, prune
from tests.contracts.stores import CHANCE, NOW, Held, key_of, new_account, with_address
from tests.contracts.test_store import new_event, new_flow, new_message, new_session, put, put_flows, put_messages

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
TODAY = day_of(NOW)


async def kept(at: Held, now: datetime = NOW) -> dict[str, int]:
    """What one round removed."""
    return {kind: count for kind, count in (await at.store.prune(now, 100)).items() if count}


async def test_nothing_of_a_living_site_is_removed(at: Held) -> None:
    account = with_address(new_account(), "second@example.com")
    await put(at, account)
    await put_flows(at, new_flow(account))
    await put_messages(at, new_message(account.account_id))
    async with at.store.transaction() as tx:
        await tx.sessions.add(new_session(account), b"\x00" * 32)
        await tx.devices.add(KnownDevice("d" * 32, account.account_id, NOW, NOW, ""), b"a" * 32)
        await tx.guesses.count_one(account.account_id, "password/unknown", TODAY)
        await tx.guesses.take_back(account.account_id, "password/unknown", TODAY)
        await tx.audit.lock(account.account_id)
        await tx.audit.append(new_event(account.account_id, 1))
    assert await kept(at) == {}


async def test_flows_go_a_week_after_they_expired(at: Held) -> None:
    expired = [replace(new_flow(new_account()), expires_at=NOW - retention.FLOW_KEPT + late) for late in (-SECOND, SECOND)]
    await put_flows(at, *expired)
    assert await kept(at) == {"flow": 1}
    assert await at.rows("select flow_id from flow") == [(expired[1].flow_id,)]


async def test_a_flow_that_waits_is_not_removed(at: Held) -> None:
    waiting = replace(new_flow(new_account()), created_at=NOW - 60 * DAY, expires_at=NOW + 30 * DAY)
    await put_flows(at, waiting)
    assert await kept(at) == {}


async def test_sessions_go_when_they_expire(at: Held) -> None:
    account = new_account()
    await put(at, account)
    async with at.store.transaction() as tx:
        await tx.sessions.add(replace(new_session(account), expires_at=NOW - SECOND), b"\x00" * 32)
        await tx.sessions.add(replace(new_session(account), expires_at=NOW + SECOND), b"\x01" * 32)
    assert await kept(at) == {"session": 1}
    assert await at.store.session_by_token(b"\x01" * 32) is not None


async def test_devices_go_when_nobody_saw_them_for_400_days(at: Held) -> None:
    account = new_account()
    async with at.store.transaction() as tx:
        for n, age in enumerate((399 * DAY, 401 * DAY)):
            await tx.devices.add(KnownDevice(f"{n}" * 32, account.account_id, NOW - 900 * DAY, NOW - age, ""), bytes([n]) * 32)
    assert await kept(at) == {"device": 1}
    assert await at.rows("select device_id from device") == [("0" * 32,)]


@pytest.mark.row("D1")
async def test_counters_go_but_never_one_that_still_holds_something_back(at: Held) -> None:
    unknown = "x" + "1" * 31
    counters = {
        # (subject, lane, day, in a row): whether it stays
        ("a" * 32, "password/unknown", TODAY, 0): True,
        ("b" * 32, "password/unknown", TODAY - 1, 0): False,
        ("c" * 32, "password/unknown", TODAY - 1, 1): True,
        ("d" * 32, "password/unknown", TODAY - 3000, 100): True,  # closed: no time opens it
        (unknown, "password/unknown", TODAY - 29, 5): True,
        (unknown, "email/unknown", TODAY - 31, 5): False,
        ("e" * 32, "password/device/7", TODAY - 399, 5): True,
        ("f" * 32, "password/device/7", TODAY - 401, 5): False,
        ("0" * 32, "email/flow/7", TODAY - 401, 5): False,
    }
    for subject, lane, day, row in counters:
        await at.sql("insert into guess values (:subject, :lane, :day, 1, :row)", subject=subject, lane=lane, day=day, row=row)
    assert await kept(at) == {"guess": 4}
    left = {(r[0], r[1]) for r in await at.rows("select subject, lane from guess")}
    assert left == {(subject, lane) for (subject, lane, _, _), stays in counters.items() if stays}
    async with at.store.transaction() as tx:
        assert await tx.guesses.read("b" * 32, "password/unknown", TODAY) == Guesses(0, 0), "as if it were still there"


@pytest.mark.row("G1")
async def test_what_the_shop_asked_goes_after_90_days(at: Held) -> None:
    account_id = new_account().account_id
    async with at.store.transaction() as tx:
        for n, age in enumerate((89 * DAY, 91 * DAY)):
            asked = Confirmation(f"{n}" * 32, account_id, "link_card", f"card-{n}", "A card", "https://shop.example.com", NOW - age)
            await tx.confirmations.add(asked)
    assert await kept(at) == {"confirmation": 1}
    assert await at.rows("select confirmation_id from confirmation") == [("0" * 32,)]


@pytest.mark.row("I9")
async def test_messages_that_are_over_go_after_90_days_and_others_stay(at: Held) -> None:
    old = {state: new_message(minutes=-91 * 24 * 60) for state in ("delivered", "void", "expired", "dead", "ready")}
    young = new_message(minutes=-89 * 24 * 60)
    await put_messages(at, *old.values(), young)
    async with at.store.transaction() as tx:
        await tx.outbox.delivered(old["delivered"].message_id, NOW, "", "")
        await tx.outbox.delivered(young.message_id, NOW, "", "")
        await tx.outbox.voided(old["void"].message_id, NOW)
        await tx.outbox.expired(old["expired"].message_id)
        await tx.outbox.dead(old["dead"].message_id, "refused")
    assert await kept(at) == {"outbox": 3}
    left = {r[0] for r in await at.rows("select message_id from outbox")}
    assert left == {old["dead"].message_id, old["ready"].message_id, young.message_id}


@pytest.mark.row("S6")
async def test_removed_addresses_go_when_they_are_reserved_no_longer(at: Held) -> None:
    account = with_address(with_address(new_account(), "old@example.com"), "older@example.com")
    await put(at, account)
    main, old, older = account.addresses
    async with at.store.transaction() as tx:
        without_older = replace(account, addresses=(main, old))
        await tx.accounts.save(account, without_older, NOW - retention.ADDRESS_KEPT - SECOND)
        await tx.accounts.save(without_older, replace(account, addresses=(main,)), NOW - 30 * DAY)
    assert await kept(at) == {"address": 1}
    async with at.store.transaction() as tx:
        assert await tx.accounts.holder_of(key_of("old@example.com"), NOW - 31 * DAY) == account.account_id
        assert await tx.accounts.holder_of(older.key, NOW - 99 * DAY) is None
        assert (await tx.accounts.get(account.account_id)).addresses == (main,)


async def chain_of(at: Held, chain: str, *ages: timedelta) -> None:
    async with at.store.transaction() as tx:
        await tx.audit.lock(chain)
        for seq, age in enumerate(ages, 1):
            await tx.audit.append(replace(new_event(chain, seq), at=NOW - age))


@pytest.mark.row("D5")
async def test_chains_of_names_that_nobody_has_go_whole_and_accounts_chains_stay(at: Held) -> None:
    await chain_of(at, "x" + "1" * 31, 200 * DAY, 92 * DAY)
    await chain_of(at, "s" + "1" * 31, 92 * DAY)
    await chain_of(at, "x" + "2" * 31, 200 * DAY, 89 * DAY)  # it was tried again
    await chain_of(at, "x" + "3" * 31, 2 * DAY)
    await chain_of(at, "a" * 32, 900 * DAY)
    await at.sql("insert into audit_head (chain, seq, mac) values (:chain, 0, :mac)", chain="x" + "4" * 31, mac=b"")
    assert await kept(at) == {"audit_head": 3}
    events = await at.rows("select chain, seq from audit_event order by chain, seq")
    assert events == [("a" * 32, 1), ("x" + "2" * 31, 1), ("x" + "2" * 31, 2), ("x" + "3" * 31, 1)]
    assert await at.count("audit_head") == 3


@pytest.mark.row("D5")
async def test_a_chain_that_grows_while_it_is_removed_is_whole_afterwards(at: Held) -> None:
    chain = "x" + "1" * 31

    async def append() -> None:
        async with at.store.transaction() as tx:
            lock = await tx.audit.lock(chain)
            await asyncio.sleep(0)
            await tx.audit.append(replace(new_event(chain, lock.seq + 1), at=NOW))

    for _ in range(10):
        await at.sql("delete from audit_head")
        await at.sql("delete from audit_event")
        await chain_of(at, chain, 99 * DAY)
        await asyncio.gather(append(), at.store.prune(NOW, 10), append())
        seqs = [r[0] for r in await at.rows("select seq from audit_event order by seq")]
        assert seqs in ([1, 2], [1, 2, 3])
        assert await at.rows("select seq from audit_head") == [(len(seqs),)]


async def test_more_than_a_batch_goes_batch_by_batch(at: Held) -> None:
    account = new_account()
    await put(at, account)
    async with at.store.transaction() as tx:
        for n in range(2 * BATCH + 5):
            session = replace(new_session(account), session_id=CHANCE.new_id(NOW), expires_at=NOW - SECOND)
            await tx.sessions.add(session, n.to_bytes(32, "big"))
    assert (await at.store.prune(NOW, 10))["session"] == 10
    assert (await prune(at.store, NOW, asyncio.Event()))["session"] == 2 * BATCH - 5
    assert await at.count("session") == 0


async def test_pruning_ends_when_the_server_stops(at: Held) -> None:
    stop = asyncio.Event()
    stop.set()
    assert await prune(at.store, NOW, stop) == {}
