"""Come back to a recovery that waits, by the link that was sent to the address that was shown (mission.md, R10).

The link works as often as one likes. In the browser that began it leads to the recovery. In another one it shows where the wait stands,
and no more: to go on there, the person shows again what was shown (``adopt_wait.py``). The link itself shows its address.
"""

from datetime import datetime

from sparekey.domain.accounts import Account, AddressKind, address_thing
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver, TooManyTries, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Started
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.domain.limits import VOLUME_LIMITS
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.adopt_wait import bring, can_be_shown_again, is_covered
from sparekey.use_cases.ask_by_message import ask_by_message
from sparekey.use_cases.disown import WAYS_BACK
from sparekey.use_cases.notify import may_send
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import chain_of, record
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import is_same, token_hash


class WaySeen(Struct, frozen=True):
    """Where a link leads. ``here``: the recovery is in this browser. ``movable``: it could go on in another one. ``ready``: the wait is
    over, if there was one to the end. ``until``: when it is over at the earliest (UTC). ``days`` and ``counted``: how many days it takes,
    and has so far. ``objected``: it is, or was, in dispute."""

    here: bool
    movable: bool
    ready: bool
    until: datetime | None
    days: int
    counted: int
    objected: bool


async def look_at_way_back(services: Services, client: Client, token: str) -> WaySeen:
    """Where the recovery stands; changes nothing. Raises ``FlowOver("link_over")`` for a link that leads nowhere."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        link = await _link(tx, token)
        flow = _led_to(client, link, await tx.flows.get(link.flow_id), now)
    waiting = flow.waiting
    return WaySeen(
        here=is_same(client.holder, flow.holder),
        movable=can_be_shown_again(flow),
        ready=flow.state is State.ALLOWED,
        until=waiting.until(now) if waiting else None,
        days=waiting.days if waiting else 0,
        counted=min(waiting.counted, waiting.days) if waiting else 0,
        objected=waiting is not None and waiting.objected_at is not None,
    )


async def come_back(services: Services, client: Client, token: str) -> Standing:
    """The recovery that waits, in its own browser, or where nothing but the address of the link was shown in it. Elsewhere a new flow, in
    which the person shows again what was shown, and which then leads to the recovery (``next_flow``).

    Raises ``FlowOver("link_over")``, ``TooManyTries``, and ``WrongStep`` where it can go on in its own browser only.
    """
    await check_volume(services, "answer.network", client)
    async with services.store.transaction() as tx:
        link = await _link(tx, token)
        seen = _led_to(client, link, await tx.flows.get(link.flow_id), services.clock.now())
    async with services.store.transaction() as tx:
        now = services.clock.now()
        lock = await tx.audit.lock(chain_of(seen.subject, now))
        flow = _led_to(client, link, await tx.flows.get_for_step(seen.flow_id), now)
        account = await tx.accounts.get(flow.account_id)
        if not is_same(client.holder, flow.holder):
            proof = _proof(link, account, now)
            if not is_covered(flow, (proof,), account):
                return await _show_again(tx, services, client, lock, flow, account, proof)
            flow = await bring(tx, client, flow)
        situation = await situation_of(tx, services, client, account, flow)
    return standing(services, flow, situation)


async def _link(tx: Transaction, token: str) -> NoticeLink:
    link = await tx.notice_links.find(token_hash(token))
    if link is None or link.kind not in WAYS_BACK:
        raise FlowOver("link_over")
    return link


def _led_to(client: Client, link: NoticeLink, flow: Flow | None, now: datetime) -> Flow:
    """An open recovery: in its own browser also one that has stopped waiting, because more was shown in it."""
    if flow is None or flow.void or flow.account_id != link.account_id or not flow.is_open(now):
        raise FlowOver("link_over")
    if not is_waiting_recovery(flow, link.account_id) and not is_same(client.holder, flow.holder):
        raise FlowOver("link_over")
    return flow


def _proof(link: NoticeLink, account: Account, now: datetime) -> Proof:
    """What the link shows. An address that has left the account shows nothing."""
    address = next((a for a in account.addresses if a.address_id == link.address_id and not a.stolen), None)
    if address is None:
        raise FlowOver("link_over")
    kind = FactorKind.EMAIL if address.kind is AddressKind.EMAIL else FactorKind.SMS
    return Proof(kind, address.address_id, address_thing(address), now)


async def _show_again(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, recovery: Flow, account: Account, proof: Proof
) -> Standing:
    """A new recovery for this browser, with the address of the link shown in it."""
    if not can_be_shown_again(recovery):
        raise WrongStep("a backup code or a remembered device was shown: it goes on in its own browser only")
    address = next(a for a in account.addresses if a.address_id == proof.factor_id)
    begun = new_flow(
        services,
        client,
        Action.RECOVER,
        account.account_id,
        recovery.subject,
        typed=address.value,
        typed_key=address.key,
        wants=Wants(flow_id=recovery.flow_id),
    )
    lock = await record(tx, services, lock, Event.RECOVERY_STARTED, account, client, flow_id=begun.flow_id)
    situation = await situation_of(tx, services, client, account, begun)
    flow = step(replace(begun, proofs=(proof,)), Started(), policy=services.policy, situation=situation)
    held = False
    if flow.state is not State.ASKING:
        # By now the address would be enough without any wait: for that the link is too old, and a new code is asked for.
        flow, held = await ask_by_message(tx, services, client, begun, account, proof.kind)
    elif not await may_send(services, f"{begun.subject}/{begun.typed_key}"):
        raise TooManyTries(VOLUME_LIMITS["mail.always"].seconds)
    else:
        await record(tx, services, lock, Event.PROVEN, account, client, flow_id=begun.flow_id, challenge=proof.kind)
    await tx.flows.add(flow)
    return standing(services, flow, replace(situation, proofs=flow.proofs), held=held)
