"""Signing up. Everything after the first page is the flow's."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import Busy, HumanNeeded, InvalidInput, TooManyTries
from sparekey.use_cases.sign_up import sign_up
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, person_first, with_check, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit


async def _form(visit: Visit) -> Response:
    return await _page(visit, FormView())


async def _sign_up(visit: Visit, form: Form) -> Response:
    try:
        standing = await sign_up(visit.services, visit.client, name=form["name"], email=form["email"], password=form["password"])
    except InvalidInput as e:
        return await _page(visit, wrong_input(visit, form, e), 422)
    except HumanNeeded:
        return await _page(visit, person_first(visit, form, Action.SIGN_UP), 428)
    except (TooManyTries, Busy) as e:
        return await _page(visit, held_back(visit, form, e), shown(e).status, e.retry_after)
    return go_on(visit, standing)


async def _page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    form = await with_check(visit, form, Action.SIGN_UP, "sign_up.network")
    return visit.show("sign_up.html", status=status, retry_after=retry_after, form=form)


ROUTES = [
    Route("/sign-up", page(_form), methods=["GET"]),
    Route("/sign-up", action(_sign_up, "name", "email", "password"), methods=["POST"]),
]
