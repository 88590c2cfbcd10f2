"""Password hashing on a budget of cores.

A stored hash is ``KEY$argon2id$…``: the id of the key whose pepper went in, then the PHC string. The pepper is an HMAC of the
password under that key (OWASP Password Storage Cheat Sheet, "Peppering"), so that a stolen database alone allows no guessing.
"""

import asyncio
import hmac
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

import structlog

from sparekey.adapters.crypto.argon2 import Argon2, Cost, cost_of, find_argon2
from sparekey.adapters.crypto.keys import Key, KeyRing
from sparekey.domain.errors import Busy
from sparekey.domain.passwords import is_usable, normalize

WAITING_FOR_EACH_THREAD = 64
"""How many may wait for one thread. At 10 to 20 ms a hash the last one waits about a second: less than the patience of people and
proxies, enough for a burst."""

NICENESS = 10
"""Steps of priority that the hashing threads stand back: a tenth of the share of the event loop where both want the same core."""

RETRY_AFTER = 2
"""Seconds after which a full queue has surely emptied."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


def threads_for(workers: int) -> int:
    """The share of one of so many processes in the cores of this machine. More threads than cores make each hash slower (13 to
    21 % fewer a second with twice as many)."""
    return max(1, len(os.sched_getaffinity(0)) // workers)


class PepperedArgon2:
    """Fulfils ``PasswordHasher``. ``close()`` it when the server stops.

    Making one costs a hash: the decoy that stands in for accounts without a password.
    """

    def __init__(
        self, ring: KeyRing, threads: int, *, cost: Cost | None = None, argon2: Argon2 | None = None, most_waiting: int | None = None
    ) -> None:
        self._ring = ring
        self._cost = cost or Cost()
        self._argon2 = argon2 or find_argon2()
        self._most = threads + (threads * WAITING_FOR_EACH_THREAD if most_waiting is None else most_waiting)
        self._taken = 0
        self._lock = Lock()  # slots are given back from the threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_give_way)
        self._decoy = self._argon2.hash(secrets.token_bytes(32), self._cost)

    async def hash(self, password: str) -> str:
        """Raises ``ValueError`` for what cannot be a password (the rules refuse it before), ``Busy`` when the queue is full."""
        if not is_usable(password):
            raise ValueError("not usable as a password")
        key = self._ring.current()
        return key.id + await self._run(lambda: self._argon2.hash(_peppered(key, password), self._cost))

    async def verify(self, stored: str, password: str) -> bool:
        key, phc = self._parse(stored)
        if key is None or not is_usable(password):
            # The same work, so that the clock does not tell a spoilt or missing hash, or a hopeless password, from a wrong one.
            await self._run(lambda: self._argon2.verify(self._decoy, b""))
            return False
        return await self._run(lambda: self._argon2.verify(phc, _peppered(key, password)))

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash that matched should be made anew: an old pepper, a lower cost, or not Argon2id."""
        key_id, _, rest = stored.partition("$")
        cost = cost_of("$" + rest)
        return cost is None or not cost.covers(self._cost) or key_id != self._ring.current().id

    def must_have_room(self) -> None:
        if self._taken >= self._most:
            raise Busy(RETRY_AFTER)

    def close(self) -> None:
        """Ends the threads; what still waits is cancelled."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _parse(self, stored: str) -> tuple[Key | None, str]:
        key_id, _, rest = stored.partition("$")
        phc = "$" + rest
        if cost_of(phc) is None:
            return None, ""
        key = self._ring.find(key_id)
        if key is None:
            # Not an error to the outside: that would tell this account from one that does not exist.
            log.error("pepper_key_missing", key_id=key_id)
        return key, phc

    async def _run(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._taken >= self._most:
                raise Busy(RETRY_AFTER)
            self._taken += 1
        job = self._pool.submit(work)
        # On the thread's own future: it ends when the work does, or at once when its waiter leaves before it began.
        job.add_done_callback(self._give_back)
        return await asyncio.wrap_future(job)

    def _give_back(self, _: Future[T]) -> None:
        with self._lock:
            self._taken -= 1


def _give_way() -> None:
    """Hashes take every core for as long as there are any; whoever asks for something short goes first. On Linux a priority is a
    thread's own, elsewhere it would be the whole process's."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _peppered(key: Key, password: str) -> bytes:
    return hmac.digest(key.derive(b"sparekey pepper"), normalize(password).encode(), "sha256")
