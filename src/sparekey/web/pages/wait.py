"""The way back to a recovery that waits: the page behind the link that was mailed to the address that was shown.

Opening it changes nothing; its button brings the recovery into this browser.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver
from sparekey.use_cases.come_back import come_back, look_at_way_back
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.link import is_token
from sparekey.web.pages.visit import Visit

COOKIE: Final = "wait"

KEPT: Final = 30 * 60
"""Seconds that the page may lie open before its button."""


async def _take(visit: Visit) -> Response:
    token: str = visit.request.path_params["token"]
    response = visit.go("/wait")
    visit.door.cookies.set(response, COOKIE, token if is_token(token) else "", lasts=KEPT)
    return response


async def _look(visit: Visit) -> Response:
    try:
        here = await look_at_way_back(visit.services, visit.client, _token(visit))
    except FlowOver as e:
        return visit.show("wait_over.html", status=shown(e).status)
    return visit.show("wait.html", here=here)


async def _back(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    try:
        standing = await come_back(visit.services, visit.client, _token(visit))
    except FlowOver as e:
        return visit.show("wait_over.html", status=shown(e).status)
    response = visit.go(f"/flow/{standing.flow.flow_id}")
    visit.door.cookies.clear(response, COOKIE)
    return response


def _token(visit: Visit) -> str:
    return visit.door.cookies.read(visit.request, COOKIE)


ROUTES = [
    Route("/w/{token}", page(_take), methods=["GET"]),
    Route("/wait", page(_look), methods=["GET"]),
    Route("/wait", action(_back), methods=["POST"]),
]
