"""The own account through JSON."""

from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.offer import refuse_offer
from sparekey.use_cases.read_account import read_activity, read_details, read_messages, read_remembered, read_sessions
from sparekey.use_cases.read_keys import read_keys
from sparekey.use_cases.read_social import read_social
from sparekey.use_cases.sign_out import sign_out
from sparekey.web.api import account_schemas as s
from sparekey.web.api.body import json_answer
from sparekey.web.api.flows import client_of
from sparekey.web.guard import bearer, door_of


async def details(request: Request) -> Response:
    found = await read_details(door_of(request).services, (await bearer(request)).session)
    return json_answer(
        s.AccountAnswer(
            account_id=found.account_id,
            name=found.name,
            user_name=found.user_name,
            language=found.language,
            password_set_at=found.password_set_at,
            addresses=[
                s.AddressAnswer(a.address_id, a.kind, a.value, a.main, a.added_at, a.settled, a.weak, a.confirmed_at, a.second_factor)
                for a in found.addresses
            ],
        )
    )


async def sessions(request: Request) -> Response:
    services, session = door_of(request).services, (await bearer(request)).session
    found = await read_sessions(services, session)
    seen = [s.SessionSeenAnswer(x.session_id, x.device, x.place, x.created_at, x.seen_at, x.current) for x in found]
    remembered = await read_remembered(services, session)
    kept = [s.RememberedAnswer(x.factor_id, x.device, x.added_at, x.until, x.current) for x in remembered]
    return json_answer(s.SessionsAnswer(seen, kept))


async def keys(request: Request) -> Response:
    found = await read_keys(door_of(request).services, (await bearer(request)).session)
    return json_answer(s.KeysAnswer([s.KeyAnswer(k.factor_id, k.kind, k.label, k.added_at, k.used_at, k.stolen) for k in found]))


async def linked(request: Request) -> Response:
    found = await read_social(door_of(request).services, (await bearer(request)).session)
    return json_answer(
        s.LinkedAccountsAnswer([s.LinkedAnswer(k.factor_id, k.label, k.added_at, k.used_at, k.settled) for k in found.linked])
    )


async def not_now(request: Request) -> Response:
    """The person does not want a second factor now."""
    who = await bearer(request)
    await refuse_offer(door_of(request).services, await client_of(request), who.session)
    return Response(status_code=204)


async def activity(request: Request) -> Response:
    found = await read_activity(door_of(request).services, (await bearer(request)).session)
    return json_answer(s.ActivityAnswer([s.ActivityEvent(e.at, e.name, e.device, e.place) for e in found]))


async def messages(request: Request) -> Response:
    found = await read_messages(door_of(request).services, (await bearer(request)).session)
    return json_answer(s.MessagesAnswer([s.MessageSent(m.created_at, m.kind.value, m.hint, m.state) for m in found]))


async def end_session(request: Request) -> Response:
    """Sign out: end the session that asks."""
    who = await bearer(request)
    await sign_out(door_of(request).services, await client_of(request), who.session)
    return Response(status_code=204)
