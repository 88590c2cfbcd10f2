"""Undoing through JSON: what was changed, and from where on it was not the owner's (mission.md, H2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.undo import ChangeSeen, finish_undo, read_changes, what_can_be_undone
from sparekey.web.api.alarms import undone_answer
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of
from sparekey.web.guard import bearer, door_of


class ChangeAnswer(msgspec.Struct, frozen=True):
    """``kind``: what was done, as in the history of the account. ``undone``: it was undone since. ``undoable``: it can be, with all
    that came after it."""

    change_id: str
    kind: str
    at: datetime
    undone: bool
    undoable: bool


class ChangesAnswer(msgspec.Struct, frozen=True):
    """Of the last 30 days, the newest first."""

    changes: list[ChangeAnswer]


class FinishUndo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``since``: the id of the first change that was not the owner's, ``everything``, or empty to undo nothing and only lock the account.
    ``password``: somebody knows it, so it becomes void though nobody changed it."""

    since: Annotated[str, Meta(max_length=40)]
    password: bool = False


async def changes(request: Request) -> Response:
    return json_answer(_answer(await read_changes(door_of(request).services, (await bearer(request)).session)))


async def can_be_undone(request: Request) -> Response:
    found = await what_can_be_undone(door_of(request).services, await client_of(request), request.path_params["flow_id"])
    return json_answer(_answer(found))


async def finish(request: Request) -> Response:
    body = await read_json(request, FinishUndo)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(undone_answer(await finish_undo(services, client, flow_id, body.since, password=body.password)))


def _answer(found: Sequence[ChangeSeen]) -> ChangesAnswer:
    return ChangesAnswer([ChangeAnswer(c.change_id, c.kind.value, c.at, c.undone, c.undoable) for c in found])
