"""The page on which somebody confirms, or refuses, what the shop asks (G1). Looking changes nothing."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import BadRequest, FlowOver
from sparekey.use_cases.confirm import look_at_confirmation, refuse_confirmation, start_confirming
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import ConfirmationView
from sparekey.web.pages.visit import Visit


async def _look(visit: Visit) -> Response:
    """Who is not signed in does that first, and comes back here."""
    who = visit.member()
    try:
        seen = await look_at_confirmation(visit.services, who.session, _id_of(visit))
    except BadRequest:
        # Of another account, or of nobody: one page, so that it tells nothing.
        return visit.show("confirm_other.html", status=404)
    found = seen.confirmation
    shown = ConfirmationView(found.confirmation_id, seen.state.value, seen.about, found.title, found.return_to, found.expires_at)
    return visit.show("confirm.html", seen=shown)


async def _begin(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    try:
        return go_on(visit, await start_confirming(visit.services, visit.client, _id_of(visit)))
    except FlowOver:
        return visit.go(visit.path)  # a second tab, the back button: the page says how it was answered
    except BadRequest:
        return visit.show("confirm_other.html", status=404)


async def _refuse(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    try:
        await refuse_confirmation(visit.services, visit.client, _id_of(visit))
    except FlowOver:
        pass  # the same
    except BadRequest:
        return visit.show("confirm_other.html", status=404)
    return visit.go(visit.path)


async def _back(visit: Visit) -> Response:
    """Whoever loads the address of a form again is led to the page."""
    return visit.go(f"/confirm/{_id_of(visit)}")


def _id_of(visit: Visit) -> str:
    found: str = visit.request.path_params["confirmation_id"]
    return found


ROUTES = [
    Route("/confirm/{confirmation_id}", page(_look), methods=["GET"]),
    Route("/confirm/{confirmation_id}", action(_begin), methods=["POST"]),
    Route("/confirm/{confirmation_id}/refuse", page(_back), methods=["GET"]),
    Route("/confirm/{confirmation_id}/refuse", action(_refuse), methods=["POST"]),
]
