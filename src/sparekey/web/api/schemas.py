"""What the JSON API takes and gives. The OpenAPI document is made of these types, so it cannot say anything else."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sparekey.challenges.webauthn import Assertion, Registration

_END = r"$(?!\n)"
"""The end of the text, in Python too, where ``$`` alone lets a line break pass."""

_PLAIN = rf"^[^\x00-\x1f\x7f]*{_END}"
"""No control characters: no keyboard types them, and PostgreSQL cannot keep NUL."""

Typed = Annotated[str, Meta(max_length=320, pattern=_PLAIN, description="As the person typed it.")]
Password = Annotated[str, Meta(max_length=4096, description="Any characters; 1,024 after normalisation at most.")]
Code = Annotated[str, Meta(max_length=64, description="Spaces, dashes and full-width digits do not matter.")]
Name = Annotated[str, Meta(max_length=400, pattern=_PLAIN)]
Language = Annotated[str, Meta(max_length=8, pattern=_PLAIN)]
Id = Annotated[str, Meta(max_length=64, pattern=rf"^[0-9a-f]*{_END}")]


class StartSignUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sign_up", tag_field="action"):
    """Create an account. A code and a link go to the address."""

    email: Typed
    name: Name
    password: Password
    language: Language = ""


class StartSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sign_in", tag_field="action"):
    """Sign in. With a password the answer is at once; without one a link is sent to the mailbox."""

    identifier: Typed
    password: Password | None = None


class StartRecovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="recover", tag_field="action"):
    """Get back in. A code and a link go to the mailbox."""

    identifier: Typed


class StartChangePassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="change_password", tag_field="action"):
    """Change the password; the present one is asked for, then the new one."""


class StartChangeDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="change_details", tag_field="action"):
    """Change name, language and user name to what is given."""

    name: Name
    language: Language
    user_name: Annotated[str, Meta(max_length=100, pattern=_PLAIN)] = ""


class StartAddAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="add_address", tag_field="action"):
    """Add an e-mail address. A code goes to it once the session is fresh."""

    email: Typed


class StartRemoveAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="remove_address", tag_field="action"):
    address_id: Id


class StartSetMainAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="set_main_address", tag_field="action"):
    address_id: Id


class StartEndSessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_sessions", tag_field="action"):
    """End one session, or without an id all others."""

    session_id: Id = ""


class StartSignInPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sign_in_passkey", tag_field="action"):
    """Sign in with a passkey alone. ``credential``: what the browser answered to ``/passkeys/options``."""

    credential: Assertion


class StartAddFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="add_factor", tag_field="action"):
    """Add a way to prove it is you. ``label``: what its owner calls it."""

    factor: Literal["passkey", "security_key"]
    label: Name = ""


class StartRenameFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="rename_factor", tag_field="action"):
    factor_id: Id
    label: Name = ""


Guarded = (
    StartChangePassword
    | StartChangeDetails
    | StartAddAddress
    | StartRemoveAddress
    | StartSetMainAddress
    | StartEndSessions
    | StartAddFactor
    | StartRenameFactor
)
"""What only one who is signed in can start."""

Start = StartSignUp | StartSignIn | StartSignInPasskey | StartRecovery | Guarded


class StartFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    flow: Start


class AnswerCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="email", tag_field="challenge"):
    code: Code


class AnswerPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="password", tag_field="challenge"):
    password: Password


class AnswerPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="passkey", tag_field="challenge"):
    """What the browser answered to ``key_options``."""

    credential: Assertion


class AnswerSecurityKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="security_key", tag_field="challenge"):
    """What the browser answered to ``key_options``."""

    credential: Assertion


Answer = AnswerCode | AnswerPassword | AnswerPasskey | AnswerSecurityKey


class AnswerFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answer: Answer


class SendCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key is sent nothing: ``key_options`` is what to hand to it."""

    challenge: Literal["email", "passkey", "security_key"]


class FinishFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``password``: the new one. For a sign-up whose link was opened elsewhere, the one chosen at sign-up, or with ``name`` a new one."""

    password: Password
    name: Name = ""


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser answered to ``key_options`` when asked to make a key."""

    credential: Registration


class OpenLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/l/`` in the mailed address."""

    token: Annotated[str, Meta(max_length=200)]


class CheckPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: Password
    name: Name = ""
    email: Typed = ""


# ---------------------------------------------------------------- answers


class SessionOpened(msgspec.Struct, frozen=True):
    """``token``: for ``Authorization: Bearer``. ``device_token``: to be sent as ``Device-Token`` at later sign-ins; empty if known."""

    token: str
    device_token: str
    account_id: str
    session_id: str
    expires_at: datetime


class FlowAnswer(msgspec.Struct, frozen=True):
    """Where a flow stands and what may be done next.

    ``choices``: the kinds of proof that may be tried, best first. ``sent``: a code was sent to ``sent_to`` (masked as typed).
    ``resend_at``: when another may be asked for. ``held``: a limit held the last message back; those sent before are good.
    ``finish``: what ``…/finish`` still needs. ``otherwise``: what stands if there is nothing more. ``next_flow``: where it goes on.
    ``key_options``: for ``navigator.credentials.get``, or ``.create`` where a key is being added.
    ``flow_token``: given once, when the flow is made; to be sent as ``Flow-Token``.
    """

    flow_id: str
    action: str
    state: str
    expires_at: datetime
    choices: list[str] = []
    otherwise: str = ""
    sent: bool = False
    sent_to: str = ""
    resend_at: datetime | None = None
    held: bool = False
    finish: str = ""
    ended: str = ""
    waits_until: datetime | None = None
    next_flow: str = ""
    key_options: dict[str, Any] | None = None
    flow_token: str = ""
    session: SessionOpened | None = None


class PasskeyOptions(msgspec.Struct, frozen=True):
    """``options``: for ``PublicKeyCredential.parseRequestOptionsFromJSON``; good for one answer, within an hour."""

    options: dict[str, Any]


class KeyAnswer(msgspec.Struct, frozen=True):
    """``kind``: passkey or security_key. ``stolen``: reported, hence good for nothing."""

    factor_id: str
    kind: str
    label: str
    added_at: datetime
    used_at: datetime | None
    stolen: bool


class KeysAnswer(msgspec.Struct, frozen=True):
    keys: list[KeyAnswer]


class LinkAnswer(msgspec.Struct, frozen=True):
    """What a link would do. ``here``: it was asked for with the same ``Flow-Token``."""

    action: str
    here: bool


class FieldMessage(msgspec.Struct, frozen=True):
    reason: str
    params: dict[str, str]
    message: str


class PasswordJudged(msgspec.Struct, frozen=True):
    strength: Literal["low", "medium", "high"]
    problems: list[FieldMessage]


class AddressAnswer(msgspec.Struct, frozen=True):
    """``settled``: it can already help to get back in."""

    address_id: str
    kind: str
    value: str
    main: bool
    added_at: datetime
    settled: bool


class AccountAnswer(msgspec.Struct, frozen=True):
    account_id: str
    name: str
    user_name: str
    language: str
    created_at: datetime
    password_set_at: datetime | None
    addresses: list[AddressAnswer]


class SessionSeenAnswer(msgspec.Struct, frozen=True):
    session_id: str
    device: str
    place: str
    created_at: datetime
    seen_at: datetime
    current: bool


class SessionsAnswer(msgspec.Struct, frozen=True):
    sessions: list[SessionSeenAnswer]


class ActivityEvent(msgspec.Struct, frozen=True):
    at: datetime
    name: str
    device: str
    place: str


class ActivityAnswer(msgspec.Struct, frozen=True):
    events: list[ActivityEvent]


class MessageSent(msgspec.Struct, frozen=True):
    at: datetime
    kind: str
    to: str
    state: str


class MessagesAnswer(msgspec.Struct, frozen=True):
    messages: list[MessageSent]
