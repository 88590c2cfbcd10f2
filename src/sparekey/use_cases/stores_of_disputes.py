"""Where disputes are kept (mission.md, R16)."""

from collections.abc import Sequence
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.disputes import Dispute


class Disputes(Protocol):
    """At most one for each account that has not ended. Whoever changes one holds the lock on its subject."""

    async def open_of(self, account_id: AccountId) -> Dispute | None: ...

    async def add(self, dispute: Dispute) -> None: ...

    async def save(self, dispute: Dispute) -> None: ...

    async def open(self, after: str, most: int) -> Sequence[Dispute]:
        """Of all accounts, those that have not ended, by id, page by page."""
