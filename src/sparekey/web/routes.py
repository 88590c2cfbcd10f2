"""Every URL of the server on one page."""

from collections.abc import Iterable

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sparekey.web import health, receipts
from sparekey.web.api import openapi
from sparekey.web.api.routes import API_ROUTES
from sparekey.web.pages import (
    account,
    addresses,
    approve,
    cases,
    closing,
    confirm,
    console,
    contacts,
    dev,
    disown,
    dispute,
    flow,
    help_centre,
    link,
    methods,
    passkeys,
    public,
    qr,
    recover,
    recovery,
    restrictions,
    second_factor,
    secure,
    sign_in,
    sign_up,
    site,
    social,
    undo,
    wait,
)
from sparekey.web.pages.render import STATIC


def routes(*, development: bool) -> list[BaseRoute]:
    """All of them; those under ``/dev`` only in development."""
    pages: Iterable[Route] = (
        *public.ROUTES,
        *sign_up.ROUTES,
        *sign_in.ROUTES,
        *recover.ROUTES,
        *flow.ROUTES,
        *link.ROUTES,
        *disown.ROUTES,
        *dispute.ROUTES,
        *undo.ROUTES,
        *wait.ROUTES,
        *recovery.ROUTES,
        *cases.ROUTES,
        *help_centre.ROUTES,  # after the cases, whose addresses begin alike
        *restrictions.ROUTES,
        *social.ROUTES,
        *account.ROUTES,
        *closing.ROUTES,
        *contacts.ROUTES,
        *methods.ROUTES,
        *addresses.ROUTES,
        *passkeys.ROUTES,
        *second_factor.ROUTES,
        *secure.ROUTES,
        *approve.ROUTES,
        *qr.ROUTES,
        *confirm.ROUTES,
        *console.ROUTES,
        *site.ROUTES,
        *(dev.ROUTES if development else ()),
    )
    return [
        # Programs ask more often than people, and each route before the one that fits costs a microsecond.
        *(Route(r.path, r.handler, methods=[r.method], name=r.name) for r in API_ROUTES if r.handler),
        *pages,
        Route("/api/v1/openapi.json", openapi.document, methods=["GET"]),
        Route(receipts.PATH, receipts.take, methods=["POST"]),
        Route("/health/live", health.live, methods=["GET"]),
        Route("/health/ready", health.ready, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
    ]
