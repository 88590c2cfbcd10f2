"""A link from a mail. Opening it changes nothing, for mail scanners open links too; the button on its page acts.

The secret leaves the address at once: it moves into a cookie, so that it stands in no history, log or Referer.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver
from sparekey.use_cases.open_link import look_at_link, open_link
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.flow_view import go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.visit import Visit

COOKIE: Final = "link"

KEPT: Final = 30 * 60
"""Seconds; no link lives longer."""


async def _take(visit: Visit) -> Response:
    token: str = visit.request.path_params["token"]
    response = visit.go("/link")
    visit.door.cookies.set(response, COOKIE, token if is_token(token) else "", lasts=KEPT)
    return response


async def _look(visit: Visit) -> Response:
    try:
        link = await look_at_link(visit.services, visit.client, _token(visit))
    except FlowOver as e:
        return visit.show("link_over.html", status=shown(e).status)
    return visit.show("link.html", action=link.action, here=link.here)


async def _open(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    try:
        response = go_on(visit, await open_link(visit.services, visit.client, _token(visit)))
    except FlowOver as e:
        response = visit.show("link_over.html", status=shown(e).status) if e.reason == "link_over" else over_page(visit, e.reason)
    visit.door.cookies.clear(response, COOKIE)
    return response


def _token(visit: Visit) -> str:
    return visit.door.cookies.read(visit.request, COOKIE)


def is_token(text: str) -> bool:
    """Whether a text may be one of our tokens, so that nothing else comes into a cookie."""
    return text.isascii() and all(c.isalnum() or c in "-_" for c in text)


ROUTES = [
    Route("/l/{token}", page(_take), methods=["GET"]),
    Route("/link", page(_look), methods=["GET"]),
    Route("/link", action(_open), methods=["POST"]),
]
