"""Where the secrets of factors are kept, as the use cases see it (``adapters/sql``)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.factors import Factor
from sparekey.domain.values import Struct


class FactorTaken(Exception):
    """The same key, or the same account elsewhere, is already enrolled."""


class FactorSecret(Struct, frozen=True):
    """What a factor is checked with. ``counter``: the newest TOTP step or signature count that was seen. ``used_at``: UTC."""

    secret: bytes
    counter: int
    used_at: datetime | None


class Factors(Protocol):
    """The secrets of enrolled factors, sealed at rest. What the policy judges by is in ``Account.enrolled``."""

    async def add(self, account_id: AccountId, factor: Factor, secret: bytes, find_key: bytes | None = None, counter: int = 0) -> None:
        """Beside adding it to ``Account.enrolled``. Raises ``FactorTaken`` when its ``find_key`` is enrolled anywhere."""

    async def secret_of(self, account_id: AccountId, factor_id: str) -> FactorSecret | None:
        """``None`` when it is not (or no longer) enrolled."""

    async def find(self, find_key: bytes) -> tuple[AccountId, str] | None:
        """Whose factor this is: account and factor id."""

    async def put_back(self, account_id: AccountId, factor_id: str) -> bool:
        """Bring back what was removed, beside ``Account.enrolled``; answers whether it was kept and nobody has enrolled it meanwhile."""

    async def raise_counter(self, account_id: AccountId, factor_id: str, to: int, now: datetime) -> bool:
        """Answers whether ``to`` is greater than what was seen before; then it is seen, and ``used_at`` is now."""

    async def used(self, account_id: AccountId, factor_id: str, now: datetime) -> None: ...

    async def last_used(self, account_id: AccountId) -> Mapping[str, datetime]:
        """When each enrolled factor was last used, by id; what was not is absent."""


class BackupCode(Struct, frozen=True):
    """``number``: printed before the code, 1 to 10. ``hash``: salted, of the code."""

    number: int
    hash: str


class BackupCodes(Protocol):
    """The codes of one set (a factor of kind ``backup_code``)."""

    async def add(self, account_id: AccountId, factor_id: str, codes: Sequence[BackupCode]) -> None: ...

    async def find(self, account_id: AccountId, factor_id: str, number: int, flow_id: str, now: datetime) -> str | None:
        """The hash of a code that is neither spent nor reserved by another flow."""

    async def reserve(self, account_id: AccountId, factor_id: str, number: int, flow_id: str, until: datetime, now: datetime) -> bool:
        """Keep a code for one flow; answers whether it was free."""

    async def spend(self, account_id: AccountId, factor_id: str, number: int, flow_id: str, now: datetime) -> bool:
        """Spend a code that this flow has reserved; answers whether it did."""

    async def release(self, account_id: AccountId, flow_id: str) -> None:
        """Give back what a flow has reserved and did not spend."""

    async def hand_over(self, account_id: AccountId, flow_id: str, to_flow: str, until: datetime) -> None:
        """What one flow has reserved is another's from now on."""

    async def left(self, account_id: AccountId, factor_id: str) -> int: ...
