"""What the JSON API takes and gives about other devices: phones that approve, and computers that sign in by QR code."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from sparekey.challenges.approval import PublicKey

Typed = Annotated[str, Meta(max_length=100)]
Token = Annotated[str, Meta(max_length=100, description="What stands behind `/q/` in the QR code.")]
Jws = Annotated[str, Meta(max_length=2000, description="A compact JWS under ES256; its `kid` is the thumbprint of the phone's key.")]


class PhoneCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``code``: from the other screen; spaces, dashes and case do not matter."""

    code: Typed


class EnrolPhone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``signed``: ``{"says": "enrol", "challenge": …}`` by the new key."""

    code: Typed
    public_key: PublicKey
    signed: Jws


class PhoneWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an enrolled phone says, each time with a challenge of ours that was not used before. ``{"says": "poll", "challenge"}``,
    ``{"says": "approve", "challenge", "prompt_id", "number"}`` or ``{"says": "refuse", "challenge", "prompt_id"}``.
    """

    signed: Jws


class QrToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Token


class ApproveSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``number``: what the computer shows. A wrong one ends its code."""

    number: Annotated[str, Meta(max_length=20)]


# ---------------------------------------------------------------- answers


class PhoneCodeAnswer(msgspec.Struct, frozen=True):
    """``account``: its main address, masked. ``challenge``: to be signed by the new key."""

    account: str
    challenge: str
    expires_at: datetime


class PhoneEnrolled(msgspec.Struct, frozen=True):
    """``phone``: the thumbprint of its key. ``pending``: the other screen still asks for something, and the phone answers after that."""

    phone: str
    pending: bool


class ChallengeAnswer(msgspec.Struct, frozen=True):
    challenge: str
    expires_at: datetime


class PromptAnswer(msgspec.Struct, frozen=True):
    """Who asks, for what. ``device`` and ``place``: of the other screen; empty when unknown. The number stands there, not here."""

    prompt_id: str
    action: str
    device: str
    place: str
    created_at: datetime
    expires_at: datetime


class PromptsAnswer(msgspec.Struct, frozen=True):
    """``account``: its main address, masked. ``next``: the challenge for the phone's next word."""

    account: str
    prompts: list[PromptAnswer]
    next: ChallengeAnswer


class PromptAnswered(msgspec.Struct, frozen=True):
    """``state``: approved or refused."""

    state: str


class PromptShown(msgspec.Struct, frozen=True):
    """A question to the owner's phone, as the asking screen sees it. ``number``: to be typed on the phone. ``state``: asked, approved
    (then answer the flow with ``phone_approval``) or expired; a refusal is not told."""

    number: str
    state: str
    expires_at: datetime


class PairingAnswer(msgspec.Struct, frozen=True):
    """``code``: to be typed on the phone, or opened there as ``/approve#`` and the code."""

    code: str
    expires_at: datetime


class QrAnswer(msgspec.Struct, frozen=True):
    """``url``: what the QR code says. ``state``: asked, approved or over. ``account``: that approved it, masked. ``holder_token``: given
    once, at the start; to be sent as ``Flow-Token``."""

    token: str
    url: str
    number: str
    state: str
    expires_at: datetime
    account: str = ""
    holder_token: str = ""


class QrSeen(msgspec.Struct, frozen=True):
    """The computer that shows the code; empty words when unknown."""

    device: str
    place: str
    expires_at: datetime
