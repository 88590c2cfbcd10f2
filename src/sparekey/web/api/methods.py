"""Second factors through JSON: those of the own account, and the last steps of adding and reporting one."""

from starlette.requests import Request
from starlette.responses import Response

from sparekey.use_cases.enrol_totp import enrol_totp
from sparekey.use_cases.finish_report import finish_report
from sparekey.use_cases.keep_backup_codes import keep_backup_codes
from sparekey.use_cases.read_methods import read_methods
from sparekey.web.api import schemas as s
from sparekey.web.api.account_schemas import MethodAnswer, MethodsAnswer
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, flow_answer
from sparekey.web.guard import bearer, door_of


async def methods(request: Request) -> Response:
    found = await read_methods(door_of(request).services, (await bearer(request)).session)
    seconds = [MethodAnswer(m.factor_id, m.kind, m.label, m.added_at, m.used_at, m.stolen, m.preferred) for m in found.seconds]
    return json_answer(MethodsAnswer(seconds, found.codes_left, found.codes_id))


async def new_totp(request: Request) -> Response:
    body = await read_json(request, s.NewTotp)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(flow_answer(await enrol_totp(services, client, flow_id, body.code)))


async def keep_codes(request: Request) -> Response:
    body = await read_json(request, s.KeepCodes)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(flow_answer(await keep_backup_codes(services, client, flow_id, body.code)))


async def stolen(request: Request) -> Response:
    body = await read_json(request, s.Stolen)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(flow_answer(await finish_report(services, client, flow_id, body.factor_id)))
