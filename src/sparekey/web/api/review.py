"""What happened since the account was surely its owner's, through JSON; rolling it back is the flow ``undo``."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.review import Review, disown_orders, read_review, review_before_undoing
from sparekey.web.api.account_schemas import ActivityEvent, SessionSeenAnswer
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of
from sparekey.web.guard import bearer, door_of

Reference = Annotated[str, Meta(min_length=1, max_length=100)]


class OrderAnswer(msgspec.Struct, frozen=True):
    """Something that the shop reported. ``kind``: ``order``, ``payment``, ``payout`` or ``payout_target``. Reference, title and amount
    are empty for whoever is not signed in."""

    reference: str
    kind: str
    at: datetime
    title: str
    amount: str
    currency: str
    device: str
    place: str


class ReviewAnswer(msgspec.Struct, frozen=True):
    """``since``: with ``good``, of the last sign-in on a known device where it usually is, before the first that was none; else up to
    30 days ago. ``sessions``: living ones that began since. ``can_tell_shop``: the shop is told of what is disowned."""

    since: datetime
    good: bool
    sessions: list[SessionSeenAnswer]
    events: list[ActivityEvent]
    orders: list[OrderAnswer]
    can_tell_shop: bool


class DisownOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``references``: of orders and payments that were somebody else's."""

    references: Annotated[list[Reference], Meta(min_length=1, max_length=100)]


async def look(request: Request) -> Response:
    return json_answer(_answer(await read_review(door_of(request).services, (await bearer(request)).session)))


async def before_undoing(request: Request) -> Response:
    """For a flow that may undo changes."""
    services, client = door_of(request).services, await client_of(request)
    return json_answer(_answer(await review_before_undoing(services, client, request.path_params["flow_id"])))


def _answer(found: Review) -> ReviewAnswer:
    return ReviewAnswer(
        since=found.since,
        good=found.good,
        sessions=[SessionSeenAnswer(s.session_id, s.device, s.place, s.created_at, s.seen_at, s.current) for s in found.sessions],
        events=[ActivityEvent(e.at, e.name, e.device, e.place) for e in found.events],
        orders=[OrderAnswer(o.reference, o.kind.value, o.at, o.title, o.amount, o.currency, o.device, o.place) for o in found.orders],
        can_tell_shop=found.can_tell_shop,
    )


async def disown(request: Request) -> Response:
    who = await bearer(request)
    body = await read_json(request, DisownOrders)
    await disown_orders(door_of(request).services, await client_of(request), who.session, body.references)
    return Response(status_code=204)
