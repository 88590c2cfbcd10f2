"""Argon2id: what a hash costs, and which implementation makes it. All write and read the same PHC strings (RFC 9106; the PHC string
format)."""

import base64
import re
import secrets
from importlib import metadata
from typing import Final

from sparekey.adapters.crypto.hashing import Name
from sparekey.domain.values import Struct

SPOKEN: Final[dict[Name, str]] = {"libsodium": "libsodium (PyNaCl)", "native": "argon2-cffi, built on this machine"}

_PHC = re.compile(r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,4}),p=([0-9]{1,3})\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,64}")


class Cost(Struct, frozen=True):
    """What one hash takes: memory in KiB, and passes over it. One lane, so that one hash is the work of one core.

    The defaults are OWASP's lower bound (Password Storage Cheat Sheet, Argon2id): 19 MiB, 2 passes.
    """

    memory_kib: int = 19_456
    passes: int = 2

    def covers(self, other: "Cost") -> bool:
        return self.memory_kib >= other.memory_kib and self.passes >= other.passes


def cost_of(phc: str) -> Cost | None:
    """The cost that a PHC string names; ``None`` when it is not one of Argon2id, version 19."""
    match = _PHC.fullmatch(phc)
    return Cost(int(match[1]), int(match[2])) if match else None


def decoy(cost: Cost) -> str:
    """A PHC string that takes as long to verify as any of this cost and that nothing matches: salt and hash are random (128 and 256
    bits)."""
    salt, made = (base64.b64encode(secrets.token_bytes(n)).decode("ascii").rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${salt}${made}"


def find_argon2() -> Name:
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
    return "native" if re.search(r"^Tag: .*-linux_\w+$", record, re.MULTILINE) else "libsodium"
