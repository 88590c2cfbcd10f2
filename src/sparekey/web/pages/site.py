"""What belongs to the whole site: the choice of a language."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import BadRequest
from sparekey.messages import catalogue
from sparekey.web.pages.endpoints import action
from sparekey.web.pages.forms import Form
from sparekey.web.pages.visit import Visit, local_path

YEAR: Final = 365 * 86400
"""Seconds that a browser keeps the language."""


async def _language(visit: Visit, form: Form) -> Response:
    if form["language"] not in catalogue.LANGUAGES:
        raise BadRequest("bad_form", "no such language")
    response = visit.go(local_path(form["back"]))
    response.set_cookie(
        "sparekey-language", form["language"], max_age=YEAR, path="/", secure=visit.door.cookies.secure, httponly=True, samesite="lax"
    )
    return response


ROUTES = [
    Route("/language", action(_language, "language", "back"), methods=["POST"]),
]
