"""More sign-ins than the machine can hash are refused at once: 503 with a time to come back, and nothing written."""

import asyncio
import os
from pathlib import Path

import pytest

from sparekey.adapters.crypto.hasher import PepperedArgon2
from sparekey.adapters.crypto.hashing import NICENESS
from sparekey.adapters.crypto.hashing_pool import HashingPool
from sparekey.adapters.crypto.keys import KeyRing
from sparekey.domain.errors import Busy
from tests.contracts.stores import OLD_KEY


async def test_a_full_queue_says_so_before_anything_is_done() -> None:
    hasher = PepperedArgon2(KeyRing((OLD_KEY,)), HashingPool(1, most_waiting=1))
    try:
        hasher.must_have_room()
        taken = [asyncio.create_task(hasher.hash("a long enough password")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            hasher.must_have_room()
        await asyncio.gather(*taken)
        hasher.must_have_room()
    finally:
        hasher.close()


async def test_hashing_processes_stand_back_and_the_server_does_not() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    pool = HashingPool(1)
    hasher = PepperedArgon2(KeyRing((OLD_KEY,)), pool)
    try:
        await hasher.hash("a long enough password")
        (process,) = pool._processes
        assert os.getpriority(os.PRIO_PROCESS, process._process.pid) == min(before + NICENESS, 19)  # nobody stands further back
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
        if session_of("self"):  # sessions share the cores before their processes do
            assert session_of(process._process.pid) != session_of("self")
            assert session_of(process._process.pid).endswith(f"nice {NICENESS}")
    finally:
        hasher.close()


def session_of(pid: int | str) -> str:
    """The autogroup and its priority; empty where there are none."""
    file = Path(f"/proc/{pid}/autogroup")
    return file.read_text().strip() if file.exists() else ""
