"""From where a flow stands to the page that shows it. The same standing gives the JSON answer."""

from math import ceil
from typing import Final, assert_never
from urllib.parse import quote, unquote, urlencode, urlsplit

from starlette.responses import Response

from sparekey.challenges import backup_code
from sparekey.domain.actions import Action, is_own
from sparekey.domain.errors import FlowOver
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import FLOW_LASTS, Flow
from sparekey.domain.flow.state import State
from sparekey.domain.masks import masked
from sparekey.domain.policy.verdict import Ask
from sparekey.domain.values import replace
from sparekey.use_cases.ask_by_message import BY_MESSAGE, enrolled_kind
from sparekey.use_cases.key_ceremony import KEYS
from sparekey.use_cases.standing import Opened, Standing, is_by_name
from sparekey.web.errors import shown
from sparekey.web.pages.kinds import KINDS, row_of, template_of
from sparekey.web.pages.qr_code import pairing_view, svg_of
from sparekey.web.pages.views import FateView, FlowView, FormView, FriendsView, MethodNamed, NotNowView, PromptView, ProviderView, Way
from sparekey.web.pages.visit import Visit, local_path

NO_PHONE: Final = "lost"
"""What the person chooses who has no phone at hand: the list of ways without those that need it."""

LAST_PAGE: Final[dict[str, str]] = {
    Action.REPORT_STOLEN: "flow_stolen.html",
    Action.APPROVE_SIGN_IN: "flow_approve.html",
    Action.DOWNLOAD_DATA: "flow_data.html",
}
"""Of actions that need something of their own once they are allowed."""

SAY_WHY: Final = frozenset({"blocked", "disputed", "frozen", "older_in_quarantine", "quarantined", "tied"})
"""Why a flow was denied or left to people, where its page has more to say than that."""

LOST_WITH_PHONE: Final = frozenset({FactorKind.TOTP, FactorKind.SMS, FactorKind.PHONE_APPROVAL})

NEXT: Final = "next"
"""The cookie of the page that somebody wanted, while the second step of the sign-in is still asked for."""

METHODS: Final = "/account/security/methods"

AFTER: Final[dict[str, str]] = {
    Action.CHANGE_PASSWORD: "/account/security?done=password",
    Action.CHANGE_DETAILS: "/account/details?done=saved",
    Action.ADD_ADDRESS: "/account/addresses?done=address_added",
    Action.REMOVE_ADDRESS: "/account/addresses?done=address_removed",
    Action.SET_MAIN_ADDRESS: "/account/addresses?done=main_changed",
    Action.END_SESSIONS: "/account/devices?done=ended",
    Action.CANCEL_RECOVERY: "/account/recovery?why=stopped",
    Action.OBJECT: "/account/recovery?why=objected",
    Action.STOP_CLOSING: "/account?done=kept",
    Action.DOWNLOAD_DATA: "/account/data",
    Action.WORK_ON_CASES: "/console",
    Action.ADD_FACTOR: f"{METHODS}?done=method_added",
    Action.REMOVE_FACTOR: f"{METHODS}?done=method_removed",
    Action.REPORT_STOLEN: f"{METHODS}?done=method_stolen",
    Action.RENEW_BACKUP_CODES: f"{METHODS}?done=codes_kept",
    Action.LINK_SOCIAL: "/account/security/social?done=social_linked",
    Action.UNLINK_SOCIAL: "/account/security/social?done=social_unlinked",
    Action.CHANGE_CONTACTS: "/account/security/contacts?done=contacts_changed",
    Action.SET_SECRET_ANSWER: "/account/security/secret-question?done=secret_answer",
}
"""Where the owner is led when a guarded action is carried out."""


