"""Sealing what must be read again, and keyed hashes of what must only be found.

XChaCha20-Poly1305 of libsodium: a random nonce of 192 bits never needs counting. A sealed text begins with a byte for the form and
the id of its key; both, and the purpose, are bound to it as associated data.
"""

import hashlib
import secrets

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES as TAG,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES as NONCE,
)
from nacl.exceptions import CryptoError

from sparekey.adapters.crypto.keys import Key, KeyRing

FORM = b"\x01"
HEADER = 5
"""One byte for the form, four for the id of the key."""


class RingSealer:
    """Fulfils ``Sealer``."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal(self, text: bytes, purpose: str) -> bytes:
        key = self._ring.current()
        header = FORM + bytes.fromhex(key.id)
        nonce = secrets.token_bytes(NONCE)
        return header + nonce + encrypt(text, header + purpose.encode(), nonce, key.derive(b"sparekey seal", purpose))

    def open(self, sealed: bytes, purpose: str) -> bytes:
        header, nonce, text = sealed[:HEADER], sealed[HEADER : HEADER + NONCE], sealed[HEADER + NONCE :]
        if header[:1] != FORM or len(text) < TAG:
            raise ValueError("not a sealed text")
        key = self._ring.find(header[1:].hex())
        if key is None:
            raise ValueError(f"sealed under a key that is not in the ring: {header[1:].hex()}")
        try:
            return decrypt(text, header + purpose.encode(), nonce, key.derive(b"sparekey seal", purpose))
        except CryptoError:
            raise ValueError("altered, or of another purpose") from None

    def keyed_hash(self, text: bytes, purpose: str) -> bytes:
        return _keyed_hash(self._ring.current(), text, purpose)

    def keyed_hashes(self, text: bytes, purpose: str) -> tuple[bytes, ...]:
        return tuple(_keyed_hash(key, text, purpose) for key in self._ring.all())


def _keyed_hash(key: Key, text: bytes, purpose: str) -> bytes:
    return hashlib.blake2b(text, key=key.derive(b"sparekey hash", purpose), digest_size=32).digest()
