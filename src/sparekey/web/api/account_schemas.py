"""What the JSON API tells of one's own account."""

from datetime import datetime

import msgspec


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


class LinkedAnswer(msgspec.Struct, frozen=True):
    """``label``: provider, and a hint at the account there. ``settled``: it can already help to get back in."""

    factor_id: str
    label: str
    added_at: datetime
    used_at: datetime | None
    settled: bool


class LinkedAccountsAnswer(msgspec.Struct, frozen=True):
    linked: list[LinkedAnswer]
