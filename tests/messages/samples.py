"""A message of each kind, for the tests of words and of delivery."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sparekey.domain.accounts import AccountId, AddressKind
from sparekey.domain.messages import Message, MessageKind
from sparekey.messages.params import PARAMS

NOW = datetime(2026, 11, 22, 8, 15, tzinfo=UTC)
TOKEN = "Zq7wX2mK9vB4nR8tY1pL6sD3fG5hJ0cA"

VALUES = {
    "code": "493027",
    "link": TOKEN,
    "minutes": "15",
    "device": "Firefox · Linux",
    "place": "Riga, Latvia",
    "at": "2026-11-22T09:15:00+01:00",
    "address": "a•••@m•••.example",
    "name": "Anna",
    "what": "name,language",
    "disown": TOKEN[:22],
    "factor": "totp",
    "provider": "Google",
    "left": "3",
    "undone": "address,factor,password,closing",
    "outcome": "objection",
    "number": "K7-4921-QX",
    "reply": "help+k74921qx.abcdefghijklmnop@example.com",
    "until": "2026-11-25T09:15:00+01:00",
}


def message(
    kind: MessageKind,
    *,
    channel: AddressKind = AddressKind.EMAIL,
    to: str = "anna@mail.example",
    language: str = "en",
    message_id: str = "0199f0c0ffee" + "0" * 20,
    void: bool = False,
    worthless_at: datetime | None = None,
    params: Mapping[str, str] | None = None,
) -> Message:
    return Message(
        message_id=message_id,
        account_id=AccountId("1" * 32),
        kind=kind,
        channel=channel,
        to=to,
        hint="a•••@m•••.example",
        language=language,
        created_at=NOW,
        params={name: VALUES[name] for name in PARAMS[kind]} | dict(params or {}),
        void=void,
        worthless_at=worthless_at,
    )
