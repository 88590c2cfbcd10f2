"""The one page of any flow, and what can be done on it."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import Busy, FieldProblem, FlowOver, InvalidInput, NotProven, StaleFlow, TooManyTries, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.use_cases.answer_code import answer_code
from sparekey.use_cases.answer_password import answer_password
from sparekey.use_cases.end_flow import leave_flow, nothing_more
from sparekey.use_cases.finish_flow import finish_sign_up, finish_with_password
from sparekey.use_cases.load_flow import show_flow
from sparekey.use_cases.send_code import send_code
from sparekey.use_cases.standing import Standing
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, wrong, wrong_input
from sparekey.web.pages.flow_view import flow_page, go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit

SHOWN_BY_THE_FLOW = frozenset({"done", "expired", "replaced", "disowned", "referred", "denied"})
"""Ends that the flow's own page tells of; the others (another browser's, taken) have no page to go to."""


async def _show(visit: Visit) -> Response:
    try:
        standing = await show_flow(visit.services, visit.client, _id(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    form = FormView(notice=_notice(visit))
    return flow_page(visit, standing, way=visit.request.query_params.get("way", ""), form=form)


async def _back(visit: Visit) -> Response:
    """Whoever loads the address of a form again, or comes by the back button, is led to the page."""
    return visit.go(f"/flow/{_id(visit)}")


async def _answer(visit: Visit, form: Form) -> Response:
    typed, password = form["answer"], form["kind"] == FactorKind.PASSWORD
    if not typed:
        return await _again(visit, form, wrong(visit, form, "answer", "password_missing" if password else "code_missing"), 422)
    judge = answer_password if password else answer_code
    return await _step(visit, form, lambda: judge(visit.services, visit.client, _id(visit), typed))


async def _send(visit: Visit, form: Form) -> Response:
    if form["kind"] != FactorKind.EMAIL:
        return visit.go(f"/flow/{_id(visit)}")
    return await _step(visit, form, lambda: send_code(visit.services, visit.client, _id(visit), FactorKind.EMAIL))


async def _nothing_more(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the shape of an action
    """Before the first proof the answer is only said, not stored, so it is shown at once and not after a redirect."""
    try:
        standing = await nothing_more(visit.services, visit.client, _id(visit))
        return go_on(visit, standing) if standing.flow.proofs else flow_page(visit, standing)
    except FlowOver as e:
        return visit.go(f"/flow/{_id(visit)}") if e.reason in SHOWN_BY_THE_FLOW else over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        return visit.go(f"/flow/{_id(visit)}")


async def _leave(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the shape of an action
    try:
        await leave_flow(visit.services, visit.client, _id(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    return visit.go("/")


async def _finish(visit: Visit, form: Form) -> Response:
    """The new password, typed twice; or, for a sign-up whose link was opened elsewhere, its password or a new one with a name."""
    password = form["password"]
    if not password:
        return await _again(visit, form, wrong(visit, form, "password", "password_missing"), 422)
    if "password_again" in form.fields and form["password_again"] != password:
        return await _again(visit, form, wrong(visit, form, "password_again", "passwords_differ"), 422)

    async def step() -> Standing:
        standing = await show_flow(visit.services, visit.client, _id(visit))
        if standing.flow.action != Action.SIGN_UP:
            return await finish_with_password(visit.services, visit.client, _id(visit), password)
        if "name" in form.fields and not form["name"].strip():
            raise InvalidInput(FieldProblem("name", "name_missing"))
        return await finish_sign_up(visit.services, visit.client, _id(visit), password=password, name=form["name"])

    return await _step(visit, form, step)


async def _step(visit: Visit, form: Form, step: Callable[[], Awaitable[Standing]]) -> Response:
    """Do a step and go on; or show the same page again with what is wrong."""
    try:
        return go_on(visit, await step())
    except InvalidInput as e:
        return await _again(visit, form, wrong_input(visit, form, e), 422)
    except NotProven:
        return await _again(visit, form, _not_right(visit, form), 422)
    except (TooManyTries, Busy) as e:
        return await _again(visit, form, held_back(visit, form, e), shown(e).status, e.retry_after)
    except FlowOver as e:
        return visit.go(f"/flow/{_id(visit)}") if e.reason in SHOWN_BY_THE_FLOW else over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        # An old page, the back button, or a second click: where the flow stands now is the answer.
        return visit.go(f"/flow/{_id(visit)}")


async def _again(visit: Visit, form: Form, again: FormView, status: int, retry_after: int = 0) -> Response:
    try:
        standing = await show_flow(visit.services, visit.client, _id(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    return flow_page(visit, standing, way=form["kind"], form=again, status=status, retry_after=retry_after)


def _not_right(visit: Visit, form: Form) -> FormView:
    _ = visit.words.gettext
    if "password" in form.fields:
        return FormView(form.kept, (Problem("password", _("This is not the password that was chosen at sign-up.")),))
    if form["kind"] == FactorKind.PASSWORD:
        said = _("This password is not right. Is Caps Lock on, or another keyboard layout?")
    else:
        said = _("This code is not right, or it is too old. Look for the newest message, or ask for a new code.")
    return FormView(form.kept, (Problem("answer", said),))


def _id(visit: Visit) -> str:
    flow_id: str = visit.request.path_params["flow_id"]
    return flow_id


def _notice(visit: Visit) -> str:
    _ = visit.words.gettext
    asked = visit.request.query_params
    if asked.get("held"):
        return _("Several messages went to this address in a short time, so no new one was sent. Those sent before are still good.")
    if asked.get("why") == "breached":
        return _(
            "Your password was right, but it is known from a data theft at some other site, and thieves try such ones first. "
            "Choose a new one, then sign in with it."
        )
    return ""


ROUTES = [
    Route("/flow/{flow_id}", page(_show), methods=["GET"]),
    Route("/flow/{flow_id}/{step}", page(_back), methods=["GET"]),
    Route("/flow/{flow_id}/answer", action(_answer, "answer"), methods=["POST"]),
    Route("/flow/{flow_id}/send", action(_send, "kind"), methods=["POST"]),
    Route("/flow/{flow_id}/nothing-more", action(_nothing_more), methods=["POST"]),
    Route("/flow/{flow_id}/finish", action(_finish, "password"), methods=["POST"]),
    Route("/flow/{flow_id}/leave", action(_leave), methods=["POST"]),
]
