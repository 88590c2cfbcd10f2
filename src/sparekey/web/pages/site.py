"""What belongs to the whole site: the choice of a language, and the addresses that password managers know (P7)."""

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sparekey.domain.errors import BadRequest
from sparekey.messages import catalogue
from sparekey.web.guard import door_of
from sparekey.web.pages.endpoints import action
from sparekey.web.pages.forms import Form
from sparekey.web.pages.visit import Visit, local_path

LANGUAGE_LASTS: Final = timedelta(days=365)
"""The cookie of the language that was chosen."""


async def _language(visit: Visit, form: Form) -> Response:
    if form["language"] not in catalogue.LANGUAGES:
        raise BadRequest("bad_form", "no such language")
    response = visit.go(local_path(form["back"]))
    visit.door.cookies.set(response, "language", form["language"], lasts=LANGUAGE_LASTS)
    return response


async def _change_password(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
    """W3C, "A Well-Known URL for Changing Passwords"."""
    return RedirectResponse("/account/security/password", 303)


async def _passkey_endpoints(request: Request) -> Response:
    """W3C, "Passkey Endpoints": where passkeys are looked after."""
    keys = f"{door_of(request).origin}/account/security/keys"
    return JSONResponse({"enroll": keys, "manage": keys})


ROUTES = [
    Route("/language", action(_language, "language", "back"), methods=["POST"]),
    Route("/.well-known/change-password", _change_password, methods=["GET"]),
    Route("/.well-known/passkey-endpoints", _passkey_endpoints, methods=["GET"]),
]
