"""What a flow begins with, as the JSON API takes it: one form for each action."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from sparekey.challenges.webauthn import Assertion
from sparekey.domain.accounts import LONGEST_IDENTIFIER
from sparekey.web.api.contact_schemas import StartChangeContacts, StartSetSecretAnswer
from sparekey.web.api.typed import END, PLAIN, Id, Language, Name, Password, Provider, Typed


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
    user_name: Annotated[str, Meta(max_length=100, pattern=PLAIN)] = ""


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


class StartConfirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="confirm", tag_field="action"):
    """Confirm what the site asked of this account; the flow is one of the site's own action (docs/shop.md)."""

    confirmation_id: Id


class StartAddFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="add_factor", tag_field="action"):
    """Add a way to prove it is you. ``label``: what its owner calls it."""

    factor: Literal["totp", "passkey", "security_key", "phone_approval", "sms", "email"]
    label: Name = ""
    address_id: Id = ""
    """For codes by text or e-mail: which of the own addresses they go to."""


class StartRenameFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="rename_factor", tag_field="action"):
    factor_id: Id
    label: Name = ""


Redirect = Annotated[str, Meta(max_length=500, pattern=PLAIN, description="One of SPAREKEY_SOCIAL_REDIRECTS; empty for our own pages.")]


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

    factor: Annotated[str, Meta(max_length=40, pattern=rf"^[a-z_]+{END}")]


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
    | StartConfirm
    | OfContacts
    | Guarded
)


class StartFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``human``: where an answer 428 asked for it, the solution of its challenge: base64 of
    ``{"challenge": …, "solution": {"counter": …, "derivedKey": …}}`` (docs/human-check.md)."""

    flow: Start
    human: Annotated[str, Meta(max_length=2000)] = ""
