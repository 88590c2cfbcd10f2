"""Approving on a phone (F6): the page that is the phone, what makes it installable, and adding it to an account."""

import json
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.pair_phone import pair_phone
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.api.flows import label_of
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_step import do_step, flow_id_of
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.render import STATIC, asset
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

PATH: Final = "/approve"


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


ACTIONS: Final[Mapping[Action, str]] = {
    Action.SIGN_IN: N_("Sign in"),
    Action.RECOVER: N_("Get back in, and choose a new password"),
    Action.APPROVE_SIGN_IN: N_("Sign in a computer by QR code"),
    Action.CHANGE_PASSWORD: N_("Change the password"),
    Action.CHANGE_DETAILS: N_("Change name, user name or language"),
    Action.ADD_ADDRESS: N_("Add an address"),
    Action.REMOVE_ADDRESS: N_("Remove an address"),
    Action.SET_MAIN_ADDRESS: N_("Make another address the main one"),
    Action.ADD_FACTOR: N_("Add a way to show that it is you"),
    Action.REMOVE_FACTOR: N_("Remove a way to show that it is you"),
    Action.RENEW_BACKUP_CODES: N_("Make new backup codes"),
    Action.LINK_SOCIAL: N_("Link an account elsewhere"),
    Action.UNLINK_SOCIAL: N_("Unlink an account elsewhere"),
    Action.END_SESSIONS: N_("Sign out devices"),
    Action.THAW: N_("Unlock the account"),
    Action.CANCEL_RECOVERY: N_("Stop a recovery"),
    Action.CLOSE_ACCOUNT: N_("Close the account"),
    Action.CONFIRM_PAYMENT: N_("Confirm a payment"),
}
"""What the phone says of each action; of all others, that it is a change of the account."""


async def _approve(visit: Visit) -> Response:
    actions = [(name.value, visit.words.gettext(words)) for name, words in ACTIONS.items()]
    response = visit.show("approve.html", actions=actions)
    # This page alone is an app: it may have a manifest and a service worker, ours and no other.
    response.headers["content-security-policy"] += "; manifest-src 'self'; worker-src 'self'"
    return response


async def _offline(visit: Visit) -> Response:
    return visit.show("approve_offline.html")


async def _manifest(visit: Visit) -> Response:
    """W3C, "Web Application Manifest"."""
    name = visit.services.site.name
    said = {
        "name": f"{visit.words.gettext(N_('Approve'))} – {name}",
        "short_name": name,
        "id": PATH,
        "start_url": PATH,
        "scope": PATH,
        "display": "standalone",
        "background_color": "#f8f4ed",
        "theme_color": "#f8f4ed",
        "icons": [{"src": asset("mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }
    return Response(json.dumps(said, ensure_ascii=False), media_type="application/manifest+json", headers={"cache-control": "no-store"})


async def _worker(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
    """At the root, so that its scope may be the page; its address stays the same, and browsers look for a newer one by themselves."""
    headers = {"cache-control": "no-cache", "content-security-policy": "default-src 'self'"}
    return FileResponse(STATIC / "approve-worker.js", media_type="text/javascript", headers=headers)


# ---------------------------------------------------------------- adding a phone, on the other screen


async def _add_page(visit: Visit) -> Response:
    visit.member()
    return visit.show("account_phone.html", section="/account/security", done="", form=FormView())


async def _add(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        wants = Wants(factor_kind=FactorKind.PHONE_APPROVAL, label=label_of(form["label"]))
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.ADD_FACTOR, wants))
    except InvalidInput as e:
        return visit.show("account_phone.html", status=422, section="/account/security", done="", form=wrong_input(visit, form, e))


async def _pair(visit: Visit, form: Form) -> Response:
    return await do_step(visit, form, lambda: pair_phone(visit.services, visit.client, flow_id_of(visit)))


ROUTES = [
    Route(PATH, page(_approve), methods=["GET"]),
    Route(f"{PATH}/offline", page(_offline), methods=["GET"]),
    Route("/approve.webmanifest", page(_manifest), methods=["GET"]),
    Route("/approve-worker.js", _worker, methods=["GET"]),
    Route("/account/security/phone", page(_add_page), methods=["GET"]),
    Route("/account/security/phone", action(_add, "label"), methods=["POST"]),
    Route("/flow/{flow_id}/pair", action(_pair), methods=["POST"]),
]
