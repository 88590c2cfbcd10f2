"""Flows through JSON: start, look, answer, send, finish, leave. The same use cases as the pages."""

import json
from typing import assert_never

from starlette.requests import Request
from starlette.responses import Response

from sparekey.challenges import backup_code
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.domain.names import check_name
from sparekey.domain.policy.verdict import Ask
from sparekey.domain.values import replace
from sparekey.messages import catalogue
from sparekey.use_cases.answer_approval import answer_approval
from sparekey.use_cases.answer_backup_code import answer_backup_code
from sparekey.use_cases.answer_code import answer_code
from sparekey.use_cases.answer_contacts import answer_contacts
from sparekey.use_cases.answer_key import answer_key
from sparekey.use_cases.answer_password import answer_password
from sparekey.use_cases.answer_remembered import answer_remembered
from sparekey.use_cases.answer_social import answer_social
from sparekey.use_cases.answer_totp import answer_totp
from sparekey.use_cases.approve_sign_in import start_approval
from sparekey.use_cases.ask_contacts import ask_contacts
from sparekey.use_cases.ask_for_key import ask_for_key
from sparekey.use_cases.ask_phone import ask_phone
from sparekey.use_cases.change_contacts import change_contacts
from sparekey.use_cases.confirm import start_confirming
from sparekey.use_cases.end_flow import leave_flow, nothing_more
from sparekey.use_cases.enrol_key import enrol_key
from sparekey.use_cases.finish_flow import finish_sign_up, finish_with_password
from sparekey.use_cases.keep_account import start_keeping
from sparekey.use_cases.key_ceremony import KEYS
from sparekey.use_cases.load_flow import show_flow
from sparekey.use_cases.open_link import look_at_link, open_link
from sparekey.use_cases.ports_of_social import SocialAnswer
from sparekey.use_cases.secret_answer import set_secret_answer
from sparekey.use_cases.send_code import send_code
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.sign_in import sign_in
from sparekey.use_cases.sign_in_passkey import passkey_options, sign_in_passkey
from sparekey.use_cases.sign_up import sign_up
from sparekey.use_cases.social_sign_up import give_details
from sparekey.use_cases.social_visit import Away, provider_named
from sparekey.use_cases.standing import Delivery, Opened, Standing
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.start_recovery import start_recovery
from sparekey.use_cases.start_report import start_report
from sparekey.use_cases.start_sign_in import start_sign_in
from sparekey.use_cases.start_social import ask_social, start_social
from sparekey.use_cases.start_thaw import start_thaw
from sparekey.use_cases.undo import start_undo
from sparekey.web.api import schemas as s
from sparekey.web.api.body import json_answer, read_json
from sparekey.web.api.contact_schemas import AnswerContacts, FriendsAnswer, StartChangeContacts, StartSetSecretAnswer
from sparekey.web.api.device_schemas import PairingAnswer, PromptShown
from sparekey.web.api.start_schemas import (
    Guarded,
    OfContacts,
    OfFactor,
    Start,
    StartAddAddress,
    StartAddFactor,
    StartApproveSignIn,
    StartCancelRecovery,
    StartChangeDetails,
    StartChangePassword,
    StartCloseAccount,
    StartConfirm,
    StartDownloadData,
    StartEndSessions,
    StartFlow,
    StartLinkSocial,
    StartObject,
    StartPreferFactor,
    StartRecovery,
    StartRemoveAddress,
    StartRemoveFactor,
    StartRenameFactor,
    StartRenewBackupCodes,
    StartReportStolen,
    StartSetMainAddress,
    StartSignIn,
    StartSignInPasskey,
    StartSignInSocial,
    StartSignUp,
    StartStopClosing,
    StartThaw,
    StartUndo,
    StartUnlinkSocial,
)
from sparekey.web.guard import LONGEST_COOKIE, agent_of, bearer_or_none, door_of, network_of


