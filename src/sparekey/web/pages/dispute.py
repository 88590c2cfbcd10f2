"""A dispute, for whoever objects and is not signed in: how it stands, and the way to show more.

They come by the link of a notice, which was pressed before (``disown.py``). Whoever wants to get back in sees the same on the page of the
recovery, and whoever is signed in on the pages of the account.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver, TooManyTries
from sparekey.domain.limits import DISPUTE_PAGE_LASTS
from sparekey.use_cases.object_by_link import look_at_objection, start_objection
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

LINK: Final = SecretLink("dispute", "/dispute", lasts=DISPUTE_PAGE_LASTS)


async def _look(visit: Visit) -> Response:
    return await _seen(visit, FormView())


async def _seen(visit: Visit, form: FormView, *, status: int = 200, retry_after: int = 0) -> Response:
    try:
        dispute = await look_at_objection(visit.services, LINK.secret(visit))
    except FlowOver as e:
        return visit.go("/account/recovery") if visit.who else visit.show("dispute_over.html", status=shown(e).status)
    return visit.show("dispute.html", status=status, retry_after=retry_after, form=form, dispute=dispute)


async def _more(visit: Visit, form: Form) -> Response:
    try:
        return go_on(visit, await start_objection(visit.services, visit.client, LINK.secret(visit)))
    except FlowOver:
        return visit.go("/dispute")
    except TooManyTries as e:
        return await _seen(visit, held_back(visit, form, e), status=shown(e).status, retry_after=e.retry_after)


ROUTES = [Route("/dispute", page(_look), methods=["GET"]), Route("/dispute", action(_more), methods=["POST"])]
