"""Getting back in: the first page of a recovery. All others are the flow's."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import HumanNeeded, InvalidInput, TooManyTries
from sparekey.use_cases.start_recovery import start_recovery
from sparekey.web.pages.endpoints import action, held_back, page, person_first, with_check, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit


async def _form(visit: Visit) -> Response:
    return await _page(visit, FormView({"identifier": visit.who.email if visit.who else ""}))


async def _recover(visit: Visit, form: Form) -> Response:
    try:
        return go_on(visit, await start_recovery(visit.services, visit.client, form["identifier"]))
    except InvalidInput as e:
        return await _page(visit, wrong_input(visit, form, e), 422)
    except HumanNeeded:
        return await _page(visit, person_first(visit, form, Action.RECOVER), 428)
    except TooManyTries as e:
        return await _page(visit, held_back(visit, form, e), 429, e.retry_after)


async def _page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    form = await with_check(visit, form, Action.RECOVER, "recover.network")
    return visit.show("forgot.html", status=status, retry_after=retry_after, form=form)


ROUTES = [
    Route("/forgot", page(_form), methods=["GET"]),
    Route("/forgot", action(_recover, "identifier"), methods=["POST"]),
]
