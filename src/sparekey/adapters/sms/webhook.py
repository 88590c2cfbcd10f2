"""Texts through a service of the operator's: our JSON, signed as Standard Webhooks 1.0 says, so that ready libraries check it.

``webhook-id`` is the idempotency key: the same text may come twice, with the same id.
"""

import base64
import hashlib
import hmac
from typing import Final

import httpx2
import msgspec

from sparekey.domain.errors import BadSettings
from sparekey.use_cases.ports import Clock, Refused, TryLater

SECONDS: Final = 10.0
"""For one request. A person waits for this text."""

LEAST_SECRET: Final = 24
"""Bytes; Standard Webhooks, "Signature scheme"."""

FOR_GOOD: Final = frozenset({400, 410, 422})
"""Answers that are about this number or text. All else (also 401, 403, 404) is between operator and service."""


def read_secret(secret: str) -> bytes:
    """The key in ``whsec_<base64>``. Raises ``BadSettings`` when it is not that, or too short."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:  # not base64, or not even ASCII
        key = b""
    if len(key) < LEAST_SECRET:
        raise BadSettings(f"SPAREKEY_SMS_SECRET must be whsec_ and at least {LEAST_SECRET} random bytes in base64")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: HMAC-SHA256 over id, time (Unix seconds) and body."""
    mac = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


class WebhookDelivery:
    """``client`` lives as long as the process; whoever makes it closes it."""

    name = "webhook"

    def __init__(self, client: httpx2.AsyncClient, *, url: str, secret: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._key = read_secret(secret)
        self._clock = clock

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str) -> str:
        """Any 2xx is a yes. Raises ``Refused`` for a status in ``FOR_GOOD``, else ``TryLater``."""
        body = msgspec.json.encode({"type": "sms.send", "id": message_id, "to": to, "text": text})
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._key, message_id, timestamp, body),
        }
        try:
            response = await self._client.post(self._url, content=body, headers=headers, timeout=SECONDS, follow_redirects=False)
        except httpx2.HTTPError as e:
            raise TryLater(type(e).__name__) from e
        if response.status_code in FOR_GOOD:
            raise Refused(str(response.status_code))
        if not response.is_success:
            raise TryLater(str(response.status_code))
        return message_id
