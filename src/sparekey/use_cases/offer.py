"""A second factor is offered kindly after a sign-in, and "not now" is an answer (mission.md, F8)."""

from sparekey.domain.accounts import has_second_factor
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.factors import FactorKind
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


class SecondFactorOffer(Struct, frozen=True):
    """``has_one``: there is a second factor already. ``number``: a verified one that codes may go to, as its owner sees it, and its id."""

    has_one: bool
    number: str = ""
    number_id: str = ""


async def read_offer(services: Services, session: Session) -> SecondFactorOffer:
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
    by_text = any(FactorKind.SMS in route.second for route in rules_of(services.policy, Action.SIGN_IN).routes)
    phone = account.main_phone if services.site.texts and by_text else None
    return SecondFactorOffer(has_second_factor(account), phone.value if phone else "", phone.address_id if phone else "")


async def refuse_offer(services: Services, client: Client, session: Session) -> None:
    """It is not offered again for a while. It weakens nothing, so the session is leave enough, and nobody is told."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        account = await tx.accounts.get(session.account_id)
        await tx.accounts.save(account, replace(account, second_offered_at=now), now)
        await record(tx, services, lock, Event.SECOND_OFFER_REFUSED, account, client)
