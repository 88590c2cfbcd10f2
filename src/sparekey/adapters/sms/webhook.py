"""Texts through a service of the operator's: our JSON, signed as Standard Webhooks 1.0 says, so that ready libraries check it.

``webhook-id`` is the idempotency key: the same text may come twice, with the same id.
"""

import hmac
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import httpx2
import msgspec

from sparekey.adapters.standard_webhooks import read_secret, signature, signed_headers
from sparekey.use_cases.ports import Clock
from sparekey.use_cases.ports_of_delivery import NoSuchRecipient, Refused, SmsReceipt, TryLater

SECONDS: Final = 10.0
"""For one request. A person waits for this text."""

GONE: Final = 410
"""The answer that says: there is no such number."""

TOLERANCE: Final = 300
"""Seconds between signing and reading (Standard Webhooks, "Verifying webhook authenticity")."""

FOR_GOOD: Final = frozenset({400, 410, 422})
"""Answers that are about this number or text. All else (also 401, 403, 404) is between operator and service."""


class _Receipt(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["sms.receipt"]
    id: Annotated[str, msgspec.Meta(max_length=64)]
    state: Literal["under_way", "delivered", "failed"]
    reason: Literal["", "gone", "switched_off", "blocked", "no_texts", "filtered"] = ""


class WebhookReceipts:
    """Reads what the operator's service reports of a text: our JSON, signed as what we send to it."""

    def __init__(self, *, secret: str, clock: Clock) -> None:
        self._key = read_secret(secret, "SPAREKEY_SMS_SECRET")
        self._clock = clock

    def read(self, headers: Mapping[str, str], body: bytes) -> SmsReceipt:
        """Raises ``ValueError`` for what is not the provider's, or was signed more than five minutes ago."""
        sent_at = headers.get("webhook-timestamp", "")
        if not (sent_at.isascii() and sent_at.isdecimal() and len(sent_at) < 12):
            raise ValueError("no time")
        if abs(self._clock.now().timestamp() - int(sent_at)) > TOLERANCE:
            raise ValueError("too old")
        wanted = signature(self._key, headers.get("webhook-id", "")[:100], int(sent_at), body)
        given = headers.get("webhook-signature", "")
        if not given.isascii() or not any(hmac.compare_digest(wanted, one) for one in given.split(" ")[:5]):
            raise ValueError("not genuine")
        try:
            said = msgspec.json.decode(body, type=_Receipt)
        except msgspec.DecodeError as e:
            raise ValueError("not a receipt") from e
        return SmsReceipt(said.id, said.state, said.reason if said.state == "failed" else "", "")


class WebhookDelivery:
    """``client`` lives as long as the process; whoever makes it closes it."""

    name = "webhook"

    def __init__(self, client: httpx2.AsyncClient, *, url: str, secret: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._key = read_secret(secret, "SPAREKEY_SMS_SECRET")
        self._clock = clock

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        """Any 2xx is a yes. Raises ``Refused`` for a status in ``FOR_GOOD``, else ``TryLater``."""
        body = msgspec.json.encode({"type": "sms.send", "id": message_id, "to": to, "text": text})
        headers = signed_headers(self._key, message_id, int(self._clock.now().timestamp()), body)
        try:
            response = await self._client.post(self._url, content=body, headers=headers, timeout=SECONDS, follow_redirects=False)
        except httpx2.HTTPError as e:
            raise TryLater(type(e).__name__) from e
        if response.status_code == GONE:
            raise NoSuchRecipient(str(response.status_code))
        if response.status_code in FOR_GOOD:
            raise Refused(str(response.status_code))
        if not response.is_success:
            raise TryLater(str(response.status_code))
        return message_id
