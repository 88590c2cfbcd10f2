"""Signing up. Everything after the first page is the flow's."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import Busy, InvalidInput, TooManyTries
from sparekey.use_cases.sign_up import sign_up
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit


async def _form(visit: Visit) -> Response:
    return visit.show("sign_up.html", form=FormView())


async def _sign_up(visit: Visit, form: Form) -> Response:
    try:
        standing = await sign_up(visit.services, visit.client, name=form["name"], email=form["email"], password=form["password"])
    except InvalidInput as e:
        return visit.show("sign_up.html", status=422, form=wrong_input(visit, form, e))
    except (TooManyTries, Busy) as e:
        again = held_back(visit, form, e)
        return visit.show("sign_up.html", status=shown(e).status, retry_after=e.retry_after, form=again)
    return go_on(visit, standing)


ROUTES = [
    Route("/sign-up", page(_form), methods=["GET"]),
    Route("/sign-up", action(_sign_up, "name", "email", "password"), methods=["POST"]),
]
