"""Every address of the JSON API, one a line, with what goes in and comes out. Routing and the OpenAPI document are made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sparekey.web.api import account, flows, passwords
from sparekey.web.api import schemas as s
from sparekey.web.session_check import SessionAnswer

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """``signed_in``: asks for ``Authorization: Bearer``. ``body`` and ``answer``: ``None`` for nothing."""

    method: str
    path: str
    name: str
    about: str
    handler: Handler | None
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct] | None
    status: int = 200
    signed_in: bool = False


API_ROUTES: tuple[ApiRoute, ...] = (
    # Who is signed in? Served before the framework (web/session_check.py).
    ApiRoute("GET", "/api/v1/session", "who_is", "Who is signed in?", None, None, SessionAnswer, signed_in=True),
    ApiRoute("DELETE", "/api/v1/session", "sign_out", "Sign out: end this session", account.end_session, None, None, 204, signed_in=True),
    # Flows.
    ApiRoute("POST", "/api/v1/flows", "start_flow", "Start a flow", flows.start, s.StartFlow, s.FlowAnswer, 201),
    ApiRoute("GET", "/api/v1/flows/{flow_id}", "show_flow", "Where a flow stands", flows.show, None, s.FlowAnswer),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/answer", "answer_flow", "Answer a question", flows.answer, s.AnswerFlow, s.FlowAnswer),
    ApiRoute(
        "POST", "/api/v1/flows/{flow_id}/send", "send_code", "Send a code, again or another way", flows.send, s.SendCode, s.FlowAnswer
    ),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/finish", "finish_flow", "Give what is needed last", flows.finish, s.FinishFlow, s.FlowAnswer),
    ApiRoute(
        "POST", "/api/v1/flows/{flow_id}/nothing-more", "nothing_more", "I have no other way", flows.say_nothing_more, None, s.FlowAnswer
    ),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/new-key", "enrol_key", "Add the key that was made", flows.new_key, s.NewKey, s.FlowAnswer),
    ApiRoute(
        "GET",
        "/api/v1/passkeys/options",
        "passkey_options",
        "What to ask a browser for, to sign in with a passkey",
        flows.options_for_passkey,
        None,
        s.PasskeyOptions,
    ),
    ApiRoute("DELETE", "/api/v1/flows/{flow_id}", "leave_flow", "Leave a flow", flows.leave, None, None, 204),
    # Mailed links.
    ApiRoute("POST", "/api/v1/links/look", "look_at_link", "What a link would do; changes nothing", flows.look, s.OpenLink, s.LinkAnswer),
    ApiRoute("POST", "/api/v1/links/open", "open_link", "Spend a link", flows.open_, s.OpenLink, s.FlowAnswer),
    # The own account.
    ApiRoute("GET", "/api/v1/account", "account", "Name, addresses and the rest", account.details, None, s.AccountAnswer, signed_in=True),
    ApiRoute(
        "GET",
        "/api/v1/account/sessions",
        "sessions",
        "Devices that are signed in",
        account.sessions,
        None,
        s.SessionsAnswer,
        signed_in=True,
    ),
    ApiRoute("GET", "/api/v1/account/keys", "keys", "Passkeys and security keys", account.keys, None, s.KeysAnswer, signed_in=True),
    ApiRoute("GET", "/api/v1/account/activity", "activity", "What happened", account.activity, None, s.ActivityAnswer, signed_in=True),
    ApiRoute("GET", "/api/v1/account/messages", "messages", "What we sent", account.messages, None, s.MessagesAnswer, signed_in=True),
    # Passwords.
    ApiRoute("POST", "/api/v1/passwords/check", "check_password", "Judge a password", passwords.check, s.CheckPassword, s.PasswordJudged),
)
