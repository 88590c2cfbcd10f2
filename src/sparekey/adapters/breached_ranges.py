"""Ask a service of the range protocol whether a password is in a known breach."""

import httpx2
import structlog

RANGE_DIGITS = 5
"""What the range protocol sends of a hash: each answer fits some two thousand breached passwords, and any number of others."""

RANGE_TIMEOUT = 2.0
"""Seconds. A service that is slower is treated as one that does not know."""

log = structlog.get_logger(__name__)


class RangeService:
    """A service of the range protocol. It learns five hexadecimal digits; the padding hides how long its answer is."""

    def __init__(self, url: str, client: httpx2.AsyncClient) -> None:
        self._url = url.rstrip("/")
        self._client = client

    async def has(self, sha1: bytes) -> bool:
        """False also when the service does not answer: it must not be able to stop every sign-up."""
        digits = sha1.hex().upper()
        try:
            answer = await self._client.get(
                f"{self._url}/{digits[:RANGE_DIGITS]}", headers={"Add-Padding": "true"}, timeout=RANGE_TIMEOUT, follow_redirects=False
            )
            answer.raise_for_status()
        except httpx2.HTTPError as e:
            log.warning("breached_range_not_answering", error=type(e).__name__)
            return False
        # Padding lines have a count of 0.
        found = (line.strip().partition(":") for line in answer.text.splitlines())
        return any(rest.upper() == digits[RANGE_DIGITS:] and count != "0" for rest, _, count in found)
