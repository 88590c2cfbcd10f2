"""Argon2id by the fastest implementation at hand. All write and read the same PHC strings (RFC 9106; the PHC string format)."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

LIBSODIUM = "libsodium (PyNaCl)"
BUILT_HERE = "argon2-cffi, built on this machine"

_PHC = re.compile(r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,4}),p=([0-9]{1,3})\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,64}")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash takes: memory in KiB, and passes over it. One lane, so that one hash is the work of one core.

    The defaults are OWASP's lower bound (Password Storage Cheat Sheet, Argon2id): 19 MiB, 2 passes.
    """

    memory_kib: int = 19_456
    passes: int = 2

    def covers(self, other: "Cost") -> bool:
        return self.memory_kib >= other.memory_kib and self.passes >= other.passes


@dataclass(frozen=True, slots=True)
class Argon2:
    """``hash(secret, cost)`` answers a PHC string with a random salt; ``verify(phc, secret)`` whether it matches. Both take
    10 to 20 ms of one core and let go of the interpreter meanwhile."""

    name: str
    hash: Callable[[bytes, Cost], str]
    verify: Callable[[str, bytes], bool]


def cost_of(phc: str) -> Cost | None:
    """The cost that a PHC string names; ``None`` when it is not one of Argon2id, version 19."""
    match = _PHC.fullmatch(phc)
    return Cost(int(match[1]), int(match[2])) if match else None


def find_argon2() -> Argon2:
    """Bindings compiled on this machine if there are any, else libsodium.

    The ready-made wheel of argon2-cffi is never taken: it uses SSE2 only and takes 1.7 times as long as libsodium, which looks at
    the processor when it starts. What was compiled here for this processor takes 0.85 times as long. The two are told apart by
    the platform tag in the package's own record: a wheel for everybody says ``manylinux`` or ``musllinux``, one's own ``linux``.
    """
    try:
        record = metadata.distribution("argon2-cffi-bindings").read_text("WHEEL") or ""
        metadata.version("argon2-cffi")
    except metadata.PackageNotFoundError:
        record = ""
    return _native() if re.search(r"^Tag: .*-linux_\w+$", record, re.MULTILINE) else _libsodium()


def _libsodium() -> Argon2:
    def hash_one(secret: bytes, cost: Cost) -> str:
        return argon2id.str(secret, opslimit=cost.passes, memlimit=cost.memory_kib * 1024).decode("ascii")

    def verify_one(phc: str, secret: bytes) -> bool:
        try:
            return argon2id.verify(phc.encode("ascii"), secret)
        except (CryptoError, ValueError):  # a wrong password and a spoilt string raise the same, one too long a ValueError
            return False

    return Argon2(LIBSODIUM, hash_one, verify_one)


def _native() -> Argon2:
    # Looked up by name: an optional package, which no lock of ours holds.
    low_level = import_module("argon2.low_level")
    errors = import_module("argon2.exceptions")

    def hash_one(secret: bytes, cost: Cost) -> str:
        made: bytes = low_level.hash_secret(secret, secrets.token_bytes(16), cost.passes, cost.memory_kib, 1, 32, low_level.Type.ID)
        return made.decode("ascii")

    def verify_one(phc: str, secret: bytes) -> bool:
        try:
            return bool(low_level.verify_secret(phc.encode("ascii"), secret, low_level.Type.ID))
        except (errors.Argon2Error, ValueError):
            return False

    return Argon2(BUILT_HERE, hash_one, verify_one)
