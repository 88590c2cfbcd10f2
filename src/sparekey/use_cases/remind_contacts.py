"""Once a year, ask the owners of recovery contacts whether these are still their friends, and reachable (mission.md, R7)."""

from typing import Final

from sparekey.domain.audit import Event
from sparekey.domain.contacts import Circle
from sparekey.domain.messages import MessageKind
from sparekey.domain.offers import REMIND_EVERY
from sparekey.use_cases.carry_out.contacts import circle_in_force
from sparekey.use_cases.notify import tell
from sparekey.use_cases.record import record
from sparekey.use_cases.services import WORKER, Services

BATCH: Final = 200
"""So many in one round of an hour."""


async def remind_contacts(services: Services) -> int:
    """Remind everybody whose year is over; how many were."""
    async with services.store.transaction() as tx:
        due = await tx.circles.to_remind(services.clock.now(), BATCH)
    return sum([await _remind(services, circle) for circle in due])


async def _remind(services: Services, circle: Circle) -> bool:
    """Whether it was this worker that did it: of two at once, one. A list that does not hold is passed over."""
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(circle.account_id)
        account, now = await tx.accounts.get(circle.account_id), services.clock.now()
        found = await tx.circles.get(circle.circle_id)
        if found is None or found.remind_at > now:
            return False
        await tx.circles.remind_at(circle.circle_id, now + REMIND_EVERY)
        holding = await circle_in_force(tx, account)
        if holding is None or holding.circle_id != circle.circle_id:
            return False
        await tell(tx, services, account, account.addresses, MessageKind.CONTACTS_REMINDER, {"name": account.name}, now)
        await record(tx, services, lock, Event.REMINDED, account, WORKER)
    return True
