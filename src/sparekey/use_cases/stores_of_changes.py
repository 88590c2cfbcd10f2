"""What the change log needs from the store (mission.md, H2)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.changes import PastChange


class Changes(Protocol):
    """What was changed, as it was before and after; sealed at rest."""

    async def add(self, account_id: AccountId, change: PastChange) -> None: ...

    async def of_account(self, account_id: AccountId, since: datetime) -> Sequence[PastChange]:
        """Those of a moment and later, the oldest first."""

    async def undone(self, change_ids: Collection[str], now: datetime) -> None:
        """Mark them as undone."""
