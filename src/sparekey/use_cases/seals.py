"""One line of the seal file: the heads of the chains that changed, and a keyed digest over them and the line before.

The seals are kept apart from the database: who can write that alone can cut a chain's end, remove a chain, or bring an old copy
back, and is found because the seals remember. Who can write the seal file as well, but has no keys, cannot change a line, nor take
one out of the middle. That its end was cut is seen by events that no line covers.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Head, Sealer

DIGEST = "audit.seal"

SHORT = 16
"""So many bytes of a mac are sealed: enough that nobody meets them by chance, and the file is a third smaller."""


class SealedHead(Struct, frozen=True):
    """``mac``: the first 16 bytes, in hexadecimal. ``at``: of the event, in milliseconds since 1970-01-01 UTC."""

    chain: str
    seq: int
    mac: str
    at: int


class SealLine(Struct, frozen=True):
    """``until``: every chain that changed up to then is in this line or an earlier one. ``before``: the digest of the line before,
    empty in the first."""

    until: datetime
    before: str
    heads: tuple[tuple[str, int, str, int], ...]
    digest: str = ""

    def sealed(self) -> list[SealedHead]:
        return [SealedHead(*h) for h in self.heads]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(SealLine).decode


def seal_line(sealer: Sealer, until: datetime, before: str, heads: Sequence[Head]) -> SealLine:
    packed = tuple((h.chain, h.seq, h.mac[:SHORT].hex(), int(h.at.timestamp() * 1000 + 0.5)) for h in heads)
    line = SealLine(until, before, packed)
    return SealLine(until, before, packed, sealer.keyed_hash(_encode(line), DIGEST).hex())


def write_line(line: SealLine) -> bytes:
    return _encode(line) + b"\n"


def read_line(text: bytes) -> SealLine | None:
    """``None`` for what is no line of ours, such as one that was cut off in the middle of writing."""
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return None


def is_genuine(sealer: Sealer, line: SealLine) -> bool:
    unsigned = _encode(SealLine(line.until, line.before, line.heads))
    return line.digest in {digest.hex() for digest in sealer.keyed_hashes(unsigned, DIGEST)}