async def client_of(request: Request, *, language: str = "") -> Client:
    """A program: ``Flow-Token`` drives a flow, ``Device-Token`` marks a known device, ``Authorization`` carries the session."""
    who = await bearer_or_none(request)
    return Client(
        holder=request.headers.get("flow-token", "")[:LONGEST_COOKIE],
        network=network_of(request),
        user_agent=agent_of(request),
        language=catalogue.choose(request.headers.get("accept-language", ""), language),
        device_token=request.headers.get("device-token", "")[:LONGEST_COOKIE],
        session=who.session if who else None,
        remembered_token=request.headers.get("remembered-token", "")[:LONGEST_COOKIE],
    )


async def client_with_token(request: Request) -> tuple[Client, str]:
    """A program, and the ``Flow-Token`` that it is given because it had none; empty where it had one."""
    client = await client_of(request)
    token = "" if client.holder else door_of(request).services.chance.token()
    return replace(client, holder=client.holder or token), token


async def start(request: Request) -> Response:
    asked = await read_json(request, StartFlow)
    body = asked.flow
    services = door_of(request).services
    token = services.chance.token()
    client = replace(await client_of(request, language=getattr(body, "language", "")), holder=token, human=asked.human)
    return json_answer(flow_answer(await _start(services, client, body), flow_token=token), 201)


async def _start(services: Services, client: Client, body: Start) -> Standing | Away:
    match body:
        case StartSignUp():
            return await sign_up(services, client, name=body.name, email=body.email, password=body.password)
        case StartSignIn(identifier, password):
            if password is None:
                return await start_sign_in(services, client, identifier, FactorKind(body.by))
            return await sign_in(services, client, identifier, password)
        case StartSignInPasskey(credential):
            return await sign_in_passkey(services, client, credential, holder="")
        case StartSignInSocial():
            return await start_social(services, client, body.provider, redirect_uri=body.redirect_uri)
        case StartRecovery():
            return await start_recovery(services, client, body.identifier)
        case StartThaw():
            return await start_thaw(services, client, body.identifier)
        case StartReportStolen(identifier=identifier) if identifier:
            return await start_report(services, client, identifier)
        case StartUndo(identifier=identifier) if identifier:
            return await start_undo(services, client, identifier)
        case StartStopClosing(identifier=identifier) if identifier:
            return await start_keeping(services, client, identifier)
        case StartApproveSignIn():
            return await start_approval(services, client, body.token)
        case _:
            return await _start_guarded(services, client, body)


async def _start_guarded(services: Services, client: Client, body: Guarded | OfContacts | StartConfirm) -> Standing:
    match body:
        case StartChangeContacts():
            named = [(f.name, f.email) for f in body.friends]
            return await change_contacts(services, client, named, body.needed, all_needed_is_meant=body.all_needed)
        case StartConfirm():
            return await start_confirming(services, client, body.confirmation_id)
        case StartSetSecretAnswer():
            return await set_secret_answer(services, client, body.question, body.answer)
        case _:
            return await start_guarded(services, client, *_wanted(services, body))


def _wanted(services: Services, body: Guarded) -> tuple[Action, Wants]:
    """What one who is signed in asks for. Raises ``InvalidInput``."""
    match body:
        case StartLinkSocial():
            return Action.LINK_SOCIAL, Wants(label=provider_named(services, body.provider).name)
        case StartUnlinkSocial():
            return Action.UNLINK_SOCIAL, Wants(factor_id=body.factor_id)
        case StartChangePassword():
            return Action.CHANGE_PASSWORD, Wants()
        case StartChangeDetails():
            return Action.CHANGE_DETAILS, details_wanted(services, body.name, body.language, body.user_name)
        case StartCloseAccount() | StartStopClosing() | StartDownloadData() | StartUndo():
            return Action(str(body.__struct_config__.tag)), Wants()
        case StartAddAddress():
            return Action.ADD_ADDRESS, address_wanted(services, email=body.email, phone=body.phone)
        case StartRemoveAddress():
            return Action.REMOVE_ADDRESS, Wants(address=body.address_id, given_up=body.given_up)
        case StartSetMainAddress():
            return Action.SET_MAIN_ADDRESS, Wants(address=body.address_id)
        case StartEndSessions():
            return Action.END_SESSIONS, Wants(session_id=body.session_id, factor_id=body.remembered_id)
        case StartAddFactor():
            return Action.ADD_FACTOR, Wants(factor_kind=body.factor, label=label_of(body.label), address=body.address_id)
        case StartCancelRecovery() | StartObject():
            return Action(str(body.__struct_config__.tag)), Wants(flow_id=body.flow_id)
        case _:
            return _wanted_of_factor(body)


