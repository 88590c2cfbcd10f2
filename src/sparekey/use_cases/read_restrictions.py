"""What is withheld on an account now: for its owner, and for the shop (mission.md, R11). Questions only."""

import re
from datetime import datetime
from typing import Final

from sparekey.domain.accounts import NOBODY_ID, Account, AccountId
from sparekey.domain.errors import BadRequest
from sparekey.domain.quarantine import Restriction, can_be_ended, restrictions
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services

ACCOUNT_ID: Final = re.compile(r"[0-9a-f]{32}")


class Restricted(Struct, frozen=True):
    """``states``: what the account is: ``frozen``, ``disputed``, ``quarantined``, ``blocked``, ``closing``, ``closed``.
    ``recovered_at`` and ``until``: of the quarantine (UTC), ``None`` without one. ``can_end_it``: there is
    a settled second factor from before the recovery; signing in with it ends the quarantine."""

    account_id: AccountId
    states: tuple[str, ...]
    restrictions: tuple[Restriction, ...]
    recovered_at: datetime | None
    until: datetime | None
    can_end_it: bool


async def read_restrictions(services: Services, session: Session) -> Restricted:
    """For the owner: everything that is withheld."""
    async with services.store.transaction() as tx:
        return _restricted(services, await tx.accounts.get(session.account_id))


async def read_for_shop(services: Services, account_id: str) -> Restricted:
    """For the shop: what is its own to withhold. Raises ``BadRequest("account_unknown")``."""
    async with services.store.transaction() as tx:
        found = _restricted(services, await account_for_shop(tx, account_id))
    return replace(found, restrictions=tuple(r for r in found.restrictions if r.of_shop))


async def account_for_shop(tx: Transaction, account_id: str) -> Account:
    """Raises ``BadRequest("account_unknown")`` for what is no account's id: the shop is told, for it has the ids from us."""
    if not ACCOUNT_ID.fullmatch(account_id) or account_id == NOBODY_ID:
        raise BadRequest("account_unknown")
    try:
        return await tx.accounts.get(AccountId(account_id))
    except LookupError:
        raise BadRequest("account_unknown") from None


def _restricted(services: Services, account: Account) -> Restricted:
    now = services.clock.now()
    quarantined = account.is_quarantined(now)
    states = {
        "frozen": account.frozen_at is not None,
        "disputed": account.disputed_at is not None,
        "quarantined": quarantined,
        "blocked": account.blocked_at is not None,
        "closing": account.closing_at is not None and account.closed_at is None,
        "closed": account.closed_at is not None,
    }
    return Restricted(
        account.account_id,
        tuple(name for name, is_so in states.items() if is_so),
        restrictions(services.policy, account, now),
        account.recovered_at if quarantined else None,
        account.quarantined_until if quarantined else None,
        can_end_it=quarantined and can_be_ended(account, now),
    )
