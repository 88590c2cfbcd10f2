"""D7, P8: Argon2id with a pepper, on a bounded budget of cores."""

import asyncio
import os
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from threading import Event

import pytest

from sparekey.adapters.clock import SystemClock
from sparekey.adapters.crypto import argon2
from sparekey.adapters.crypto.argon2 import LIBSODIUM, Argon2, Cost, cost_of, find_argon2
from sparekey.adapters.crypto.hasher import PepperedArgon2, threads_for
from sparekey.adapters.crypto.keys import Key, KeyRing
from sparekey.domain.errors import Busy

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OLD, NEW = Key("0000000a", b"o" * 32, NOW), Key("0000000b", b"n" * 32, NOW)
RING = KeyRing((OLD,))
LIGHT = Cost(memory_kib=64, passes=1)


@pytest.fixture
def light() -> Iterator[PepperedArgon2]:
    """Real Argon2id at a small cost: what is tested does not depend on it."""
    hasher = PepperedArgon2(RING, 2, cost=LIGHT)
    yield hasher
    hasher.close()


class Held:
    """An Argon2 whose work lasts until it is let go, so that a queue can be looked at while it is full."""

    def __init__(self) -> None:
        self.go = Event()
        self.work = 0
        self.argon2 = Argon2("held", lambda secret, cost: "$argon2id$v=19$m=64,t=1,p=1$" + "a" * 22 + "$" + "a" * 43, self.verify)

    def verify(self, phc: str, secret: bytes) -> bool:
        # On the loop this would never be let go, and answer false after the wait.
        going = self.go.wait(5)
        self.work += 1
        return going


