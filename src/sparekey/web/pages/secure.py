"""Secure my account: for the one who fears that somebody else was in it (mission.md, H3).

Signed in: what happened since, is all of it yours, undo it as one, a new password, ways to verify. Not signed in: the ways there, and
nothing of any account.
"""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import InvalidInput
from sparekey.domain.flow.wants import Wants
from sparekey.domain.shop import ActivityKind
from sparekey.use_cases.review import Review, disown_orders, read_review
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.history_words import EVENTS
from sparekey.web.pages.views import EventView, FormView, OrderView, ReviewView
from sparekey.web.pages.visit import Visit


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


ORDERS: Final[Mapping[ActivityKind, str]] = {
    ActivityKind.ORDER: N_("Order"),
    ActivityKind.PAYMENT: N_("Payment"),
    ActivityKind.PAYOUT: N_("Payout"),
    ActivityKind.PAYOUT_TARGET: N_("Another account or card for payouts"),
}

TICK: Final = "order_"
"""Begins the name of each order's box; its place in the list follows, for no field may come twice."""

MOST_TICKED: Final = 20
"""A form has thirty fields at most."""


async def _look(visit: Visit) -> Response:
    if visit.who is None:
        return visit.show("secure.html", review=None, form=FormView(), done="")
    return await _review(visit, FormView())


async def _review(visit: Visit, form: FormView, status: int = 200) -> Response:
    found = await read_review(visit.services, visit.member().session)
    done = "told" if visit.request.query_params.get("done") == "told" else ""
    return visit.show("secure.html", status=status, review=review_view(visit, found), form=form, done=done)


def review_view(visit: Visit, found: Review) -> ReviewView:
    """A review in words."""
    _ = visit.words.gettext
    return ReviewView(
        since=found.since,
        good=found.good,
        devices=found.sessions,
        events=[EventView(_(EVENTS[Event(e.name)]), _where(e.device, e.place), e.at) for e in found.events],
        orders=[
            OrderView(
                f"{TICK}{n}", o.reference, _(ORDERS[o.kind]), o.title, f"{o.amount} {o.currency}".strip(), _where(o.device, o.place), o.at
            )
            for n, o in enumerate(found.orders[:MOST_TICKED])
        ],
        can_tell_shop=found.can_tell_shop,
    )


async def _tell(visit: Visit, form: Form) -> Response:
    who = visit.member()
    ticked = [value for name, value in form.fields.items() if name.startswith(TICK)]
    try:
        await disown_orders(visit.services, visit.client, who.session, ticked)
    except InvalidInput as e:
        return await _review(visit, wrong_input(visit, form, e), 422)
    return visit.go("/secure?done=told")


async def _undo(visit: Visit, form: Form) -> Response:  # noqa: ARG001 - the form is only the button
    visit.member()
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.UNDO, Wants()))


async def _next(visit: Visit) -> Response:
    visit.member()
    return visit.show("secure_next.html")


def _where(device: str, place: str) -> str:
    return ", ".join(part for part in (device, place) if part)


ROUTES = [
    Route("/secure", page(_look), methods=["GET"]),
    Route("/secure/orders", action(_tell), methods=["POST"]),
    Route("/secure/undo", action(_undo), methods=["POST"]),
    Route("/secure/next", page(_next), methods=["GET"]),
]
