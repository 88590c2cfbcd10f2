"""Where recovery contacts and secret answers are kept, as the use cases see it (``adapters/sql/contacts.py``)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.contacts import Circle, ContactAsk, ContactState
from sparekey.domain.values import Struct


class Circles(Protocol):
    async def add(self, circle: Circle) -> None:
        """With its friends."""

    async def get(self, circle_id: str) -> Circle | None: ...

    async def set_state(self, contact_id: str, state: ContactState) -> None: ...

    async def to_remind(self, now: datetime, most: int) -> Sequence[Circle]:
        """Those whose owner is to be reminded, without their friends."""

    async def remind_at(self, circle_id: str, at: datetime) -> None: ...


class ContactAsks(Protocol):
    async def add(self, ask: ContactAsk, token_hash: bytes) -> None: ...

    async def find(self, token_hash: bytes) -> ContactAsk | None: ...

    async def save(self, ask: ContactAsk, token_hash: bytes) -> None: ...

    async def of_flow(self, flow_id: str) -> Sequence[ContactAsk]:
        """The oldest first."""


class SecretAnswer(Struct, frozen=True):
    """``question``: a stable name. ``hash``: of the answer, like a password's. ``set_at``: UTC."""

    question: str
    hash: str
    set_at: datetime


class SecretAnswers(Protocol):
    async def get(self, account_id: AccountId) -> SecretAnswer | None: ...

    async def put(self, account_id: AccountId, answer: SecretAnswer) -> None:
        """In place of the one before."""

    async def remove(self, account_id: AccountId) -> bool:
        """Answers whether there was one."""
