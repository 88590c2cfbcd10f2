"""Ask the owner's friends in a recovery: each is mailed a link, and the person is shown a phrase to tell them (mission.md, R7).

A name that nobody has takes the same road, and so does an account without friends: always as many rows are written as there can be
friends, and those for nobody are wiped unsent.
"""

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.contacts import ASKED_FOR, MOST, PHRASE_WORDS, AskKind, AskState, Contact, ContactAsk
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.generator import words
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.contacts import circle_in_force
from sparekey.use_cases.friends_asked import friends_asked
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.mail_friends import send_link
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.prove import must_be_asked
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_limit, check_volume, neighbourhood


async def ask_contacts(services: Services, client: Client, flow_id: str) -> Standing:
    """The flow with the friends asked; again: those who have not typed the phrase are mailed another link, and the phrase stays.

    Raises ``WrongStep``, ``FlowOver``, and ``TooManyTries`` when friends were asked too often from here, whoever's they are.
    """
    await check_volume(services, "send.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.CONTACTS)
        await _check_limit(services, client, at.flow)
        now = services.clock.now()
        before = [a for a in await tx.contact_asks.of_flow(flow_id) if a.kind is AskKind.PHRASE]
        phrase = before[-1].phrase if before else words(services.chance.below, services.phrase_words, PHRASE_WORDS, " ")
        friends = () if at.flow.void else await _friends(tx, at.account, before)
        for number in range(MOST):
            friend = friends[number] if number < len(friends) else None
            await send_link(tx, services, at.account, friend, AskKind.PHRASE, flow_id=flow_id, until=now + ASKED_FOR, phrase=phrase)
        flow = replace(at.flow, friends_asked=True, expires_at=max(at.flow.expires_at, now + ASKED_FOR))
        await tx.flows.save(flow)
        await record(tx, services, at.lock, Event.CONTACTS_ASKED, at.account, client, flow_id=flow_id)
        situation = await situation_of(tx, services, client, at.account, flow)
        friends_now = await friends_asked(tx, flow, at.account)
    return replace(standing(services, flow, situation), friends=friends_now)


async def _friends(tx: Transaction, account: Account, before: list[ContactAsk]) -> tuple[Contact, ...]:
    """Those who have accepted, and have not answered in this flow. Whoever reads an address of the account by now is no friend."""
    circle = await circle_in_force(tx, account)
    own = {a.key for a in account.addresses}
    done = {a.contact_id for a in before if a.state is AskState.ANSWERED}
    return tuple(c for c in circle.accepted if c.friend.key not in own and c.contact_id not in done) if circle else ()


async def _check_limit(services: Services, client: Client, flow: Flow) -> None:
    """By the name as typed and the network: strangers elsewhere do not use up what the owner may ask. Whoever has shown something else
    has a count of his own (mission.md, D2)."""
    shown = any(not p.enrolling for p in flow.proofs)
    lane = flow.flow_id if shown else f"{flow.subject}/{flow.typed_key}/{neighbourhood(client.network)}"
    await check_limit(services, "contacts.asked", lane)
