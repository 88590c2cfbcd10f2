"""Object from a mailed notice, without being signed in: see how the dispute stands, and show more in it (mission.md, R16).

The link proves the address that it was sent to. Pressing it objects with that (``disown.py``), and works once; here it leads to a flow in
which one more thing is shown, for as long as the link is good.
"""

from sparekey.domain.accounts import Account, is_settled
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver, TooManyTries
from sparekey.domain.flow.events import Started
from sparekey.domain.limits import VOLUME_LIMITS
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.disown import WAYS_BACK
from sparekey.use_cases.leads_back import former_of
from sparekey.use_cases.notify import may_send
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.read_dispute import DisputeSeen, seen_by_objection
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import token_hash


async def look_at_objection(services: Services, token: str) -> DisputeSeen:
    """How the dispute stands; changes nothing. Raises ``FlowOver("link_over")`` for a link that leads to none."""
    async with services.store.transaction() as tx:
        link = await _link(tx, services, token)
        account = await tx.accounts.get(link.account_id)
        await _proof(tx, services, link, account)
        seen = await seen_by_objection(tx, services, account)
    if seen is None:
        raise FlowOver("link_over")
    return seen


async def start_objection(services: Services, client: Client, token: str) -> Standing:
    """A flow in which one more settled thing is shown. Raises ``FlowOver("link_over")`` and ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        link = await _link(tx, services, token)
        lock = await tx.audit.lock(link.account_id)
        account = await tx.accounts.get(link.account_id)
        proof = await _proof(tx, services, link, account)
        if account.disputed_at is None:
            raise FlowOver("link_over")
        # A link must not give more tries at a password than mails with codes do.
        if not await may_send(services, f"{account.account_id}/objection"):
            raise TooManyTries(VOLUME_LIMITS["mail.always"].seconds)
        begun = replace(new_flow(services, client, Action.OBJECT, account.account_id, account.account_id), proofs=(proof,))
        lock = await record(tx, services, lock, Event.STARTED, account, client, flow_id=begun.flow_id, action=Action.OBJECT)
        situation = await situation_of(tx, services, client, account, begun)
        moved = await advance(tx, services, client, lock, begun, Started(), situation)
        await tx.flows.add(moved.flow)
    return standing(services, moved.flow, moved.situation)


async def _link(tx: Transaction, services: Services, token: str) -> NoticeLink:
    link = await tx.notice_links.find(token_hash(token))
    if link is None or link.kind in WAYS_BACK or services.clock.now() >= link.expires_at:
        raise FlowOver("link_over")
    return link


async def _proof(tx: Transaction, services: Services, link: NoticeLink, account: Account) -> Proof:
    """What the link shows: a settled address, also one that left the account lately. Any other leads no further."""
    now = services.clock.now()
    held = (*account.factors(), *await former_of(tx, account, Action.RECOVER, now))
    factor = next((f for f in held if f.factor_id == link.address_id and is_settled(f, account.contested_at, now)), None)
    if factor is None:
        raise FlowOver("link_over")
    return Proof(factor.kind, factor.factor_id, factor.thing, now)
