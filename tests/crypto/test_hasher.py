"""D7, P8: Argon2id with a pepper, on a bounded budget of cores."""

import asyncio
import os
import secrets
import signal
import sys
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest
from typing_extensions import override

from sparekey.adapters.clock import SystemClock
from sparekey.adapters.crypto.argon2 import Cost, cost_of, decoy, find_argon2
from sparekey.adapters.crypto.hasher import PepperedArgon2
from sparekey.adapters.crypto.hashing import answer, argon2_of
from sparekey.adapters.crypto.hashing_pool import HashingPool, cores_for
from sparekey.adapters.crypto.keys import Key, KeyRing
from sparekey.domain.errors import Busy

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OLD, NEW = Key("0000000a", b"o" * 32, NOW), Key("0000000b", b"n" * 32, NOW)
RING = KeyRing((OLD,))
LIGHT = Cost(memory_kib=64, passes=1)


@pytest.fixture
def light() -> Iterator[PepperedArgon2]:
    """Real Argon2id at a small cost: what is tested does not depend on it."""
    hasher = PepperedArgon2(RING, HashingPool(2), cost=LIGHT)
    yield hasher
    hasher.close()


def pool_of(hasher: PepperedArgon2) -> HashingPool:
    pool = hasher._hashing
    assert isinstance(pool, HashingPool)
    return pool


