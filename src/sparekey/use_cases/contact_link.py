"""What a friend does with a mailed link: be a recovery contact or not, and type the phrase that the owner has told (mission.md, R7).

A friend learns the name by which the owner is known to him, and nothing else of the account. What friends do is told to the owner
without device and place: those are the friend's own.
"""

import hmac

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.contacts import AskKind, AskState, Circle, Contact, ContactAsk, ContactState, normal_phrase
from sparekey.domain.errors import FieldProblem, FlowOver, InvalidInput, NotProven
from sparekey.domain.flow.state import State
from sparekey.domain.limits import WRONG_CODES
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.carry_out.contacts import circle_in_force
from sparekey.use_cases.notify import tell
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.tokens import token_hash

A_FRIEND = Client(holder="", network="", user_agent="", language="")
"""Who acts when a friend does."""


class ContactLinkSeen(Struct, frozen=True):
    """``owner``: the name of whoever asks. ``accepted``: the friend has said yes before."""

    kind: AskKind
    owner: str
    accepted: bool


async def look_at_contact_link(services: Services, token: str) -> ContactLinkSeen:
    """What the friend is asked; changes nothing. Raises ``FlowOver("link_over")`` for a link that is over, or was never ours."""
    async with services.store.transaction() as tx:
        at = await _led_to(tx, services, token, None)
    return ContactLinkSeen(at.ask.kind, at.contact.owner, at.contact.state is ContactState.ACCEPTED)


async def answer_invitation(services: Services, client: Client, token: str, *, accept: bool) -> None:
    """Say yes or no, as often as one likes while the link works: the last word counts.

    Raises ``FlowOver("link_over")``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        at = await _led_to(tx, services, token, AskKind.INVITATION, locked=True)
        state = ContactState.ACCEPTED if accept else ContactState.DECLINED
        if at.contact.state is state:
            return
        await tx.circles.set_state(at.contact.contact_id, state)
        event = Event.CONTACT_ACCEPTED if accept else Event.CONTACT_DECLINED
        await record(tx, services, at.lock, event, at.account, A_FRIEND, flow_id=at.ask.flow_id)
        if not accept:
            await _tell(tx, services, at, MessageKind.CONTACT_LEFT)


async def answer_phrase(services: Services, client: Client, token: str, phrase: str) -> None:
    """Type the phrase. A link takes one right answer, or ``WRONG_CODES`` wrong ones, and is over.

    Raises ``InvalidInput`` for nothing typed, ``NotProven``, ``FlowOver("link_over")``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    typed = normal_phrase(phrase)
    if not typed:
        raise InvalidInput(FieldProblem("phrase", "phrase_missing"))
    async with services.store.transaction() as tx:
        at = await _led_to(tx, services, token, AskKind.PHRASE, locked=True)
        right = hmac.compare_digest(normal_phrase(at.ask.phrase).encode(), typed.encode())
        wrong = at.ask.wrong + (not right)
        state = AskState.ANSWERED if right else AskState.DEAD if wrong >= WRONG_CODES else AskState.OPEN
        answered_at = services.clock.now() if right else None
        await tx.contact_asks.save(replace(at.ask, state=state, wrong=wrong, answered_at=answered_at), token_hash(token))
        event = Event.CONTACT_ANSWERED if right else Event.CONTACT_WRONG
        await record(tx, services, at.lock, event, at.account, A_FRIEND, flow_id=at.ask.flow_id)
    if not right:
        raise NotProven


async def refuse_phrase(services: Services, client: Client, token: str) -> None:
    """Say that the owner has told no phrase: the link is over, and every address of the account is told.

    Raises ``FlowOver("link_over")``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        at = await _led_to(tx, services, token, AskKind.PHRASE, locked=True)
        refused = replace(at.ask, state=AskState.REFUSED, answered_at=services.clock.now())
        await tx.contact_asks.save(refused, token_hash(token))
        await record(tx, services, at.lock, Event.CONTACT_REFUSED, at.account, A_FRIEND, flow_id=at.ask.flow_id)
        await _tell(tx, services, at, MessageKind.CONTACT_REFUSED)


class _At(Struct, frozen=True):
    ask: ContactAsk
    contact: Contact
    account: Account
    lock: SubjectLock


async def _led_to(tx: Transaction, services: Services, token: str, kind: AskKind | None, *, locked: bool = False) -> _At:
    """Where a link leads, while it does. ``kind``: which it must be; ``None`` for either. ``locked``: for an answer, the subject first.

    Raises ``FlowOver("link_over")``.
    """
    seen = await tx.contact_asks.find(token_hash(token))
    if seen is None or not seen.contact_id:
        raise FlowOver("link_over")
    lock = await tx.audit.lock(seen.account_id) if locked else SubjectLock(seen.account_id, 0, b"")
    ask = await tx.contact_asks.find(token_hash(token)) if locked else seen
    now = services.clock.now()
    if ask is None or now >= ask.expires_at or ask.state is not AskState.OPEN or kind not in {None, ask.kind}:
        raise FlowOver("link_over")
    account = await tx.accounts.get(ask.account_id)
    flow = await tx.flows.get(ask.flow_id) if ask.flow_id else None
    goes_on = flow is not None and flow.is_open(now) and not flow.void
    circle: Circle | None = None
    if ask.kind is AskKind.PHRASE:
        circle = await circle_in_force(tx, account) if goes_on else None
    elif goes_on and flow is not None and flow.state is State.WAITING:
        circle = await tx.circles.get(flow.wants.factor_id)
    if circle is None or not any(c.contact_id == ask.contact_id for c in circle.contacts):
        circle = await circle_in_force(tx, account) if ask.kind is AskKind.INVITATION else None
    contact = next((c for c in circle.contacts if c.contact_id == ask.contact_id), None) if circle else None
    if contact is None or (ask.kind is AskKind.PHRASE and contact.state is not ContactState.ACCEPTED):
        raise FlowOver("link_over")
    return _At(ask, contact, account, lock)


async def _tell(tx: Transaction, services: Services, at: _At, kind: MessageKind) -> None:
    now = services.clock.now()
    await tell(tx, services, at.account, at.account.addresses, kind, {"at": now.isoformat()}, now, flow_id=at.ask.flow_id)
