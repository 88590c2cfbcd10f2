"""Disputes through JSON: how one stands, from either side, and one more thing shown by whoever objects (mission.md, R16)."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.load_flow import show_flow
from sparekey.use_cases.object_by_link import look_at_objection, start_objection
from sparekey.use_cases.read_dispute import DisputeSeen, read_dispute
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, client_with_token, flow_answer
from sparekey.web.guard import bearer, door_of


class ObjectionLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/d/`` in a notice of a recovery that waits, or of the dispute."""

    token: Annotated[str, Meta(max_length=200)]


class DisputeState(msgspec.Struct, frozen=True):
    """``weighed_at``: when it is weighed, at the earliest. ``over_at``: when nothing is held back any more. ``tied``: both sides had shown
    as much, and people look at it. ``mine``: how many settled things this side has shown. ``other``: whether the other side has shown
    ``less``, ``as_much`` or ``more``."""

    opened_at: datetime
    weighed_at: datetime
    over_at: datetime
    tied: bool
    mine: int
    other: str


class DisputeAnswer(msgspec.Struct, frozen=True):
    """``dispute``: ``null`` where nobody disputes the account."""

    dispute: DisputeState | None


async def of_account(request: Request) -> Response:
    """From the side of whoever objects."""
    return json_answer(DisputeAnswer(_state(await read_dispute(door_of(request).services, (await bearer(request)).session))))


async def of_flow(request: Request) -> Response:
    """From the side of the recovery that this flow is."""
    standing = await show_flow(door_of(request).services, await client_of(request), request.path_params["flow_id"])
    return json_answer(DisputeAnswer(_state(standing.dispute)))


async def look(request: Request) -> Response:
    body = await read_json(request, ObjectionLink)
    return json_answer(DisputeAnswer(_state(await look_at_objection(door_of(request).services, body.token))))


async def show_more(request: Request) -> Response:
    """A flow in which one more thing is shown. A program without a ``Flow-Token`` gets a new one."""
    body = await read_json(request, ObjectionLink)
    services, (client, token) = door_of(request).services, await client_with_token(request)
    standing = await start_objection(services, client, body.token)
    return json_answer(flow_answer(standing, flow_token=token), 201)


def _state(seen: DisputeSeen | None) -> DisputeState | None:
    return None if seen is None else DisputeState(seen.opened_at, seen.weighed_at, seen.over_at, seen.tied, seen.mine, seen.other)