def go_on(visit: Visit, standing: Standing, *, next_page: str = "", way: str = "") -> Response:
    """After a step: to the flow's page, or to where its action leads. ``next_page``: where the person wanted to go before signing in.
    ``way``: the kind of proof that was just asked for.
    """
    flow = standing.flow
    if flow.state is State.DONE and flow.action == Action.SIGN_IN and standing.opened is None:
        return visit.go(f"/flow/{flow.next_flow}?why={'short' if flow.short else 'breached'}")
    if flow.state is State.DONE and flow.action == Action.SIGN_IN and standing.opened is not None:
        kept = _kept_next(visit)
        response = visit.go(_signed_in(standing.opened, next_page or kept or "/account"), standing.opened)
        if kept:
            visit.door.cookies.clear(response, NEXT)
        return response
    if flow.state is State.ENDED and flow.next_flow:
        return visit.go(f"/flow/{flow.next_flow}")
    if flow.state is State.WAITING and flow.action == Action.CHANGE_CONTACTS:
        return visit.go("/account/security/contacts?done=contacts_wait")
    if flow.state is State.WAITING and flow.action == Action.CLOSE_ACCOUNT:
        return visit.go("/account/close")
    if flow.state is State.DONE and (leads_to := _after(visit, flow)):
        return visit.go(leads_to)
    asked = {**({"way": way} if way and flow.state is State.ASKING else {}), **({"held": "1"} if standing.held else {})}
    response = visit.go(f"/flow/{flow.flow_id}{f'?{urlencode(asked)}' if asked else ''}", standing.opened)
    if next_page:
        visit.door.cookies.set(response, NEXT, quote(next_page, safe=""), lasts=FLOW_LASTS)
    return response


def _kept_next(visit: Visit) -> str:
    kept = visit.door.cookies.read(visit.request, NEXT)
    return local_path(unquote(kept)) if kept else ""


def _signed_in(opened: Opened, wanted: str) -> str:
    """Where one who has just signed in is led: to what they wanted, or before that to a second factor, where it is time (F8)."""
    return f"/account/second-factor?next={quote(wanted)}" if opened.session.limited or opened.offer_second else wanted


def _after(visit: Visit, flow: Flow) -> str:
    if flow.wants.confirmation_id:
        return f"/confirm/{flow.wants.confirmation_id}"
    if flow.action == Action.OBJECT and visit.who is None:
        return "/dispute"
    if flow.action == Action.ADD_FACTOR and flow.wants.factor_kind in BY_MESSAGE:
        return "/account/addresses?done=second_added"
    if flow.action == Action.ADD_ADDRESS and flow.wants.address_key.startswith("phone:"):
        return "/account/addresses?done=number_added"
    if flow.action == Action.ADD_FACTOR and flow.wants.factor_kind in KEYS:
        return "/account/security/keys?done=key_added"
    if flow.action == Action.CHANGE_DETAILS and (flow.wants.factor_id or flow.wants.factor_kind):
        return f"{METHODS}?done={'method_renamed' if flow.wants.factor_id else 'method_preferred'}"
    if flow.action in {Action.REPORT_STOLEN, Action.STOP_CLOSING} and flow.typed_key:
        return ""
    if flow.action == Action.END_SESSIONS and flow.wants.factor_id:
        return "/account/devices?done=forgotten"
    return AFTER.get(flow.action, "")


