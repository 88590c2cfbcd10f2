"""The addresses that password managers know (P7)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sparekey.web.guard import door_of


async def _change_password(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
    """W3C, "A Well-Known URL for Changing Passwords"."""
    return RedirectResponse("/account/security/password", 303)


async def _passkey_endpoints(request: Request) -> Response:
    """W3C, "Passkey Endpoints": where passkeys are looked after."""
    return JSONResponse({"manage": f"{door_of(request).origin}/account/security"})


ROUTES = [
    Route("/.well-known/change-password", _change_password, methods=["GET"]),
    Route("/.well-known/passkey-endpoints", _passkey_endpoints, methods=["GET"]),
]
