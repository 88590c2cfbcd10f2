"""Who is signed in? A bare ASGI endpoint before the framework: it is asked with every click in the shop, so it stays thin.

``GET /api/v1/session`` with ``Authorization: Bearer …`` or the session cookie.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec

from sparekey.domain.errors import StoreUnavailable
from sparekey.use_cases.ports import WhoIs
from sparekey.use_cases.who_is import SessionChecks
from sparekey.web.cookies import cookie_among

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATH: Final = "/api/v1/session"


class SessionAnswer(msgspec.Struct, frozen=True):
    """Times: whole seconds since 1970-01-01 UTC. ``proofs``: the kinds by which the session was proven."""

    account_id: str
    email: str
    name: str
    language: str
    session_id: str
    signed_in_at: int
    expires_at: int
    proofs: list[str]


_encode = msgspec.json.Encoder().encode
_NOT_KEPT: Final = (b"cache-control", b"no-store")
_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", b"application/problem+json")
_NOT_SIGNED_IN: Final = b'{"type":"urn:sparekey:problem:not_signed_in","title":"Please sign in first.","status":401}'
_UNAVAILABLE: Final = b'{"type":"urn:sparekey:problem:store_unavailable","title":"Please try again in a moment.","status":503}'


class SessionCheck:
    """``cookie``: the full name of the session cookie. ``headers``: of every answer. Which host is asked was checked before."""

    def __init__(self, checks: SessionChecks, cookie: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._checks = checks
        self._cookie = cookie.encode()
        self._found = (*headers, _NOT_KEPT, _JSON)
        self._nobody = (*headers, _NOT_KEPT, _PROBLEM, (b"www-authenticate", b"Bearer"))
        self._unavailable = (*headers, _NOT_KEPT, _PROBLEM, (b"retry-after", b"5"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = self._token(scope["headers"])
        status, headers, body = 401, self._nobody, _NOT_SIGNED_IN
        if token:
            try:
                found = await self._checks.who_is(token)
            except StoreUnavailable:
                status, headers, body = 503, self._unavailable, _UNAVAILABLE
            else:
                if found is not None:
                    status, headers, body = 200, self._found, _encode(answer(found))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def _token(self, headers: list[tuple[bytes, bytes]]) -> str:
        for name, value in headers:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                return value[7:].decode("latin-1")
        return cookie_among(headers, self._cookie)


def answer(found: WhoIs) -> SessionAnswer:
    session = found.session
    return SessionAnswer(
        account_id=session.account_id,
        email=found.email,
        name=found.name,
        language=found.language,
        session_id=session.session_id,
        signed_in_at=int(session.created_at.timestamp()),
        expires_at=int(session.expires_at.timestamp()),
        proofs=[p.kind.value for p in session.proofs],
    )