class Held:
    """Hashing processes whose work lasts until it is let go, so that a queue can be looked at while it is full."""

    PROGRAM = """
import pathlib, socket, sys, time
folder = pathlib.Path(sys.argv[1])
server = socket.socket(fileno=0)
with server.makefile("rw") as jobs:
    for line in jobs:
        together = line.strip().split("\\t")
        with (folder / "jobs").open("a") as log:
            log.writelines(job + "\\n" for job in together)
        while not (folder / "go").exists():
            time.sleep(0.005)
        print(*({} for job in together), sep="\\t", file=jobs, flush=True)
"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.program: Sequence[str] = (sys.executable, "-c", self.PROGRAM.format("'right'"), str(folder))

    def let_go(self) -> None:
        (self._folder / "go").touch()

    @property
    def jobs(self) -> list[list[str]]:
        """What was begun so far."""
        log = self._folder / "jobs"
        return [line.split() for line in log.read_text().splitlines()] if log.exists() else []

    async def begun(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.jobs) < count:  # noqa: ASYNC110 - another process sends no event
                await asyncio.sleep(0.005)


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path)


@pytest.mark.row("P8")
async def test_the_stored_form_and_the_default_cost() -> None:
    hasher = PepperedArgon2(RING, HashingPool(1))
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
    assert not argon2_of(find_argon2()).verify(phc, "nebel über dem fluss".encode()), "the pepper is missing"
    thief = PepperedArgon2(KeyRing((Key(OLD.id, b"x" * 32, NOW),)), HashingPool(1), cost=LIGHT)
    assert not await thief.verify(stored, "nebel über dem fluss")
    thief.close()


@pytest.mark.row("O7")
async def test_passwords_outlive_a_rotation_and_move_to_the_new_pepper(light: PepperedArgon2) -> None:
    stored = await light.hash("nebel über dem fluss")
    rotated = PepperedArgon2(KeyRing((NEW, OLD)), HashingPool(1), cost=LIGHT)
    assert await rotated.verify(stored, "nebel über dem fluss")
    assert rotated.needs_rehash(stored)
    again = await rotated.hash("nebel über dem fluss")
    assert again.startswith(NEW.id)
    assert not rotated.needs_rehash(again)
    rotated.close()


@pytest.mark.row("O7")
async def test_a_hash_whose_key_is_gone_matches_nothing_at_the_same_cost(light: PepperedArgon2, held: Held) -> None:
    stored = await light.hash("nebel über dem fluss")
    held.let_go()
    without = PepperedArgon2(KeyRing((NEW,)), HashingPool(1, program=held.program))
    assert not await without.verify(stored, "nebel über dem fluss")
    assert [cost_of(phc) for _, phc, _ in held.jobs] == [Cost()]
    without.close()


@pytest.mark.row("P8")
@pytest.mark.parametrize(("cost", "weaker"), [(LIGHT, True), (Cost(19_456, 1), True), (Cost(19_456, 2), False), (Cost(20_000, 3), False)])
async def test_a_cheaper_hash_is_made_anew(cost: Cost, weaker: bool) -> None:
    then, now = PepperedArgon2(RING, HashingPool(1), cost=cost), PepperedArgon2(RING, HashingPool(1))
    stored = await then.hash("nebel über dem fluss")
    assert await now.verify(stored, "nebel über dem fluss")
    assert now.needs_rehash(stored) == weaker
    then.close()
    now.close()


@pytest.mark.row("D3")
@pytest.mark.parametrize(("stored", "password"), [("", "nebel über dem fluss"), ("garbage", "x"), ("", "\ud800"), ("", "x" * 2000)])
async def test_no_account_costs_as_much_as_a_wrong_password(stored: str, password: str, held: Held) -> None:
    held.let_go()
    real, hasher = PepperedArgon2(RING, HashingPool(1)), PepperedArgon2(RING, HashingPool(1, program=held.program))
    await hasher.verify(await real.hash("another one entirely"), "wrong")
    assert not await hasher.verify(stored, password), "not even where the process says that it is right"
    (_, wrong, _), (_, nobody, _) = held.jobs
    assert cost_of(wrong) == cost_of(nobody) == Cost()
    assert len(wrong) == len(nobody), "salt and hash of the same length too"
    real.close()
    hasher.close()


@pytest.mark.row("D3")
def test_the_decoy_is_a_hash_like_any_other_that_nothing_matches() -> None:
    one, two = decoy(LIGHT), decoy(LIGHT)
    made = argon2_of(find_argon2()).hash(b"x", LIGHT.memory_kib, LIGHT.passes)
    assert one != two
    assert [len(part) for part in one.split("$")] == [len(part) for part in made.split("$")]
    assert not argon2_of(find_argon2()).verify(one, bytes(32))


async def test_a_full_queue_is_busy_and_empties_again(held: Held) -> None:
    hasher = PepperedArgon2(RING, HashingPool(2, program=held.program, most_waiting=3))
    waiting = [asyncio.create_task(hasher.verify("", "x")) for _ in range(5)]
    await held.begun(2)
    for refused in (hasher.verify("", "x"), hasher.hash("x")):
        with pytest.raises(Busy) as caught:
            await refused
        assert caught.value.retry_after > 0
    held.let_go()
    await asyncio.gather(*waiting)
    assert len(held.jobs) == 5
    assert not await hasher.verify("", "x")
    hasher.close()


async def free_places_after_cancelling(hasher: PepperedArgon2, held: Held, places: int) -> int:
    """How many may come in after all who waited have left; one still works on, for nobody."""
    waiting = [asyncio.create_task(hasher.verify("", "x")) for _ in range(places)]
    await held.begun(1)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    free = 0
    later = []
    for _ in range(places):
        task = asyncio.create_task(hasher.verify("", "x"))
        await asyncio.sleep(0)
        if not task.done():
            free += 1
        later.append(task)
    held.let_go()
    await asyncio.gather(*later, return_exceptions=True)
    return free


async def test_who_leaves_the_queue_frees_the_place(held: Held) -> None:
    hasher = PepperedArgon2(RING, HashingPool(1, program=held.program, most_waiting=4))
    assert await free_places_after_cancelling(hasher, held, 5) == 4, "all but the one that is at work"
    assert len(held.jobs) == 5, "one for nobody, four for those who came later, none for those who left before their turn"
    hasher.close()


class KeepsPlaces(deque[object]):
    @override
    def __contains__(self, job: object) -> bool:
        return False


async def test_planted_a_queue_that_keeps_the_places_of_those_who_left_is_caught(held: Held) -> None:
    hasher = PepperedArgon2(RING, HashingPool(1, program=held.program, most_waiting=4))
    pool_of(hasher)._waiting = KeepsPlaces()  # type: ignore[assignment]
    assert await free_places_after_cancelling(hasher, held, 5) < 4
    hasher.close()


async def test_the_loop_goes_on_while_hashes_are_made(held: Held) -> None:
    hasher = PepperedArgon2(RING, HashingPool(1, program=held.program))
    waiting = asyncio.create_task(hasher.verify(OLD.id + decoy(LIGHT), "x"))
    await held.begun(1)
    held.let_go()  # reached only because the loop is free
    assert await waiting
    hasher.close()


@pytest.fixture
def reads(tmp_path: Path) -> Callable[[str], Sequence[str]]:
    """A hashing process that does these statements with each line of jobs; ``n`` is how often any of them was asked."""

    def make(statements: str) -> Sequence[str]:
        program = f"""
import os, pathlib, signal, socket, sys
from sparekey.adapters.crypto.hashing import answer, argon2_of
server = socket.socket(fileno=0)
log = pathlib.Path({str(tmp_path / "asked")!r})
with server.makefile("rw") as jobs:
    for job in jobs:
        with log.open("a") as f:
            f.write("x")
        n = len(log.read_text())
        {statements}
        print(*(answer(argon2_of("libsodium"), j) for j in job.strip().split("\\t")), sep="\\t", file=jobs, flush=True)
