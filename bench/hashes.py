"""The password of all accounts, its hashes, and how many hashes a second this machine can make at all."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bench.machine import FOLDER
from sparekey.adapters.crypto.argon2 import Cost, find_argon2
from sparekey.adapters.crypto.hasher import PepperedArgon2, threads_for
from sparekey.adapters.crypto.keys import KeyRing

PASSWORD = "Correct-Horse-42-Battery"
DISTINCT = 256
"""So many salted hashes, shared by the accounts in turn: enough that nothing is verified from a cache."""


def plain() -> list[str]:
    """Argon2id as PHC strings, at the cost that we use (19 MiB, 2 passes, 1 lane): for the peers. Made once and kept."""
    file = FOLDER / "hashes.json"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        argon2 = find_argon2()
        file.write_bytes(msgspec.json.encode([argon2.hash(PASSWORD.encode(), Cost()) for _ in range(DISTINCT)]))
    return msgspec.json.decode(file.read_bytes(), type=list[str])


def peppered(ring: KeyRing) -> list[str]:
    """The same, as our own hasher stores them under the keys of a server."""

    async def make() -> list[str]:
        hasher = PepperedArgon2(ring, threads_for(1), most_waiting=DISTINCT)
        try:
            return await asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(DISTINCT)))
        finally:
            hasher.close()

    return asyncio.run(make())


def limit(seconds: float = 3.0) -> float:
    """Verifications a second in one process on all cores, by the implementation that the server uses: what no sign-in can pass."""
    argon2, hashes, threads = find_argon2(), plain(), threads_for(1)

    def verify(first: int) -> int:
        done = 0
        while time.perf_counter() < until:
            argon2.verify(hashes[(first + done) % DISTINCT], PASSWORD.encode())
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        until = began + seconds
        done = sum(pool.map(verify, range(threads)))
        return done / (time.perf_counter() - began)
