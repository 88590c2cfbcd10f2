"""What the JSON API takes and gives. The OpenAPI document is made of these types, so it cannot say anything else."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sparekey.challenges.webauthn import Assertion, Registration
from sparekey.domain.accounts import LONGEST_IDENTIFIER
from sparekey.web.api.contact_schemas import AnswerContacts, FriendsAnswer, StartChangeContacts, StartSetSecretAnswer
from sparekey.web.api.device_schemas import PairingAnswer, PromptShown

_END = r"$(?!\n)"
"""The end of the text, in Python too, where ``$`` alone lets a line break pass."""

_PLAIN = rf"^[^\x00-\x1f\x7f]*{_END}"
"""No control characters: no keyboard types them, and PostgreSQL cannot keep NUL."""

Typed = Annotated[str, Meta(max_length=LONGEST_IDENTIFIER, pattern=_PLAIN, description="As the person typed it.")]
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
    """Sign in. With a password the answer is at once; without one a link and a code are sent to the mailbox, or, ``by`` text and where
    the site has it, a code to the number."""

    identifier: Typed
    password: Password | None = None
    by: Literal["email", "sms"] = "email"


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
    """Add an e-mail address, or a phone number. A code goes to it once the session is fresh.

    A number that another account has moves after a week, unless its owner shows that it is still theirs. An own number may be confirmed
    again like this.
    """

    email: Typed = ""
    phone: Typed = ""


class StartRemoveAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="remove_address", tag_field="action"):
    """``given_up``: it is not the owner's any more, so it can neither undo this nor help to get back in; takes two settled things."""

    address_id: Id
    given_up: bool = False


class StartSetMainAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="set_main_address", tag_field="action"):
    address_id: Id


class StartEndSessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_sessions", tag_field="action"):
    """End one session, or that one device is remembered, or without any id all other sessions."""

    session_id: Id = ""
    remembered_id: Id = ""


class StartSignInPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sign_in_passkey", tag_field="action"):
    """Sign in with a passkey alone. ``credential``: what the browser answered to ``/passkeys/options``."""

    credential: Assertion


class StartApproveSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="approve_sign_in", tag_field="action"):
    """Approve the sign-in of the computer that shows a QR code. ``token``: what stands behind ``/q/`` in it."""

    token: Annotated[str, Meta(max_length=100)]


class StartAddFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="add_factor", tag_field="action"):
    """Add a way to prove it is you. ``label``: what its owner calls it."""

    factor: Literal["totp", "passkey", "security_key", "phone_approval", "sms", "email"]
    label: Name = ""
    address_id: Id = ""
    """For codes by text or e-mail: which of the own addresses they go to."""


class StartRenameFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="rename_factor", tag_field="action"):
    factor_id: Id
    label: Name = ""


Provider = Annotated[str, Meta(max_length=20, pattern=rf"^[a-z]*{_END}", description="A name of `GET /api/v1/social`.")]
Redirect = Annotated[str, Meta(max_length=500, pattern=_PLAIN, description="One of SPAREKEY_SOCIAL_REDIRECTS; empty for our own pages.")]


class StartSignInSocial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sign_in_social", tag_field="action"):
    """Sign in, or up, with an account elsewhere. Send the browser to ``authorization_url``, and answer with what it brings back."""

    provider: Provider
    redirect_uri: Redirect = ""


class StartLinkSocial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="link_social", tag_field="action"):
    """Link an account elsewhere. Once the flow is allowed, ``…/social`` gives the address to send the browser to."""

    provider: Provider


class StartUnlinkSocial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="unlink_social", tag_field="action"):
    factor_id: Id


class StartCancelRecovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="cancel_recovery", tag_field="action"):
    """Stop a recovery that waits, by a full sign-in inside this flow with no less than the recovery has shown."""

    flow_id: Id


class StartObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="object", tag_field="action"):
    """Object to the recoveries that wait, with one settled thing that was not shown in the dispute before. ``flow_id``: of one of them;
    may be left out where the account is in dispute."""

    flow_id: Id = ""


class StartThaw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="thaw", tag_field="action"):
    """Unlock a frozen account by two settled things. A code goes to the mailbox or number."""

    identifier: Typed


class StartUndo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="undo", tag_field="action"):
    """Undo what somebody else changed. A code goes to a settled address, also to one that was taken off the account in the last 30 days;
    then ``…/changes`` says what can be undone, and ``…/undo`` does it. ``identifier``: for who is not signed in."""

    identifier: Annotated[str, Meta(max_length=LONGEST_IDENTIFIER)] = ""


class StartCloseAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="close_account", tag_field="action"):
    """Close the account. It waits for 30 days; the flow is nobody's from then on, and ``stop_closing`` ends it."""