def address_wanted(services: Services, *, email: str, phone: str) -> Wants:
    """A new address as a flow wants it. Raises ``InvalidInput``, also for both at once."""
    if email and phone:
        raise InvalidInput(FieldProblem("phone", "one_address_at_a_time"))
    address = services.identifiers.phone(phone) if phone else services.identifiers.email(email)
    return Wants(address=address.value, address_key=address.key)


def _wanted_of_factor(body: OfFactor) -> tuple[Action, Wants]:
    match body:
        case StartRemoveFactor():
            return Action.REMOVE_FACTOR, Wants(factor_id=body.factor_id)
        case StartReportStolen():
            return Action.REPORT_STOLEN, Wants(factor_id=body.factor_id)
        case StartRenewBackupCodes():
            return Action.RENEW_BACKUP_CODES, Wants()
        case StartPreferFactor():
            return Action.CHANGE_DETAILS, Wants(factor_kind=body.factor)
        case StartRenameFactor():
            return Action.CHANGE_DETAILS, Wants(factor_id=body.factor_id, label=label_of(body.label))
        case _:
            assert_never(body)


def label_of(typed: str) -> str:
    """What the owner calls a factor; it may be nothing. Raises ``InvalidInput``."""
    return check_name(typed, "label") if typed.strip() else ""


def details_wanted(services: Services, name: str, language: str, user_name: str) -> Wants:
    """Details as a flow wants them. Raises ``InvalidInput`` with everything that is wrong."""
    problems: list[FieldProblem] = []
    shown = key = ""
    try:
        name = check_name(name)
    except InvalidInput as e:
        problems += e.problems
    if user_name.strip():
        try:
            shown, key = services.identifiers.user_name(user_name)
        except InvalidInput as e:
            problems += e.problems
    if language not in catalogue.LANGUAGES:
        problems.append(FieldProblem("language", "language_unknown"))
    if problems:
        raise InvalidInput(*problems)
    return Wants(name=name, language=language, user_name=shown, address_key=key)


async def show(request: Request) -> Response:
    standing = await show_flow(door_of(request).services, await client_of(request), request.path_params["flow_id"])
    return json_answer(flow_answer(standing))


async def answer(request: Request) -> Response:
    body = await read_json(request, s.AnswerFlow)
    services, flow_id = door_of(request).services, request.path_params["flow_id"]
    client = replace(await client_of(request), remember=body.remember_device)
    match body.answer:
        case s.AnswerCode(code) | s.AnswerText(code):
            return json_answer(flow_answer(await answer_code(services, client, flow_id, code)))
        case s.AnswerPassword(password):
            return json_answer(flow_answer(await answer_password(services, client, flow_id, password)))
        case s.AnswerPasskey(credential) | s.AnswerSecurityKey(credential):
            return json_answer(flow_answer(await answer_key(services, client, flow_id, credential)))
        case s.AnswerTotp(code):
            return json_answer(flow_answer(await answer_totp(services, client, flow_id, code)))
        case s.AnswerBackupCode(code):
            return json_answer(flow_answer(await answer_backup_code(services, client, flow_id, code)))
        case s.AnswerRemembered():
            return json_answer(flow_answer(await answer_remembered(services, client, flow_id)))
        case s.AnswerSocial(provider, code, state, issuer, device_id):
            brought = SocialAnswer(code, state, issuer, device_id)
            return json_answer(flow_answer((await answer_social(services, client, flow_id, provider, brought)).standing))
        case AnswerContacts():
            return json_answer(flow_answer(await answer_contacts(services, client, flow_id)))
        case s.AnswerApproval():
            return json_answer(flow_answer(await answer_approval(services, client, flow_id)))
        case _:
            assert_never(body.answer)


