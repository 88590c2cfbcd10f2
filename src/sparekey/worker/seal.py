"""Seal the audit log: write the heads of the chains that changed into a file beside the database (``use_cases.seals``).

One process of a node writes, the one that got hold of the file's lock; should it end, another goes on. Each node has its own file
and seals everything. The file is only ever appended to, so it may lie on a disk, or be given an attribute, that allows no more; it
may be moved away at any time, and the next line goes on in a new one.
"""

import asyncio
import fcntl
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from sparekey.use_cases.ports import Clock, Sealer, Store
from sparekey.use_cases.seals import SealLine, read_line, seal_line, write_line

PAGE: Final = 500

OVERLAP: Final = timedelta(minutes=2)
"""An event is seen only when its transaction ends, and the clocks of nodes differ: so much is looked at once more."""

TAIL: Final = 256 * 1024
"""Bytes at the end of the file in which the last line is looked for first: a line of a whole page has 45,000."""

NOTHING_SEALED: Final = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger(__name__)


class AuditSeals:
    """``file``: where the seals go. The process that first calls ``seal`` keeps the right to write until it closes or ends."""

    def __init__(self, store: Store, clock: Clock, sealer: Sealer, file: Path) -> None:
        self._store = store
        self._clock = clock
        self._sealer = sealer
        self._file = file
        self._lock: int | None = None
        self._end: SealLine | None = None
        self._until = NOTHING_SEALED
        # What was sealed within the overlap: chain → number of the event, and when it happened.
        self._recent: dict[str, tuple[int, datetime]] = {}

    async def seal(self) -> int:
        """Seal what changed since the last time; answers how many heads. 0 also where another process of this node does it.

        Raises ``StoreUnavailable``, and ``OSError`` when the file cannot be written; the next call then makes up for it.
        """
        if not await asyncio.to_thread(self._may_write):
            return 0
        now = self._clock.now()
        since: datetime | None = max(self._until - OVERLAP, NOTHING_SEALED)
        self._recent = {chain: (seq, at) for chain, (seq, at) in self._recent.items() if at > self._until - OVERLAP}
        sealed = 0
        while since is not None:
            async with self._store.transaction() as tx:
                heads, since = await tx.audit.changed(since, PAGE)
            new = [h for h in heads if self._recent.get(h.chain, (0, now))[0] != h.seq]
            until = now if since is None else min(since, now)
            if new:
                line = seal_line(self._sealer, until, self._end.digest if self._end else "", new)
                await asyncio.to_thread(_append, self._file, write_line(line))
                self._end = line
                self._recent |= {h.chain: (h.seq, h.at) for h in new}
                sealed += len(new)
            self._until = until
        return sealed

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _may_write(self) -> bool:
        if self._lock is None:
            self._lock = _lock(self._file)
            if self._lock is not None:
                self._end = _last_line(self._file)
                self._until = self._end.until if self._end else NOTHING_SEALED
        elif self._file.exists() and _last_line(self._file) != self._end:
            # We go on from the end that we know, so that ``sparekey audit verify`` finds the place as well.
            log.error("audit.seals_changed", file=str(self._file))
        return self._lock is not None


def _lock(file: Path) -> int | None:
    """Beside the file, which may be moved away."""
    handle = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _last_line(file: Path) -> SealLine | None:
    """The last whole line of ours; what was cut off behind it does not count."""
    if not file.exists():
        return None
    with file.open("rb") as lines:
        size, back = lines.seek(0, os.SEEK_END), TAIL
        while True:
            start = max(size - back, 0)
            lines.seek(start)
            tail = lines.read().split(b"\n")[0 if start == 0 else 1 :]
            last = next((line for raw in reversed(tail) if (line := read_line(raw)) is not None), None)
            if last is not None or start == 0:
                return last
            back *= 4


def _append(file: Path, line: bytes) -> None:
    """On disk when this returns. A line that was cut off before is ended first."""
    handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        with os.fdopen(os.dup(handle), "ab") as out:
            out.write(b"\n" + line if torn else line)
        os.fsync(handle)
    finally:
        os.close(handle)