@pytest.mark.row("P8")
async def test_the_stored_form_and_the_default_cost() -> None:
    hasher = PepperedArgon2(RING, 1)
    stored = await hasher.hash("nebel über dem fluss")
    key_id, rest = stored.split("$", 1)
    assert key_id == OLD.id
    assert rest.startswith("argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.verify(stored, "nebel über dem fluss")
    assert not await hasher.verify(stored, "nebel über dem fluss ")
    assert not hasher.needs_rehash(stored)
    assert await hasher.hash("nebel über dem fluss") != stored, "a salt of its own"
    hasher.close()


@pytest.mark.row("P1")
async def test_composed_and_decomposed_open_the_same(light: PepperedArgon2) -> None:
    stored = await light.hash(unicodedata.normalize("NFC", "Ångström façade 각"))
    assert await light.verify(stored, unicodedata.normalize("NFD", "Ångström façade 각"))
    assert not await light.verify(stored, "ångström façade 각"), "otherwise compared exactly"


@pytest.mark.row("P1")
async def test_every_character_of_a_long_password_counts(light: PepperedArgon2) -> None:
    stored = await light.hash("🔑" * 1023 + "a")
    assert await light.verify(stored, "🔑" * 1023 + "a")
    assert not await light.verify(stored, "🔑" * 1023 + "b")


@pytest.mark.row("P1")
@pytest.mark.parametrize("password", ["x" * 1025, "x" * 1_000_000, "a" + "\u0316\u0301" * 500_000, "\ud800" * 20, "x" * 20 + "\x00"])
async def test_what_cannot_be_a_password_is_never_right_and_never_hashed(light: PepperedArgon2, password: str) -> None:
    assert not await light.verify(await light.hash("x" * 20), password)
    with pytest.raises(ValueError, match="not usable"):
        await light.hash(password)


@pytest.mark.row("P8")
@pytest.mark.parametrize(
    "stored",
    [
        "",
        "$",
        "garbage",
        "0000000a$argon2id$garbage",
        "0000000a$argon2id$v=19$m=64,t=1,p=1$aaaaaaaaaaaaaaaaaaaaaa$" + "a" * 1000,
        "0000000a$argon2id$v=19$m=64,t=1,p=1$aaaaaaaaaaaaaaaaaaaaaa$" + "a" * 43,
        "0000000a$argon2id$v=19$m=64,t=1,p=1$" + "a" * 64 + "$" + "a" * 64,
        "0000000a$argon2d$v=19$m=64,t=1,p=1$aaaaaaaaaaaaaaaaaaaaaa$" + "a" * 43,
        "0000000a$argon2id$v=19$m=64,t=1,p=1$aaaaaaaaaaaaaaaaaaaaaa$" + "ä" * 43,
        "0000000f$argon2id$v=19$m=64,t=1,p=1$aaaaaaaaaaaaaaaaaaaaaa$" + "a" * 43,
        "$2b$12$abcdefghijklmnopqrstuuPLmrGyTqu5OpT0eVTWk.Zv1Zy3xqYm",
    ],
)
@pytest.mark.parametrize("password", ["", "nebel über dem fluss"])
async def test_garbage_matches_nothing_and_asks_to_be_replaced(light: PepperedArgon2, stored: str, password: str) -> None:
    assert not await light.verify(stored, password)
    if cost_of("$" + stored.partition("$")[2]) is None or not stored.startswith(OLD.id):
        assert light.needs_rehash(stored)


@pytest.mark.row("D7")
async def test_the_database_alone_allows_no_guessing(light: PepperedArgon2) -> None:
    stored = await light.hash("nebel über dem fluss")
    phc = "$" + stored.partition("$")[2]
    assert not find_argon2().verify(phc, "nebel über dem fluss".encode()), "the pepper is missing"
    thief = PepperedArgon2(KeyRing((Key(OLD.id, b"x" * 32, NOW),)), 1, cost=LIGHT)
    assert not await thief.verify(stored, "nebel über dem fluss")
    thief.close()


@pytest.mark.row("O7")
async def test_passwords_outlive_a_rotation_and_move_to_the_new_pepper(light: PepperedArgon2) -> None:
    stored = await light.hash("nebel über dem fluss")
    rotated = PepperedArgon2(KeyRing((NEW, OLD)), 1, cost=LIGHT)
    assert await rotated.verify(stored, "nebel über dem fluss")
    assert rotated.needs_rehash(stored)
    again = await rotated.hash("nebel über dem fluss")
    assert again.startswith(NEW.id)
    assert not rotated.needs_rehash(again)
    rotated.close()


@pytest.mark.row("O7")
async def test_a_hash_whose_key_is_gone_matches_nothing_at_the_same_cost(light: PepperedArgon2) -> None:
    stored = await light.hash("nebel über dem fluss")
    held = Held()
    held.go.set()
    without = PepperedArgon2(KeyRing((NEW,)), 1, argon2=held.argon2)
    assert not await without.verify(stored, "nebel über dem fluss")
    assert held.work == 1
    without.close()


@pytest.mark.row("P8")
@pytest.mark.parametrize(("cost", "weaker"), [(LIGHT, True), (Cost(19_456, 1), True), (Cost(19_456, 2), False), (Cost(20_000, 3), False)])
async def test_a_cheaper_hash_is_made_anew(cost: Cost, weaker: bool) -> None:
    then, now = PepperedArgon2(RING, 1, cost=cost), PepperedArgon2(RING, 1)
    stored = await then.hash("nebel über dem fluss")
    assert await now.verify(stored, "nebel über dem fluss")
    assert now.needs_rehash(stored) == weaker
    then.close()
    now.close()


@pytest.mark.row("D3")
@pytest.mark.parametrize(("stored", "password"), [("", "nebel über dem fluss"), ("garbage", "x"), ("", "\ud800"), ("", "x" * 2000)])
async def test_no_account_costs_as_much_as_a_wrong_password(stored: str, password: str) -> None:
    asked: list[Cost | None] = []
    real = find_argon2()

    def verify(phc: str, secret: bytes) -> bool:
        asked.append(cost_of(phc))
        return real.verify(phc, secret)

    hasher = PepperedArgon2(RING, 1, argon2=Argon2("real", real.hash, verify))
    assert not await hasher.verify(await hasher.hash("another one entirely"), "wrong")
    assert not await hasher.verify(stored, password)
    assert asked == [Cost(), Cost()]
    hasher.close()


async def test_a_full_queue_is_busy_and_empties_again() -> None:
    held = Held()
    hasher = PepperedArgon2(RING, 2, argon2=held.argon2, most_waiting=3)
    waiting = [asyncio.create_task(hasher.verify("", "x")) for _ in range(5)]
    await asyncio.sleep(0)
    for refused in (hasher.verify("", "x"), hasher.hash("x")):
        with pytest.raises(Busy) as caught:
            await refused
        assert caught.value.retry_after > 0
    held.go.set()
    await asyncio.gather(*waiting)
    assert held.work == 5
    assert not await hasher.verify("", "x")
    hasher.close()


async def free_slots_after_cancelling(hasher: PepperedArgon2, held: Held, slots: int) -> int:
    """How many may come in after all who waited have left; one still works on, for nobody."""
    waiting = [asyncio.create_task(hasher.verify("", "x")) for _ in range(slots)]
    await asyncio.sleep(0.05)  # until the first one is at work
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    free = 0
    later = []
    for _ in range(slots):
        task = asyncio.create_task(hasher.verify("", "x"))
        await asyncio.sleep(0)
        if not task.done():
            free += 1
        later.append(task)
    held.go.set()
    await asyncio.gather(*later, return_exceptions=True)
    return free


async def test_who_leaves_the_queue_frees_the_place() -> None:
    held = Held()
    hasher = PepperedArgon2(RING, 1, argon2=held.argon2, most_waiting=4)
    assert await free_slots_after_cancelling(hasher, held, 5) == 4, "all but the one that is at work"
    assert held.work == 5, "one for nobody, four for those who came later, none for those who left before their turn"
    hasher.close()


async def test_planted_a_queue_that_keeps_the_places_of_those_who_left_is_caught() -> None:
    held = Held()
    hasher = PepperedArgon2(RING, 1, argon2=held.argon2, most_waiting=4)
    give_back = hasher._give_back
    hasher._give_back = lambda job: None if job.cancelled() else give_back(job)  # type: ignore[method-assign, assignment]
    assert await free_slots_after_cancelling(hasher, held, 5) < 4
    hasher.close()


async def test_the_loop_goes_on_while_hashes_are_made() -> None:
    held = Held()
    hasher = PepperedArgon2(RING, 1, argon2=held.argon2)
    waiting = asyncio.create_task(hasher.verify("0000000a" + held.argon2.hash(b"", LIGHT), "x"))
    await asyncio.sleep(0.01)
    held.go.set()  # reached only because the loop is free
    assert await waiting
    hasher.close()


async def test_planted_hashing_on_the_loop_is_caught() -> None:
    held = Held()
    held.go.wait = lambda _=None: held.go.is_set()  # type: ignore[assignment, method-assign]  # no wait of five seconds

    async def verify() -> bool:
        return held.argon2.verify("", b"")

    waiting = asyncio.create_task(verify())
    await asyncio.sleep(0.01)
    held.go.set()
    assert not await waiting


async def test_many_at_once_each_get_their_own_answer(light: PepperedArgon2) -> None:
    stored = [await light.hash(f"password of {n}") for n in range(8)]
    answers = await asyncio.gather(*(light.verify(stored[n % 8], f"password of {n // 8}") for n in range(64)))
    assert [n for n, right in enumerate(answers) if right] == [n * 9 for n in range(8)]


def test_the_cores_are_shared_among_the_processes() -> None:
    cores = len(os.sched_getaffinity(0))
    assert threads_for(1) == cores
    assert threads_for(cores) == 1
    assert threads_for(cores * 4) == 1


class Installed:
    """What the record of an installed package says."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def read_text(self, name: str) -> str:
        return f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {self.tag}\n"


@pytest.mark.parametrize(
    ("tag", "native"),
    [
        ("cp39-abi3-linux_x86_64", True),
        ("cp39-abi3-linux_aarch64", True),
        ("cp39-abi3-manylinux_2_26_x86_64", False),
        ("cp39-abi3-musllinux_1_2_x86_64", False),
        ("", False),
    ],
)
def test_only_bindings_that_were_built_here_are_preferred(monkeypatch: pytest.MonkeyPatch, tag: str, native: bool) -> None:
    built = Argon2("built", lambda s, c: "", lambda p, s: False)
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed(tag))
    monkeypatch.setattr(metadata, "version", lambda _: "25.1.0")
    monkeypatch.setattr(argon2, "_native", lambda: built)
    assert (find_argon2() is built) == native
    assert native or find_argon2().name == LIBSODIUM


def test_the_clock_speaks_in_whole_milliseconds_of_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
