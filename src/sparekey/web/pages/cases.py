"""Support cases as the person sees them: the form, the code for the contact mailbox, what is remembered, where it stands, messages."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from math import ceil
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.cases import LONGEST_MESSAGE, CaseKind, CaseMessage, CaseState
from sparekey.domain.errors import Busy, FlowOver, HumanNeeded, InvalidInput, NotProven, StaleFlow, TooManyTries, WrongStep
from sparekey.domain.flow.state import State
from sparekey.domain.masks import masked
from sparekey.use_cases.load_flow import read_flow
from sparekey.use_cases.open_case import confirm_case, open_case, send_code_again
from sparekey.use_cases.read_case import CaseSeen, read_case, shown_state
from sparekey.use_cases.return_to_case import look_at_case_link, return_to_case
from sparekey.use_cases.say_in_case import Typed, give_statements, say_in_case, withdraw_case
from sparekey.web.errors import shown
from sparekey.web.pages.chat import after_of, stream
from sparekey.web.pages.endpoints import action, held_back, page, person_first, with_check, wrong, wrong_input
from sparekey.web.pages.forms import Form
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import CaseView, FormView, SaidView
from sparekey.web.pages.visit import Visit

LINK: Final = SecretLink("case", "/help/case/link")


# ---------------------------------------------------------------- a new case


async def _form(visit: Visit) -> Response:
    asked = visit.request.query_params
    kind = asked.get("kind", "lost")
    values = {"kind": kind if kind in set(CaseKind) else "lost", "flow": asked.get("flow", ""), "identifier": "", "contact": ""}
    return await _new(visit, FormView(values))


async def _open(visit: Visit, form: Form) -> Response:
    if form["kind"] not in set(CaseKind):
        return await _new(visit, wrong(visit, form, "kind", "case_kind_unknown"), 422)
    from_flow = await _flow_of(visit, form["flow"])
    try:
        kind = CaseKind(form["kind"])
        case = await open_case(visit.services, visit.client, kind, form["identifier"], form["contact"], form["flow"] if from_flow else "")
    except InvalidInput as e:
        return await _new(visit, wrong_input(visit, form, e), 422)
    except HumanNeeded:
        return await _new(visit, person_first(visit, form, "case"), 428)
    except TooManyTries as e:
        return await _new(visit, held_back(visit, form, e), 429, e.retry_after)
    except WrongStep:
        return visit.go("/help/case")
    return visit.go(f"/case/{case.number}")


async def _new(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0) -> Response:
    form = await with_check(visit, form, "case", "case.network")
    typed = await _flow_of(visit, form.value("flow"))
    return visit.show("case_form.html", status=status, retry_after=retry_after, form=form, typed=masked(typed) if typed else "")


async def _flow_of(visit: Visit, flow_id: str) -> str:
    """The name that was typed in a recovery or sign-in of this browser; empty where there is none."""
    try:
        return (await read_flow(visit.services, visit.client, flow_id)).typed if flow_id else ""
    except FlowOver:
        return ""


# ---------------------------------------------------------------- one case


async def _show(visit: Visit) -> Response:
    return await _page(visit, FormView())


async def _state_form(visit: Visit) -> Response:
    return await _page(visit, FormView(), statements=True)


async def _back(visit: Visit) -> Response:
    return visit.go(f"/case/{_number(visit)}")


async def _confirm(visit: Visit, form: Form) -> Response:
    if not form["answer"]:
        return await _page(visit, wrong(visit, form, "answer", "code_missing"), 422)
    try:
        await confirm_case(visit.services, visit.client, _number(visit), form["answer"])
    except NotProven:
        return await _page(visit, wrong(visit, form, "answer", "not_proven"), 422)
    except InvalidInput:
        return await _page(visit, wrong(visit, form, "answer", "contact_taken"), 422)
    except TooManyTries as e:
        return await _page(visit, held_back(visit, form, e), 429, e.retry_after)
    except (WrongStep, StaleFlow):
        return await _back(visit)
    except FlowOver as e:
        return _over(visit, e)
    return visit.go(f"/case/{_number(visit)}/remember")


async def _send(visit: Visit, form: Form) -> Response:
    return await _step(visit, form, lambda: send_code_again(visit.services, visit.client, _number(visit)))


async def _state(visit: Visit, form: Form) -> Response:
    typed = Typed(form["sign_up"], form["address"], form["device"], form["place"], form["order"], form["secret"])
    return await _step(visit, form, lambda: give_statements(visit.services, visit.client, _number(visit), typed), statements=True)


async def _say(visit: Visit, form: Form) -> Response:
    return await _step(visit, form, lambda: say_in_case(visit.services, visit.client, _number(visit), form["message"]))


async def _stream(visit: Visit) -> Response:
    """What is said in the case, as it is said."""
    number, services, client = _number(visit), visit.services, visit.client

    async def hear(after: int) -> Sequence[CaseMessage]:
        return (await read_case(services, client, number, after)).messages

    await hear(0)
    return stream(after_of(visit.request), hear)


async def _withdraw(visit: Visit, form: Form) -> Response:
    return await _step(visit, form, lambda: withdraw_case(visit.services, visit.client, _number(visit)))


async def _step(visit: Visit, form: Form, step: Callable[[], Awaitable[object]], *, statements: bool = False) -> Response:
    try:
        await step()
    except InvalidInput as e:
        return await _page(visit, wrong_input(visit, form, e), 422, statements=statements)
    except (TooManyTries, Busy) as e:
        return await _page(visit, held_back(visit, form, e), shown(e).status, e.retry_after, statements=statements)
    except FlowOver as e:
        return _over(visit, e)
    except (WrongStep, StaleFlow):
        return await _back(visit)
    return await _back(visit)


async def _page(visit: Visit, form: FormView, status: int = 200, retry_after: int = 0, *, statements: bool = False) -> Response:
    try:
        seen = await read_case(visit.services, visit.client, _number(visit))
    except FlowOver as e:
        return _over(visit, e)
    if seen.case.state is CaseState.UNCONFIRMED:
        template = "case_code.html"
    elif statements and seen.can_state:
        template = "case_remember.html"
    else:
        template = "case.html"
    return visit.show(template, status=status, retry_after=retry_after, form=form, case=_view(visit, seen))


def _over(visit: Visit, error: FlowOver, *, link: bool = False) -> Response:
    """Never says whether there is such a case. ``link``: that of a mail led here."""
    return visit.show("case_over.html", status=shown(error).status, link=link)


def _view(visit: Visit, seen: CaseSeen) -> CaseView:
    case, flow, now = seen.case, seen.flow, visit.services.clock.now()
    return CaseView(
        number=case.number,
        kind=case.kind.value,
        state=shown_state(case).value,
        contact=case.contact,
        opened_at=case.opened_at,
        answer_at=seen.answer_at,
        can_state=seen.can_state,
        resend_after=_seconds(seen.resend_at, now),
        messages=tuple(SaidView(m.author.value, m.text, m.at, m.seq) for m in seen.messages),
        longest=LONGEST_MESSAGE,
        flow_id=case.flow_id,
        flow_state=flow.state.value if flow else "",
        flow_ended=flow.ended if flow else "",
        waits_until=flow.waits_until if flow and flow.state is State.WAITING else None,
        ended=case.ended,
        can_withdraw=not case.is_over and not case.flow_id,
        secret_question=visit.services.site.secret_question,
    )


def _seconds(until: datetime | None, now: datetime) -> int:
    return max(0, ceil((until - now).total_seconds())) if until else 0


# ---------------------------------------------------------------- by the link in a mail


async def _look(visit: Visit) -> Response:
    try:
        case = await look_at_case_link(visit.services, LINK.secret(visit))
    except FlowOver as e:
        return _over(visit, e, link=True)
    return visit.show("case_link.html", number=case.number)


async def _return(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    try:
        case = await return_to_case(visit.services, visit.client, LINK.secret(visit))
    except FlowOver as e:
        return _over(visit, e, link=True)
    response = visit.go(f"/case/{case.number}")
    LINK.forget(visit, response)
    return response


def _number(visit: Visit) -> str:
    number: str = visit.request.path_params["number"]
    return number


ROUTES = [
    Route("/help/case", page(_form), methods=["GET"]),
    Route("/help/case", action(_open, "kind", "contact"), methods=["POST"]),
    Route("/help/case/link", page(_look), methods=["GET"]),
    Route("/help/case/link", action(_return), methods=["POST"]),
    Route("/c/{token}", page(LINK.take), methods=["GET"]),
    Route("/case/{number}", page(_show), methods=["GET"]),
    Route("/case/{number}/remember", page(_state_form), methods=["GET"]),
    Route("/case/{number}/stream", page(_stream), methods=["GET"]),
    Route("/case/{number}/{step}", page(_back), methods=["GET"]),
    Route("/case/{number}/confirm", action(_confirm, "answer"), methods=["POST"]),
    Route("/case/{number}/send", action(_send), methods=["POST"]),
    Route("/case/{number}/remember", action(_state, "sign_up", "address", "device", "place", "order"), methods=["POST"]),
    Route("/case/{number}/messages", action(_say, "message"), methods=["POST"]),
    Route("/case/{number}/withdraw", action(_withdraw), methods=["POST"]),
]
