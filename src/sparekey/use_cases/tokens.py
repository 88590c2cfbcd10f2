"""Secrets of 256 random bits that browsers and programs carry: kept as SHA-256, which for so many bits needs neither salt nor key."""

import hashlib
import hmac


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def is_same(token: str, kept: bytes) -> bool:
    return hmac.compare_digest(token_hash(token), kept)
