"""What every store keeps to: one body over SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sparekey.adapters.sql import migrate
from sparekey.domain.accounts import NOBODY_ID, Account, AccountId, AddressKind, nobody
from sparekey.domain.errors import StaleFlow, StoreUnavailable
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.flow.waiting import begin
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import KnownDevice, Session
from sparekey.domain.values import replace
from sparekey.use_cases.ports import AddressTaken, AuditRow, Guesses
from tests.contracts.stores import CHANCE, NOW, Held, database_at, fresh_database, held, key_of, new_account, with_address
from tests.postgres import Cluster

MINUTE = timedelta(minutes=1)
PROOF = Proof(FactorKind.PASSWORD, "password", Thing(ThingKind.MEMORY, "password"), NOW)


@pytest.fixture
async def beside(at: Held, database_url: str, data_dir: Path) -> AsyncIterator[Held]:
    """The same database, opened by a second process as far as the store can tell."""
    async with held(database_at(database_url, data_dir)) as h:
        yield h


async def put(at: Held, *accounts: Account) -> None:
    async with at.store.transaction() as tx:
        for account in accounts:
            await tx.accounts.add(account)


async def get(at: Held, account_id: AccountId) -> Account:
    async with at.store.transaction() as tx:
        return await tx.accounts.get(account_id)


class Stopped(Exception):
    """Raised by a test in the middle of a transaction."""


# ---------------------------------------------------------------- accounts


async def test_an_account_is_read_as_it_was_written(at: Held) -> None:
    plain = replace(new_account(user_name="anna"), contested_at=NOW, frozen_at=NOW, closing_at=NOW)
    account = with_address(plain, "second@example.com", NOW + MINUTE)
    await put(at, account)
    async with at.store.transaction() as tx:
        assert await tx.accounts.get(account.account_id) == account
        for key in (key_of("anna@example.com"), key_of("second@example.com"), "anna"):
            assert await tx.accounts.find_by_key(key) == account
        with pytest.raises(LookupError):
            await tx.accounts.get(AccountId("f" * 32))


@pytest.mark.row("D3")
async def test_behind_a_name_that_nobody_has_stands_the_stand_in(at: Held) -> None:
    await put(at, new_account())
    async with at.store.transaction() as tx:
        found = await tx.accounts.find_by_key(key_of("nobody@example.com"))
        assert found == nobody() == await tx.accounts.get(NOBODY_ID)
        assert not found.exists


async def test_the_key_of_the_stand_in_and_an_empty_user_name_lead_to_no_account(at: Held) -> None:
    await put(at, new_account())
    async with at.store.transaction() as tx:
        for key in ("", "nobody@invalid", key_of("")):
            assert not (await tx.accounts.find_by_key(key)).exists


async def test_many_accounts_without_a_user_name_live_side_by_side(at: Held) -> None:
    await put(at, new_account("a@example.com"), new_account("b@example.com"))


async def test_an_address_is_one_accounts_alone(at: Held) -> None:
    anna, ben = new_account(user_name="anna"), new_account("ben@example.com")
    await put(at, anna, ben)
    for twin in (new_account(), new_account("other@example.com", user_name="anna")):
        with pytest.raises(AddressTaken):
            await put(at, twin)
        with pytest.raises(LookupError):
            await get(at, twin.account_id)
    for grab in (with_address(ben, "anna@example.com"), replace(ben, user_name="anna", user_name_key="anna")):
        with pytest.raises(AddressTaken):
            async with at.store.transaction() as tx:
                await tx.accounts.save(ben, grab, NOW)
    assert await get(at, ben.account_id) == ben


@pytest.mark.row("S6")
async def test_a_removed_address_leads_nowhere_stays_reserved_and_may_be_taken_later(at: Held) -> None:
    anna = with_address(new_account(), "old@example.com")
    await put(at, anna)
    alone = replace(anna, addresses=anna.addresses[:1])
    async with at.store.transaction() as tx:
        await tx.accounts.save(anna, alone, NOW)
    assert await get(at, anna.account_id) == alone
    key = key_of("old@example.com")
    async with at.store.transaction() as tx:
        assert not (await tx.accounts.find_by_key(key)).exists
        assert await tx.accounts.holder_of(key, NOW - MINUTE) == anna.account_id
        assert await tx.accounts.holder_of(key, NOW) is None
        assert await tx.accounts.holder_of(key_of("anna@example.com"), NOW) == anna.account_id
        assert await tx.accounts.holder_of(key_of("nobody@example.com"), NOW) is None
    ben = new_account("old@example.com")
    await put(at, ben)
    async with at.store.transaction() as tx:
        assert await tx.accounts.holder_of(key, NOW - MINUTE) == ben.account_id, "who has it, before who had it"


async def test_a_change_of_the_main_address_is_kept(at: Held) -> None:
    anna = with_address(new_account(), "second@example.com", NOW + MINUTE)
    await put(at, anna)
    turned = replace(anna, addresses=tuple(replace(a, main=not a.main, stolen=a.main) for a in anna.addresses), version=2, name="Änne 安娜")
    async with at.store.transaction() as tx:
        await tx.accounts.save(anna, turned, NOW)
    assert await get(at, anna.account_id) == turned


@pytest.mark.row("P5")
async def test_former_passwords_the_newest_first(at: Held) -> None:
    account = new_account()
    await put(at, account)
    for n in range(1, 4):
        changed = replace(account, password_hash=f"hash {n}", password_set_at=NOW + n * MINUTE)
        async with at.store.transaction() as tx:
            await tx.accounts.save(account, changed, NOW)
        account = changed
    rehashed = replace(account, password_hash="hash 3 anew")
    async with at.store.transaction() as tx:
        await tx.accounts.save(account, rehashed, NOW)
        assert list(await tx.accounts.former_passwords(account.account_id, 2)) == ["hash 2", "hash 1"]
        assert len(await tx.accounts.former_passwords(account.account_id, 9)) == 3
    assert (await get(at, account.account_id)).password_hash == "hash 3 anew"


@pytest.mark.row("P5", "D7")
async def test_of_former_passwords_no_more_are_kept_than_are_refused(at: Held) -> None:
    account = new_account()
    await put(at, account)
    for n in range(1, 14):
        changed = replace(account, password_hash=f"hash {n}", password_set_at=NOW + n * MINUTE)
        async with at.store.transaction() as tx:
            await tx.accounts.save(account, changed, NOW)
        account = changed
    async with at.store.transaction() as tx:
        assert list(await tx.accounts.former_passwords(account.account_id, 99)) == [f"hash {n}" for n in range(12, 2, -1)]


# ---------------------------------------------------------------- flows


def new_flow(account: Account, state: State = State.ASKING) -> Flow:
    return Flow(
        flow_id=CHANCE.new_id(NOW),
        action="recover",
        account_id=account.account_id,
        subject=account.account_id,
        holder=b"\x00\xff" * 16,
        state=state,
        version=1,
        created_at=NOW,
        expires_at=NOW + 60 * MINUTE,
        language="ru",
        typed="Анна",
        proofs=(PROOF,),
        waiting=begin(timedelta(days=1), NOW),
    )


async def put_flows(at: Held, *flows: Flow) -> None:
    async with at.store.transaction() as tx:
        for flow in flows:
            await tx.flows.add(flow)


async def test_a_flow_is_read_as_it_was_written_and_grows_a_version_with_each_step(at: Held) -> None:
    flow = new_flow(new_account())
    await put_flows(at, flow)
    async with at.store.transaction() as tx:
        assert await tx.flows.get(flow.flow_id) == flow
        assert await tx.flows.get_for_step(flow.flow_id) == flow
        assert await tx.flows.get("f" * 32) is None
        assert await tx.flows.get_for_step("f" * 32) is None
        await tx.flows.save(replace(flow, state=State.ALLOWED))
    async with at.store.transaction() as tx:
        assert await tx.flows.get(flow.flow_id) == replace(flow, state=State.ALLOWED, version=2)


async def test_of_two_that_loaded_the_same_version_one_is_stale(at: Held) -> None:
    flow = new_flow(new_account())
    await put_flows(at, flow)
    async with at.store.transaction() as tx:
        await tx.flows.save(replace(flow, state=State.ALLOWED))
    with pytest.raises(StaleFlow):
        async with at.store.transaction() as tx:
            await tx.flows.save(replace(flow, state=State.DENIED))
    async with at.store.transaction() as tx:
        after = await tx.flows.get(flow.flow_id)
    assert after is not None
    assert after.state is State.ALLOWED


@pytest.mark.parametrize("locked", [True, False])
async def test_steps_of_one_flow_go_one_after_the_other(at: Held, beside: Held, locked: bool) -> None:
    """Without the lock they are caught by the version; shows that the lock is what makes all of them succeed."""
    flow = new_flow(new_account())
    await put_flows(at, flow)

    async def step(store: Held) -> bool:
        try:
            async with store.store.transaction() as tx:
                loaded = await (tx.flows.get_for_step if locked else tx.flows.get)(flow.flow_id)
                assert loaded is not None
                await asyncio.sleep(0.005)
                await tx.flows.save(loaded)
        except StaleFlow:
            return False
        return True

    done = await asyncio.gather(*(step(store) for store in (at, beside) for _ in range(4)))
    async with at.store.transaction() as tx:
        after = await tx.flows.get(flow.flow_id)
    assert after is not None
    assert after.version == 1 + sum(done)
    assert all(done) or not locked


async def test_open_flows_of_an_account_are_found_but_for_one(at: Held) -> None:
    anna, ben = new_account(), new_account("ben@example.com")
    own = new_flow(anna)
    open_ = [new_flow(anna, state) for state in (State.ASKING, State.WAITING, State.ALLOWED)]
    over = [new_flow(anna, state) for state in (State.DONE, State.ENDED, State.DENIED, State.REFERRED)]
    expired = replace(new_flow(anna), expires_at=NOW)
    await put_flows(at, own, *open_, *over, expired, new_flow(ben))
    async with at.store.transaction() as tx:
        found = await tx.flows.open_of_account(anna.account_id, own.flow_id, NOW)
    assert {f.flow_id for f in found} == {f.flow_id for f in open_}


# ---------------------------------------------------------------- sessions and devices


def new_session(account: Account, later: timedelta = timedelta(0)) -> Session:
    return Session(
        session_id=CHANCE.new_id(NOW),
        account_id=account.account_id,
        device_id=CHANCE.new_id(NOW),
        created_at=NOW,
        seen_at=NOW + later,
        expires_at=NOW + timedelta(days=30),
        proofs=(PROOF,),
        user_agent="Mozilla/5.0 «ü»",
        network="2001:db8::7",
    )


async def put_sessions(at: Held, *sessions: Session) -> None:
    async with at.store.transaction() as tx:
        for n, session in enumerate(sessions):
            await tx.sessions.add(session, bytes([n]) * 32)


async def test_a_session_is_found_by_its_token_until_it_ends(at: Held) -> None:
    account = replace(new_account(), name="Anna Ü", language="zh")
    await put(at, account)
    first, second = new_session(account), new_session(account, MINUTE)
    await put_sessions(at, first, second)
    found = await at.store.session_by_token(b"\x00" * 32)
    assert found is not None
    assert found.session == replace(first, network="")
    assert (found.email, found.name, found.language) == ("anna@example.com", "Anna Ü", "zh")
    assert await at.store.session_by_token(b"\x07" * 32) is None
    async with at.store.transaction() as tx:
        assert list(await tx.sessions.of_account(account.account_id)) == [second, first]
        assert await tx.sessions.end(AccountId("f" * 32), first.session_id) is False, "another's session"
        assert await tx.sessions.end(account.account_id, first.session_id) is True
        assert await tx.sessions.end(account.account_id, first.session_id) is False
    assert await at.store.session_by_token(b"\x00" * 32) is None
    assert await at.store.session_by_token(b"\x01" * 32) is not None


@pytest.mark.row("I7")
async def test_all_sessions_of_one_account_end_but_the_one_that_stays(at: Held) -> None:
    anna, ben = new_account(), new_account("ben@example.com")
    await put(at, anna, ben)
    keep, *others = [new_session(anna) for _ in range(3)]
    foreign = new_session(ben)
    await put_sessions(at, keep, *others, foreign)
    async with at.store.transaction() as tx:
        assert await tx.sessions.end_all(anna.account_id, except_session=keep.session_id) == 2
    assert [await at.store.session_by_token(bytes([n]) * 32) is not None for n in range(4)] == [True, False, False, True]
    async with at.store.transaction() as tx:
        assert await tx.sessions.end_all(anna.account_id) == 1


async def test_fresh_proofs_and_the_last_use_are_written_down(at: Held) -> None:
    account = new_account()
    await put(at, account)
    session = new_session(account)
    await put_sessions(at, session)
    async with at.store.transaction() as tx:
        await tx.sessions.refresh(replace(session, proofs=(PROOF,)))
    await at.store.sessions_seen({session.session_id: NOW + 3 * MINUTE, "f" * 32: NOW})
    await at.store.sessions_seen({session.session_id: NOW + 2 * MINUTE})
    async with at.store.transaction() as tx:
        await tx.sessions.refresh(replace(session, proofs=(PROOF, PROOF)))
    found = await at.store.session_by_token(b"\x00" * 32)
    assert found is not None
    assert (len(found.session.proofs), found.session.seen_at) == (2, NOW + 3 * MINUTE), (
        "neither a late report nor a fresh proof turns it back"
    )


async def test_many_look_ups_at_once_each_get_their_own(at: Held) -> None:
    accounts = [new_account(f"{n}@example.com") for n in range(20)]
    await put(at, *accounts)
    await put_sessions(at, *(new_session(account) for account in accounts))
    tokens = [bytes([n % 25]) * 32 for n in range(500)]
    found = await asyncio.gather(*(at.store.session_by_token(token) for token in tokens))
    expected = [f"{token[0]}@example.com" if token[0] < 20 else None for token in tokens]
    assert [who.email if who else None for who in found] == expected


async def test_a_known_device_is_known_to_its_account_alone(at: Held) -> None:
    account = new_account()
    device = KnownDevice(CHANCE.new_id(NOW), account.account_id, NOW, NOW, "Firefox")
    younger = KnownDevice(CHANCE.new_id(NOW), account.account_id, NOW + MINUTE, NOW + MINUTE, "Chrome")
    async with at.store.transaction() as tx:
        await tx.devices.add(device, b"a" * 32)
        await tx.devices.add(younger, b"b" * 32)
        assert await tx.devices.find(b"a" * 32, account.account_id) == device
        assert await tx.devices.find(b"a" * 32, AccountId("f" * 32)) is None
        assert await tx.devices.find(b"c" * 32, account.account_id) is None
        await tx.devices.seen(device.device_id, NOW + 5 * MINUTE, ("a", "b"))
        await tx.devices.forget_younger(account.account_id, NOW + MINUTE)
    async with at.store.transaction() as tx:
        assert await tx.devices.find(b"a" * 32, account.account_id) == replace(device, seen_at=NOW + 5 * MINUTE, networks=("a", "b"))
        assert await tx.devices.find(b"b" * 32, account.account_id) is None


# ---------------------------------------------------------------- guesses


@pytest.mark.row("D1")
async def test_guesses_are_counted_by_day_and_in_a_row(at: Held) -> None:
    async with at.store.transaction() as tx:
        assert await tx.guesses.read("anna", "password/unknown", 7) == Guesses(0, 0)
        assert [await tx.guesses.count_one("anna", "password/unknown", 7) for _ in range(3)] == [Guesses(n, n) for n in (1, 2, 3)]
        assert await tx.guesses.read("anna", "password/unknown", 7) == Guesses(3, 3)
        assert await tx.guesses.count_one("anna", "password/device/1", 7) == Guesses(1, 1)
        assert await tx.guesses.count_one("ben", "password/unknown", 7) == Guesses(1, 1)
    async with at.store.transaction() as tx:
        assert await tx.guesses.read("anna", "password/unknown", 8) == Guesses(0, 3)
        assert await tx.guesses.count_one("anna", "password/unknown", 8) == Guesses(1, 4)


async def test_a_right_answer_takes_its_guess_back_and_ends_the_row(at: Held) -> None:
    async with at.store.transaction() as tx:
        await tx.guesses.take_back("anna", "password/unknown", 7)
        for _ in range(4):
            await tx.guesses.count_one("anna", "password/unknown", 7)
        await tx.guesses.take_back("anna", "password/unknown", 7)
        assert await tx.guesses.read("anna", "password/unknown", 7) == Guesses(3, 0)
        await tx.guesses.take_back("anna", "password/unknown", 8)
        assert await tx.guesses.read("anna", "password/unknown", 7) == Guesses(3, 0), "never below what another day counted"


async def test_a_new_factor_forgets_the_counters_of_its_kind_alone(at: Held) -> None:
    async with at.store.transaction() as tx:
        for lane in ("password/unknown", "password/device/1", "email/unknown", "password2/unknown"):
            await tx.guesses.count_one("anna", lane, 7)
        await tx.guesses.count_one("ben", "password/unknown", 7)
        await tx.guesses.clear("anna", "password/")
    left = await at.rows("select subject, lane from guess order by subject, lane")
    assert left == [("anna", "email/unknown"), ("anna", "password2/unknown"), ("ben", "password/unknown")]


@pytest.mark.row("D1")
async def test_parallel_guesses_are_all_counted(at: Held, beside: Held) -> None:
    async def guess(store: Held) -> int:
        async with store.store.transaction() as tx:
            return (await tx.guesses.count_one("anna", "password/unknown", 7)).today

    assert sorted(await asyncio.gather(*(guess(store) for store in (at, beside) for _ in range(25)))) == list(range(1, 51))


# ---------------------------------------------------------------- outbox


def new_message(account_id: str = "a" * 32, minutes: float = 0, **changes: object) -> Message:
    message = Message(
        message_id=CHANCE.new_id(NOW),
        account_id=AccountId(account_id),
        kind=MessageKind.RECOVERY_CODE,
        channel=AddressKind.EMAIL,
        to="anna@example.com",
        hint="a•••@example.com",
        language="en",
        created_at=NOW + minutes * MINUTE,
        params={"code": "123456"},
        worthless_at=NOW + 15 * MINUTE,
    )
    return replace(message, **changes)  # type: ignore[arg-type]


async def put_messages(at: Held, *messages: Message) -> None:
    async with at.store.transaction() as tx:
        for message in messages:
            await tx.outbox.add(message)


async def claim(at: Held, minutes: float = 0, most: int = 10, lease: float = 1) -> list[tuple[Message, int]]:
    async with at.store.transaction() as tx:
        now = NOW + minutes * MINUTE
        return [(c.message, c.tries) for c in await tx.outbox.claim(now, now + lease * MINUTE, most)]


async def test_a_message_is_claimed_as_it_was_written_and_its_body_is_sealed(at: Held) -> None:
    message, later = new_message(void=True), new_message(minutes=5, worthless_at=None)
    await put_messages(at, message, later)
    assert await claim(at) == [(message, 0)]
    ((body,),) = await at.rows("select body from outbox where message_id = :id", id=message.message_id)
    assert b"123456" not in body
    assert b"anna" not in body


async def test_a_lease_keeps_others_away_until_it_ends(at: Held) -> None:
    message = new_message()
    await put_messages(at, message)
    assert await claim(at) == [(message, 0)]
    assert await claim(at, minutes=0.9) == []
    assert await claim(at, minutes=1) == [(message, 1)], "the worker that had it is gone"


async def test_two_workers_at_once_never_get_the_same_row(at: Held, beside: Held) -> None:
    messages = [new_message() for _ in range(60)]
    await put_messages(at, *messages)

    async def work(store: Held) -> list[str]:
        mine: list[str] = []
        while batch := await claim(store, most=5):
            mine += [m.message_id for m, _ in batch]
            await asyncio.sleep(0)
        return mine

    got = await asyncio.gather(*(work(store) for store in (at, beside) for _ in range(3)))
    assert sorted(i for mine in got for i in mine) == sorted(m.message_id for m in messages)


async def test_the_ends_of_a_message(at: Held) -> None:
    names = ("delivered", "void", "expired", "dead", "ready")
    rows = {name: new_message() for name in names}
    await put_messages(at, *rows.values())
    await claim(at)
    async with at.store.transaction() as tx:
        ids = {name: m.message_id for name, m in rows.items()}
        await tx.outbox.delivered(ids["delivered"], NOW + MINUTE, "smtp", "250 queued")
        await tx.outbox.voided(ids["void"], NOW)
        await tx.outbox.expired(ids["expired"])
        await tx.outbox.dead(ids["dead"], "refused by all")
        await tx.outbox.failed(ids["ready"], "busy", NOW + 5 * MINUTE)
        assert await tx.outbox.counts() == dict.fromkeys(names, 1)
        (sent,) = await tx.outbox.in_state("delivered", 5)
        assert (sent.message_id, sent.delivered_at, sent.tries, sent.error) == (ids["delivered"], NOW + MINUTE, 1, "")
    bodies = {row[0]: row[1] for row in await at.rows("select state, body from outbox")}
    assert [name for name in names if bodies[name]] == ["dead", "ready"], "the words of the others are wiped"
    assert await claim(at, minutes=4) == []
    assert [(m.message_id, tries) for m, tries in await claim(at, minutes=5)] == [(ids["ready"], 1)]


async def test_what_was_given_up_can_be_sent_again_and_nothing_else(at: Held) -> None:
    message, other = new_message(), new_message()
    await put_messages(at, message, other)
    await claim(at)
    async with at.store.transaction() as tx:
        await tx.outbox.dead(message.message_id, "refused")
        assert await tx.outbox.retry_dead(message.message_id, NOW + MINUTE) is True
        assert await tx.outbox.retry_dead(message.message_id, NOW + MINUTE) is False
        assert await tx.outbox.retry_dead("f" * 32, NOW) is False
        await tx.outbox.delivered(other.message_id, NOW, "smtp", "")
        assert await tx.outbox.retry_dead(other.message_id, NOW) is False
    assert await claim(at, minutes=1) == [(message, 0)]


@pytest.mark.row("I9")
async def test_the_owner_sees_the_own_messages_the_newest_first(at: Held) -> None:
    first, second, void, foreign = new_message(), new_message(minutes=1), new_message(void=True), new_message("b" * 32)
    await put_messages(at, first, second, void, foreign)
    async with at.store.transaction() as tx:
        seen = await tx.outbox.of_account(AccountId("a" * 32), 10)
        assert [m.message_id for m in seen] == [second.message_id, first.message_id]
        assert len(await tx.outbox.of_account(AccountId("a" * 32), 1)) == 1
    assert (seen[0].hint, seen[0].kind, seen[0].state) == ("a•••@example.com", MessageKind.RECOVERY_CODE, "ready")


# ---------------------------------------------------------------- audit


def new_event(chain: str, seq: int) -> AuditRow:
    return AuditRow(chain, seq, NOW + seq * MINUTE, "account.sign_in.done", "f" * 32, b"{}", b"\x00sealed", bytes([seq]) * 32)


@pytest.mark.row("D5")
async def test_events_are_read_as_they_were_written(at: Held) -> None:
    async with at.store.transaction() as tx:
        lock = await tx.audit.lock("a" * 32)
        assert (lock.seq, lock.mac) == (0, b"")
        for seq in (1, 2, 3):
            await tx.audit.append(new_event("a" * 32, seq))
        await tx.audit.append(new_event("b" * 32, 1))
        assert list(await tx.audit.of_chain("a" * 32, 2)) == [new_event("a" * 32, 3), new_event("a" * 32, 2)]
        assert await tx.audit.mac_of("a" * 32, 2) == bytes([2]) * 32
        assert await tx.audit.mac_of("a" * 32, 9) is None
        assert await tx.audit.count() == 4
    async with at.store.transaction() as tx:
        lock = await tx.audit.lock("a" * 32)
        assert (lock.seq, lock.mac) == (3, bytes([3]) * 32)
        assert list(await tx.audit.of_flow("a" * 32, "f" * 32)) == [new_event("a" * 32, seq) for seq in (1, 2, 3)]
        assert await tx.audit.of_flow("a" * 32, "e" * 32) == []
        assert await tx.audit.chains_of_flow("f" * 32, NOW + 2 * MINUTE, NOW + 3 * MINUTE) == ["a" * 32]
        assert await tx.audit.chains_of_flow("f" * 32, NOW + 4 * MINUTE, NOW + 9 * MINUTE) == []
        assert [link.row.seq for link in await tx.audit.links("a" * 32, 2, 10)] == [3, 1], "then the next chain"


@pytest.mark.row("D5")
async def test_parallel_appends_to_one_chain_leave_no_gap_and_no_fork(at: Held, beside: Held) -> None:
    async def append(store: Held) -> None:
        async with store.store.transaction() as tx:
            lock = await tx.audit.lock("a" * 32)
            await asyncio.sleep(0.001)
            await tx.audit.append(new_event("a" * 32, lock.seq + 1))

    await asyncio.gather(*(append(store) for store in (at, beside) for _ in range(20)))
    assert [row[0] for row in await at.rows("select seq from audit_event order by seq")] == list(range(1, 41))
    assert await at.rows("select seq from audit_head") == [(40,)]


async def test_heads_that_changed_are_answered_page_by_page(at: Held) -> None:
    chains = [f"x{n:031}" for n in range(10)]
    async with at.store.transaction() as tx:
        for n, chain in enumerate(chains):
            await tx.audit.lock(chain)
            await tx.audit.append(replace(new_event(chain, 1), at=NOW + n * MINUTE))
    found, pages = [], 0
    after: datetime | None = NOW + 2 * MINUTE
    while after is not None:
        async with at.store.transaction() as tx:
            heads, after = await tx.audit.changed(after, 3)
        found += [(h.chain, h.seq, h.mac, h.at) for h in heads]
        pages += 1
    assert sorted(found) == [(chains[n], 1, bytes([1]) * 32, NOW + n * MINUTE) for n in range(3, 10)]
    assert pages == 3


# ---------------------------------------------------------------- transactions


async def test_an_error_undoes_everything_that_the_transaction_did(at: Held) -> None:
    account, flow, message = new_account(), new_flow(new_account()), new_message()

    async def begin_everything() -> None:
        async with at.store.transaction() as tx:
            await tx.audit.lock(account.account_id)
            await tx.audit.append(new_event(account.account_id, 1))
            await tx.accounts.add(account)
            await tx.flows.add(flow)
            await tx.sessions.add(new_session(account), b"\x00" * 32)
            await tx.devices.add(KnownDevice(CHANCE.new_id(NOW), account.account_id, NOW, NOW, ""), b"a" * 32)
            await tx.guesses.count_one("anna", "password/unknown", 7)
            await tx.outbox.add(message)
            raise Stopped

    with pytest.raises(Stopped):
        await begin_everything()
    for table in ("audit_head", "audit_event", "flow", "session", "device", "guess", "outbox"):
        assert await at.count(table) == 0, table
    assert await at.count("account") == 1, "the stand-in"


async def test_a_cancelled_request_undoes_everything_and_harms_no_other(at: Held) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with at.store.transaction() as tx:
            await tx.guesses.count_one("anna", "password/unknown", 7)
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with at.store.transaction() as tx:
        assert await tx.guesses.count_one("anna", "password/unknown", 7) == Guesses(1, 1)


async def test_nothing_of_an_open_transaction_is_seen_from_outside(at: Held, beside: Held) -> None:
    account = new_account()
    await put(at, account)
    async with at.store.transaction() as tx:
        await tx.sessions.add(new_session(account), b"\x00" * 32)
        await tx.sessions.of_account(account.account_id)
        assert await beside.store.session_by_token(b"\x00" * 32) is None
    assert await beside.store.session_by_token(b"\x00" * 32) is not None


@pytest.mark.row("I7")
async def test_a_session_that_one_node_ended_is_refused_by_the_other_at_once(at: Held, beside: Held) -> None:
    account = new_account()
    await put(at, account)
    session = new_session(account)
    await put_sessions(at, session)
    assert await beside.store.session_by_token(b"\x00" * 32) is not None
    async with at.store.transaction() as tx:
        await tx.sessions.end(account.account_id, session.session_id)
    assert await beside.store.session_by_token(b"\x00" * 32) is None


# ---------------------------------------------------------------- up and down


async def test_a_store_with_a_database_is_ready(at: Held) -> None:
    assert await at.store.is_ready()


async def test_a_postgres_that_goes_away_is_said_to_be_away_and_used_again_when_it_is_back() -> None:
    with Cluster() as own:
        url = own.create("site")
        await asyncio.to_thread(migrate.upgrade, url)
        async with held(database_at(url, Path())) as at:
            account = new_account()
            await put(at, account)
            await put_sessions(at, new_session(account))
            await asyncio.gather(*(get(at, account.account_id) for _ in range(8)))
            own.stop()
            assert not await at.store.is_ready()
            for doing in (get(at, account.account_id), at.store.session_by_token(b"\x00" * 32), at.store.sessions_seen({"f" * 32: NOW})):
                with pytest.raises(StoreUnavailable):
                    await doing
            own.start()
            assert await at.store.is_ready()
            assert await get(at, account.account_id) == account
            assert await at.store.session_by_token(b"\x00" * 32) is not None
            await asyncio.gather(*(get(at, account.account_id) for _ in range(20)))


async def test_a_postgres_that_goes_down_in_a_transaction_leaves_nothing_of_it() -> None:
    with Cluster() as own:
        url = own.create("site")
        await asyncio.to_thread(migrate.upgrade, url)
        async with held(database_at(url, Path())) as at:

            async def stop_between_two_guesses() -> None:
                async with at.store.transaction() as tx:
                    await tx.guesses.count_one("anna", "password/unknown", 7)
                    own.stop()
                    await tx.guesses.count_one("anna", "password/unknown", 7)

            with pytest.raises(StoreUnavailable):
                await stop_between_two_guesses()
            own.start()
            async with at.store.transaction() as tx:
                assert await tx.guesses.read("anna", "password/unknown", 7) == Guesses(0, 0)


async def test_a_sqlite_file_that_another_process_keeps_locked_is_said_to_be_away(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparekey.adapters.sql.sqlite.WAITS", 0.2)
    async with held(fresh_database("", tmp_path, sqlite_template)) as at, held(database_at("", tmp_path)) as other:
        async with other.store.transaction() as tx:
            await tx.guesses.count_one("anna", "password/unknown", 7)
            await tx.guesses.read("anna", "password/unknown", 7)
            with pytest.raises(StoreUnavailable):
                await put(at, new_account())
            assert await at.store.session_by_token(b"\x00" * 32) is None, "readers go on"
        await put(at, new_account())
