"""Second factors: those of the own account, adding an authenticator, backup codes, switching off, and what was stolen."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import BadRequest, InvalidInput, TooManyTries
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.wants import Wants
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.decide import order_of_kinds
from sparekey.use_cases.read_methods import Methods, MethodSeen, read_methods
from sparekey.use_cases.standing import can_be_sent
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.start_report import start_report
from sparekey.web.api.flows import label_of
from sparekey.web.pages.endpoints import action, held_back, page, wrong_input
from sparekey.web.pages.flow_view import METHODS, go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView, Problem, Way
from sparekey.web.pages.visit import Visit

SECTION: Final = "/account/security"

DONE: Final = frozenset({"method_added", "method_removed", "method_stolen", "method_renamed", "method_preferred", "codes_kept"})
"""What may just have been done; the sentences are in ``account_base.html``."""

MORE: Final = (
    Way(FactorKind.PHONE_APPROVAL, "/account/security/phone"),
    Way(FactorKind.SMS, "/account/addresses"),
    Way(FactorKind.EMAIL, "/account/addresses"),
)
"""Added on pages of their own."""


async def _methods(visit: Visit) -> Response:
    return await _methods_page(visit, FormView())


async def _methods_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    found = await read_methods(visit.services, visit.member().session)
    done = visit.request.query_params.get("done", "")
    return visit.show(
        "account_methods.html", status=status, section=SECTION, done=done if done in DONE else "", found=found, more=_more(visit), form=form
    )


def _more(visit: Visit) -> tuple[Way, ...]:
    """Those that signing in takes at this site."""
    policy = visit.services.policy
    taken = order_of_kinds(rules_of(policy, Action.SIGN_IN), policy)
    return tuple(way for way in MORE if way.kind in taken and can_be_sent(visit.services, FactorKind(way.kind)))


# ---------------------------------------------------------------- adding


async def _authenticator(visit: Visit) -> Response:
    visit.member()
    return visit.show("account_new_totp.html", section=SECTION, done="", form=FormView())


async def _add_authenticator(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        wants = Wants(factor_kind=FactorKind.TOTP, label=label_of(form["label"]))
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.ADD_FACTOR, wants))
    except InvalidInput as e:
        return visit.show("account_new_totp.html", status=422, section=SECTION, done="", form=wrong_input(visit, form, e))


async def _renew_codes(visit: Visit, form: Form) -> Response:
    return await _begin(visit, form, Action.RENEW_BACKUP_CODES, Wants())


# ---------------------------------------------------------------- one method


async def _method(visit: Visit) -> Response:
    found, method = await _chosen(visit)
    return _method_page(visit, found, method, FormView({"label": method.label}))


async def _rename(visit: Visit, form: Form) -> Response:
    found, method = await _chosen(visit)
    try:
        wants = Wants(factor_id=method.factor_id, label=label_of(form["label"]))
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.CHANGE_DETAILS, wants))
    except InvalidInput as e:
        return _method_page(visit, found, method, wrong_input(visit, form, e), 422)


async def _prefer(visit: Visit, form: Form) -> Response:
    _, method = await _chosen(visit)
    return await _begin(visit, form, Action.CHANGE_DETAILS, Wants(factor_kind=method.kind))


async def _stolen(visit: Visit, form: Form) -> Response:
    _, method = await _chosen(visit)
    return await _begin(visit, form, Action.REPORT_STOLEN, Wants(factor_id=method.factor_id))


async def _remove(visit: Visit, form: Form) -> Response:
    _, method = await _chosen(visit)
    return await _begin(visit, form, Action.REMOVE_FACTOR, Wants(factor_id=method.factor_id))


def _method_page(visit: Visit, found: Methods, method: MethodSeen, form: FormView, status: int = 200) -> Response:
    return visit.show(
        "account_method.html", status=status, section=SECTION, done="", method=method, last=len(found.seconds) == 1, form=form
    )


async def _chosen(visit: Visit) -> tuple[Methods, MethodSeen]:
    found = await read_methods(visit.services, visit.member().session)
    wanted = visit.request.path_params["factor_id"]
    method = next((m for m in found.seconds if m.factor_id == wanted), None)
    if method is None:
        raise BadRequest("not_found")
    return found, method


# ---------------------------------------------------------------- all of them


async def _off(visit: Visit) -> Response:
    if not (await read_methods(visit.services, visit.member().session)).on:
        return visit.go(METHODS)
    return visit.show("account_methods_off.html", section=SECTION, done="", form=FormView())


async def _switch_off(visit: Visit, form: Form) -> Response:
    return await _begin(visit, form, Action.REMOVE_FACTOR, Wants())


async def _begin(visit: Visit, form: Form, what: Action, wants: Wants) -> Response:
    visit.member()
    try:
        return go_on(visit, await start_guarded(visit.services, visit.client, what, wants))
    except InvalidInput as e:
        said = wrong_input(visit, form, e)
        return await _methods_page(visit, FormView(problems=tuple(Problem("", p.message) for p in said.problems)), 422)


# ---------------------------------------------------------------- from outside


async def _lost(visit: Visit) -> Response:
    return visit.show("lost.html", form=FormView({"identifier": visit.who.email if visit.who else ""}))


async def _report(visit: Visit, form: Form) -> Response:
    try:
        return go_on(visit, await start_report(visit.services, visit.client, form["identifier"]))
    except InvalidInput as e:
        return visit.show("lost.html", status=422, form=wrong_input(visit, form, e))
    except TooManyTries as e:
        return visit.show("lost.html", status=429, retry_after=e.retry_after, form=held_back(visit, form, e))


ROUTES = [
    Route("/lost", page(_lost), methods=["GET"]),
    Route("/lost", action(_report, "identifier"), methods=["POST"]),
    Route(METHODS, page(_methods), methods=["GET"]),
    Route(f"{METHODS}/totp", page(_authenticator), methods=["GET"]),
    Route(f"{METHODS}/totp", action(_add_authenticator, "label"), methods=["POST"]),
    Route(f"{METHODS}/codes", action(_renew_codes), methods=["POST"]),
    Route(f"{METHODS}/off", page(_off), methods=["GET"]),
    Route(f"{METHODS}/off", action(_switch_off), methods=["POST"]),
    Route(METHODS + "/{factor_id}", page(_method), methods=["GET"]),
    Route(METHODS + "/{factor_id}/rename", action(_rename, "label"), methods=["POST"]),
    Route(METHODS + "/{factor_id}/prefer", action(_prefer), methods=["POST"]),
    Route(METHODS + "/{factor_id}/stolen", action(_stolen), methods=["POST"]),
    Route(METHODS + "/{factor_id}/remove", action(_remove), methods=["POST"]),
]
