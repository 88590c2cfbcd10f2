"""The ASGI application: what every request must pass, then the session check by a short road, then the routes.

Errors become answers here and nowhere else: the table is ``web/errors.py``; the API answers problem+json, pages a page.
"""

from collections.abc import Awaitable, Callable
from typing import Final, cast

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Lifespan

from sparekey.domain.errors import BadRequest, SparekeyError, StoreUnavailable
from sparekey.web.api.body import problem_answer
from sparekey.web.errors import Known, Shown, shown
from sparekey.web.guard import LARGEST_BODY, Door
from sparekey.web.pages.problems import plain_problem_page
from sparekey.web.routes import routes
from sparekey.web.session_check import PATH, Receive, Scope, Send, SessionCheck

log = structlog.get_logger(__name__)

HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin"))
OF_PAGES: Final = (
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
"""They mean something only where an answer is shown, so the short road goes without."""
HSTS: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


def make_app(door: Door, lifespan: Lifespan[Starlette]) -> "Application":
    starlette = Starlette(
        routes=routes(development=door.development),
        lifespan=lifespan,
        exception_handlers={
            SparekeyError: cast("Callable[[Request, Exception], Awaitable[Response]]", on_error),
            HTTPException: cast("Callable[[Request, Exception], Awaitable[Response]]", on_http_error),
            Exception: on_bug,
        },
    )
    starlette.state.door = door
    # It would send "/l/secret/" to an address made of the request, which is http where a proxy before us takes the https.
    starlette.router.redirect_slashes = False
    return Application(door, starlette)


class Application:
    """Every request is checked. ``GET /api/v1/session`` then goes straight to its endpoint; all else is served, and given the headers
    of every answer."""

    def __init__(self, door: Door, inner: Starlette) -> None:
        of_all = (*HEADERS, HSTS) if door.cookies.secure else HEADERS
        self._check = SessionCheck(door.checks, door.cookies.name("session"), of_all)
        self._hosts = frozenset(host.encode() for host in door.hosts)
        self._inner = inner
        self._wake = door.wake
        self._headers = (*of_all, *OF_PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is None and scope["path"] == PATH and scope["method"] == "GET":
            await self._check(scope, receive, send)
            return

        status = 0

        async def send_with_headers(message: "dict[str, object]") -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = cast("int", message["status"])
                present = cast("list[tuple[bytes, bytes]]", message["headers"])
                names = {name for name, _ in present}
                message["headers"] = [*present, *((n, v) for n, v in self._headers if n not in names)]
            await send(message)

        if refused is not None:
            request = Request(scope, receive)
            scope["app"] = self._inner
            await (await on_error(request, refused))(scope, receive, send_with_headers)  # type: ignore[arg-type]
            return
        try:
            await self._inner(scope, _bounded(receive), send_with_headers)  # type: ignore[arg-type]
        except ClientDisconnect:
            pass  # whoever asked has gone in the middle of it: nobody's mistake
        except Exception as e:  # noqa: BLE001 - the framework raises a bug once more after it was answered; the server would print its values
            secret = scope.get("path_params", {}).get("token", "")
            _log_bug(e, scope["path"].replace(secret, "…") if secret else scope["path"], status)
        if scope["method"] == "POST":
            self._wake()

    def _refused(self, scope: Scope) -> BadRequest | None:
        hosts, lengths = [], []
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == b"content-length":
                lengths.append(value)
        # Exactly one Host (RFC 9112, 3.2): of two, we and a proxy before us could each take another.
        if (len(hosts) != 1 or hosts[0].lower() not in self._hosts) and not scope["path"].startswith("/health/"):
            return BadRequest("foreign_host", "host header")
        if lengths and any(len(n) > len(str(LARGEST_BODY)) or not n.isdigit() or int(n) > LARGEST_BODY for n in lengths):
            return BadRequest("too_large")
        return None


def _bounded(receive: Receive) -> Receive:
    """A body without a length is cut off where one with a length would have been refused."""
    read = 0

    async def bounded() -> "dict[str, object]":
        nonlocal read
        message = cast("dict[str, object]", await receive())
        read += len(cast("bytes", message.get("body", b"")))
        if read > LARGEST_BODY:
            raise BadRequest("too_large")
        return message

    return cast("Receive", bounded)


async def on_error(request: Request, error: SparekeyError) -> Response:
    """An error that we raise on purpose."""
    if isinstance(error, StoreUnavailable):
        log.error("store.unavailable", detail=str(error)[:200])
    return await _answer(request, shown(cast("Known", error)), str(error) if isinstance(error, BadRequest) and error.detail else "")


async def on_http_error(request: Request, error: HTTPException) -> Response:
    reason = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_form")
    response = await _answer(request, Shown(error.status_code, reason))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def on_bug(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape of a handler; ``Application`` logs it
    """What nobody expected. The page has no value of it."""
    return await _answer(request, Shown(500, "internal"))


def _log_bug(error: Exception, path: str, status: int) -> None:
    """What kind of error and where, and no value. ``status``: 500 where it was answered; that of an answer which had begun and is cut off
    in the middle; 0 where nothing could be sent."""
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, SparekeyError):
        error = error.__cause__  # the framework's complaint that one of ours came too late to be answered
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{where.tb_lineno}" if where else ""
    log.error("bug", error=type(error).__name__, place=place, path=path, status=status)


async def _answer(request: Request, what: Shown, detail: str = "") -> Response:
    if request.url.path.startswith("/api/"):
        return problem_answer(request, what, detail)
    return plain_problem_page(request, what)
