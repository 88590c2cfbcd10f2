"""What stands before every door: which host, how large, from which origin, which browser, whose session.

Cookies: ``browser`` is a random secret that binds flows and CSRF tokens to this browser; ``device`` marks a known device and proves
nothing; ``remembered`` stands in for the second factor here; ``session`` opens the account; ``language`` was chosen here; ``next`` is
the page that was wanted before a sign-in with two steps. All are ``__Host-`` and ``Secure`` where people come by https.
"""

import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.errors import BadRequest, NotSignedIn, SecondFactorNeeded
from sparekey.domain.remembered import REMEMBERED_FOR
from sparekey.domain.values import Struct
from sparekey.messages import catalogue
from sparekey.use_cases.known_device import with_token
from sparekey.use_cases.ports import Sealer, WhoIs
from sparekey.use_cases.ports_of_delivery import DevMailbox, DevPhone, SmsReceipts
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened
from sparekey.use_cases.who_is import SessionChecks
from sparekey.web.cookies import cookie_among

LARGEST_BODY: Final = 64 * 1024
"""Bytes. The largest honest form is a password of 1,024 characters, thrice."""

LONGEST_AGENT: Final = 300
LONGEST_COOKIE: Final = 200

CSRF: Final = "web.csrf"

BROWSER_LASTS: Final = timedelta(days=30)
"""The cookie that flows are bound to. Whoever comes back later, to a recovery that waited long, comes by a mailed link."""

DEVICE_LASTS: Final = timedelta(days=10 * 365)
"""The cookie of a known device; browsers keep none for more than 400 days (RFC 6265bis, 5.5), each as long as it likes."""


class Cookies(Struct, frozen=True):
    """The names of our cookies. ``secure``: people come by https."""

    secure: bool

    def name(self, plain: str) -> str:
        return f"__Host-sparekey-{plain}" if self.secure else f"sparekey-{plain}"

    def read(self, request: Request, plain: str) -> str:
        """The value, or empty when it is missing or too long to be ours."""
        value = cookie_among(request.scope["headers"], self.name(plain).encode())
        return value if len(value) <= LONGEST_COOKIE and value.isascii() else ""

    def set(self, response: Response, plain: str, value: str, *, lasts: timedelta) -> None:
        age = int(lasts.total_seconds())
        response.set_cookie(self.name(plain), value, max_age=age, path="/", secure=self.secure, httponly=True, samesite="lax")

    def clear(self, response: Response, plain: str) -> None:
        response.set_cookie(self.name(plain), "", max_age=0, path="/", secure=self.secure, httponly=True, samesite="lax")


class Door(Struct, frozen=True):
    """What every handler is given.

    ``origin``: scheme and host that people use. ``mailbox`` and ``phone``: of development, else ``None``. ``wake``: tells the
    worker of this process that a request may have written messages. ``receipts``: of the provider of texts, or ``None``.
    """

    services: Services
    checks: SessionChecks
    cookies: Cookies
    origin: str
    hosts: frozenset[str]
    development: bool
    wake: Callable[[], None]
    mailbox: DevMailbox | None = None
    phone: DevPhone | None = None
    receipts: SmsReceipts | None = None


def door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


class Visitor(Struct, frozen=True):
    """Who came to a page. ``fresh``: the browser had no cookie of ours, so ``client.holder`` is new and must be set."""

    client: Client
    who: WhoIs | None
    fresh: bool
    held: bool = False
    """Signed in, but without the second factor that the site requires, on a page that does not lead to adding one."""
    ended: bool = False
    """The browser still brings a session that is over."""


def network_of(request: Request) -> str:
    return request.client.host if request.client else ""


def agent_of(request: Request) -> str:
    text = request.headers.get("user-agent", "")[:LONGEST_AGENT]
    return "".join(c for c in text if c.isprintable())


