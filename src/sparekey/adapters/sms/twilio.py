"""Texts through Twilio's HTTP interface, which other providers speak as well (Messages resource, API version 2010-04-01)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final
from urllib.parse import parse_qsl

import httpx2
import msgspec

from sparekey.use_cases.ports_of_delivery import NoSuchRecipient, Refused, SmsReceipt, TryLater

SECONDS: Final = 10.0
"""For one request. A person waits for this text."""


@unique
class DeliveryState(StrEnum):
    """What became of a text, as far as the network tells."""

    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    FAILED = "failed"


_STATES: Final[Mapping[str, DeliveryState]] = {
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.DELIVERED,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}


def receipt(params: Mapping[str, str]) -> DeliveryState:
    """What a status callback says (its form fields); states on the way, and words that are new to us, are under way."""
    return _STATES.get(params.get("MessageStatus", ""), DeliveryState.UNDER_WAY)


def is_genuine(url: str, params: Mapping[str, str], signature: str, secret: str) -> bool:
    """Whether a status callback is the provider's: the header ``X-Twilio-Signature`` is HMAC-SHA1 over the full address
    and the sorted form fields, as Twilio's "Validating requests" sets out.
    """
    said = url + "".join(f"{name}{params[name]}" for name in sorted(params))
    mac = hmac.new(secret.encode(), said.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(mac), signature.encode())


NO_SUCH_NUMBER: Final = frozenset({21211, 21614})
"""Twilio's error codes: not a valid number; not a number that can get texts."""

REASONS: Final[Mapping[str, str]] = {
    "30003": "switched_off",
    "30004": "blocked",
    "30005": "gone",  # unknown destination handset
    "30006": "no_texts",  # landline or unreachable carrier
    "30007": "filtered",
    "30032": "blocked",
}
"""Why a text did not arrive: Twilio's error codes, as our stable names."""


class TwilioReceipts:
    """Reads status callbacks. ``url``: our own address, exactly as Twilio was told it: it is part of what is signed."""

    def __init__(self, *, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret

    def read(self, headers: Mapping[str, str], body: bytes) -> SmsReceipt:
        """Raises ``ValueError`` for what is not the provider's."""
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=60)
        params = dict(pairs)
        signature = headers.get("x-twilio-signature", "")
        if len(params) != len(pairs) or not signature.isascii() or not is_genuine(self._url, params, signature, self._secret):
            raise ValueError("not genuine")
        state = receipt(params)
        reason = REASONS.get(params.get("ErrorCode", ""), "") if state is DeliveryState.FAILED else ""
        return SmsReceipt(params.get("MessageSid", ""), state.value, reason, params.get("To", ""))


class _Answer(msgspec.Struct):
    sid: str = ""
    code: int | None = None
    message: str | None = None


class TwilioDelivery:
    """``client`` lives as long as the process; whoever makes it closes it. ``callback``: where receipts are sent, or empty."""

    name = "twilio"

    def __init__(self, client: httpx2.AsyncClient, *, url: str, account: str, secret: str, sender: str, callback: str = "") -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._auth = (account, secret)
        self._from = sender
        self._callback = {"StatusCallback": callback} if callback else {}

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        """Answers the provider's id. ``Refused``: a 400, which is about this number or text; all else may be mended."""
        form = {"To": to, "From": self._from, "Body": text, **self._callback}
        try:
            response = await self._client.post(self._url, data=form, auth=self._auth, timeout=SECONDS, follow_redirects=False)
        except httpx2.HTTPError as e:
            raise TryLater(type(e).__name__) from e
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except msgspec.DecodeError as e:
            raise TryLater(f"{response.status_code} without a readable answer") from e
        if response.status_code == 400 and answer.code in NO_SUCH_NUMBER:
            raise NoSuchRecipient(f"400 {answer.code}")
        if response.status_code == 400:
            raise Refused(f"400 {answer.code} {answer.message}")
        if not response.is_success or not answer.sid:
            raise TryLater(f"{response.status_code} {answer.code} {answer.message}")
        return answer.sid
