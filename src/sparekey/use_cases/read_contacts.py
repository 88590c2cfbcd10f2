"""Recovery contacts as their owner sees them."""

from datetime import datetime

from sparekey.domain.accounts import SETTLED_AFTER, is_settled
from sparekey.domain.contacts import Circle, contacts_factor
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.carry_out.contacts import circle_in_force
from sparekey.use_cases.change_contacts import waiting_change
from sparekey.use_cases.services import Services


class ContactsSeen(Struct, frozen=True):
    """``holds``: the list that holds. ``counts_from``: from when (UTC) it counts in a recovery, ``None`` when it does. ``stolen``: it was
    reported. ``factor_id``: to stop it by. ``comes``: the list that waits to take its place, not before ``until`` (UTC);
    ``told``: the owner was told of it for as long as it takes, and what it still waits for are friends who accept.
    """

    holds: Circle | None
    counts_from: datetime | None
    stolen: bool
    factor_id: str
    comes: Circle | None
    until: datetime | None
    told: bool


async def read_contacts(services: Services, session: Session) -> ContactsSeen:
    now = services.clock.now()
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
        holds = await circle_in_force(tx, account)
        flow = await waiting_change(tx, account, services)
        comes = await tx.circles.get(flow.wants.factor_id) if flow else None
    factor, waiting = contacts_factor(account), flow.waiting if flow else None
    young = factor is not None and not factor.stolen and not is_settled(factor, account.contested_at, now)
    return ContactsSeen(
        holds=holds,
        counts_from=factor.added_at + SETTLED_AFTER if factor is not None and young else None,
        stolen=factor is not None and factor.stolen,
        factor_id=factor.factor_id if factor else "",
        comes=comes,
        until=waiting.until(now) if waiting else None,
        told=waiting is not None and waiting.is_over,
    )
