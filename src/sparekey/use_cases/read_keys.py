"""The keys of the own account, as their owner sees them. A question; nothing here changes anything."""

from collections.abc import Sequence
from datetime import datetime

from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.key_ceremony import KEYS
from sparekey.use_cases.services import Services


class KeySeen(Struct, frozen=True):
    """``kind``: passkey or security_key. ``used_at``: UTC; ``None`` before its first use. ``stolen``: reported, hence good for nothing."""

    factor_id: str
    kind: str
    label: str
    added_at: datetime
    used_at: datetime | None
    stolen: bool


async def read_keys(services: Services, session: Session) -> Sequence[KeySeen]:
    """The oldest first."""
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
        used = await tx.factors.last_used(session.account_id)
    return [
        KeySeen(f.factor_id, f.kind.value, f.label, f.added_at, used.get(f.factor_id), f.stolen) for f in account.enrolled if f.kind in KEYS
    ]
