"""From a handler of ours to an endpoint of the framework: who came, is the form ours, and what if it goes wrong.

``page`` is for what is looked at and changes nothing; ``action`` is for what is sent.
"""

from collections.abc import Awaitable, Callable
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.errors import BadRequest, Busy, InvalidInput, NotSignedIn, SparekeyError, TooManyTries
from sparekey.domain.values import replace
from sparekey.messages.reasons import sentence
from sparekey.use_cases.human import is_asked, new_check
from sparekey.web.errors import Known, Shown, shown
from sparekey.web.guard import check_form
from sparekey.web.pages.forms import Form, read_form
from sparekey.web.pages.problems import show_problem, wait_words
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit, visit, visit_without_store

Endpoint = Callable[[Request], Awaitable[Response]]

KNOWN: tuple[type[SparekeyError], ...] = get_args(Known)


def page(handler: Callable[[Visit], Awaitable[Response]]) -> Endpoint:
    """A page. Who is not signed in where it is needed goes to the sign-in page and comes back."""

    async def endpoint(request: Request) -> Response:
        try:
            came = await visit(request)
            try:
                return await handler(came)
            except NotSignedIn:
                return came.to_sign_in()
            except KNOWN as e:
                return show_problem(came, table(e))
        except KNOWN as e:
            return show_problem(visit_without_store(request), table(e))

    return endpoint


def action(handler: Callable[[Visit, Form], Awaitable[Response]], *fields: str) -> Endpoint:
    """What a form does. ``fields``: those that its page has; when one is missing, something on the way has eaten it. Who was signed out
    meanwhile gets what was typed back."""

    async def endpoint(request: Request) -> Response:
        form = Form({})
        try:
            form = await read_form(request)
            came = await visit(request)
        except KNOWN as e:
            return show_problem(visit_without_store(request), table(e), _ours(request, form))
        try:
            if not form.has(("csrf", *fields)):
                raise BadRequest("bad_form", "fields are missing")
            check_form(request, came.came, form["csrf"])
            return await handler(_ticked(came, form), form)
        except NotSignedIn as e:
            return show_problem(came, table(e), form) if _would_be_lost(came, form) else came.to_sign_in()
        except KNOWN as e:
            return show_problem(came, table(e), form)

    return endpoint


def _would_be_lost(came: Visit, form: Form) -> bool:
    """Whether something was typed that the way over the sign-in page would lose. The page of a flow asks for secrets alone."""
    return not came.came.held and not came.path.startswith("/flow/") and any(form.kept.values())


def _ticked(came: Visit, form: Form) -> Visit:
    """What the form says of this browser, on whatever page: that it shall be remembered (I6), that a person is there (S5)."""
    client = replace(came.client, remember=form["remember"] == "yes", human=form["human"], human_ticket=form["human_ticket"])
    return replace(came, came=replace(came.came, client=client))


def _ours(request: Request, form: Form) -> Form | None:
    """The form, if it is surely ours: only then it may be shown again. The database is not asked."""
    try:
        check_form(request, visit_without_store(request).came, form["csrf"])
    except BadRequest:
        return None
    return form


def table(error: SparekeyError) -> Shown:
    """The row of the one table of errors."""
    return shown(error)  # type: ignore[arg-type]  # caught as one of ``KNOWN``


def wrong(came: Visit, form: Form, field: str, reason: str) -> FormView:
    """The form again, with what is wrong. An empty field is the whole form."""
    return FormView(form.kept, (Problem(field, sentence(came.words, reason)),))


def wrong_input(came: Visit, form: Form, error: InvalidInput) -> FormView:
    """The form again, with a sentence beside each field that is wrong."""
    return FormView(form.kept, tuple(Problem(p.field, sentence(came.words, p.reason, p.params)) for p in error.problems))


def person_first(came: Visit, form: Form, purpose: str) -> FormView:
    """The form again, with the check that a person is there."""
    check = new_check(came.services, came.client, purpose)
    waits = check is not None and check.ticket == came.client.human_ticket
    return FormView(form.kept, (Problem("human", sentence(came.words, "human_waits" if waits else "human_needed")),), human=check)


async def with_check(came: Visit, form: FormView, purpose: str, limit: str) -> FormView:
    """The form, with the check that a person is there where the next try will be asked for it."""
    if form.human is None and await is_asked(came.services, came.client, limit, form.value("identifier")):
        return replace(form, human=new_check(came.services, came.client, purpose))
    return form


def held_back(came: Visit, form: Form, error: TooManyTries | Busy) -> FormView:
    """The form again, with when it can be sent."""
    said = sentence(came.words, error.reason, (("seconds", str(error.retry_after)),))
    return FormView(form.kept, notice=f"{said} {wait_words(came.words, error.retry_after)}")
