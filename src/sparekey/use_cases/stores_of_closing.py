"""What closing an account for good, and downloading its data, need from the store (mission.md, S4)."""

from collections.abc import Sequence
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.sessions import KnownDevice


class Personal(Protocol):
    """All that is personal of an account, in whatever table."""

    async def devices(self, account_id: AccountId) -> Sequence[KnownDevice]:
        """Browsers that once signed in fully, the oldest first."""

    async def destroy(self, account_id: AccountId, but_flow: str) -> None:
        """Remove it for good. What stays says nothing of anybody: the bare account, its audit chain, and hashes of its addresses, which
        stay reserved. Messages that are under way are dropped, but for the last one. ``but_flow``: the flow that does it."""
