"""Recovery contacts through JSON: the owner's list, and what friends do with their links. And the secret question."""

from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.contacts import Circle
from sparekey.domain.secret_question import Question
from sparekey.use_cases.change_contacts import invite_again, stop_change
from sparekey.use_cases.contact_link import answer_invitation, answer_phrase, look_at_contact_link, refuse_phrase
from sparekey.use_cases.read_contacts import read_contacts
from sparekey.use_cases.secret_answer import read_secret_question
from sparekey.web.api import contact_schemas as s
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of
from sparekey.web.guard import bearer, door_of


async def contacts(request: Request) -> Response:
    found = await read_contacts(door_of(request).services, (await bearer(request)).session)
    return json_answer(
        s.ContactsAnswer(
            holds=_circle(found.holds),
            counts_from=found.counts_from,
            stopped=found.stolen,
            factor_id=found.factor_id,
            comes=_circle(found.comes),
            until=found.until,
            told=found.told,
        )
    )


async def stop(request: Request) -> Response:
    await stop_change(door_of(request).services, await client_of(request))
    return Response(status_code=204)


async def invite(request: Request) -> Response:
    await invite_again(door_of(request).services, await client_of(request), request.path_params["contact_id"])
    return Response(status_code=204)


async def look(request: Request) -> Response:
    body = await read_json(request, s.LookAtContact)
    seen = await look_at_contact_link(door_of(request).services, body.token)
    return json_answer(s.ContactLinkAnswer(seen.kind.value, seen.owner, seen.accepted))


async def answer(request: Request) -> Response:
    body = await read_json(request, s.AnswerInvitation)
    await answer_invitation(door_of(request).services, await client_of(request), body.token, accept=body.accept)
    return Response(status_code=204)


async def type_phrase(request: Request) -> Response:
    body = await read_json(request, s.TypePhrase)
    await answer_phrase(door_of(request).services, await client_of(request), body.token, body.phrase)
    return Response(status_code=204)


async def refuse(request: Request) -> Response:
    body = await read_json(request, s.LookAtContact)
    await refuse_phrase(door_of(request).services, await client_of(request), body.token)
    return Response(status_code=204)


async def secret_question(request: Request) -> Response:
    services = door_of(request).services
    found = await read_secret_question(services, (await bearer(request)).session)
    on = services.site.secret_question
    return json_answer(
        s.SecretQuestionAnswer(
            on, found.question if found else "", found.set_at if found else None, [q.value for q in Question] if on else []
        )
    )


def _circle(circle: Circle | None) -> s.CircleAnswer | None:
    if circle is None:
        return None
    friends = [s.ContactAnswer(c.contact_id, c.friend.name, c.friend.email, c.state.value) for c in circle.contacts]
    return s.CircleAnswer(circle.needed, friends)