def flow_page(
    visit: Visit, standing: Standing, *, way: str = "", form: FormView | None = None, status: int = 200, retry_after: int = 0
) -> Response:
    """The one page of a flow. ``way``: the kind of proof that the person chose."""
    flow = standing.flow
    form = form or FormView()
    if flow.wants.confirmation_id and not flow.is_open(visit.services.clock.now()) and flow.state not in {State.DENIED, State.REFERRED}:
        return visit.go(f"/confirm/{flow.wants.confirmation_id}")  # that page says how it was answered
    if not flow.is_open(visit.services.clock.now()) and flow.state in {State.ASKING, State.WAITING, State.ALLOWED}:
        return over_page(visit, "expired", flow.action)
    if flow.action == Action.UNDO and flow.state is State.ALLOWED:
        return visit.go(f"/undo/{flow.flow_id}")
    match flow.state:
        case State.ASKING if (told := standing.suggested) is not None:
            current, template = "", "flow_details.html"
            form = form if form.values else replace(form, values={"name": told.name, "email": told.email})
        case State.WAITING if flow.action == Action.CHANGE_CONTACTS:
            return visit.go("/account/security/contacts")
        case State.WAITING if flow.action == Action.ADD_ADDRESS:
            current, template = "", "flow_number_waits.html"
        case State.ASKING | State.WAITING:
            current = _current(standing, way)
            template = _asking_template(standing, current)
        case State.ALLOWED:
            current, template = _allowed_template(standing, way)
        case State.DONE:
            current, template = "", "flow_done.html"
        case State.REFERRED | State.DENIED:
            reason = flow.ended if flow.ended in SAY_WHY else flow.state.value
            return over_page(visit, reason, flow.action, flow.flow_id)
        case State.ENDED:
            return over_page(visit, flow.ended, flow.action)
        case _:
            assert_never(flow.state)
    return visit.show(template, status=status, retry_after=retry_after, form=form, flow=_view(visit, standing, current, way))


def _allowed_template(standing: Standing, way: str) -> tuple[str, str]:
    """What an allowed flow still needs: the kind of proof that the page asks for, if it asks for one, and the page."""
    flow, row = standing.flow, row_of(standing.flow.wants.factor_kind)
    if standing.needs_password:
        return "", "flow_new_password.html"
    if standing.new_codes:
        return "", "flow_codes.html"
    if (sent := enrolled_kind(flow)) is not None:
        return sent, "flow_code.html"
    if flow.action == Action.ADD_FACTOR and row is not None and row.enrols:
        return "", row.enrols
    if flow.action == Action.LINK_SOCIAL:
        return FactorKind.SOCIAL, "flow_social.html"
    if flow.action in LAST_PAGE:
        return "", LAST_PAGE[flow.action]
    return "", "flow_anew.html" if way == "new" else "flow_elsewhere.html"


def over_page(visit: Visit, reason: str, action: str = "", flow_id: str = "") -> Response:
    """A flow that is over, or not this browser's. Never says which of the two the other browser would see."""
    return visit.show("flow_over.html", status=shown(FlowOver(reason)).status, reason=reason, action=action, flow_id=flow_id)


def _current(standing: Standing, way: str) -> str:
    """The kind of proof that the page asks for; empty for the list of all."""
    ways = standing.choices
    if way == NO_PHONE or (standing.flow.state is State.WAITING and way not in ways):
        return ""
    chosen = next((k for k in ways if k == way), None)
    if chosen is not None and KINDS[chosen].asked(standing):
        return chosen
    if standing.prompt is not None and FactorKind.PHONE_APPROVAL in ways:
        return FactorKind.PHONE_APPROVAL
    if standing.friends is not None and FactorKind.CONTACTS in ways:
        return FactorKind.CONTACTS
    sent = next((k for k in standing.sent_by if k in ways), None)
    if sent is not None:
        return sent
    # What the person prefers, or else what the policy names first, where it can be asked for at once; in a recovery the list.
    first = ways[0] if ways and (standing.flow.action != Action.RECOVER or len(ways) == 1) else None
    return first if first is not None and (KINDS[first].ask is None or KINDS[first].asked(standing)) else ""


def _asking_template(standing: Standing, current: str) -> str:
    if current:
        return template_of(FactorKind(current), standing)
    if standing.dispute is not None:
        return "flow_disputed.html"
    return "flow_waiting.html" if standing.flow.state is State.WAITING else "flow_choose.html"