"""
        return (sys.executable, "-c", program)

    return make


async def test_the_job_of_a_process_that_dies_is_done_by_another(reads: Callable[[str], Sequence[str]]) -> None:
    hasher = PepperedArgon2(RING, HashingPool(1, program=reads("n == 1 and os.kill(os.getpid(), signal.SIGKILL)")), cost=LIGHT)
    stored = await hasher.hash("nebel über dem fluss")
    assert await hasher.verify(stored, "nebel über dem fluss")
    hasher.close()


async def test_an_idle_process_ends_and_the_next_job_starts_another() -> None:
    soon = "from sparekey.adapters.crypto import hashing; hashing.IDLE = 0.2; hashing.main('libsodium')"
    hasher = PepperedArgon2(RING, HashingPool(1, program=(sys.executable, "-c", soon)), cost=LIGHT)
    stored = await hasher.hash("nebel über dem fluss")
    async with asyncio.timeout(20):
        while pool_of(hasher)._processes:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.01)
    assert await hasher.verify(stored, "nebel über dem fluss")
    hasher.close()


async def test_bindings_compiled_for_another_processor_give_way_to_libsodium(reads: Callable[[str], Sequence[str]]) -> None:
    hasher = PepperedArgon2(RING, HashingPool(1, program=reads("os.kill(os.getpid(), signal.SIGILL)")), cost=LIGHT)
    stored = await hasher.hash("nebel über dem fluss")
    assert await hasher.verify(stored, "nebel über dem fluss")
    assert pool_of(hasher)._program[-1] == "libsodium"
    hasher.close()


async def test_a_process_that_dies_between_two_jobs_is_replaced(light: PepperedArgon2) -> None:
    stored = await light.hash("nebel über dem fluss")
    (process,) = pool_of(light)._processes
    os.kill(process._process.pid, signal.SIGKILL)
    assert await light.verify(stored, "nebel über dem fluss")
    assert [p._process.pid for p in pool_of(light)._processes] != [process._process.pid]


async def test_a_job_that_kills_its_process_again_and_again_is_told_to_come_back(reads: Callable[[str], Sequence[str]]) -> None:
    hasher = PepperedArgon2(RING, HashingPool(2, program=reads("sys.exit(1)")), cost=LIGHT)
    answers = await asyncio.gather(*(hasher.hash("nebel über dem fluss") for _ in range(4)), return_exceptions=True)
    assert [type(a) for a in answers] == [Busy] * 4
    hasher.must_have_room()
    hasher.close()


async def test_a_job_that_kills_its_process_takes_no_other_along(reads: Callable[[str], Sequence[str]]) -> None:
    deadly = "'verify' in job and sys.exit(1)"
    hasher = PepperedArgon2(RING, HashingPool(2, program=reads(deadly)), cost=LIGHT)
    tries = [hasher.hash("nebel über dem fluss") for _ in range(6)]
    *made, killed = await asyncio.gather(*tries, hasher.verify("", "x"), return_exceptions=True)
    assert isinstance(killed, Busy)
    assert all(isinstance(m, str) for m in made)
    hasher.close()


async def test_what_waits_is_shared_out_and_answered_each_with_its_own() -> None:
    hasher = PepperedArgon2(RING, HashingPool(2), cost=LIGHT)
    stored = [await hasher.hash(f"nebel über dem fluss {i}") for i in range(3)]
    asked = [(i, j) for i in range(3) for j in range(12)]
    answers = await asyncio.gather(*(hasher.verify(stored[i], f"nebel über dem fluss {j}") for i, j in asked))
    assert [pair for pair, right in zip(asked, answers, strict=True) if right] == [(0, 0), (1, 1), (2, 2)]
    hasher.close()


async def test_where_no_process_can_be_started_all_are_told_to_come_back() -> None:
    hasher = PepperedArgon2(RING, HashingPool(2, program=("/nowhere/to/be/found",)))
    with pytest.raises(Busy):
        await hasher.hash("nebel über dem fluss")
    hasher.must_have_room()
    hasher.close()


async def test_an_answer_in_pieces_is_put_together(reads: Callable[[str], Sequence[str]]) -> None:
    in_pieces = "for c in answer(argon2_of('libsodium'), job): server.send(c.encode())\n        server.send(bytes([10])); continue"
    hasher = PepperedArgon2(RING, HashingPool(1, program=reads(in_pieces)), cost=LIGHT)
    stored = await hasher.hash("nebel über dem fluss")
    assert cost_of("$" + stored.partition("$")[2]) == LIGHT
    hasher.close()


async def test_no_process_before_the_first_hash_and_none_after_the_end() -> None:
    hasher = PepperedArgon2(RING, HashingPool(2), cost=LIGHT)
    assert not pool_of(hasher)._processes
    await hasher.hash("nebel über dem fluss")
    (process,) = pool_of(hasher)._processes
    hasher.close()
    assert process._process.returncode == -signal.SIGKILL
    assert not pool_of(hasher)._processes


async def test_what_waits_at_the_end_is_cancelled(held: Held) -> None:
    hasher = PepperedArgon2(RING, HashingPool(1, program=held.program))
    waiting = [asyncio.create_task(hasher.verify("", "x")) for _ in range(3)]
    await held.begun(1)
    hasher.close()
    assert {type(e) for e in await asyncio.gather(*waiting, return_exceptions=True)} == {asyncio.CancelledError}


@pytest.mark.row("D7")
async def test_hashing_processes_see_neither_passwords_nor_settings(monkeypatch: pytest.MonkeyPatch, held: Held) -> None:
    monkeypatch.setenv("SPAREKEY_KEYS", "a key of the ring")
    held.let_go()
    hasher = PepperedArgon2(RING, HashingPool(1, program=held.program))
    await hasher.hash("nebel über dem fluss")
    (process,) = pool_of(hasher)._processes
    environment = environment_of(process._process.pid)
    assert b"SPAREKEY_" not in environment
    assert b"PATH=" in environment, "it was read"
    ((_, _, _, secret),) = held.jobs
    assert bytes.fromhex(secret) != "nebel über dem fluss".encode()
    assert len(bytes.fromhex(secret)) == 32
    hasher.close()


@pytest.mark.row("D5")
async def test_hashing_processes_end_with_a_server_that_was_killed(tmp_path: Path) -> None:
    program = """
