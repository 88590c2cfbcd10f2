"""How providers are asked: nothing is followed, nothing is waited for long, nothing large is read, and no secret reaches the log."""

import asyncio
from collections.abc import Mapping
from typing import Final, TypeVar

import httpx2
import msgspec
import structlog

from sparekey.use_cases.ports_of_delivery import Refused, TryLater

SECONDS: Final = 8.0
"""For one question and its whole answer. A person looks at an empty page meanwhile."""

LARGEST: Final = 256 * 1024
"""Bytes. The largest honest answer is a set of a few dozen keys."""

log = structlog.get_logger(__name__)

T = TypeVar("T", bound=msgspec.Struct)


class _OAuthError(msgspec.Struct):
    """RFC 6749, 5.2. Facebook puts an object in the place of the name."""

    error: object = ""


async def ask(
    client: httpx2.AsyncClient,
    provider: str,
    url: str,
    kind: type[T],
    *,
    form: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    bearer: str = "",
    basic: tuple[str, str] | None = None,
) -> T:
    """The JSON answer of a provider, as ``kind``. ``form``: posted; without it the address is read.

    Raises ``Refused`` for a no (any 4xx but 429, or an OAuth error in the answer), ``TryLater`` for all else that is not an answer.
    """
    headers = {"accept": "application/json", **({"authorization": f"Bearer {bearer}"} if bearer else {})}
    request = client.build_request("POST" if form is not None else "GET", url, data=form, params=params, headers=headers)
    auth = httpx2.BasicAuth(*basic) if basic else None
    try:
        async with asyncio.timeout(SECONDS):
            status, content = await _read(client, request, auth)
    except (httpx2.HTTPError, TimeoutError) as e:
        raise _later(provider, type(e).__name__) from e
    refusal = _refusal(content)
    if status in range(400, 500) and status != 429:
        raise refused(provider, f"{status} {refusal}".strip())
    if status != 200:
        raise _later(provider, str(status))
    if refusal:
        raise refused(provider, refusal)
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as e:
        raise _later(provider, "200 without a readable answer") from e


async def _read(client: httpx2.AsyncClient, request: httpx2.Request, auth: httpx2.BasicAuth | None) -> tuple[int, bytes]:
    response = await client.send(request, auth=auth, stream=True, follow_redirects=False)
    try:
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > LARGEST:
                raise httpx2.DecodingError("too large")
        return response.status_code, bytes(content)
    finally:
        await response.aclose()


def _refusal(content: bytes) -> str:
    """The stable name in an OAuth error, or empty. Descriptions are left out: providers repeat in them what they were sent."""
    try:
        error = msgspec.json.decode(content, type=_OAuthError).error
    except msgspec.DecodeError:
        return ""
    if isinstance(error, dict):
        error = f"{error.get('type', '')} {error.get('code', '')}".strip() or "error"
    return "".join(c for c in str(error or "")[:60] if c.isalnum() or c in "_- ")


def refused(provider: str, detail: str) -> Refused:
    """``detail``: names and numbers only; for the operator."""
    log.warning("social.refused", provider=provider, detail=detail)
    return Refused(detail)


def _later(provider: str, detail: str) -> TryLater:
    log.warning("social.no_answer", provider=provider, detail=detail)
    return TryLater(detail)
