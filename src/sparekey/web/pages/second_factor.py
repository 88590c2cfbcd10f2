"""The page that offers a second factor after a sign-in, or asks for one where the site requires it (mission.md, F8)."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import BadRequest, InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.offer import read_offer, refuse_offer
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit, local_path

PAGE: Final = "/account/second-factor"

OFFERED: Final = frozenset({FactorKind.PASSKEY, FactorKind.TOTP, FactorKind.SECURITY_KEY, FactorKind.SMS})
"""What can be added from here, each without anything that must be there before."""


async def _show(visit: Visit) -> Response:
    return await _page(visit, FormView({"next": local_path(visit.request.query_params.get("next", "/account"))}))


async def _add(visit: Visit, form: Form) -> Response:
    session = visit.member().session
    if form["kind"] not in set(OFFERED):
        raise BadRequest("bad_form", "no such kind of factor")
    number_id = (await read_offer(visit.services, session)).number_id if form["kind"] == FactorKind.SMS else ""
    try:
        wants = Wants(factor_kind=form["kind"], address=number_id)
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.ADD_FACTOR, wants))
    except InvalidInput as e:
        return await _page(visit, wrong_input(visit, form, e), 422)


async def _later(visit: Visit, form: Form) -> Response:
    await refuse_offer(visit.services, visit.client, visit.member().session)
    return visit.go(local_path(form["next"]))


async def _page(visit: Visit, form: FormView, status: int = 200) -> Response:
    session = visit.member().session
    offer = await read_offer(visit.services, session)
    if offer.has_one:
        return visit.go(local_path(form.value("next") or "/account"))
    return visit.show("second_factor.html", status=status, form=form, offer=offer, required=session.limited)


ROUTES = [
    Route(PAGE, page(_show), methods=["GET"]),
    Route(PAGE, action(_add, "kind"), methods=["POST"]),
    Route(f"{PAGE}/later", action(_later, "next"), methods=["POST"]),
]
