"""Other devices through JSON: phones that approve, and computers that sign in by QR code. The same use cases as the pages."""

from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.masks import masked
from sparekey.domain.values import replace
from sparekey.use_cases.answer_prompt import answer_prompt
from sparekey.use_cases.approve_sign_in import approve_sign_in, look_at_qr
from sparekey.use_cases.enrol_phone import enrol_phone, look_at_pairing
from sparekey.use_cases.pair_phone import pair_phone
from sparekey.use_cases.phone_word import Challenge, new_challenge
from sparekey.use_cases.poll_prompts import poll_prompts
from sparekey.use_cases.qr_sign_in import QrShown, collect_qr, read_qr, start_qr
from sparekey.use_cases.stores_of_prompts import Prompt
from sparekey.web.api import device_schemas as s
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.flows import client_of, flow_answer, opened_answer
from sparekey.web.guard import bearer, door_of

# ---------------------------------------------------------------- phones that approve


async def pair(request: Request) -> Response:
    return json_answer(flow_answer(await pair_phone(door_of(request).services, await client_of(request), request.path_params["flow_id"])))


async def look_at_code(request: Request) -> Response:
    body = await read_json(request, s.PhoneCode)
    seen = await look_at_pairing(door_of(request).services, await client_of(request), body.code)
    return json_answer(s.PhoneCodeAnswer(masked(seen.email), seen.challenge, seen.until))


async def enrol(request: Request) -> Response:
    body = await read_json(request, s.EnrolPhone)
    done = await enrol_phone(door_of(request).services, await client_of(request), body.code, body.public_key, body.signed)
    return json_answer(s.PhoneEnrolled(done.phone, done.pending))


async def challenge(request: Request) -> Response:
    return json_answer(_challenge(new_challenge(door_of(request).services)))


async def poll(request: Request) -> Response:
    body = await read_json(request, s.PhoneWord)
    polled = await poll_prompts(door_of(request).services, await client_of(request), body.signed)
    return json_answer(s.PromptsAnswer(masked(polled.email), [_prompt(p) for p in polled.prompts], _challenge(polled.challenge)))


async def answer(request: Request) -> Response:
    body = await read_json(request, s.PhoneWord)
    state = await answer_prompt(door_of(request).services, await client_of(request), body.signed)
    return json_answer(s.PromptAnswered(state.value))


def _challenge(made: Challenge) -> s.ChallengeAnswer:
    return s.ChallengeAnswer(made.text, made.until)


def _prompt(prompt: Prompt) -> s.PromptAnswer:
    """As the phone sees it: without the number, which is typed from the other screen."""
    return s.PromptAnswer(prompt.prompt_id, prompt.action, prompt.device, prompt.place, prompt.created_at, prompt.expires_at)


# ---------------------------------------------------------------- computers that sign in by QR code


async def start(request: Request) -> Response:
    services = door_of(request).services
    holder = services.chance.token()
    shown = await start_qr(services, replace(await client_of(request), holder=holder))
    return json_answer(_qr(request, shown, holder=holder), 201)


async def show(request: Request) -> Response:
    body = await read_json(request, s.QrToken)
    return json_answer(_qr(request, await read_qr(door_of(request).services, await client_of(request), body.token)))


async def collect(request: Request) -> Response:
    body = await read_json(request, s.QrToken)
    opened = await collect_qr(door_of(request).services, await client_of(request), body.token)
    return json_answer(opened_answer(opened))


async def look(request: Request) -> Response:
    await bearer(request)
    body = await read_json(request, s.QrToken)
    seen = await look_at_qr(door_of(request).services, await client_of(request), body.token)
    return json_answer(s.QrSeen(seen.device, seen.place, seen.until))


async def approve(request: Request) -> Response:
    body = await read_json(request, s.ApproveSignIn)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(flow_answer(await approve_sign_in(services, client, flow_id, body.number)))


def _qr(request: Request, shown: QrShown, *, holder: str = "") -> s.QrAnswer:
    url = f"{door_of(request).origin}/q/{shown.token}"
    return s.QrAnswer(shown.token, url, shown.number, shown.state, shown.until, masked(shown.email) if shown.email else "", holder)
