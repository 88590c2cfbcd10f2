"""The way back to a recovery that waits: the page behind the link that was mailed to the address that was shown.

Opening it changes nothing. In its own browser its button leads to the recovery. In another one the page shows where the wait stands, and
its button begins to show again what was shown; then the recovery goes on there.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver, TooManyTries, WrongStep
from sparekey.use_cases.come_back import come_back, look_at_way_back
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

LINK: Final = SecretLink("wait", "/wait")


async def _look(visit: Visit) -> Response:
    return await _seen(visit, FormView())


async def _seen(visit: Visit, form: FormView, *, status: int = 200, retry_after: int = 0) -> Response:
    try:
        wait = await look_at_way_back(visit.services, visit.client, LINK.secret(visit))
    except FlowOver as e:
        return visit.show("wait_over.html", status=shown(e).status)
    return visit.show("wait.html", status=status, retry_after=retry_after, form=form, wait=wait)


async def _back(visit: Visit, form: Form) -> Response:
    try:
        standing = await come_back(visit.services, visit.client, LINK.secret(visit))
    except FlowOver as e:
        return visit.show("wait_over.html", status=shown(e).status)
    except WrongStep:
        return visit.go("/wait")  # it goes on in its own browser only, and the page says so
    except TooManyTries as e:
        return await _seen(visit, held_back(visit, form, e), status=shown(e).status, retry_after=e.retry_after)
    response = visit.go(f"/flow/{standing.flow.flow_id}{'?why=again' if standing.flow.wants.flow_id else ''}")
    LINK.forget(visit, response)
    return response


ROUTES = [
    Route("/w/{token}", page(LINK.take), methods=["GET"]),
    Route("/wait", page(_look), methods=["GET"]),
    Route("/wait", action(_back), methods=["POST"]),
]
