"""What the shop told us, and what it is to be told: the stores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.confirmations import Confirmation
from sparekey.domain.shop import Activity
from sparekey.domain.values import Struct


class ShopActivities(Protocol):
    """Orders, payments and the like, sealed at rest."""

    async def add(self, activity: Activity) -> bool:
        """Answers whether nothing of this reference was on the account before; else nothing is written."""

    async def get(self, account_id: AccountId, reference: str) -> Activity | None: ...

    async def of_account(self, account_id: AccountId, since: datetime, most: int) -> Sequence[Activity]:
        """What happened at that moment (UTC) or later, the newest first."""


class Confirmations(Protocol):
    """What the shop asked somebody to confirm, sealed at rest."""

    async def add(self, confirmation: Confirmation) -> bool:
        """Answers whether nothing of this reference was on the account before; else nothing is written."""

    async def get(self, confirmation_id: str) -> Confirmation | None: ...

    async def by_reference(self, account_id: AccountId, reference: str) -> Confirmation | None: ...

    async def of_account(self, account_id: AccountId, most: int) -> Sequence[Confirmation]:
        """The newest first."""

    async def answer(self, confirmation: Confirmation) -> bool:
        """Write down how an open one was answered. Answers whether it was open."""

    async def use(self, confirmation_id: str, now: datetime) -> bool:
        """Answers whether it was confirmed and not used before."""


class ShopEvent(Struct, frozen=True):
    """Something that the shop is told. ``event_id``: its idempotency key. ``body``: JSON, the same at every try."""

    event_id: str
    account_id: AccountId
    kind: str
    at: datetime
    body: bytes


class ClaimedEvent(Struct, frozen=True):
    """An event taken by one worker. ``tries``: how often it was tried before."""

    event: ShopEvent
    tries: int


class EventState(Struct, frozen=True):
    """How far an event came, for the operator. ``state``: ready, delivered or dead."""

    event_id: str
    kind: str
    at: datetime
    state: str
    tries: int
    error: str


class ShopEvents(Protocol):
    async def add(self, event: ShopEvent) -> None: ...

    async def claim(self, now: datetime, lease_until: datetime, most: int) -> Sequence[ClaimedEvent]:
        """Take events that are due, for this worker alone until ``lease_until``."""

    async def delivered(self, event_id: str, now: datetime) -> None: ...

    async def failed(self, event_id: str, error: str, next_at: datetime) -> None: ...

    async def dead(self, event_id: str, error: str) -> None:
        """Given up, until an operator sends it again."""

    async def retry_dead(self, event_id: str, now: datetime) -> bool: ...

    async def in_state(self, state: str, most: int) -> Sequence[EventState]: ...

    async def counts(self) -> dict[str, int]:
        """How many events there are in each state."""
