"""The page behind a mailed link that answers a flow. Opening it changes nothing; its button acts."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver
from sparekey.use_cases.open_link import look_at_link, open_link
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.flow_view import go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.visit import Visit

LINK: Final = SecretLink("link", "/link")


async def _look(visit: Visit) -> Response:
    try:
        link = await look_at_link(visit.services, visit.client, LINK.secret(visit))
    except FlowOver as e:
        return visit.show("link_over.html", status=shown(e).status)
    return visit.show("link.html", action=link.action, here=link.here)


async def _open(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    try:
        response = go_on(visit, await open_link(visit.services, visit.client, LINK.secret(visit)))
    except FlowOver as e:
        response = visit.show("link_over.html", status=shown(e).status) if e.reason == "link_over" else over_page(visit, e.reason)
    LINK.forget(visit, response)
    return response


ROUTES = [
    Route("/l/{token}", page(LINK.take), methods=["GET"]),
    Route("/link", page(_look), methods=["GET"]),
    Route("/link", action(_open), methods=["POST"]),
]
