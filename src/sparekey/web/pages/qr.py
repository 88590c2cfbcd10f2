"""Signing in by QR code (I4): the computer's page, and the phone's.

The code leaves the address at once, on the phone as on the computer: it moves into a cookie, so that it stands in no history.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.errors import FlowOver, NotProven, TooManyTries
from sparekey.domain.masks import masked
from sparekey.domain.prompts import QR_LASTS
from sparekey.use_cases.approve_sign_in import approve_sign_in, look_at_qr, start_approval
from sparekey.use_cases.qr_sign_in import QrShown, collect_qr, must_be_offered, read_qr, start_qr
from sparekey.web.errors import shown
from sparekey.web.pages.endpoints import action, held_back, page, wrong
from sparekey.web.pages.flow_step import do_step, flow_id_of, show_again
from sparekey.web.pages.flow_view import go_on, over_page
from sparekey.web.pages.forms import Form
from sparekey.web.pages.qr_code import svg_of
from sparekey.web.pages.secret_link import SecretLink
from sparekey.web.pages.views import FormView
from sparekey.web.pages.visit import Visit

SHOWN_HERE: Final = "qr"

KEPT: Final = 5 * QR_LASTS
"""A browser keeps a code for longer than it is good, so that a page can say that it is over."""

SCANNED: Final = SecretLink("scanned", "/q", lasts=KEPT)

# ---------------------------------------------------------------- the computer


async def _qr(visit: Visit) -> Response:
    try:
        must_be_offered(visit.services)
    except FlowOver as e:
        return over_page(visit, e.reason)
    token = visit.door.cookies.read(visit.request, SHOWN_HERE)
    try:
        found = await read_qr(visit.services, visit.client, token) if token else None
    except FlowOver:
        found = None
    return _qr_page(visit, found, FormView())


async def _start(visit: Visit, form: Form) -> Response:
    try:
        started = await start_qr(visit.services, visit.client)
    except TooManyTries as e:
        return _qr_page(visit, None, held_back(visit, form, e), status=429, retry_after=e.retry_after)
    except FlowOver as e:
        return over_page(visit, e.reason)
    response = visit.go("/sign-in/qr")
    visit.door.cookies.set(response, SHOWN_HERE, started.token, lasts=KEPT)
    return response


async def _collect(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    token = visit.door.cookies.read(visit.request, SHOWN_HERE)
    try:
        opened = await collect_qr(visit.services, visit.client, token)
    except NotProven:
        return visit.go("/sign-in/qr")
    except FlowOver as e:
        return visit.go("/sign-in/qr") if e.reason == "qr_over" else over_page(visit, e.reason)
    response = visit.go("/account", opened)
    visit.door.cookies.clear(response, SHOWN_HERE)
    return response


def _qr_page(visit: Visit, found: QrShown | None, form: FormView, *, status: int = 200, retry_after: int = 0) -> Response:
    return visit.show(
        "qr.html",
        status=status,
        retry_after=retry_after,
        form=form,
        state=found.state if found else "",
        shown=found,
        account=masked(found.email) if found and found.email else "",
        svg=svg_of(f"{visit.door.origin}/q/{found.token}") if found and found.state == "asked" else "",
    )


# ---------------------------------------------------------------- the phone


async def _look(visit: Visit) -> Response:
    """Who is not signed in does that first, and comes back here."""
    visit.member()
    try:
        seen = await look_at_qr(visit.services, visit.client, SCANNED.secret(visit))
    except FlowOver as e:
        return visit.show("qr_phone.html", status=shown(e).status, seen=None)
    return visit.show("qr_phone.html", seen=seen)


async def _begin(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    try:
        return go_on(visit, await start_approval(visit.services, visit.client, SCANNED.secret(visit)))
    except FlowOver as e:
        return visit.show("qr_phone.html", status=shown(e).status, seen=None)


async def _approve(visit: Visit, form: Form) -> Response:
    visit.member()
    if not form["number"].strip():
        return await show_again(visit, form, wrong(visit, form, "number", "number_missing"), 422)
    return await do_step(visit, form, lambda: approve_sign_in(visit.services, visit.client, flow_id_of(visit), form["number"]))


ROUTES = [
    Route("/sign-in/qr", page(_qr), methods=["GET"]),
    Route("/sign-in/qr", action(_start), methods=["POST"]),
    Route("/sign-in/qr/go", action(_collect), methods=["POST"]),
    Route("/q/{token}", page(SCANNED.take), methods=["GET"]),
    Route("/q", page(_look), methods=["GET"]),
    Route("/q", action(_begin), methods=["POST"]),
    Route("/flow/{flow_id}/approve", action(_approve, "number"), methods=["POST"]),
]