async def visitor(request: Request) -> Visitor:
    """The browser and the session of a page's request. Raises ``StoreUnavailable``."""
    door = door_of(request)
    token = door.cookies.read(request, "session")
    found = await door.checks.any_session(token) if token else None
    held = found is not None and found.session.limited and not leads_to_second_factor(request)
    who = None if held else found
    holder = door.cookies.read(request, "browser")
    fresh = len(holder) < 40
    cookie_language = door.cookies.read(request, "language")
    chosen = who.language if who is not None and not cookie_language else cookie_language
    return Visitor(
        client=Client(
            holder=door.services.chance.token() if fresh else holder,
            network=network_of(request),
            user_agent=agent_of(request),
            language=catalogue.choose(request.headers.get("accept-language", ""), chosen),
            device_token=door.cookies.read(request, "device"),
            session=who.session if who else None,
            former=found.session if found else None,
            remembered_token=door.cookies.read(request, "remembered"),
        ),
        who=who,
        fresh=fresh,
        held=held,
        ended=bool(token) and found is None,
    )


LEADS_TO_SECOND_FACTOR: Final = re.compile(
    r"/account/second-factor|/flow/\w+(/[\w-]+)?|/sign-out|/language|/api/v1/flows(/.*)?|/api/v1/session"
)
"""The only doors for a session that lacks a required second factor. What may be begun behind them is said by ``standing.may_begin``."""


def leads_to_second_factor(request: Request) -> bool:
    return LEADS_TO_SECOND_FACTOR.fullmatch(request.url.path) is not None


def csrf_token(sealer: Sealer, holder: str) -> str:
    """Bound to the browser's cookie; a form of another site cannot know it."""
    return sealer.keyed_hash(holder.encode(), CSRF).hex()


def check_form(request: Request, came: Visitor, token: str) -> None:
    """Raises ``BadRequest`` for a form of another site, or from a browser that refuses cookies."""
    door = door_of(request)
    origin = request.headers.get("origin")
    if origin is not None and origin != door.origin and not (door.development and origin.split("//")[-1] in door.hosts):
        raise BadRequest("foreign_origin", f"origin {origin[:100]!r}")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise BadRequest("foreign_origin", "sec-fetch-site")
    if came.fresh:
        raise BadRequest("cookies_refused")
    wanted = door.services.sealer.keyed_hashes(came.client.holder.encode(), CSRF)
    if not any(hmac.compare_digest(h.hex(), token) for h in wanted if token.isascii()):
        raise BadRequest("foreign_origin", "csrf token")


def keep_browser(request: Request, response: Response, came: Visitor) -> None:
    """Give a new browser its cookie."""
    if came.fresh:
        door_of(request).cookies.set(response, "browser", came.client.holder, lasts=BROWSER_LASTS)


def keep_opened(request: Request, response: Response, opened: Opened | None) -> None:
    """Give the browser the session that was just opened, and the mark of a known device."""
    if opened is None:
        return
    cookies = door_of(request).cookies
    cookies.set(response, "session", opened.token, lasts=opened.session.expires_at - opened.session.created_at)
    if opened.device_token:
        known = with_token(cookies.read(request, "device"), opened.device_token)
        cookies.set(response, "device", known, lasts=DEVICE_LASTS)
    if opened.remembered_token:
        remembered = with_token(cookies.read(request, "remembered"), opened.remembered_token)
        cookies.set(response, "remembered", remembered, lasts=REMEMBERED_FOR)


async def bearer(request: Request) -> WhoIs:
    """The session of a program. Cookies are not looked at, so no other site can borrow them. Raises ``NotSignedIn``, and
    ``SecondFactorNeeded`` where it is good only for adding one."""
    who = await bearer_or_none(request)
    if who is None:
        raise NotSignedIn
    return who


async def bearer_or_none(request: Request) -> WhoIs | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_COOKIE:
        return None
    found = await door_of(request).checks.any_session(token)
    if found is not None and found.session.limited and not leads_to_second_factor(request):
        raise SecondFactorNeeded
    return found
