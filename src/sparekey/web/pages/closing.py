"""Closing the account, keeping it after all, and downloading its data."""

from typing import Final

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import FlowOver, WrongStep
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.download_data import download_data
from sparekey.use_cases.keep_account import keep_account, look_at_keeping, start_keeping
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, page
from sparekey.web.pages.flow_step import begin_by_name
from sparekey.web.pages.flow_view import go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

LINK: Final = SecretLink("keep", "/keep")


async def _close_page(visit: Visit) -> Response:
    visit.member()
    return visit.show("account_close.html", section="/account/details", done="")


async def _close(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    try:
        return go_on(visit, await start_guarded(visit.services, visit.client, Action.CLOSE_ACCOUNT, Wants()))
    except WrongStep:
        return visit.go("/account/close")  # it closes already, and the page says so


async def _stop(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.STOP_CLOSING, Wants()))


async def _data_page(visit: Visit) -> Response:
    visit.member()
    return visit.show("account_data.html", section="/account/details", done="")


async def _data(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.DOWNLOAD_DATA, Wants()))


async def _file(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    flow_id = visit.request.path_params["flow_id"]
    try:
        found = await download_data(visit.services, visit.client, flow_id)
    except FlowOver as e:
        return visit.go("/account/data") if e.reason == "done" else over_page(visit, e.reason)
    except WrongStep:
        return visit.go(f"/flow/{flow_id}")
    return Response(
        msgspec.json.format(msgspec.json.encode(found), indent=2),
        media_type="application/json",
        headers={"cache-control": "no-store", "content-disposition": f'attachment; filename="my-data-{found.made_at:%Y-%m-%d}.json"'},
    )


# ---------------------------------------------------------------- by whoever is not signed in


async def _look(visit: Visit) -> Response:
    try:
        seen = await look_at_keeping(visit.services, LINK.secret(visit))
    except FlowOver as e:
        return visit.show("keep_over.html", status=shown(e).status)
    return visit.show("keep.html", seen=seen, kept=False)


async def _keep(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    try:
        seen = await keep_account(visit.services, visit.client, LINK.secret(visit))
    except FlowOver as e:
        return visit.show("keep_over.html", status=shown(e).status)
    return visit.show("keep.html", seen=seen, kept=seen.may)


async def _name_form(visit: Visit) -> Response:
    return visit.show("keep_by_name.html", form=FormView())


async def _name(visit: Visit, form: Form) -> Response:
    return await begin_by_name(visit, form, "keep_by_name.html", start_keeping)


ROUTES = [
    Route("/account/close", page(_close_page), methods=["GET"]),
    Route("/account/close", action(_close), methods=["POST"]),
    Route("/account/close/stop", action(_stop), methods=["POST"]),
    Route("/account/data", page(_data_page), methods=["GET"]),
    Route("/account/data", action(_data), methods=["POST"]),
    Route("/flow/{flow_id}/data", action(_file), methods=["POST"]),
    Route("/k/{token}", page(LINK.take), methods=["GET"]),
    Route("/keep", page(_look), methods=["GET"]),
    Route("/keep", action(_keep), methods=["POST"]),
    Route("/keep-account", page(_name_form), methods=["GET"]),
    Route("/keep-account", action(_name, "identifier"), methods=["POST"]),
]
