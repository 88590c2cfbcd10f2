"""The accounts elsewhere that are linked to one's own, and those that could be."""

from datetime import datetime

from sparekey.domain.accounts import is_settled
from sparekey.domain.factors import FactorKind
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.ports_of_social import SocialProvider
from sparekey.use_cases.services import Services


class Linked(Struct, frozen=True):
    """``label``: provider and a hint at the account there. ``used_at``: UTC, ``None`` for not since it was linked."""

    factor_id: str
    label: str
    added_at: datetime
    used_at: datetime | None
    settled: bool


class SocialSeen(Struct, frozen=True):
    """``has_password``: whether there is another way to sign in than these and the mailbox."""

    linked: tuple[Linked, ...]
    providers: tuple[SocialProvider, ...]
    has_password: bool


async def read_social(services: Services, session: Session) -> SocialSeen:
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
        used = await tx.factors.last_used(session.account_id)
    now = services.clock.now()
    linked = tuple(
        Linked(f.factor_id, f.label, f.added_at, used.get(f.factor_id), is_settled(f, account.contested_at, now))
        for f in account.enrolled
        if f.kind is FactorKind.SOCIAL
    )
    return SocialSeen(linked, services.social.providers, account.password_hash != "")
