"""What a form asks of a flow: begin it, or do one step and go on; or show the form again with what is wrong."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from sparekey.domain.errors import Busy, FlowOver, InvalidInput, NotProven, StaleFlow, TooManyTries, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.use_cases.load_flow import show_flow
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import held_back, wrong_input
from sparekey.web.pages.flow_view import flow_page, go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.kinds import KINDS, row_of
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit

SHOWN_BY_THE_FLOW: Final = frozenset({"done", "expired", "replaced", "signed_out", "disowned", "referred", "denied", "refused"})
"""Ends that the flow's own page tells of; the others (another browser's, taken) have no page to go to."""


async def begin_by_name(visit: Visit, form: Form, template: str, begin: Callable[[Services, Client, str], Awaitable[Standing]]) -> Response:
    """Begin a flow for the name that was typed; or show its form, ``template``, again with what is wrong."""
    try:
        return go_on(visit, await begin(visit.services, visit.client, form["identifier"]))
    except InvalidInput as e:
        return visit.show(template, status=422, form=wrong_input(visit, form, e))
    except TooManyTries as e:
        return visit.show(template, status=429, retry_after=e.retry_after, form=held_back(visit, form, e))


def flow_id_of(visit: Visit) -> str:
    flow_id: str = visit.request.path_params["flow_id"]
    return flow_id


async def do_step(visit: Visit, form: Form, step: Callable[[], Awaitable[Standing]], way: str = "") -> Response:
    """Do a step and go on; or show the same page again with what is wrong. ``way``: the kind of proof that the step asks for."""
    try:
        return go_on(visit, await step(), way=way)
    except InvalidInput as e:
        return await show_again(visit, form, wrong_input(visit, form, e), 422)
    except NotProven:
        return await show_again(visit, form, _not_right(visit, form), 422)
    except (TooManyTries, Busy) as e:
        return await show_again(visit, form, held_back(visit, form, e), shown(e).status, e.retry_after)
    except FlowOver as e:
        return visit.go(f"/flow/{flow_id_of(visit)}") if e.reason in SHOWN_BY_THE_FLOW else over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        # An old page, the back button, or a second click: where the flow stands now is the answer.
        return visit.go(f"/flow/{flow_id_of(visit)}")


async def show_again(visit: Visit, form: Form, again: FormView, status: int, retry_after: int = 0) -> Response:
    """The flow's page with a form as it was sent. ``again``: that form, with what is wrong."""
    try:
        standing = await show_flow(visit.services, visit.client, flow_id_of(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    return flow_page(visit, standing, way=form["kind"], form=again, status=status, retry_after=retry_after)


def _not_right(visit: Visit, form: Form) -> FormView:
    _ = visit.words.gettext
    if "password" in form.fields:
        return FormView(form.kept, (Problem("password", _("This is not the password that was chosen at sign-up.")),))
    row = row_of(form["kind"]) or KINDS[FactorKind.EMAIL]
    return FormView(form.kept, (Problem("answer", _(row.wrong)),))
