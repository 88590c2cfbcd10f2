"""The password of all accounts, its hashes, and how many hashes a second this machine can make at all."""

import asyncio
import secrets
import time
from datetime import UTC, datetime

import msgspec

from bench.machine import FOLDER
from sparekey.adapters.crypto.argon2 import Cost, find_argon2
from sparekey.adapters.crypto.hasher import PepperedArgon2
from sparekey.adapters.crypto.hashing import argon2_of
from sparekey.adapters.crypto.hashing_pool import HashingPool, cores_for
from sparekey.adapters.crypto.keys import Key, KeyRing

PASSWORD = "Correct-Horse-42-Battery"
DISTINCT = 256
"""So many salted hashes, shared by the accounts in turn: enough that nothing is verified from a cache."""


def plain() -> list[str]:
    """Argon2id as PHC strings, at the cost that we use (19 MiB, 2 passes, 1 lane): for the peers. Made once and kept."""
    file = FOLDER / "hashes.json"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        argon2, cost = argon2_of(find_argon2()), Cost()
        made = [argon2.hash(PASSWORD.encode(), cost.memory_kib, cost.passes) for _ in range(DISTINCT)]
        file.write_bytes(msgspec.json.encode(made))
    return msgspec.json.decode(file.read_bytes(), type=list[str])


def peppered(ring: KeyRing) -> list[str]:
    """The same, as our own hasher stores them under the keys of a server."""

    async def make() -> list[str]:
        hasher = PepperedArgon2(ring, HashingPool(cores_for(1), most_waiting=DISTINCT))
        try:
            return await asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(DISTINCT)))
        finally:
            hasher.close()

    return asyncio.run(make())


def limit(seconds: float = 3.0) -> float:
    """Verifications a second on all cores, by the processes that the server uses with nothing beside them: what no sign-in can pass."""

    async def measure() -> float:
        ring = KeyRing((Key("00000000", secrets.token_bytes(32), datetime.now(UTC)),))
        hasher, done = PepperedArgon2(ring, HashingPool(cores_for(1))), 0
        stored = await hasher.hash(PASSWORD)

        async def verify() -> None:
            nonlocal done
            while time.perf_counter() < until:
                await hasher.verify(stored, PASSWORD)
                done += 1

        try:
            began = time.perf_counter()
            until = began + seconds
            await asyncio.gather(*(verify() for _ in range(4 * cores_for(1))))
            return done / (time.perf_counter() - began)
        finally:
            hasher.close()

    return asyncio.run(measure())
