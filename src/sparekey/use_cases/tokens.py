"""Secrets that browsers and programs carry, of 256 random bits, or of 132 where they are short: kept as SHA-256, which for so many bits
needs neither salt nor key."""

import hashlib
import hmac
from typing import Final

from sparekey.domain.flow.flow import ID_LENGTH
from sparekey.use_cases.ports import Chance, Sealer

SHORT: Final = 22
"""Characters of base64url: 132 random bits, far above the 64 from which no throttle is needed (NIST SP 800-63B-4, 3.1.2.2)."""


def short_token(chance: Chance) -> str:
    """A secret for a link in a text to a phone, or for a QR code that an old camera can read."""
    return chance.token()[:SHORT]


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def ids_found_by(sealer: Sealer, text: str, purpose: str) -> tuple[str, ...]:
    """The ids under which something may stand that only who has the text can find; a new one is kept under the first."""
    return tuple(h.hex()[:ID_LENGTH] for h in sealer.keyed_hashes(text.encode(), purpose))


def is_same(token: str, kept: bytes) -> bool:
    return hmac.compare_digest(token_hash(token), kept)
