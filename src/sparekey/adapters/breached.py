"""Whether a password is in a known breach: a list that ships, a larger one of the operator's, and a range service if one is set.

A filter file holds the first bytes of SHA-1 hashes, sorted, each of one width, after a head of sixteen bytes. SHA-1 because the
public lists come as such; nothing is kept safe by it. A look-up is a binary search in the mapped file: microseconds, no memory.
"""

import hashlib
import mmap
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from sparekey.domain.errors import BadSettings
from sparekey.domain.passwords import MIN_BESIDE_SECOND, normalize

SHIPPED = Path(__file__).parent / "data" / "breached.filter"
"""488,130 passwords of eight characters and more (docs/decisions/0007-breached-list.md)."""

MAGIC = b"SPAREKEYPWD\x01"
HEAD = 16
WIDTH = 8
"""Bytes kept of each hash: among a billion entries a good password is refused by chance once in 2^34."""

SHIPPED_WIDTH = 6
"""Among half a million, once in 2^29; and two bytes an entry less to download for everybody."""


class FilterFile:
    """One filter file, mapped. Raises ``BadSettings`` with one line when the file is missing or not a filter."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as e:
            raise BadSettings(f"the list of breached passwords at {path} cannot be read: {e}") from None
        self._width = self._map[len(MAGIC)] if len(self._map) >= HEAD and self._map[: len(MAGIC)] == MAGIC else 0
        if not 4 <= self._width <= 20 or (len(self._map) - HEAD) % self._width:
            raise BadSettings(f"{path} is not a filter made by `sparekey passwords build-filter`, or is cut off")

    def __len__(self) -> int:
        return (len(self._map) - HEAD) // self._width

    def has(self, sha1: bytes) -> bool:
        wanted = sha1[: self._width]
        place = bisect_left(range(len(self)), wanted, key=self._entry)
        return place < len(self) and self._entry(place) == wanted

    def _entry(self, place: int) -> bytes:
        start = HEAD + place * self._width
        return self._map[start : start + self._width]


class BreachedService(Protocol):
    """Somebody to ask beyond the lists: ``RangeService``."""

    async def has(self, sha1: bytes) -> bool: ...


class BreachedLists:
    """Fulfils ``Breached``: the password as typed and as normalized is looked for in each list, the cheapest first."""

    def __init__(self, filters: Iterable[FilterFile], service: BreachedService | None = None) -> None:
        self._filters = tuple(filters)
        self._service = service

    async def has(self, password: str) -> bool:
        # A lone surrogate has no UTF-8: such a text is in no list, and the rules refuse it for its form.
        sha1 = hashlib.sha1(normalize(password).encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
        if any(file.has(sha1) for file in self._filters):
            return True
        return self._service is not None and await self._service.has(sha1)


# ---------------------------------------------------------------- making a filter file


def hashes_of_dump(lines: Iterable[bytes]) -> Iterator[bytes]:
    """SHA-1 hashes of a list in the form ``HASH:COUNT``, or only ``HASH``, one a line, ordered by hash.

    Raises ``ValueError`` naming the line that is neither or is out of order.
    """
    last = b""
    for number, line in enumerate(lines, 1):
        digits = line.partition(b":")[0].strip()
        if not digits:
            continue
        try:
            sha1 = bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            sha1 = b""
        if len(sha1) != 20:
            raise ValueError(f"line {number} does not begin with a SHA-1 hash of 40 hexadecimal digits")
        if sha1 < last:
            raise ValueError(f"line {number} is out of order: take the list that is ordered by hash, or sort it first")
        yield (last := sha1)


def hashes_of_passwords(lines: Iterable[bytes]) -> Iterator[bytes]:
    """SHA-1 hashes, ordered, of a list of passwords in UTF-8, one a line. Shorter ones than any rule allows are left out; held in
    memory."""
    found = set()
    for line in lines:
        password = normalize(line.rstrip(b"\r\n").decode("utf-8", "replace"))
        if len(password) >= MIN_BESIDE_SECOND:
            found.add(hashlib.sha1(password.encode(), usedforsecurity=False).digest())
    yield from sorted(found)


def write_filter(hashes: Iterable[bytes], target: Path, width: int = WIDTH) -> int:
    """Writes ordered hashes as a filter file and answers how many. An old file at ``target`` is replaced only by a finished one."""
    count = 0
    last = b""
    with NamedTemporaryFile(dir=target.parent, prefix=target.name, delete=False) as draft:
        finished = Path(draft.name)
        try:
            draft.write((MAGIC + bytes([width])).ljust(HEAD, b"\0"))
            for sha1 in hashes:
                entry = sha1[:width]
                if entry != last:
                    draft.write(entry)
                    count += 1
                last = entry
            draft.flush()
            os.fsync(draft.fileno())
        except BaseException:
            finished.unlink()
            raise
    finished.chmod(0o644)
    finished.replace(target)
    return count


def counted(lines: Iterable[bytes], read: Callable[[int], None], every: int = 50_000) -> Iterator[bytes]:
    """The same lines, telling ``read`` how many bytes have gone by, now and then: for a progress bar."""
    waiting = 0
    for number, line in enumerate(lines, 1):
        yield line
        waiting += len(line)
        if number % every == 0:
            read(waiting)
            waiting = 0
    read(waiting)
