"""Password hashes with a pepper.

A stored hash is ``KEY$argon2id$…``: the id of the key whose pepper went in, then the PHC string. The pepper is an HMAC of the
password under that key (OWASP Password Storage Cheat Sheet, "Peppering"), so that a stolen database alone allows no guessing.
"""

import hmac
from typing import Protocol

import structlog

from sparekey.adapters.crypto.argon2 import Cost, cost_of, decoy
from sparekey.adapters.crypto.keys import Key, KeyRing
from sparekey.domain.passwords import is_usable, normalize

log = structlog.get_logger(__name__)


class Hashing(Protocol):
    """Who makes the hashes: ``HashingPool``. The first two methods raise ``Busy`` when its queue is full."""

    async def run(self, line: str) -> str:
        """The answer to one job of ``hashing.py``."""

    def must_have_room(self) -> None: ...

    def close(self) -> None: ...


class PepperedArgon2:
    """Fulfils ``PasswordHasher``. ``close()`` it when the server stops."""

    def __init__(self, ring: KeyRing, hashing: Hashing, *, cost: Cost | None = None) -> None:
        self._ring = ring
        self._hashing = hashing
        self._cost = cost or Cost()
        self._decoy = decoy(self._cost)

    async def hash(self, password: str) -> str:
        """Raises ``ValueError`` for what cannot be a password (the rules refuse it before), ``Busy`` when the queue is full."""
        if not is_usable(password):
            raise ValueError("not usable as a password")
        key = self._ring.current()
        return key.id + await self._hashing.run(f"hash {self._cost.memory_kib} {self._cost.passes} {_peppered(key, password).hex()}")

    async def verify(self, stored: str, password: str) -> bool:
        key, phc = self._parse(stored)
        if key is None or not is_usable(password):
            # The same work, so that the clock does not tell a spoilt or missing hash, or a hopeless password, from a wrong one.
            await self._hashing.run(f"verify {self._decoy} {bytes(32).hex()}")
            return False
        return await self._hashing.run(f"verify {phc} {_peppered(key, password).hex()}") == "right"

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash that matched should be made anew: an old pepper, a lower cost, or not Argon2id."""
        key_id, _, rest = stored.partition("$")
        cost = cost_of("$" + rest)
        return cost is None or not cost.covers(self._cost) or key_id != self._ring.current().id

    def must_have_room(self) -> None:
        self._hashing.must_have_room()

    def close(self) -> None:
        self._hashing.close()

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


def _peppered(key: Key, password: str) -> bytes:
    return hmac.digest(key.derive(b"sparekey pepper"), normalize(password).encode(), "sha256")
