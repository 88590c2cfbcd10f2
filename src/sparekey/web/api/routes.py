"""Every address of the JSON API, one a line, with what goes in and comes out. Routing and the OpenAPI document are made of it."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.values import Struct
from sparekey.use_cases.download_data import DataKept
from sparekey.web.api import (
    account,
    alarms,
    cases,
    closing,
    confirmations,
    contacts,
    devices,
    disputes,
    flows,
    help_centre,
    methods,
    passwords,
    review,
    shop,
    undo,
)
from sparekey.web.api import agents as agents_door
from sparekey.web.api import contact_schemas as c
from sparekey.web.api import device_schemas as d
from sparekey.web.api import schemas as s
from sparekey.web.api.account_schemas import (
    AccountAnswer,
    ActivityAnswer,
    KeysAnswer,
    LinkedAccountsAnswer,
    MessagesAnswer,
    MethodsAnswer,
    SessionsAnswer,
)
from sparekey.web.api.start_schemas import StartFlow
from sparekey.web.session_check import SessionAnswer

Handler = Callable[[Request], Awaitable[Response]]


class ApiRoute(Struct, frozen=True):
    """``signed_in``: asks for ``Authorization: Bearer``; ``for_shop``: with the shop's own secret.
    ``body`` and ``answer``: ``None`` for nothing. ``same``: the status where the same was asked before; 0 where that makes no
    difference."""

    method: str
    path: str
    name: str
    about: str
    handler: Handler | None
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct] | None
    status: int = 200
    signed_in: bool = False
    for_shop: bool = False
    same: int = 0


API_ROUTES: tuple[ApiRoute, ...] = (
    # Who is signed in? Served before the framework (web/session_check.py).
    ApiRoute("GET", "/api/v1/session", "who_is", "Who is signed in?", None, None, SessionAnswer, signed_in=True),
    ApiRoute("DELETE", "/api/v1/session", "sign_out", "Sign out: end this session", account.end_session, None, None, 204, signed_in=True),
    # Flows.
    ApiRoute("POST", "/api/v1/flows", "start_flow", "Start a flow", flows.start, StartFlow, s.FlowAnswer, 201),
    ApiRoute("GET", "/api/v1/flows/{flow_id}", "show_flow", "Where a flow stands", flows.show, None, s.FlowAnswer),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/answer", "answer_flow", "Answer a question", flows.answer, s.AnswerFlow, s.FlowAnswer),
    ApiRoute(
        "POST", "/api/v1/flows/{flow_id}/send", "send_code", "Send a code, again or another way", flows.send, s.SendCode, s.FlowAnswer
    ),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/finish", "finish_flow", "Give what is needed last", flows.finish, s.FinishFlow, s.FlowAnswer),
    ApiRoute("GET", "/api/v1/flows/{flow_id}/changes", "can_be_undone", "What can be undone", undo.can_be_undone, None, undo.ChangesAnswer),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/undo", "undo", "Undo, and lock", undo.finish, undo.FinishUndo, alarms.UndoneAnswer),
    ApiRoute(
        "GET",
        "/api/v1/account/changes",
        "changes",
        "What was changed in the last 30 days",
        undo.changes,
        None,
        undo.ChangesAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "POST", "/api/v1/flows/{flow_id}/nothing-more", "nothing_more", "I have no other way", flows.say_nothing_more, None, s.FlowAnswer
    ),
    ApiRoute(
        "POST", "/api/v1/flows/{flow_id}/new-totp", "enrol_totp", "Add an authenticator app", methods.new_totp, s.NewTotp, s.FlowAnswer
    ),
    ApiRoute(
        "POST",
        "/api/v1/flows/{flow_id}/keep-codes",
        "keep_backup_codes",
        "Show that the backup codes were kept",
        methods.keep_codes,
        s.KeepCodes,
        s.FlowAnswer,
    ),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/stolen", "say_stolen", "Say what was stolen", methods.stolen, s.Stolen, s.FlowAnswer),
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
    # Accounts elsewhere.
    ApiRoute("GET", "/api/v1/social", "providers", "Providers at which one may have an account", flows.providers, None, s.ProvidersAnswer),
    ApiRoute(
        "POST", "/api/v1/flows/{flow_id}/social", "go_social", "Go to a provider for a flow", flows.go_social, s.GoSocial, s.FlowAnswer
    ),
    ApiRoute(
        "POST",
        "/api/v1/flows/{flow_id}/details",
        "give_details",
        "Name and address of a sign-up that began elsewhere",
        flows.give_social_details,
        s.GiveDetails,
        s.FlowAnswer,
    ),
    ApiRoute("GET", "/api/v1/account/social", "linked", "Accounts elsewhere", account.linked, None, LinkedAccountsAnswer, signed_in=True),
    # Mailed links.
    ApiRoute("POST", "/api/v1/links/look", "look_at_link", "What a link would do; changes nothing", flows.look, s.OpenLink, s.LinkAnswer),
    ApiRoute("POST", "/api/v1/links/open", "open_link", "Spend a link", flows.open_, s.OpenLink, s.FlowAnswer),
    # Phones that approve.
    ApiRoute("POST", "/api/v1/flows/{flow_id}/pair", "pair_phone", "A code to enrol a phone with", devices.pair, None, s.FlowAnswer),
    ApiRoute(
        "POST",
        "/api/v1/approvals/look",
        "look_at_phone_code",
        "What a code would enrol the phone for; changes nothing",
        devices.look_at_code,
        d.PhoneCode,
        d.PhoneCodeAnswer,
    ),
    ApiRoute("POST", "/api/v1/approvals/enrol", "enrol_phone", "Enrol a phone", devices.enrol, d.EnrolPhone, d.PhoneEnrolled),
    ApiRoute("POST", "/api/v1/approvals/challenge", "challenge", "For a phone's next word", devices.challenge, None, d.ChallengeAnswer),
    ApiRoute("POST", "/api/v1/approvals/poll", "poll_prompts", "What is the phone asked?", devices.poll, d.PhoneWord, d.PromptsAnswer),
    ApiRoute("POST", "/api/v1/approvals/answer", "answer_prompt", "The phone answers", devices.answer, d.PhoneWord, d.PromptAnswered),
    # Computers that sign in by QR code.
    ApiRoute("POST", "/api/v1/qr-sign-ins", "start_qr", "A QR code and a number", devices.start, None, d.QrAnswer, 201),
    ApiRoute("POST", "/api/v1/qr-sign-ins/show", "show_qr", "Has a phone approved?", devices.show, d.QrToken, d.QrAnswer),
    ApiRoute("POST", "/api/v1/qr-sign-ins/collect", "collect_qr", "Open the session", devices.collect, d.QrToken, s.SessionOpened),
    ApiRoute("POST", "/api/v1/qr-sign-ins/look", "look_at_qr", "Which computer is it?", devices.look, d.QrToken, d.QrSeen, signed_in=True),
    ApiRoute(
        "POST",
        "/api/v1/flows/{flow_id}/approve",
        "approve_sign_in",
        "The number that the computer shows",
        devices.approve,
        d.ApproveSignIn,
        s.FlowAnswer,
    ),
    # Alarms and waits.
    ApiRoute(
        "POST", "/api/v1/notices/look", "look_at_notice", "What a press would do", alarms.look, alarms.LookAtNotice, alarms.NoticeAnswer
    ),
    ApiRoute("POST", "/api/v1/notices/disown", "disown", "This wasn't me", alarms.press, alarms.Disown, alarms.DisownedAnswer),
    ApiRoute(
        "POST",
        "/api/v1/waits/look",
        "look_at_wait",
        "Where a recovery that waits stands",
        alarms.look_at_wait,
        alarms.ComeBack,
        alarms.WaitAnswer,
    ),
    ApiRoute("POST", "/api/v1/waits/open", "come_back", "Back to a recovery that waits", alarms.back, alarms.ComeBack, s.FlowAnswer),
    ApiRoute(
        "GET",
        "/api/v1/account/recoveries",
        "recoveries",
        "Recoveries that wait",
        alarms.recoveries,
        None,
        alarms.RecoveriesAnswer,
        signed_in=True,
    ),
    # Help.
    ApiRoute(
        "GET",
        "/api/v1/help",
        "help",
        "Articles of the help centre, all or those that answer q",
        help_centre.look_up,
        None,
        help_centre.HelpAnswer,
    ),
    ApiRoute("GET", "/api/v1/help/{slug}", "help_article", "One article", help_centre.article, None, help_centre.ArticleAnswer),
    # Closing the account, and its data.
    ApiRoute("GET", "/api/v1/account/closing", "closing", "When it closes", closing.closing, None, closing.ClosingAnswer, signed_in=True),
    ApiRoute(
        "POST",
        "/api/v1/closing/look",
        "look_at_closing",
        "What a link that keeps the account would do; changes nothing",
        closing.look,
        closing.KeepAccount,
        closing.KeepingAnswer,
    ),
    ApiRoute("POST", "/api/v1/closing/stop", "keep_account", "Keep the account", closing.keep, closing.KeepAccount, closing.KeepingAnswer),
    ApiRoute("POST", "/api/v1/flows/{flow_id}/data", "download_data", "Everything that is kept", closing.data, None, DataKept),
    # Friends who help to recover.
    ApiRoute(
        "GET",
        "/api/v1/account/contacts",
        "contacts",
        "Recovery contacts",
        contacts.contacts,
        None,
        c.ContactsAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "POST", "/api/v1/account/contacts/stop", "stop_contacts", "Stop a change that waits", contacts.stop, None, None, 204, signed_in=True
    ),
    ApiRoute(
        "POST",
        "/api/v1/account/contacts/{contact_id}/invite",
        "invite_contact",
        "Mail a friend the invitation again",
        contacts.invite,
        None,
        None,
        204,
        signed_in=True,
    ),
    ApiRoute(
        "POST", "/api/v1/contacts/look", "look_at_contact", "What a friend is asked", contacts.look, c.LookAtContact, c.ContactLinkAnswer
    ),
    ApiRoute(
        "POST", "/api/v1/contacts/accept", "accept_contact", "Be a recovery contact, or not", contacts.answer, c.AnswerInvitation, None, 204
    ),
    ApiRoute("POST", "/api/v1/contacts/phrase", "type_phrase", "The phrase that was told", contacts.type_phrase, c.TypePhrase, None, 204),
    ApiRoute("POST", "/api/v1/contacts/refuse", "refuse_phrase", "Nobody told a phrase", contacts.refuse, c.LookAtContact, None, 204),
    ApiRoute(
        "GET",
        "/api/v1/account/secret-question",
        "secret_question",
        "The secret question, where the site has one",
        contacts.secret_question,
        None,
        c.SecretQuestionAnswer,
        signed_in=True,
    ),
    # Two sides claim an account.
    ApiRoute(
        "GET",
        "/api/v1/account/dispute",
        "dispute",
        "How a dispute about the own account stands",
        disputes.of_account,
        None,
        disputes.DisputeAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "GET",
        "/api/v1/flows/{flow_id}/dispute",
        "dispute_of_flow",
        "How a dispute stands that a recovery is in",
        disputes.of_flow,
        None,
        disputes.DisputeAnswer,
    ),
    ApiRoute(
        "POST",
        "/api/v1/disputes/look",
        "look_at_dispute",
        "How a dispute stands, by the link of a notice",
        disputes.look,
        disputes.ObjectionLink,
        disputes.DisputeAnswer,
    ),
    ApiRoute(
        "POST",
        "/api/v1/disputes/show-more",
        "show_more",
        "Object with one more thing, by the link of a notice",
        disputes.show_more,
        disputes.ObjectionLink,
        s.FlowAnswer,
        201,
    ),
    # The own account.
    ApiRoute("GET", "/api/v1/account", "account", "Name, addresses and the rest", account.details, None, AccountAnswer, signed_in=True),
    ApiRoute(
        "GET",
        "/api/v1/account/sessions",
        "sessions",
        "Devices that are signed in",
        account.sessions,
        None,
        SessionsAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "GET",
        "/api/v1/account/methods",
        "methods",
        "Second factors and backup codes",
        methods.methods,
        None,
        MethodsAnswer,
        signed_in=True,
    ),
    ApiRoute("GET", "/api/v1/account/keys", "keys", "Passkeys and security keys", account.keys, None, KeysAnswer, signed_in=True),
    ApiRoute(
        "POST",
        "/api/v1/account/second-factor/not-now",
        "refuse_second_factor",
        "Do not offer a second factor again for 90 days",
        account.not_now,
        None,
        None,
        204,
        signed_in=True,
    ),
    ApiRoute("GET", "/api/v1/account/activity", "activity", "What happened", account.activity, None, ActivityAnswer, signed_in=True),
    ApiRoute("GET", "/api/v1/account/messages", "messages", "What we sent", account.messages, None, MessagesAnswer, signed_in=True),
    ApiRoute(
        "GET",
        "/api/v1/account/restrictions",
        "own_restrictions",
        "What is withheld, and until when",
        shop.own_restrictions,
        None,
        shop.RestrictionsAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "GET",
        "/api/v1/account/review",
        "review",
        "What happened since the account was surely its owner's",
        review.look,
        None,
        review.ReviewAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "GET",
        "/api/v1/flows/{flow_id}/review",
        "review_before_undoing",
        "What happened lately, before it is undone",
        review.before_undoing,
        None,
        review.ReviewAnswer,
    ),
    ApiRoute(
        "POST",
        "/api/v1/account/review/orders",
        "disown_orders",
        "These orders and payments were not mine",
        review.disown,
        review.DisownOrders,
        None,
        204,
        signed_in=True,
    ),
    # The shop, with a secret of its own.
    ApiRoute(
        "GET",
        "/api/v1/shop/accounts/{account_id}/restrictions",
        "restrictions",
        "What the shop withholds on an account",
        shop.restrictions,
        None,
        shop.ShopRestrictions,
        for_shop=True,
    ),
    ApiRoute(
        "POST",
        "/api/v1/shop/activity",
        "report_activity",
        "Report an order, a payment, a payout",
        shop.activity,
        shop.ReportActivity,
        shop.ActivityReported,
        for_shop=True,
    ),
    ApiRoute(
        "POST",
        "/api/v1/shop/confirmations",
        "ask_confirmation",
        "Ask somebody to confirm an action of the site's own",
        confirmations.ask,
        confirmations.AskConfirmation,
        confirmations.ShopConfirmation,
        201,
        for_shop=True,
        same=200,
    ),
    ApiRoute(
        "GET",
        "/api/v1/shop/confirmations/{confirmation_id}",
        "show_confirmation_to_shop",
        "What became of it",
        confirmations.look_as_shop,
        None,
        confirmations.ShopConfirmation,
        for_shop=True,
    ),
    ApiRoute(
        "POST",
        "/api/v1/shop/confirmations/{confirmation_id}/use",
        "use_confirmation",
        "Do what was confirmed: once",
        confirmations.use,
        None,
        confirmations.ShopConfirmation,
        for_shop=True,
    ),
    # The person's half of it.
    ApiRoute(
        "GET",
        "/api/v1/confirmations/{confirmation_id}",
        "show_confirmation",
        "What the site asks",
        confirmations.look,
        None,
        confirmations.ConfirmationAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "POST",
        "/api/v1/confirmations/{confirmation_id}/refuse",
        "refuse_confirmation",
        "Refuse it",
        confirmations.refuse,
        None,
        confirmations.ConfirmationAnswer,
        signed_in=True,
    ),
    # Support cases.
    ApiRoute("POST", "/api/v1/cases", "open_case", "Open a support case", cases.open_, cases.OpenCase, cases.CaseAnswer, 201),
    ApiRoute(
        "POST", "/api/v1/cases/return", "return_to_case", "Come back by a mailed link", cases.back, cases.ReturnToCase, cases.CaseAnswer
    ),
    ApiRoute("GET", "/api/v1/cases/{number}", "show_case", "Where a case stands", cases.show, None, cases.CaseAnswer),
    ApiRoute("DELETE", "/api/v1/cases/{number}", "withdraw_case", "It is not needed any more", cases.withdraw, None, cases.CaseAnswer),
    ApiRoute("POST", "/api/v1/cases/{number}/send", "send_case_code", "Another code", cases.send, None, cases.CaseAnswer),
    ApiRoute(
        "POST",
        "/api/v1/cases/{number}/confirm",
        "confirm_case",
        "Show the contact mailbox",
        cases.confirm,
        cases.ConfirmCase,
        cases.CaseAnswer,
    ),
    ApiRoute(
        "POST",
        "/api/v1/cases/{number}/statements",
        "give_statements",
        "What is remembered of the account; once",
        cases.state,
        cases.GiveStatements,
        cases.CaseAnswer,
    ),
    ApiRoute("POST", "/api/v1/cases/{number}/messages", "write_in_case", "Write in a case", cases.say, cases.WriteInCase, cases.CaseAnswer),
    # Agents of support.
    ApiRoute(
        "POST",
        "/api/v1/agent/shift",
        "begin_shift",
        "Show the key, for the console",
        agents_door.begin_shift,
        None,
        s.FlowAnswer,
        201,
        signed_in=True,
    ),
    ApiRoute("GET", "/api/v1/agent/cases", "queue", "Cases that wait", agents_door.queue, None, agents_door.QueueAnswer, signed_in=True),
    ApiRoute(
        "GET", "/api/v1/agent/cases/{number}", "look_at_case", "A case", agents_door.look, None, agents_door.CaseLookedAt, signed_in=True
    ),
    ApiRoute(
        "GET",
        "/api/v1/agent/cases/{number}/messages",
        "hear",
        "What was said",
        agents_door.hear,
        None,
        agents_door.HeardAnswer,
        signed_in=True,
    ),
    ApiRoute(
        "POST",
        "/api/v1/agent/cases/{number}/messages",
        "say_as_agent",
        "Write to the person",
        agents_door.say,
        agents_door.SayInCase,
        agents_door.SaidAnswer,
        201,
        signed_in=True,
    ),
    ApiRoute(
        "POST",
        "/api/v1/agent/cases/{number}/votes",
        "vote_on_case",
        "Vote",
        agents_door.vote,
        agents_door.VoteOnCase,
        agents_door.VotedAnswer,
        signed_in=True,
    ),
    ApiRoute("GET", "/api/v1/agent/agents", "agents", "All agents", agents_door.agents, None, agents_door.AgentsAnswer, signed_in=True),
    ApiRoute(
        "POST",
        "/api/v1/agent/agents",
        "place_agent",
        "Put an agent in place",
        agents_door.place,
        agents_door.PlaceAgent,
        None,
        204,
        signed_in=True,
    ),
    # Passwords.
    ApiRoute("POST", "/api/v1/passwords/check", "check_password", "Judge a password", passwords.check, s.CheckPassword, s.PasswordJudged),
)
