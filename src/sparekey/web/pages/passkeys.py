"""The passkeys and security keys of the own account. What is asked of them in a flow stands in ``flow``."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import BadRequest, InvalidInput
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.key_ceremony import KEYS
from sparekey.use_cases.read_keys import KeySeen, read_keys
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.api.flows import label_of
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

SECTION: Final = "/account/security"

DONE: Final = frozenset({"key_added", "key_renamed"})
"""What may just have been done; the sentences are in ``account_base.html``."""


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


async def _key(visit: Visit) -> Response:
    key = await _chosen(visit)
    return visit.show("account_key.html", section=SECTION, done="", key=key, form=FormView({"label": key.label}))


async def _rename(visit: Visit, form: Form) -> Response:
    key = await _chosen(visit)
    try:
        wants = Wants(factor_id=key.factor_id, label=label_of(form["label"]))
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.CHANGE_DETAILS, wants))
    except InvalidInput as e:
        return visit.show("account_key.html", status=422, section=SECTION, done="", key=key, form=wrong_input(visit, form, e))


async def _keys_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    keys = await read_keys(visit.services, visit.member().session)
    done = visit.request.query_params.get("done", "")
    done = done if done in DONE else ""
    return visit.show("account_keys.html", status=status, section=SECTION, done=done, keys=keys, form=form)


async def _chosen(visit: Visit) -> KeySeen:
    wanted = visit.request.path_params["factor_id"]
    found = next((k for k in await read_keys(visit.services, visit.member().session) if k.factor_id == wanted), None)
    if found is None:
        raise BadRequest("not_found")
    return found


ROUTES = [
    Route("/account/security/keys", page(_keys), methods=["GET"]),
    Route("/account/security/keys", action(_add, "label", "kind"), methods=["POST"]),
    Route("/account/security/keys/{factor_id}", page(_key), methods=["GET"]),
    Route("/account/security/keys/{factor_id}", action(_rename, "label"), methods=["POST"]),
]