async def go_social(request: Request) -> Response:
    body = await read_json(request, s.GoSocial)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(flow_answer(await ask_social(services, client, flow_id, body.provider, redirect_uri=body.redirect_uri)))


async def give_social_details(request: Request) -> Response:
    body = await read_json(request, s.GiveDetails)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    return json_answer(flow_answer(await give_details(services, client, flow_id, name=body.name, email=body.email)))


async def providers(request: Request) -> Response:
    return json_answer(s.ProvidersAnswer([s.ProviderAnswer(p.name, p.title) for p in door_of(request).services.social.providers]))


async def send(request: Request) -> Response:
    body = await read_json(request, s.SendCode)
    kind = FactorKind(body.challenge)
    if kind is FactorKind.CONTACTS:
        standing = await ask_contacts(door_of(request).services, await client_of(request), request.path_params["flow_id"])
        return json_answer(flow_answer(standing))
    if kind is FactorKind.PHONE_APPROVAL:
        standing = await ask_phone(door_of(request).services, await client_of(request), request.path_params["flow_id"])
        return json_answer(flow_answer(standing))
    send_or_ask = ask_for_key if kind in KEYS else send_code
    standing = await send_or_ask(door_of(request).services, await client_of(request), request.path_params["flow_id"], kind)
    return json_answer(flow_answer(standing))


async def new_key(request: Request) -> Response:
    body = await read_json(request, s.NewKey)
    standing = await enrol_key(door_of(request).services, await client_of(request), request.path_params["flow_id"], body.credential)
    return json_answer(flow_answer(standing))


async def options_for_passkey(request: Request) -> Response:
    return json_answer(s.PasskeyOptions(passkey_options(door_of(request).services, "")))


async def finish(request: Request) -> Response:
    body = await read_json(request, s.FinishFlow)
    services, client, flow_id = door_of(request).services, await client_of(request), request.path_params["flow_id"]
    standing = await show_flow(services, client, flow_id)
    if standing.flow.action == Action.SIGN_UP:
        return json_answer(flow_answer(await finish_sign_up(services, client, flow_id, password=body.password, name=body.name)))
    return json_answer(flow_answer(await finish_with_password(services, client, flow_id, body.password, body.lost)))


async def say_nothing_more(request: Request) -> Response:
    return json_answer(flow_answer(await nothing_more(door_of(request).services, await client_of(request), request.path_params["flow_id"])))


async def leave(request: Request) -> Response:
    await leave_flow(door_of(request).services, await client_of(request), request.path_params["flow_id"])
    return Response(status_code=204)


async def look(request: Request) -> Response:
    body = await read_json(request, s.OpenLink)
    link = await look_at_link(door_of(request).services, await client_of(request), body.token)
    return json_answer(s.LinkAnswer(action=link.action, here=link.here))


async def open_(request: Request) -> Response:
    """Open a link. A program without a ``Flow-Token`` gets a new one: the flow is its own from now on."""
    body = await read_json(request, s.OpenLink)
    services, (client, token) = door_of(request).services, await client_with_token(request)
    standing = await open_link(services, client, body.token)
    return json_answer(flow_answer(standing, flow_token=token))


