"""Is the audit log whole? Three looks, each a page at a time, so that a log of any length takes little memory.

1. Along the chains: each event's mac must fit the event and the one before, the numbers must have no gap, and the head must be
   the last event. Finds every change by someone without the keys.
2. What must have events: an account, or a head, without any.
3. The seals: each event that was sealed must still be there as it was. Finds a cut end, a removed chain, an old database brought
   back, and (with the keys) a rewritten one.

Nothing here changes anything. It may run beside the server: an event and its head are read at the same moment.
"""

import hmac
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum, unique

from sparekey.domain.retention import UNKNOWN_CHAIN_KEPT
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Link, Sealer, Store, SubjectLock
from sparekey.use_cases.record import CHAIN, link_text
from sparekey.use_cases.seals import SHORT, SealedHead, SealLine, is_genuine, read_line

PAGE = 1000

SEALED_WITHIN = timedelta(minutes=10)
"""A worker seals every minute; what is older than this and not sealed was left out, or its seal was removed."""


@unique
class Reason(StrEnum):
    """What is wrong. The words are in ``cli/audit.py``."""

    GAP = "gap"  # an event is missing
    ALTERED = "altered"  # an event, or the order of events, is not what was written
    CUT = "cut"  # the newest events are missing
    FORGED_HEAD = "forged_head"  # the head is not the last event
    MISSING = "missing"  # the whole chain is missing
    REWRITTEN = "rewritten"  # an event that was sealed is another one now
    SEAL_ALTERED = "seal_altered"  # a line of a seal file is not what was written, or the line before it is missing
    SEALS_END = "seals_end"  # events that should be sealed long since


class Finding(Struct, frozen=True):
    """``where``: a chain, or a seal file. ``number``: of the event or line; 0 where none is meant."""

    where: str
    reason: Reason
    number: int = 0


# ---------------------------------------------------------------- pure


class Walk(Struct, frozen=True):
    """How far along the chains we are: the last good event, and its chain's head. ``broken``: already reported."""

    chain: str = ""
    seq: int = 0
    mac: bytes = b""
    head: SubjectLock | None = None
    broken: bool = False


def follow(sealer: Sealer, walk: Walk, links: Sequence[Link]) -> tuple[Walk, list[Finding]]:
    """Check the next events in the order of chain and number. Only the first thing wrong with a chain is found."""
    found: list[Finding] = []
    for link in links:
        row = link.row
        if row.chain != walk.chain:
            found += end_of_chain(walk)
            walk = Walk(chain=row.chain)
        if not walk.broken and (reason := _wrong(sealer, walk, link)) is not None:
            found.append(Finding(row.chain, reason, row.seq))
            walk = Walk(row.chain, broken=True)
        if not walk.broken:
            walk = Walk(row.chain, row.seq, row.mac, link.head)
    return walk, found


def _wrong(sealer: Sealer, walk: Walk, link: Link) -> Reason | None:
    if link.row.seq != walk.seq + 1:
        return Reason.GAP
    good = any(hmac.compare_digest(mac, link.row.mac) for mac in sealer.keyed_hashes(link_text(walk.mac, link.row), CHAIN))
    return None if good else Reason.ALTERED


def end_of_chain(walk: Walk) -> list[Finding]:
    """Whether a chain's last event is its head."""
    if not walk.chain or walk.broken:
        return []
    if walk.head is None:
        return [Finding(walk.chain, Reason.FORGED_HEAD)]
    if (walk.head.seq, walk.head.mac) == (walk.seq, walk.mac):
        return []
    return [Finding(walk.chain, Reason.CUT if walk.head.seq > walk.seq else Reason.FORGED_HEAD, walk.seq)]


def counts(sealed: SealedHead, now: datetime) -> bool:
    """Whether a seal must still find its event. Chains of names that nobody has are removed when they are old enough."""
    unknown = sealed.chain[:1] in {"s", "x"}
    return not unknown or sealed.at / 1000 > (now - UNKNOWN_CHAIN_KEPT).timestamp()


def compare(sealed: SealedHead, mac: bytes | None) -> list[Finding]:
    """A seal with the event of its chain and number as it is now; ``None``: it is gone."""
    if mac is None:
        return [Finding(sealed.chain, Reason.CUT, sealed.seq)]
    return [] if mac[:SHORT].hex() == sealed.mac else [Finding(sealed.chain, Reason.REWRITTEN, sealed.seq)]


def read_seals(sealer: Sealer, name: str, text: Iterable[bytes]) -> Iterator[SealLine | Finding]:
    """The lines of one seal file, and what is wrong with them. A file may go on from another (its first line says from which)."""
    before: str | None = None
    for number, raw in enumerate(text, 1):
        line = read_line(raw)
        if line is None:
            # Cut off while it was written; if it was more than that, the next line does not fit.
            continue
        if not is_genuine(sealer, line) or (before is not None and line.before != before):
            yield Finding(name, Reason.SEAL_ALTERED, number)
        before = line.digest
        yield line


# ---------------------------------------------------------------- over a store


async def verify_chains(store: Store, sealer: Sealer) -> AsyncIterator[tuple[int, list[Finding]]]:
    """Page by page: how many events were looked at, and what was found among them."""
    walk, chain, seq = Walk(), "", 0
    while True:
        async with store.transaction() as tx:
            links = await tx.audit.links(chain, seq, PAGE)
        if not links:
            break
        chain, seq = links[-1].row.chain, links[-1].row.seq
        walk, found = follow(sealer, walk, links)
        yield len(links), found
    yield 0, end_of_chain(walk)


async def verify_presence(store: Store) -> AsyncIterator[list[Finding]]:
    after = ""
    while True:
        async with store.transaction() as tx:
            page = await tx.audit.expected(after, PAGE)
        if not page:
            return
        after = page[-1][0]
        yield [Finding(chain, Reason.MISSING) for chain, there in page if not there]


async def verify_seals(
    store: Store, sealer: Sealer, files: Mapping[str, Iterable[bytes]], now: datetime
) -> AsyncIterator[tuple[int, list[Finding]]]:
    """Line by line: how many seals were looked at, and what was found. ``files``: the lines of each seal file, by its name."""
    until: datetime | None = None
    firsts: dict[str, str] = {}
    digests = {""}
    for name, text in files.items():
        for line in read_seals(sealer, name, text):
            if isinstance(line, Finding):
                yield 0, [line]
                continue
            firsts.setdefault(name, line.before)
            digests.add(line.digest)
            until = max(until or line.until, line.until)
            yield len(line.heads), await _compare_all(store, [s for s in line.sealed() if counts(s, now)])
    yield 0, [Finding(name, Reason.SEAL_ALTERED, 1) for name, first in firsts.items() if first not in digests]
    if until is not None:
        async with store.transaction() as tx:
            left_out = await tx.audit.happened(until, now - SEALED_WITHIN, PAGE)
        yield 0, [Finding(chain, Reason.SEALS_END) for chain in left_out]


async def _compare_all(store: Store, seals: Sequence[SealedHead]) -> list[Finding]:
    async with store.transaction() as tx:
        return [finding for s in seals for finding in compare(s, await tx.audit.mac_of(s.chain, s.seq))]
