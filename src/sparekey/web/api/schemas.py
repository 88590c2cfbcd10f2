"""What the JSON API takes and gives. The OpenAPI document is made of these types, so it cannot say anything else.

Here: passwords, and the steps of flows. How a flow begins stands in ``start_schemas.py``, the account in ``account_schemas.py``.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sparekey.challenges.webauthn import Assertion, Registration
from sparekey.web.api.contact_schemas import AnswerContacts, FriendsAnswer
from sparekey.web.api.device_schemas import PairingAnswer, PromptShown
from sparekey.web.api.start_schemas import Redirect
from sparekey.web.api.typed import PLAIN, Code, Id, Name, Password, Provider, Typed


class AnswerCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="email", tag_field="challenge"):
    code: Code


class AnswerText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sms", tag_field="challenge"):
    """A code that came by text. Whichever way it is answered, a code proves what it was sent to."""

    code: Code


class AnswerPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="password", tag_field="challenge"):
    password: Password


class AnswerPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="passkey", tag_field="challenge"):
    """What the browser answered to ``key_options``."""

    credential: Assertion


class AnswerSecurityKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="security_key", tag_field="challenge"):
    """What the browser answered to ``key_options``."""

    credential: Assertion


class AnswerTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="totp", tag_field="challenge"):
    """The code that the authenticator app shows now."""

    code: Code


class AnswerBackupCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="backup_code", tag_field="challenge"):
    """A backup code with its number in front, such as ``4 BCDFG-HJKLM-NPQRS``."""

    code: Code


class AnswerRemembered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="remembered_device", tag_field="challenge"):
    """The device is remembered: its ``Remembered-Token`` is the answer. In a recovery; at sign-in it needs no answer."""


Brought = Annotated[str, Meta(max_length=2000, pattern=PLAIN)]


class AnswerSocial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="social", tag_field="challenge"):
    """What the provider sent the browser back with; ``issuer`` is its parameter ``iss``."""

    provider: Provider
    code: Brought
    state: Brought
    issuer: Brought = ""
    device_id: Brought = ""


class AnswerApproval(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="phone_approval", tag_field="challenge"):
    """The phone has approved: see ``prompt``."""


Answer = (
    AnswerCode
    | AnswerText
    | AnswerPassword
    | AnswerTotp
    | AnswerBackupCode
    | AnswerPasskey
    | AnswerSecurityKey
    | AnswerRemembered
    | AnswerSocial
    | AnswerApproval
    | AnswerContacts
)


class AnswerFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``remember_device``: do not ask for the second factor on this device for 30 days, where the site allows it."""

    answer: Answer
    remember_device: bool = False


class SendCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key is sent nothing: ``key_options`` is what to hand to it. A phone is asked: ``prompt`` has the number to type there.
    Friends are asked: ``friends`` has the phrase to tell them."""

    challenge: Literal["email", "sms", "passkey", "security_key", "phone_approval", "contacts"]


class FinishFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``password``: the new one. For a sign-up whose link was opened elsewhere, the one chosen at sign-up, or with ``name`` a new one."""

    password: Password
    name: Name = ""
    lost: Annotated[list[Id], Meta(max_length=30, description="Of a recovery: those of `methods` that the owner has no longer.")] = []


class NewTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``code``: the first one that the app shows."""

    code: Code


class KeepCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``code``: any one of ``new_codes``, with its number in front, to show that they were written down."""

    code: Code


class Stolen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``factor_id``: one of ``methods``."""

    factor_id: Id


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser answered to ``key_options`` when asked to make a key."""

    credential: Registration


class GoSocial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: Provider
    redirect_uri: Redirect = ""


class GiveDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``email``: needs no code where it is the ``suggested`` one and that is ``vouched`` for."""

    name: Name
    email: Typed


class OpenLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``token``: what stands behind ``/l/`` in the mailed address."""

    token: Annotated[str, Meta(max_length=200)]


class CheckPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: Password
    name: Name = ""
    email: Typed = ""


