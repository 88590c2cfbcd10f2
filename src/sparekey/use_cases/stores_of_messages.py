"""Where messages wait and are remembered, and the links in notices, as the use cases see it (``adapters/sql``)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.values import Struct


class NoticeLink(Struct, frozen=True):
    """What "this wasn't me" in one notice is about (mission.md, H1). Times in UTC.

    ``address_id``: of the address that the notice went to. ``kind``: of the notice. ``flow_id``: of the flow that made the change, or
    that waits; empty when there is none. ``happened_at``: when what it tells of was done.
    """

    account_id: AccountId
    address_id: str
    kind: MessageKind
    flow_id: str
    happened_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class NoticeLinks(Protocol):
    async def add(self, link: NoticeLink, token_hash: bytes) -> None: ...

    async def find(self, token_hash: bytes) -> NoticeLink | None: ...

    async def spend(self, token_hash: bytes, now: datetime) -> bool:
        """Answers whether it was not spent before."""


class Claimed(Struct, frozen=True):
    """An outbox row taken by one worker. ``tries``: how often it was tried before."""

    message: Message
    tries: int


class SentMessage(Struct, frozen=True):
    """What the owner, or the operator, may see of a message afterwards. ``state``: ready, void, delivered, dead."""

    message_id: str
    account_id: AccountId
    kind: MessageKind
    channel: str
    hint: str
    state: str
    created_at: datetime
    tries: int
    error: str
    delivered_at: datetime | None


class DeliveryState(Struct, frozen=True):
    """How far a message came. ``state``: of the outbox (ready, void, delivered, dead, expired). ``receipt_state``: what the provider
    reported later, or empty; ``receipt_reason``: its reason, a stable name. Times in UTC.
    """

    message_id: str
    channel: str
    state: str
    delivered_at: datetime | None
    receipt_state: str
    receipt_reason: str
    receipt_at: datetime | None


class Outbox(Protocol):
    async def add(self, message: Message) -> None: ...

    async def claim(self, now: datetime, lease_until: datetime, most: int) -> Sequence[Claimed]:
        """Take rows that are due, for this worker alone until ``lease_until``."""

    async def delivered(self, message_id: str, now: datetime, provider: str, receipt: str) -> None:
        """Also wipes the body."""

    async def voided(self, message_id: str, now: datetime) -> None:
        """It was for a name that nobody has: wiped, and never sent."""

    async def failed(self, message_id: str, error: str, next_at: datetime) -> None: ...

    async def dead(self, message_id: str, error: str) -> None:
        """Given up. The body is kept, sealed, so that an operator can send it after mending the cause."""

    async def expired(self, message_id: str) -> None:
        """No longer worth sending; wipes the body."""

    async def retry_dead(self, message_id: str, now: datetime) -> bool: ...

    async def receipt(self, receipt: str, state: str, reason: str, at: datetime) -> bool:
        """What a provider reported of a message afterwards; answers whether there is such a message."""

    async def refused(self, message_id: str, reason: str, at: datetime) -> None:
        """No provider took it: why and when, for who may know. Beside ``dead``."""

    async def by_receipt(self, receipt: str) -> Message | None:
        """The message behind a provider's receipt, without its recipient and params."""

    async def delivery_of(self, message_id: str) -> DeliveryState | None: ...

    async def accepted_of_flow(self, flow_id: str, kind: MessageKind) -> Sequence[tuple[str, datetime]]:
        """Address id and time of each message of a flow that the recipient's server accepted, the oldest first."""

    async def in_state(self, state: str, most: int) -> Sequence[SentMessage]: ...

    async def of_account(self, account_id: AccountId, most: int) -> Sequence[SentMessage]: ...

    async def counts(self) -> dict[str, int]:
        """How many messages there are in each state."""
