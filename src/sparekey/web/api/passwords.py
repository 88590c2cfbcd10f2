"""The strength meter's question. It needs no session and tells nothing of any account."""

from starlette.requests import Request
from starlette.responses import Response

from sparekey.messages import catalogue
from sparekey.messages.reasons import sentence
from sparekey.use_cases.check_password import check_password
from sparekey.use_cases.start_flow import check_volume
from sparekey.web.api import schemas as s
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of
from sparekey.web.guard import door_of


async def check(request: Request) -> Response:
    body = await read_json(request, s.CheckPassword)
    door = door_of(request)
    services, client = door.services, await client_of(request, language=door.cookies.read(request, "language"))
    await check_volume(services, "check_password.network", client)
    judged = await check_password(services, body.password, names=(body.name,), addresses=(body.email,))
    words = catalogue.translator(client.language)
    problems = [s.FieldMessage(p.reason, dict(p.params), sentence(words, p.reason, p.params)) for p in judged.problems]
    return json_answer(s.PasswordJudged(judged.strength.value, problems))
