"""Keep an account that is going to be closed: by the link in a notice, or by a typed name (mission.md, S4).

The link shows the address that it was sent to, and nothing else; the policy says whether that is enough (``stop_closing.toml``). It works
as often as one likes while a closing can be stopped, and opens no session.
"""

from datetime import datetime

from sparekey.domain.accounts import Account, AddressKind, address_thing
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import UNDO_FOR, former_things
from sparekey.domain.errors import FlowOver
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.permit import permit_of
from sparekey.domain.flow.state import State
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.change import Change
from sparekey.use_cases.carry_out.closing import stop_closing
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_by_name import start_by_name
from sparekey.use_cases.start_flow import check_volume, new_flow
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import token_hash


class Keeping(Struct, frozen=True):
    """What a link can do. ``until``: when the account closes (UTC); ``None`` where it does not close (any more). ``may``: the address of
    the link can stop it."""

    until: datetime | None
    may: bool


async def read_closing(services: Services, session: Session) -> datetime | None:
    """When (UTC) the own account closes for good; ``None`` when nobody wants it closed."""
    async with services.store.transaction() as tx:
        return (await tx.accounts.get(session.account_id)).closing_at


async def start_keeping(services: Services, client: Client, typed: str) -> Standing:
    """Raises ``InvalidInput`` and ``TooManyTries``; says nothing of whether the name is somebody's, or whether it closes."""
    return await start_by_name(services, client, Action.STOP_CLOSING, typed, Event.STARTED, "recover.network")


async def look_at_keeping(services: Services, token: str) -> Keeping:
    """What a press would do; changes nothing. Raises ``FlowOver("link_over")`` for a link that leads nowhere."""
    async with services.store.transaction() as tx:
        link = await _find(tx, services, token)
        account = await tx.accounts.get(link.account_id)
        flow = await _proven(tx, services, None, link, account)
    return Keeping(account.closing_at, flow.state is State.ALLOWED)


async def keep_account(services: Services, client: Client, token: str) -> Keeping:
    """Press the button. Answers what the link can do now: where it was enough, the account does not close any more.

    Raises ``FlowOver("link_over")`` and ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        link = await _find(tx, services, token)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(link.account_id)
        account = await tx.accounts.get(link.account_id)
        flow = await _proven(tx, services, client, link, account)
        if flow.state is not State.ALLOWED:
            return Keeping(account.closing_at, may=False)
        permit = permit_of(flow, services.clock.now())
        await tx.flows.add(over(services, flow, account))
        await stop_closing(Change(tx, services, client, lock, permit, flow, account))
    return Keeping(None, may=True)


async def _find(tx: Transaction, services: Services, token: str) -> NoticeLink:
    link = await tx.notice_links.find(token_hash(token))
    if link is None or link.kind is not MessageKind.ACCOUNT_CLOSING or services.clock.now() >= link.expires_at:
        raise FlowOver("link_over")
    return link


async def _proven(tx: Transaction, services: Services, client: Client | None, link: NoticeLink, account: Account) -> Flow:
    """A flow of one step, which no browser drives, after the link has shown its address; as it was where the account has it no more."""
    now = services.clock.now()
    client = client or Client(holder="", network="", user_agent="", language=account.language)
    flow = new_flow(services, client, Action.STOP_CLOSING, account.account_id, account.account_id)
    factor = _factor(link, account, former := former_things(account, await tx.accounts.former(account.account_id, now - UNDO_FOR), now))
    if factor is None or account.closing_at is None:
        return flow
    proof = Proof(factor.kind, factor.factor_id, factor.thing, now)
    return step(flow, Proven(proof), policy=services.policy, situation=Situation(account, (), now, former=former))


def _factor(link: NoticeLink, account: Account, former: tuple[Factor, ...]) -> Factor | None:
    for address in (a for a in account.addresses if a.address_id == link.address_id):
        kind = FactorKind.EMAIL if address.kind is AddressKind.EMAIL else FactorKind.SMS
        return Factor(address.address_id, kind, address_thing(address), address.added_at)
    return next((f for f in former if f.factor_id == link.address_id), None)
