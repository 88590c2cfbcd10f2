"""From where a flow stands to the page that shows it. The same standing gives the JSON answer."""

from math import ceil
from typing import Final, assert_never

from starlette.responses import Response

from sparekey.domain.actions import Action
from sparekey.domain.errors import FlowOver
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.state import State
from sparekey.domain.masks import masked
from sparekey.domain.policy.verdict import Ask
from sparekey.use_cases.standing import Standing
from sparekey.web.errors import shown
from sparekey.web.pages.views import FlowView, FormView, Way
from sparekey.web.pages.visit import Visit

BY_NAME: Final = frozenset({Action.RECOVER, Action.SIGN_IN, Action.SIGN_UP})
"""Begun by typing a name or address, by whoever it was; all others by the owner in a session."""

AFTER: Final[dict[str, str]] = {
    Action.CHANGE_PASSWORD: "/account/security?done=password",
    Action.CHANGE_DETAILS: "/account/details?done=saved",
    Action.ADD_ADDRESS: "/account/addresses?done=address_added",
    Action.REMOVE_ADDRESS: "/account/addresses?done=address_removed",
    Action.SET_MAIN_ADDRESS: "/account/addresses?done=main_changed",
    Action.END_SESSIONS: "/account/devices?done=ended",
}
"""Where the owner is led when a guarded action is carried out."""


def go_on(visit: Visit, standing: Standing, *, next_page: str = "") -> Response:
    """After a step: to the flow's page, or to where its action leads. ``next_page``: where the person wanted to go before signing in."""
    flow = standing.flow
    if flow.state is State.DONE and flow.action == Action.SIGN_IN and standing.opened is None:
        return visit.go(f"/flow/{flow.next_flow}?why=breached")
    if flow.state is State.DONE and flow.action == Action.SIGN_IN:
        return visit.go(next_page or "/account", standing.opened)
    if flow.state is State.DONE and flow.action in AFTER:
        return visit.go(AFTER[flow.action])
    return visit.go(f"/flow/{flow.flow_id}{'?held=1' if standing.held else ''}", standing.opened)


def flow_page(
    visit: Visit, standing: Standing, *, way: str = "", form: FormView | None = None, status: int = 200, retry_after: int = 0
) -> Response:
    """The one page of a flow. ``way``: the kind of proof that the person chose."""
    flow = standing.flow
    form = form or FormView()
    if not flow.is_open(visit.services.clock.now()) and flow.state in {State.ASKING, State.WAITING, State.ALLOWED}:
        return over_page(visit, "expired", flow.action)
    match flow.state:
        case State.ASKING | State.WAITING:
            current = _current(standing, way)
            template = _asking_template(standing, current)
        case State.ALLOWED if standing.needs_password:
            current, template = "", "flow_new_password.html"
        case State.ALLOWED:
            current = FactorKind.EMAIL if flow.action == Action.ADD_ADDRESS else ""
            template = "flow_code.html" if current else "flow_anew.html" if way == "new" else "flow_elsewhere.html"
        case State.DONE:
            current, template = "", "flow_done.html"
        case State.REFERRED | State.DENIED:
            return over_page(visit, flow.state.value, flow.action)
        case State.ENDED:
            return over_page(visit, flow.ended, flow.action)
        case _:
            assert_never(flow.state)
    return visit.show(template, status=status, retry_after=retry_after, form=form, flow=_view(visit, standing, current))


def over_page(visit: Visit, reason: str, action: str = "") -> Response:
    """A flow that is over, or not this browser's. Never says which of the two the other browser would see."""
    return visit.show("flow_over.html", status=shown(FlowOver(reason)).status, reason=reason, action=action)


def _current(standing: Standing, way: str) -> str:
    """The kind of proof that the page asks for; empty for the list of all."""
    ways = standing.choices
    if way in ways and (way != FactorKind.EMAIL or standing.sent):
        return way
    if standing.flow.state is State.WAITING:
        return ""
    if standing.sent and FactorKind.EMAIL in ways:
        return FactorKind.EMAIL
    if FactorKind.PASSWORD in ways and standing.flow.action != Action.RECOVER:
        return FactorKind.PASSWORD
    return ""


def _asking_template(standing: Standing, current: str) -> str:
    match current:
        case FactorKind.EMAIL:
            return "flow_mailed.html" if standing.flow.action == Action.SIGN_IN else "flow_code.html"
        case FactorKind.PASSWORD:
            return "flow_password.html"
        case _:
            return "flow_waiting.html" if standing.flow.state is State.WAITING else "flow_choose.html"


def _view(visit: Visit, standing: Standing, current: str) -> FlowView:
    flow, who = standing.flow, visit.who
    by_name = flow.action in BY_NAME
    typed = flow.typed if by_name or (flow.action == Action.ADD_ADDRESS and flow.state is State.ALLOWED) else who.email if who else ""
    return FlowView(
        flow_id=flow.flow_id,
        action=flow.action,
        masked=masked(typed),
        username=flow.typed if by_name else who.email if who else "",
        long=any(a.long for a in flow.asked),
        resend_after=_resend_after(visit, standing),
        proven=tuple(p.kind.value for p in flow.proofs if not p.enrolling),
        other_ways=tuple(_way(flow.flow_id, standing, kind) for kind in standing.choices if kind != current),
        can_say_nothing_more=flow.state is State.ASKING
        and isinstance(standing.verdict, Ask)
        and flow.action in {Action.RECOVER, Action.SIGN_IN},
        of_another_account=who is not None and flow.account_id != who.session.account_id and flow.state is not State.DONE,
        waits_until=flow.waits_until,
        next_flow=flow.next_flow,
        breached=flow.breached,
    )


def _way(flow_id: str, standing: Standing, kind: FactorKind) -> Way:
    asked_already = kind is FactorKind.PASSWORD or standing.sent
    return Way(kind.value, f"/flow/{flow_id}?way={kind.value}" if asked_already else "")


def _resend_after(visit: Visit, standing: Standing) -> int:
    if standing.resend_at is None:
        return 0
    return max(0, ceil((standing.resend_at - visit.services.clock.now()).total_seconds()))
