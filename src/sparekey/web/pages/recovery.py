"""A recovery that waits, as the signed-in owner sees it: stop it with a full proof, or object. And thawing a frozen account."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.read_dispute import read_dispute
from sparekey.use_cases.running_recoveries import read_recoveries
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.start_thaw import start_thaw
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.flow_step import begin_by_name
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit


async def _show(visit: Visit) -> Response:
    session = visit.member().session
    found, dispute = await read_recoveries(visit.services, session), await read_dispute(visit.services, session)
    why = visit.request.query_params.get("why", "")
    return visit.show("account_recovery.html", section="/account", done="", recoveries=found, dispute=dispute, why=why)


async def _stop(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    return await _against(visit, Action.CANCEL_RECOVERY, denied="less")


async def _object(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    """Object, or show one more thing in the dispute that this has become."""
    return await _against(visit, Action.OBJECT, denied="all")


async def _against(visit: Visit, what: Action, *, denied: str) -> Response:
    """``denied``: why nothing comes of it, where that is the answer."""
    visit.member()
    try:
        wants = Wants(flow_id=visit.request.path_params.get("flow_id", ""))
        standing = await start_guarded(visit.services, visit.client, what, wants)
    except WrongStep:
        return visit.go("/account/recovery")
    return visit.go(f"/account/recovery?why={denied}") if standing.flow.state is State.DENIED else go_on(visit, standing)


async def _thaw_form(visit: Visit) -> Response:
    return visit.show("thaw.html", form=FormView())


async def _thaw(visit: Visit, form: Form) -> Response:
    return await begin_by_name(visit, form, "thaw.html", start_thaw)


ROUTES = [
    Route("/account/recovery", page(_show), methods=["GET"]),
    Route("/account/recovery/{flow_id}/stop", action(_stop), methods=["POST"]),
    Route("/account/recovery/{flow_id}/object", action(_object), methods=["POST"]),
    Route("/account/dispute", action(_object), methods=["POST"]),
    Route("/thaw", page(_thaw_form), methods=["GET"]),
    Route("/thaw", action(_thaw, "identifier"), methods=["POST"]),
]