def _view(visit: Visit, standing: Standing, current: str, way: str) -> FlowView:
    flow, who = standing.flow, visit.who
    by_name = is_by_name(flow)
    without = LOST_WITH_PHONE if way == NO_PHONE else frozenset[FactorKind]()
    typed = flow.typed if by_name or (flow.action == Action.ADD_ADDRESS and flow.state is State.ALLOWED) else who.email if who else ""
    return FlowView(
        flow_id=flow.flow_id,
        action=flow.action,
        about=visit.services.policy.actions[flow.action].about if is_own(flow.action) else "",
        masked=masked(typed),
        username=flow.typed if by_name else who.email if who else "",
        long=any(a.long for a in flow.asked),
        resend_after=_resend_after(visit, standing),
        proven=tuple(p.kind.value for p in flow.proofs if not p.enrolling),
        other_ways=tuple(_way(flow.flow_id, standing, kind) for kind in standing.choices if kind != current and kind not in without),
        can_say_nothing_more=flow.state is State.ASKING
        and isinstance(standing.verdict, Ask)
        and (flow.action in {Action.RECOVER, Action.SIGN_IN} or (flow.action == Action.OBJECT and who is not None and not flow.proofs)),
        lost_phone=current in LOST_WITH_PHONE,
        of_another_account=who is not None and flow.account_id != who.session.account_id and flow.state is not State.DONE,
        waits_until=flow.waits_until,
        wait_days=flow.waiting.days if flow.waiting else 0,
        counted_days=min(flow.waiting.counted, flow.waiting.days) if flow.waiting else 0,
        objected=flow.waiting is not None and flow.waiting.objected_at is not None,
        next_flow=flow.next_flow,
        dispute=standing.dispute,
        breached=flow.breached,
        can_remember=standing.can_remember,
        providers=_providers(visit, flow) if current == FactorKind.SOCIAL else (),
        vouched=standing.suggested is not None and standing.suggested.vouched,
        current=current,
        key_options=flow.ceremony.options if flow.ceremony else "",
        adds=flow.wants.factor_kind,
        by_name=by_name,
        friends=FriendsView(told.phrase, told.answered, told.enough, told.until) if (told := standing.friends) else None,
        prompt=PromptView(asked.number, asked.state, asked.until) if (asked := standing.prompt) else None,
        pairing=pairing_view(visit, standing.pairing) if standing.pairing else None,
        approves=standing.approves.state if standing.approves else "",
        approve_at=f"{urlsplit(visit.door.origin).netloc}/approve",
        key=app.key if (app := standing.authenticator) else "",
        qr=svg_of(app.uri) if app else "",
        codes=tuple(backup_code.printed(code) for code in standing.new_codes),
        methods=tuple(MethodNamed(f.factor_id, f.kind.value, f.label) for f in standing.methods),
        not_now=tuple(NotNowView(n.kind.value, n.why.value) for n in standing.not_now),
        by_text=current == FactorKind.SMS,
        sent_to=standing.sent_to(FactorKind(current) if current else None) or masked(typed),
        fate=_fate(standing, current),
        mail_follows=flow.action == Action.RECOVER and FactorKind.EMAIL in standing.choices,
        operator_refuses=standing.operator_refuses,
    )


def _fate(standing: Standing, current: str) -> FateView | None:
    told = standing.delivery
    if told is None or told.kind != current:
        return None
    return FateView(told.kind is FactorKind.SMS, told.state, told.at, told.reason, told.mailed_instead)


def _way(flow_id: str, standing: Standing, kind: FactorKind) -> Way:
    row = KINDS[kind]
    at_once = row.ask is None or (row.asked(standing) and not row.again)
    return Way(kind.value, f"/flow/{flow_id}?way={kind.value}" if at_once else "")


def _providers(visit: Visit, flow: Flow) -> tuple[ProviderView, ...]:
    """The one that is being linked; else all of the site, the same for every account."""
    return tuple(p for p in visit.providers() if flow.action != Action.LINK_SOCIAL or p.name == flow.wants.label)


def _resend_after(visit: Visit, standing: Standing) -> int:
    if standing.resend_at is None:
        return 0
    return max(0, ceil((standing.resend_at - visit.services.clock.now()).total_seconds()))
