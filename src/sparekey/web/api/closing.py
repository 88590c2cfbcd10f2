"""Closing the account and downloading its data through JSON."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.download_data import download_data
from sparekey.use_cases.keep_account import keep_account, look_at_keeping, read_closing
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of
from sparekey.web.guard import bearer, door_of


class ClosingAnswer(msgspec.Struct, frozen=True):
    """``until``: so long the closing can be stopped; ``null`` where nobody wants the account closed."""

    until: datetime | None


class KeepAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/k/`` in the message."""

    token: Annotated[str, Meta(max_length=200)]


class KeepingAnswer(msgspec.Struct, frozen=True):
    """``until``: when the account closes; ``null`` where it does not, or not any more. ``may``: the link's address can stop it."""

    until: datetime | None
    may: bool


async def closing(request: Request) -> Response:
    return json_answer(ClosingAnswer(await read_closing(door_of(request).services, (await bearer(request)).session)))


async def look(request: Request) -> Response:
    body = await read_json(request, KeepAccount)
    seen = await look_at_keeping(door_of(request).services, body.token)
    return json_answer(KeepingAnswer(seen.until, seen.may))


async def keep(request: Request) -> Response:
    body = await read_json(request, KeepAccount)
    done = await keep_account(door_of(request).services, await client_of(request), body.token)
    return json_answer(KeepingAnswer(done.until, done.may))


async def data(request: Request) -> Response:
    return json_answer(await download_data(door_of(request).services, await client_of(request), request.path_params["flow_id"]))
