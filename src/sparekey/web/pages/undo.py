"""Undo what somebody else changed, by a name: also by an address that they took off the account (mission.md, H2 and R13)."""

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FieldProblem, FlowOver, InvalidInput, StaleFlow, WrongStep
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.disown import Disowned
from sparekey.use_cases.review import review_before_undoing
from sparekey.use_cases.undo import finish_undo, start_undo, what_can_be_undone
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_step import begin_by_name
from sparekey.web.pages.flow_view import over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.history_words import EVENTS
from sparekey.web.pages.secure import review_view
from sparekey.web.pages.views import FormView, ToldView
from sparekey.web.pages.visit import Visit
from sparekey.web.pages.visit import visit as arrive

LOCK_ONLY = "nothing"


async def _form(visit: Visit) -> Response:
    return visit.show("undo.html", form=FormView())


async def _start(visit: Visit, form: Form) -> Response:
    return await begin_by_name(visit, form, "undo.html", start_undo)


async def _choose(visit: Visit) -> Response:
    return await _choices(visit, FormView())


async def _choices(visit: Visit, form: FormView, status: int = 200) -> Response:
    try:
        found = await what_can_be_undone(visit.services, visit.client, _id(visit))
    except FlowOver as e:
        return over_page(visit, e.reason)
    except WrongStep:
        return visit.go(f"/flow/{_id(visit)}")
    review = review_view(visit, await review_before_undoing(visit.services, visit.client, _id(visit)))
    told = [ToldView(visit.words.gettext(EVENTS[c.kind]), c.at, c.change_id) for c in found]
    return visit.show("undo_choose.html", status=status, form=form, flow_id=_id(visit), changes=told, review=review)


async def _finish(visit: Visit, form: Form) -> Response:
    since = "" if form["since"] == LOCK_ONLY else form["since"]
    try:
        if not form["since"]:
            raise InvalidInput(FieldProblem("since", "change_missing"))
        undone = await finish_undo(visit.services, visit.client, _id(visit), since, password=form["password_known"] == "yes")
    except InvalidInput as e:
        return await _choices(visit, wrong_input(visit, form, e), 422)
    except FlowOver as e:
        return over_page(visit, e.reason)
    except (WrongStep, StaleFlow):
        return visit.go(f"/flow/{_id(visit)}")
    kinds = [visit.words.gettext(EVENTS[kind]) for kind in undone.kinds]
    return (await arrive(visit.request)).show(
        "disown_done.html", done=Disowned(MessageKind.CHANGES_UNDONE, frozen=True, undone=undone), kinds=kinds
    )


def _id(visit: Visit) -> str:
    flow_id: str = visit.request.path_params["flow_id"]
    return flow_id


ROUTES = [
    Route("/undo", page(_form), methods=["GET"]),
    Route("/undo", action(_start, "identifier"), methods=["POST"]),
    Route("/undo/{flow_id}", page(_choose), methods=["GET"]),
    Route("/undo/{flow_id}", action(_finish), methods=["POST"]),
]