class StartStopClosing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="stop_closing", tag_field="action"):
    """Keep the account after all. ``identifier``: for who is not signed in; a code goes to the mailbox or number then."""

    identifier: Annotated[str, Meta(max_length=LONGEST_IDENTIFIER)] = ""


class StartDownloadData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="download_data", tag_field="action"):
    """Everything that is kept about the owner; ``POST /api/v1/flows/{flow_id}/data`` gives the file."""


class StartRemoveFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="remove_factor", tag_field="action"):
    """Remove one second factor, or without an id all of them. Asks for a proof in this flow that is as strong."""

    factor_id: Id = ""


class StartReportStolen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="report_stolen", tag_field="action"):
    """Report a factor stolen: in a session with its id; from outside with a name, then any one thing is asked for, and ``…/stolen``
    says which factor it is."""

    factor_id: Id = ""
    identifier: Typed = ""


class StartRenewBackupCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="renew_backup_codes", tag_field="action"):
    """Ten new backup codes. The former ones are void once one of the new ones was given to ``…/keep-codes``."""


class StartPreferFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="prefer_factor", tag_field="action"):
    """Ask for this kind of second factor first."""

    factor: Annotated[str, Meta(max_length=40, pattern=rf"^[a-z_]+{_END}")]


OfFactor = StartRemoveFactor | StartReportStolen | StartRenewBackupCodes | StartPreferFactor | StartRenameFactor

Guarded = (
    OfFactor
    | StartLinkSocial
    | StartUnlinkSocial
    | StartChangePassword
    | StartChangeDetails
    | StartAddAddress
    | StartCloseAccount
    | StartStopClosing
    | StartDownloadData
    | StartRemoveAddress
    | StartSetMainAddress
    | StartEndSessions
    | StartAddFactor
    | StartCancelRecovery
    | StartObject
    | StartUndo
)
"""What only one who is signed in can start."""

OfContacts = StartChangeContacts | StartSetSecretAnswer

Start = (
    StartSignUp
    | StartSignIn
    | StartSignInPasskey
    | StartSignInSocial
    | StartRecovery
    | StartThaw
    | StartApproveSignIn
    | OfContacts
    | Guarded
)


class StartFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``human``: where an answer 428 asked for it, the solution of its challenge: base64 of
    ``{"challenge": …, "solution": {"counter": …, "derivedKey": …}}`` (docs/human-check.md)."""

    flow: Start
    human: Annotated[str, Meta(max_length=2000)] = ""


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


Brought = Annotated[str, Meta(max_length=2000, pattern=_PLAIN)]


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


# ---------------------------------------------------------------- answers


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


class MethodAnswer(msgspec.Struct, frozen=True):
    """A second factor. ``stolen``: reported, hence good for nothing. ``preferred``: asked for first."""

    factor_id: str
    kind: str
    label: str
    added_at: datetime
    used_at: datetime | None
    stolen: bool
    preferred: bool


class MethodsAnswer(msgspec.Struct, frozen=True):
    """``backup_codes_left``: ``null`` where there are none; ``backup_codes_id``: the factor that they are."""

    methods: list[MethodAnswer]
    backup_codes_left: int | None
    backup_codes_id: str


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
    """``settled``: it can already help to get back in. ``weak``: why it counts only beside something else: bounced (messages to it are
    refused), unconfirmed (a number not shown to be the owner's for a year), or empty. ``second_factor``: codes to it are one."""

    address_id: str
    kind: str
    value: str
    main: bool
    added_at: datetime
    settled: bool
    weak: str = ""
    confirmed_at: datetime | None = None
    second_factor: bool = False


class AccountAnswer(msgspec.Struct, frozen=True):
    account_id: str
    name: str
    user_name: str
    language: str
    password_set_at: datetime | None
    addresses: list[AddressAnswer]


class SessionSeenAnswer(msgspec.Struct, frozen=True):
    session_id: str
    device: str
    place: str
    created_at: datetime
    seen_at: datetime
    current: bool


class RememberedAnswer(msgspec.Struct, frozen=True):
    """A device on which the second factor is not asked for. ``current``: the one that asks."""

    remembered_id: str
    device: str
    added_at: datetime
    until: datetime
    current: bool


class SessionsAnswer(msgspec.Struct, frozen=True):
    sessions: list[SessionSeenAnswer]
    remembered: list[RememberedAnswer] = []


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


class ProviderAnswer(msgspec.Struct, frozen=True):
    """``title``: for the button."""

    name: str
    title: str


class ProvidersAnswer(msgspec.Struct, frozen=True):
    providers: list[ProviderAnswer]


class LinkedAnswer(msgspec.Struct, frozen=True):
    """``label``: provider, and a hint at the account there. ``settled``: it can already help to get back in."""

    factor_id: str
    label: str
    added_at: datetime
    used_at: datetime | None
    settled: bool


class LinkedAccountsAnswer(msgspec.Struct, frozen=True):
    linked: list[LinkedAnswer]
