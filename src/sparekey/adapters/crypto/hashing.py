"""What a hashing process runs: Argon2id, one hash after another, until nobody is at the other end or nothing was asked for a minute.

``python -m sparekey.adapters.crypto.hashing native`` (or ``libsodium``) with a socket as standard input. Each line is one job, or a few
with tabs between them, which are answered in the same way when all are done: ``hash MEMORY_KIB PASSES SECRET`` by a PHC string, ``verify
PHC SECRET`` by ``right`` or ``wrong``. The secret is in hexadecimal, and never a password but the HMAC of one. Little is imported here:
each process pays for it.
"""

import ctypes
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Literal, Protocol

NICENESS = 5
"""Steps of priority that a hash stands back: a third of the weight of whoever wants the same core. At 10 a flood of session checks left a
tenth of the sign-ins (docs/speed.md)."""

IDLE = 60.0
"""Seconds without a job after which it ends and gives its 30 MB back. Starting the next one takes a tenth of a second."""

Name = Literal["native", "libsodium"]


class Argon2(Protocol):
    """Both take 10 to 20 ms of one core, and let go of the interpreter meanwhile."""

    def hash(self, secret: bytes, memory_kib: int, passes: int) -> str:
        """A PHC string with a random salt."""

    def verify(self, phc: str, secret: bytes) -> bool: ...


class Libsodium:
    def __init__(self) -> None:
        self._argon2id = import_module("nacl.pwhash.argon2id")
        self._wrong = (import_module("nacl.exceptions").CryptoError, ValueError)

    def hash(self, secret: bytes, memory_kib: int, passes: int) -> str:
        made: bytes = self._argon2id.str(secret, opslimit=passes, memlimit=memory_kib * 1024)
        return made.decode("ascii")

    def verify(self, phc: str, secret: bytes) -> bool:
        try:
            return bool(self._argon2id.verify(phc.encode("ascii"), secret))
        except self._wrong:  # a wrong password and a spoilt string raise the same, one too long a ValueError
            return False


class Native:
    """Bindings of argon2-cffi: an optional package."""

    def __init__(self) -> None:
        self._low_level = import_module("argon2.low_level")
        self._wrong = (import_module("argon2.exceptions").Argon2Error, ValueError)
        do_not_wipe(import_module("_argon2_cffi_bindings._ffi").__file__ or "")

    def hash(self, secret: bytes, memory_kib: int, passes: int) -> str:
        made: bytes = self._low_level.hash_secret(secret, secrets.token_bytes(16), passes, memory_kib, 1, 32, self._low_level.Type.ID)
        return made.decode("ascii")

    def verify(self, phc: str, secret: bytes) -> bool:
        try:
            return bool(self._low_level.verify_secret(phc.encode("ascii"), secret, self._low_level.Type.ID))
        except self._wrong:
            return False


def do_not_wipe(library: str) -> None:
    """Spare the writing of zeros over 19 MiB after each hash, a fourteenth of its time, by the switch that the reference library has for
    it (argon2.h, ``FLAG_clear_internal_memory``). It would hide nothing: the memory comes from an HMAC whose key is not in this process,
    that HMAC stands in it besides, and the next hash overwrites all."""
    with suppress(OSError, ValueError):  # a library that was linked without it wipes, and is right
        ctypes.c_int.in_dll(ctypes.CDLL(library), "FLAG_clear_internal_memory").value = 0


def argon2_of(name: Name) -> Argon2:
    """Only the one that is asked for is imported."""
    return Native() if name == "native" else Libsodium()


def answer(argon2: Argon2, job: str) -> str:
    match job.split():
        case ["hash", memory_kib, passes, secret]:
            return argon2.hash(bytes.fromhex(secret), int(memory_kib), int(passes))
        case ["verify", phc, secret]:
            return "right" if argon2.verify(phc, bytes.fromhex(secret)) else "wrong"
        case _:
            raise ValueError("not a job")


def stand_back() -> None:
    """Linux shares the cores among sessions first, and looks at priorities only inside of one: a database is in another (sched(7),
    "The autogroup feature"). So the session, which is ours alone, stands back too."""
    os.nice(NICENESS)
    with suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as session:  # noqa: PTH123 - pathlib is not imported here
        session.write(str(NICENESS))


def main(name: Name) -> None:
    # It ends when the server does, however that ends: the socket says so. What is sent to every process of a service or a terminal
    # must not take the hashes away from requests that are still to be answered.
    for sent_to_all in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent_to_all, signal.SIG_IGN)
    stand_back()
    argon2 = argon2_of(name)
    with socket.socket(fileno=os.dup(0)) as server, server.makefile("rw", encoding="ascii", newline="\n") as jobs:
        server.settimeout(IDLE)
        with suppress(TimeoutError):
            for line in jobs:
                jobs.write("\t".join(answer(argon2, job) for job in line.split("\t")) + "\n")
                jobs.flush()


if __name__ == "__main__":
    main("native" if sys.argv[1] == "native" else "libsodium")