import asyncio, os, sys, uvloop
from tests.crypto.test_hasher import LIGHT, RING, pool_of
from sparekey.adapters.crypto.hasher import PepperedArgon2
from sparekey.adapters.crypto.hashing_pool import HashingPool
async def main():
    hasher = PepperedArgon2(RING, HashingPool(2), cost=LIGHT)
    await asyncio.gather(hasher.hash("x"), hasher.hash("x"))
    print(*(p._process.pid for p in pool_of(hasher)._processes), flush=True)
    await asyncio.sleep(60)
uvloop.run(main())
"""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert server.stdout is not None
    pids = [int(pid) for pid in (await server.stdout.readline()).split()]
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGTERM)  # sent to a whole service; theirs to ignore, or requests under way would go unanswered
    await asyncio.sleep(0.1)
    assert all(runs(pid) for pid in pids)
    server.kill()
    await server.wait()
    async with asyncio.timeout(20):
        while any(runs(pid) for pid in pids):  # noqa: ASYNC110 - they are no children of ours
            await asyncio.sleep(0.01)


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def runs(pid: int) -> bool:
    """Whether a process is there and not only waiting for its end to be noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.row("P8")
def test_both_implementations_read_each_other() -> None:
    secret = secrets.token_bytes(32)
    names = {"libsodium", find_argon2()}
    for one in names:
        made = answer(argon2_of(one), f"hash {LIGHT.memory_kib} {LIGHT.passes} {secret.hex()}")
        assert cost_of(made) == LIGHT
        for other in names:
            assert answer(argon2_of(other), f"verify {made} {secret.hex()}") == "right"
            assert answer(argon2_of(other), f"verify {made} {bytes(32).hex()}") == "wrong"
            assert answer(argon2_of(other), f"verify {made[:-3]} {secret.hex()}") == "wrong"


async def test_many_at_once_each_get_their_own_answer(light: PepperedArgon2) -> None:
    stored = [await light.hash(f"password of {n}") for n in range(8)]
    answers = await asyncio.gather(*(light.verify(stored[n % 8], f"password of {n // 8}") for n in range(64)))
    assert [n for n, right in enumerate(answers) if right] == [n * 9 for n in range(8)]


def test_the_cores_are_shared_among_the_processes() -> None:
    cores = len(os.sched_getaffinity(0))
    assert cores_for(1) == cores
    assert cores_for(cores) == 1
    assert cores_for(cores * 4) == 1


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
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed(tag))
    monkeypatch.setattr(metadata, "version", lambda _: "25.1.0")
    assert find_argon2() == ("native" if native else "libsodium")


def test_the_clock_speaks_in_whole_milliseconds_of_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
