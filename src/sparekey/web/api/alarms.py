"""Alarms and waits through JSON: "this wasn't me", the way back to a recovery that waits, and what waits on the own account."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.come_back import come_back, look_at_way_back
from sparekey.use_cases.disown import disown, look_at_notice
from sparekey.use_cases.running_recoveries import read_recoveries
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, flow_answer
from sparekey.web.guard import bearer, door_of

Token = Annotated[str, Meta(max_length=200)]


class LookAtNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/d/`` in the message."""

    token: Token


class NoticeAnswer(msgspec.Struct, frozen=True):
    """``kind`` and ``at``: of the message. ``does``: what a press would do: ``freeze``, ``object`` or ``stop``."""

    kind: str
    at: datetime
    does: str


class Disown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/d/`` in the message. ``lock``: lock the account after a press that did not."""

    token: Token
    lock: bool = False


class DisownedAnswer(msgspec.Struct, frozen=True):
    """What the press has done. ``frozen``: the account is locked. ``objected``: a recovery that waits was objected to. ``stopped``: the
    code is dead, and whoever asked for it does not learn of it. ``used``: the code had been used before. ``password_known``: whoever
    asked for it had typed the right password. ``can_lock``: the same token may lock the account."""

    kind: str
    frozen: bool
    objected: bool
    stopped: bool
    used: bool
    password_known: bool
    can_lock: bool


class ComeBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/w/`` in the message."""

    token: Token


class WaitAnswer(msgspec.Struct, frozen=True):
    """Where a recovery that waits stands. ``here``: the ``Flow-Token`` is its own. ``movable``: it can go on with another one, once all
    that was shown is shown again; a backup code and a remembered device cannot be. ``ready``: the wait is over. ``until``: when it is
    over at the earliest. ``wait_days``, ``counted_days``: on how many days somebody must be told, and was. ``objected``: somebody did."""

    here: bool
    movable: bool
    ready: bool
    until: datetime | None
    wait_days: int
    counted_days: int
    objected: bool


class RecoveryAnswer(msgspec.Struct, frozen=True):
    """``until``: when it may open at the earliest. ``ready``: its wait is over. ``objected``: somebody objected."""

    flow_id: str
    began_at: datetime
    until: datetime
    ready: bool
    objected: bool


class RecoveriesAnswer(msgspec.Struct, frozen=True):
    recoveries: list[RecoveryAnswer]


async def look(request: Request) -> Response:
    body = await read_json(request, LookAtNotice)
    seen = await look_at_notice(door_of(request).services, body.token)
    return json_answer(NoticeAnswer(seen.kind.value, seen.at, seen.does.value))


async def press(request: Request) -> Response:
    body = await read_json(request, Disown)
    done = await disown(door_of(request).services, await client_of(request), body.token, lock_account=body.lock)
    return json_answer(
        DisownedAnswer(done.kind.value, done.frozen, done.objected, done.stopped, done.used, done.password_known, done.can_lock)
    )


async def look_at_wait(request: Request) -> Response:
    body = await read_json(request, ComeBack)
    seen = await look_at_way_back(door_of(request).services, await client_of(request), body.token)
    return json_answer(WaitAnswer(seen.here, seen.movable, seen.ready, seen.until, seen.days, seen.counted, seen.objected))


async def back(request: Request) -> Response:
    """The recovery that waits, with its own ``Flow-Token``, or where nothing but the address was shown. With another one, or none: a new
    flow, to show again what was shown; it ends with the recovery as its ``next_flow``. A program without a ``Flow-Token`` gets a new one.
    """
    body = await read_json(request, ComeBack)
    services, client = door_of(request).services, await client_of(request)
    token = "" if client.holder else services.chance.token()
    return json_answer(flow_answer(await come_back(services, replace(client, holder=client.holder or token), body.token), flow_token=token))


async def recoveries(request: Request) -> Response:
    found = await read_recoveries(door_of(request).services, (await bearer(request)).session)
    return json_answer(RecoveriesAnswer([RecoveryAnswer(r.flow_id, r.began_at, r.until, r.ready, r.objected) for r in found]))
