"""A code of an authenticator app: what the seed is, how it is told to the app, and when a code is right. No I/O and no policy.

Source: RFC 6238 with the values that every app knows (SHA-1, 30 seconds, 6 digits); NIST SP 800-63B-4, 3.1.4; ASVS 5.0, 6.5.5. One step
of drift is accepted to either side. That each step is used once is held by the store, in the transaction of the answer.
"""

import base64
import hmac
from datetime import datetime
from typing import Final

import pyotp

from sparekey.challenges.message_code import plain

STEP_SECONDS: Final = 30

DRIFT: Final = 1
"""Steps, before and after the present one (RFC 6238, 5.2)."""

SEED_BYTES: Final = 20
"""160 bits, as long as the hash (RFC 4226, 4, R6)."""


def seed_of(token: str) -> bytes:
    """A seed from a random token of 256 bits, as ``Chance.token`` makes it."""
    return base64.urlsafe_b64decode(f"{token}=")[:SEED_BYTES]


def typed_key(seed: bytes) -> str:
    """The seed as a person types it into an app: base32, in groups of four."""
    text = base64.b32encode(seed).decode()
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def uri(seed: bytes, *, account: str, site: str) -> str:
    """What the QR code says: the ``otpauth`` address that all apps read."""
    return _otp(seed).provisioning_uri(name=account, issuer_name=site)


def code_at(seed: bytes, step: int) -> str:
    return _otp(seed).generate_otp(step)


def step_at(now: datetime) -> int:
    """The number of the present time step. ``now``: UTC."""
    return int(now.timestamp()) // STEP_SECONDS


def step_of(seed: bytes, code: str, now: datetime) -> int:
    """The time step that a typed code is of, the newest where there are two; 0 for a code that is not right now."""
    tried, here = plain(code), step_at(now)
    found = 0
    for step in range(here - DRIFT, here + DRIFT + 1):
        if hmac.compare_digest(code_at(seed, step).encode(), tried.encode()):
            found = step
    return found


def _otp(seed: bytes) -> pyotp.TOTP:
    return pyotp.TOTP(base64.b32encode(seed).decode(), interval=STEP_SECONDS)
