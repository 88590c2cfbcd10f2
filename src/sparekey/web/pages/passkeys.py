"""The passkeys and security keys of the own account, and adding one. Renaming and removing stand in ``methods``, what is asked of a
key in ``flow``, signing in with one in ``sign_in``.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import BadRequest, InvalidInput
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.key_ceremony import KEYS
from sparekey.use_cases.read_keys import read_keys
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.api.flows import label_of
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

KEYS_PAGE: Final = "/account/security/keys"


async def _keys(visit: Visit) -> Response:
    return await _keys_page(visit, FormView())


async def _add(visit: Visit, form: Form) -> Response:
    visit.member()
    if form["kind"] not in KEYS:
        raise BadRequest("bad_form", "no such kind of key")
    try:
        wants = Wants(factor_kind=form["kind"], label=label_of(form["label"]))
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.ADD_FACTOR, wants))
    except InvalidInput as e:
        return await _keys_page(visit, wrong_input(visit, form, e), 422)


async def _keys_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    keys = await read_keys(visit.services, visit.member().session)
    done = "key_added" if visit.request.query_params.get("done") == "key_added" else ""
    return visit.show("account_keys.html", status=status, section="/account/security", done=done, keys=keys, form=form)


ROUTES = [
    Route(KEYS_PAGE, page(_keys), methods=["GET"]),
    Route(KEYS_PAGE, action(_add, "label", "kind"), methods=["POST"]),
]
