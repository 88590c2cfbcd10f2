"""Once a year, remind the owners of second factors to look them through, before a phone or a number is gone (mission.md, F11)."""

from typing import Final

from sparekey.domain.accounts import AccountId, has_second_factor
from sparekey.domain.audit import Event
from sparekey.domain.messages import MessageKind
from sparekey.domain.offers import REMIND_EVERY
from sparekey.use_cases.notify import tell
from sparekey.use_cases.record import record
from sparekey.use_cases.services import WORKER, Services

BATCH: Final = 200
"""So many in one round of an hour: a large site's mails of one day are spread over it."""


async def remind_all(services: Services) -> int:
    """Remind everybody whose year is over; how many were."""
    before = services.clock.now() - REMIND_EVERY
    async with services.store.transaction() as tx:
        due = await tx.accounts.last_reminded(before, BATCH)
    return sum([await _remind(services, account_id) for account_id in due])


async def _remind(services: Services, account_id: AccountId) -> bool:
    """Whether it was this worker that did it: of two at once, one."""
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(account_id)
        account, now = await tx.accounts.get(account_id), services.clock.now()
        if account.reminded_at is None or account.reminded_at > now - REMIND_EVERY:
            return False
        if has_second_factor(account):
            await tell(tx, services, account, account.addresses, MessageKind.SECURITY_REMINDER, {"name": account.name}, now)
            await record(tx, services, lock, Event.REMINDED, account, WORKER)
        await tx.accounts.reminded(account_id, now)
    return True