class SessionOpened(msgspec.Struct, frozen=True):
    """``token``: for ``Authorization: Bearer``. ``device_token``: to be sent as ``Device-Token`` at later sign-ins; empty if known.
    ``remembered_token``: where it was asked for, to be sent as ``Remembered-Token``; it stands in for the second factor for 30 days.
    ``limited``: the site requires a second factor, and the session is good for adding one only. ``offer_second_factor``: it is time to
    offer one."""

    token: str
    device_token: str
    account_id: str
    session_id: str
    expires_at: datetime
    remembered_token: str = ""
    limited: bool = False
    offer_second_factor: bool = False


class Suggestion(msgspec.Struct, frozen=True):
    """What a provider said of the person. ``vouched``: it says that it verified the address."""

    name: str
    email: str
    vouched: bool


class DeliveryAnswer(msgspec.Struct, frozen=True):
    """What became of the newest message; told after a first proof, on a known device and to who is signed in.

    ``state``: queued, accepted, arrived, refused. ``reason``: gone, switched_off, blocked, no_texts, filtered, or empty.
    ``mailed_instead``: the text was refused, so a code went by e-mail.
    """

    by: str
    state: str
    at: datetime | None
    reason: str
    mailed_instead: bool


class AuthenticatorAnswer(msgspec.Struct, frozen=True):
    """``key``: to be typed into the app. ``uri``: the same for a QR code."""

    key: str
    uri: str


class MethodNamed(msgspec.Struct, frozen=True):
    factor_id: str
    kind: str
    label: str


class NotNowAnswer(msgspec.Struct, frozen=True):
    """``why``: none (the account has none), stolen, young (only older ones count here), no_help (it adds nothing to what was shown)."""

    kind: str
    why: str


class FlowAnswer(msgspec.Struct, frozen=True):
    """Where a flow stands and what may be done next.

    ``choices``: the kinds of proof that may be tried, best first. ``sent``: a code was sent to ``sent_to`` (masked as typed; after a first
    proof, the address itself, masked), ``sent_by`` email or sms, the newest first. ``operator_refuses``: the operator of this number
    refuses many texts today, whoever they are for.
    ``resend_at``: when another may be asked for. ``held``: a limit held the last message back; those sent before are good.
    ``waits_until``: when a wait may be over at the earliest. ``wait_days``: on how many days somebody must be told of it;
    ``counted_days``: on how many the notice has arrived. ``objected``: it is, or was, in dispute.
    ``finish``: what ``…/finish`` still needs. ``otherwise``: what stands if there is nothing more. ``next_flow``: where it goes on.
    ``not_now``: what cannot be tried, and why; nothing before the first proof. ``methods``: which one was stolen (``…/stolen``), or which
    are lost (``…/finish``). ``authenticator``: for the app that is being added (``…/new-totp``). ``new_codes``: backup codes, the first
    with number 1, until ``…/keep-codes``.
    ``key_options``: for ``navigator.credentials.get``, or ``.create`` where a key is being added.
    ``authorization_url``: where to send the browser. ``suggested``: for ``…/details``, which a sign-up that began elsewhere still needs.
    ``friends``: what friends are asked, and how many have answered.
    ``prompt``: what the owner's phone is asked. ``pairing``: with which a phone is enrolled.
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
    sent_by: list[str] = []
    delivery: DeliveryAnswer | None = None
    operator_refuses: bool = False
    resend_at: datetime | None = None
    held: bool = False
    finish: str = ""
    ended: str = ""
    waits_until: datetime | None = None
    wait_days: int = 0
    counted_days: int = 0
    objected: bool = False
    next_flow: str = ""
    not_now: list[NotNowAnswer] = []
    methods: list[MethodNamed] = []
    authenticator: AuthenticatorAnswer | None = None
    new_codes: list[str] = []
    key_options: dict[str, Any] | None = None
    authorization_url: str = ""
    suggested: Suggestion | None = None
    prompt: PromptShown | None = None
    friends: FriendsAnswer | None = None
    pairing: PairingAnswer | None = None
    flow_token: str = ""
    session: SessionOpened | None = None


class PasskeyOptions(msgspec.Struct, frozen=True):
    """``options``: for ``PublicKeyCredential.parseRequestOptionsFromJSON``; good for one answer, within an hour."""

    options: dict[str, Any]


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


class ProviderAnswer(msgspec.Struct, frozen=True):
    """``title``: for the button."""

    name: str
    title: str


class ProvidersAnswer(msgspec.Struct, frozen=True):
    providers: list[ProviderAnswer]
