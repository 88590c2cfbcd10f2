"""Getting back in: the first page of a recovery. All others are the flow's."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import InvalidInput, TooManyTries
from sparekey.use_cases.start_recovery import start_recovery
from sparekey.web.pages.endpoints import action, held_back, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit


async def _form(visit: Visit) -> Response:
    return visit.show("forgot.html", form=FormView({"identifier": visit.who.email if visit.who else ""}))


async def _recover(visit: Visit, form: Form) -> Response:
    try:
        return go_on(visit, await start_recovery(visit.services, visit.client, form["identifier"]))
    except InvalidInput as e:
        return visit.show("forgot.html", status=422, form=wrong_input(visit, form, e))
    except TooManyTries as e:
        return visit.show("forgot.html", status=429, retry_after=e.retry_after, form=held_back(visit, form, e))


ROUTES = [
    Route("/forgot", page(_form), methods=["GET"]),
    Route("/forgot", action(_recover, "identifier"), methods=["POST"]),
]
