"""Support cases through JSON, as the person sees them. ``Flow-Token`` is what a case belongs to, as a flow does."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.cases import CaseKind, CaseMessage
from sparekey.domain.statements import LONGEST_STATEMENT
from sparekey.domain.values import replace
from sparekey.use_cases.open_case import confirm_case, open_case, send_code_again
from sparekey.use_cases.read_case import CaseSeen, read_case, shown_state
from sparekey.use_cases.return_to_case import return_to_case
from sparekey.use_cases.say_in_case import Typed, give_statements, say_in_case, withdraw_case
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, client_with_token
from sparekey.web.guard import door_of

Line = Annotated[str, Meta(max_length=4 * LONGEST_STATEMENT)]


class OpenCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``kind``: ``lost`` (nothing that opens the account is left), ``appeal`` (it is blocked) or ``dispute`` (somebody else claims it).

    ``identifier``: the account. ``contact``: an e-mail address that can be read now; answers go there. ``flow_id``: instead of the
    identifier, a recovery or sign-in of this ``Flow-Token`` that ended; what was shown in it counts. ``human``: a solved proof of work.
    """

    kind: Literal["lost", "appeal", "dispute"]
    contact: Annotated[str, Meta(max_length=1000)]
    identifier: Annotated[str, Meta(max_length=1000)] = ""
    flow_id: Annotated[str, Meta(max_length=64)] = ""
    human: Annotated[str, Meta(max_length=4000)] = ""


class ConfirmCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``code``: from the mail to the contact mailbox."""

    code: Annotated[str, Meta(max_length=100)]


class GiveStatements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered of the account, once in a case; each may be left out. ``sign_up``: a month, ``2024-05``. ``address``: one that
    the account had before. ``device`` and ``place``: that it was used on, and in. ``order``: the reference of the last one. ``secret``: the
    answer to the secret question, where the site has them."""

    sign_up: Line = ""
    address: Line = ""
    device: Line = ""
    place: Line = ""
    order: Line = ""
    secret: Line = ""


class WriteInCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``text``: plain, of 4,000 characters at most; line ends are kept."""

    text: str


class ReturnToCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/c/`` in the message."""

    token: Annotated[str, Meta(max_length=200)]


class CaseMessageAnswer(msgspec.Struct, frozen=True):
    """``author``: ``person`` or ``agent``. ``text``: plain, to be shown as such."""

    seq: int
    at: datetime
    author: str
    text: str


class CaseAnswer(msgspec.Struct, frozen=True):
    """``state``: ``unconfirmed`` (the code comes next), ``open``, ``asked`` (an agent asked something), ``approved`` (the wait runs, or a
    new password comes next: ``flow_id``), ``refused`` or ``closed`` (``ended`` says why). ``answer_at``: the earliest moment at which a
    decision can leave. ``can_state``: the statements are still to be given. ``waits_until``: when the account may open at the earliest.
    ``flow_token``: for a program that had none; it opens this case and nothing else."""

    number: str
    kind: str
    state: str
    contact: str
    opened_at: datetime
    answer_at: datetime | None
    can_state: bool
    resend_at: datetime | None
    messages: list[CaseMessageAnswer]
    flow_id: str = ""
    waits_until: datetime | None = None
    ended: str = ""
    flow_token: str = ""


async def open_(request: Request) -> Response:
    body = await read_json(request, OpenCase)
    services, client = door_of(request).services, await client_of(request)
    token = "" if body.flow_id else services.chance.token()
    client = replace(client, holder=token or client.holder, human=body.human)
    case = await open_case(services, client, CaseKind(body.kind), body.identifier, body.contact, body.flow_id)
    return json_answer(_answer(await read_case(services, client, case.number), token), 201)


async def show(request: Request) -> Response:
    return await _shown(request)


async def send(request: Request) -> Response:
    await send_code_again(door_of(request).services, await client_of(request), _number(request))
    return await _shown(request)


async def confirm(request: Request) -> Response:
    body = await read_json(request, ConfirmCase)
    await confirm_case(door_of(request).services, await client_of(request), _number(request), body.code)
    return await _shown(request)


async def state(request: Request) -> Response:
    body = await read_json(request, GiveStatements)
    typed = Typed(body.sign_up, body.address, body.device, body.place, body.order, body.secret)
    await give_statements(door_of(request).services, await client_of(request), _number(request), typed)
    return await _shown(request)


async def say(request: Request) -> Response:
    body = await read_json(request, WriteInCase)
    await say_in_case(door_of(request).services, await client_of(request), _number(request), body.text)
    return await _shown(request)


async def withdraw(request: Request) -> Response:
    await withdraw_case(door_of(request).services, await client_of(request), _number(request))
    return await _shown(request)


async def back(request: Request) -> Response:
    body = await read_json(request, ReturnToCase)
    services, (client, token) = door_of(request).services, await client_with_token(request)
    case = await return_to_case(services, client, body.token)
    return json_answer(_answer(await read_case(services, client, case.number), token))


async def _shown(request: Request) -> Response:
    return json_answer(_answer(await read_case(door_of(request).services, await client_of(request), _number(request))))


def _answer(seen: CaseSeen, token: str = "") -> CaseAnswer:
    case = seen.case
    return CaseAnswer(
        number=case.number,
        kind=case.kind.value,
        state=shown_state(case).value,
        contact=case.contact,
        opened_at=case.opened_at,
        answer_at=seen.answer_at,
        can_state=seen.can_state,
        resend_at=seen.resend_at,
        messages=[_message(m) for m in seen.messages],
        flow_id=case.flow_id,
        waits_until=seen.flow.waits_until if seen.flow else None,
        ended=case.ended,
        flow_token=token,
    )


def _message(message: CaseMessage) -> CaseMessageAnswer:
    return CaseMessageAnswer(message.seq, message.at, message.author.value, message.text)


def _number(request: Request) -> str:
    number: str = request.path_params["number"]
    return number