def flow_answer(stands: Standing | Away, *, flow_token: str = "") -> s.FlowAnswer:
    standing, url = (stands.standing, stands.authorization_url) if isinstance(stands, Away) else (stands, "")
    flow, verdict, told, asked = standing.flow, standing.verdict, standing.suggested, standing.prompt
    return s.FlowAnswer(
        flow_id=flow.flow_id,
        action=flow.action,
        state=flow.state.value,
        expires_at=flow.expires_at,
        choices=[kind.value for kind in standing.choices],
        otherwise=type(verdict.otherwise).__name__.lower() if isinstance(verdict, Ask) else "",
        sent=standing.sent,
        sent_to=standing.sent_to(),
        sent_by=[kind.value for kind in standing.sent_by],
        delivery=_delivery(standing.delivery) if standing.delivery else None,
        operator_refuses=standing.operator_refuses,
        resend_at=standing.resend_at,
        held=standing.held,
        finish=finish_needs(standing),
        ended=flow.ended,
        waits_until=flow.waits_until,
        wait_days=flow.waiting.days if flow.waiting else 0,
        counted_days=min(flow.waiting.counted, flow.waiting.days) if flow.waiting else 0,
        objected=flow.waiting is not None and flow.waiting.objected_at is not None,
        next_flow=flow.next_flow,
        not_now=[s.NotNowAnswer(n.kind, n.why) for n in standing.not_now],
        methods=[s.MethodNamed(f.factor_id, f.kind, f.label) for f in standing.methods],
        authenticator=s.AuthenticatorAnswer(app.key, app.uri) if (app := standing.authenticator) else None,
        new_codes=[backup_code.printed(code) for code in standing.new_codes],
        key_options=json.loads(flow.ceremony.options) if flow.ceremony else None,
        authorization_url=url,
        suggested=s.Suggestion(told.name, told.email, told.vouched) if told else None,
        prompt=PromptShown(asked.number, asked.state, asked.until) if asked else None,
        friends=FriendsAnswer(who.phrase, who.answered, who.enough, who.until) if (who := standing.friends) else None,
        pairing=PairingAnswer(standing.pairing.code, standing.pairing.until) if standing.pairing else None,
        flow_token=flow_token,
        session=opened_answer(standing.opened) if standing.opened else None,
    )


def finish_needs(standing: Standing) -> str:
    """What the person gives last: ``password`` (a new one), ``sign_up_password``, ``code`` (of a new address), ``key`` (a new one), or
    nothing. ``totp``, ``backup_codes``, ``stolen``, ``details``, ``social``, ``data``, ``number`` (of a computer) and ``phone`` (to be
    paired) go to addresses of their own."""
    if standing.suggested is not None:
        return "details"
    if standing.flow.state is not State.ALLOWED:
        return ""
    if standing.flow.action == Action.LINK_SOCIAL:
        return "social"
    if standing.flow.action == Action.DOWNLOAD_DATA:
        return "data"
    if standing.flow.action == Action.APPROVE_SIGN_IN:
        return "number"
    if standing.new_codes:
        return "backup_codes"
    if standing.authenticator is not None:
        return "totp"
    if standing.flow.action == Action.REPORT_STOLEN:
        return "stolen"
    if standing.flow.wants.factor_kind == FactorKind.PHONE_APPROVAL:
        return "phone"
    if standing.flow.ceremony is not None:
        return "key"
    if standing.needs_password:
        return "password"
    return "sign_up_password" if standing.flow.action == Action.SIGN_UP else "code"


def _delivery(told: Delivery) -> s.DeliveryAnswer:
    return s.DeliveryAnswer(told.kind.value, told.state, told.at, told.reason, told.mailed_instead)


def opened_answer(opened: Opened) -> s.SessionOpened:
    return s.SessionOpened(
        token=opened.token,
        device_token=opened.device_token,
        remembered_token=opened.remembered_token,
        limited=opened.session.limited,
        offer_second_factor=opened.offer_second,
        account_id=opened.session.account_id,
        session_id=opened.session.session_id,
        expires_at=opened.session.expires_at,
    )
