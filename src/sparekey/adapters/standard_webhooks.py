"""Signing what we post to others: Standard Webhooks 1.0, so that ready libraries check it."""

import base64
import hashlib
import hmac
from typing import Final

from sparekey.domain.errors import BadSettings

LEAST_SECRET: Final = 24
"""Bytes; Standard Webhooks, "Signature scheme"."""


def read_secret(secret: str, setting: str) -> bytes:
    """The key in ``whsec_<base64>``. Raises ``BadSettings``, naming the setting, when it is not that, or too short."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:  # not base64, or not even ASCII
        key = b""
    if len(key) < LEAST_SECRET:
        raise BadSettings(f"{setting} must be whsec_ and at least {LEAST_SECRET} random bytes in base64")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: HMAC-SHA256 over id, time (Unix seconds) and body."""
    mac = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def signed_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """All that goes with a JSON body. ``message_id``: its idempotency key."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key, message_id, timestamp, body),
    }
