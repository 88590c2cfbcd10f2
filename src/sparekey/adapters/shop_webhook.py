"""Events to the shop: our JSON, signed as Standard Webhooks 1.0 says (docs/shop.md)."""

import asyncio
from typing import Final

import httpx2

from sparekey.adapters.standard_webhooks import read_secret, signed_headers
from sparekey.use_cases.ports import Clock
from sparekey.use_cases.ports_of_delivery import TryLater

SECONDS: Final = 15.0
"""For one event, however slowly the shop talks (Standard Webhooks: between 15 and 30)."""


class ShopWebhook:
    """``client`` lives as long as the process; whoever makes it closes it."""

    def __init__(self, client: httpx2.AsyncClient, *, url: str, secret: str, clock: Clock, seconds: float = SECONDS) -> None:
        self._client = client
        self._url = url
        self._key = read_secret(secret, "SPAREKEY_SHOP_WEBHOOK_SECRET")
        self._clock = clock
        self._seconds = seconds

    async def send(self, event_id: str, body: bytes) -> None:
        """Any 2xx is a yes; what it says is not read. Raises ``TryLater`` for all else: what is refused today is mended tomorrow."""
        headers = signed_headers(self._key, event_id, int(self._clock.now().timestamp()), body)
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(
                    "POST", self._url, content=body, headers=headers, timeout=self._seconds, follow_redirects=False
                ) as response,
            ):
                if not response.is_success:
                    raise TryLater(str(response.status_code))
        except TimeoutError as e:
            raise TryLater("TimeoutError") from e
        except httpx2.HTTPError as e:
            raise TryLater(type(e).__name__) from e
