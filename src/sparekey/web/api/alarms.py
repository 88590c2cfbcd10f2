"""Alarms and waits through JSON: "this wasn't me", the way back to a recovery that waits, and what waits on the own account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.carry_out.undo import Undone
from sparekey.use_cases.come_back import come_back, look_at_way_back
from sparekey.use_cases.disown import Told, disown, look_at_notice
from sparekey.use_cases.running_recoveries import read_recoveries
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, client_with_token, flow_answer
from sparekey.web.guard import bearer, door_of

Token = Annotated[str, Meta(max_length=200)]


class LookAtNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/d/`` in the message."""

    token: Token


class ToldAnswer(msgspec.Struct, frozen=True):
    """``kind``: of what was changed, as in the history of the account."""

    kind: str
    at: datetime


class NoticeAnswer(msgspec.Struct, frozen=True):
    """``kind`` and ``at``: of the message. ``does``: what a press would do: ``freeze`` (undo everything since, and lock the account),
    ``object`` or ``stop``. ``undoes``: what would be undone, the oldest first. ``only``: what ``only`` would undo, or nothing.
    ``password``: it would be void. ``closing``: the account would not close."""

    kind: str
    at: datetime
    does: str
    undoes: list[ToldAnswer]
    only: list[ToldAnswer]
    password: bool
    closing: bool


class Disown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/d/`` in the message. ``lock``: lock the account after a press that did not. ``only``: undo what this
    message told of and nothing else, and lock nothing; where ``look`` says that there is such a thing."""

    token: Token
    lock: bool = False
    only: bool = False


class UndoneAnswer(msgspec.Struct, frozen=True):
    """``kinds``: what was undone, the oldest first. ``password``: it is void. ``closing``: the account would have closed, and does not."""

    kinds: list[str]
    password: bool
    closing: bool


class DisownedAnswer(msgspec.Struct, frozen=True):
    """What the press has done. ``frozen``: the account is locked. ``objected``: a recovery that waits was objected to.
    ``disputed``: that weighs in a dispute, in which more can be shown (``POST /api/v1/disputes/show-more``). ``stopped``: the
    code is dead, and whoever asked for it does not learn of it. ``used``: the code had been used before. ``password_known``: whoever
    asked for it had typed the right password. ``can_lock``: the same token may lock the account. ``undone``: what was undone."""

    kind: str
    frozen: bool
    objected: bool
    disputed: bool
    stopped: bool
    used: bool
    password_known: bool
    can_lock: bool
    undone: UndoneAnswer


class ComeBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/w/`` in the message."""

    token: Token


class WaitAnswer(msgspec.Struct, frozen=True):
    """Where a recovery that waits stands. ``here``: the ``Flow-Token`` is its own. ``movable``: it can go on with another one, once all
    that was shown is shown again; a backup code and a remembered device cannot be. ``ready``: the wait is over. ``until``: when it is
    over at the earliest. ``wait_days``, ``counted_days``: on how many days somebody must be told, and was. ``objected``: it is, or was, in
    dispute."""

    here: bool
    movable: bool
    ready: bool
    until: datetime | None
    wait_days: int
    counted_days: int
    objected: bool


class RecoveryAnswer(msgspec.Struct, frozen=True):
    """``until``: when it may open at the earliest. ``ready``: its wait is over. ``objected``: it is, or was, in dispute."""

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
    return json_answer(
        NoticeAnswer(seen.kind.value, seen.at, seen.does.value, _told(seen.undoes), _told(seen.only), seen.password, seen.closing)
    )


async def press(request: Request) -> Response:
    body = await read_json(request, Disown)
    done = await disown(door_of(request).services, await client_of(request), body.token, lock_account=body.lock, only=body.only)
    return json_answer(
        DisownedAnswer(
            done.kind.value,
            done.frozen,
            done.objected,
            done.disputed,
            done.stopped,
            done.used,
            done.password_known,
            done.can_lock,
            undone_answer(done.undone),
        )
    )


def undone_answer(done: Undone) -> UndoneAnswer:
    return UndoneAnswer([kind.value for kind in done.kinds], done.password, done.closing)


def _told(told: Sequence[Told]) -> list[ToldAnswer]:
    return [ToldAnswer(t.kind.value, t.at) for t in told]


async def look_at_wait(request: Request) -> Response:
    body = await read_json(request, ComeBack)
    seen = await look_at_way_back(door_of(request).services, await client_of(request), body.token)
    return json_answer(WaitAnswer(seen.here, seen.movable, seen.ready, seen.until, seen.days, seen.counted, seen.objected))


async def back(request: Request) -> Response:
    """The recovery that waits, with its own ``Flow-Token``, or where nothing but the address was shown. With another one, or none: a new
    flow, to show again what was shown; it ends with the recovery as its ``next_flow``. A program without a ``Flow-Token`` gets a new one.
    """
    body = await read_json(request, ComeBack)
    services, (client, token) = door_of(request).services, await client_with_token(request)
    return json_answer(flow_answer(await come_back(services, client, body.token), flow_token=token))


async def recoveries(request: Request) -> Response:
    found = await read_recoveries(door_of(request).services, (await bearer(request)).session)
    return json_answer(RecoveriesAnswer([RecoveryAnswer(r.flow_id, r.began_at, r.until, r.ready, r.objected) for r in found]))
