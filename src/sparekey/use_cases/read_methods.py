"""The ways to verify of an account, as its owner sees them. A question; nothing here changes anything."""

from datetime import datetime

from sparekey.challenges.backup_code import WARN_AT
from sparekey.domain.accounts import has_second_factor, second_factors
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.answer_backup_code import codes_of
from sparekey.use_cases.services import Services


class MethodSeen(Struct, frozen=True):
    """``kind``: of the factor. ``used_at``: UTC; ``None`` before its first use. ``preferred``: asked for first."""

    factor_id: str
    kind: str
    label: str
    added_at: datetime
    used_at: datetime | None
    stolen: bool
    preferred: bool


class Methods(Struct, frozen=True):
    """``codes_left``: backup codes; ``None`` where there is no set. ``codes_id``: the factor that the set is, or empty.
    ``codes_low``: it is time for new ones.
    """

    seconds: tuple[MethodSeen, ...]
    codes_id: str
    codes_left: int | None
    codes_made_at: datetime | None
    codes_low: bool

    @property
    def on(self) -> bool:
        """Whether signing in asks for a second thing."""
        return bool(self.seconds)


async def read_methods(services: Services, session: Session) -> Methods:
    """Second factors, the oldest first, and the backup codes."""
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
        used = await tx.factors.last_used(session.account_id)
        codes = codes_of(account) if has_second_factor(account) else None
        left = await tx.backup_codes.left(account.account_id, codes.factor_id) if codes else None
    return Methods(
        seconds=tuple(
            MethodSeen(f.factor_id, f.kind.value, f.label, f.added_at, used.get(f.factor_id), f.stolen, f.kind == account.preferred)
            for f in second_factors(account)
        ),
        codes_id=codes.factor_id if codes else "",
        codes_left=left,
        codes_made_at=codes.added_at if codes else None,
        codes_low=left is not None and left <= WARN_AT,
    )
