"""What is told of a recovery that waits (mission.md, R10): at its start, daily, before its end, and when it is over.

Every address of the account is told, with a link to object. The settled ones that were not shown are the witnesses, whose notices
count. Whoever showed an address is sent a link back to the page there.
"""

from datetime import datetime

import msgspec

from sparekey.domain.accounts import Account, Address, address_thing
from sparekey.domain.audit import Event
from sparekey.domain.devices import device_name
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.waiting import Waiting
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.conditions import see, things_of, witnesses
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import replace
from sparekey.use_cases.leads_back import with_typed
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import personal_purpose, record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import short_token, token_hash


async def begin_wait(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account
) -> tuple[Flow, SubjectLock]:
    """The first notices, in the transaction in which the wait begins; and the new head of the chain."""
    waiting = waiting_of(flow)
    lock = await record(tx, services, lock, Event.WAIT_BEGUN, account, client, flow_id=flow.flow_id, route=flow.route)
    await tell_waiting(tx, services, flow, account, where(services, client))
    await send_way_back(tx, services, flow, account, MessageKind.RECOVERY_STATUS)
    return replace(flow, waiting=waiting.noticed(waiting.began_at)), lock


async def tell_waiting(tx: Transaction, services: Services, flow: Flow, account: Account, by_whom: dict[str, str]) -> None:
    """A notice that the recovery waits, to every address. ``by_whom``: device and place of whoever asked for it."""
    waiting, now = waiting_of(flow), services.clock.now()
    params = {**by_whom, "at": waiting.began_at.isoformat(), "until": _until(waiting, now)}
    await tell(tx, services, account, account.addresses, MessageKind.RECOVERY_WAITING, params, now, flow_id=flow.flow_id)


async def send_way_back(tx: Transaction, services: Services, flow: Flow, account: Account, kind: MessageKind) -> None:
    """A link to where the recovery stands, to the addresses that were shown in it, and to no other; also to one that has left."""
    waiting, now = waiting_of(flow), services.clock.now()
    for address in _shown(flow, await with_typed(tx, account, flow, now)):
        token = short_token(services.chance)
        link = NoticeLink(account.account_id, address.address_id, kind, flow.flow_id, now, flow.expires_at)
        await tx.notice_links.add(link, token_hash(token))
        params = {"link": token, "at": now.isoformat(), "until": _until(waiting, now)}
        await tell(tx, services, account, (address,), kind, params, now, flow_id=flow.flow_id)


async def who_asked(tx: Transaction, services: Services, flow: Flow, account: Account) -> dict[str, str]:
    """Device and place of whoever began the wait, as the audit log knows them."""
    for row in await tx.audit.of_flow(account.account_id, flow.flow_id):
        if row.name == Event.WAIT_BEGUN:
            text = services.sealer.open(row.personal, personal_purpose(account))
            personal = msgspec.json.decode(text, type=dict[str, str])
            return {"device": device_name(personal["user_agent"]), "place": services.places.place_of(personal["network"])}
    return {"device": "", "place": ""}


def witness_ids(services: Services, flow: Flow, account: Account, now: datetime) -> frozenset[str]:
    """The ids of the addresses whose notices count: settled, and not shown in the flow."""
    things = witnesses(see(services.policy, Situation(account, flow.proofs, now)))
    return frozenset(a.address_id for a in account.addresses if address_thing(a) in things)


def waiting_of(flow: Flow) -> Waiting:
    assert flow.waiting is not None
    return flow.waiting


def _shown(flow: Flow, account: Account) -> tuple[Address, ...]:
    things = things_of(p for p in flow.proofs if not p.enrolling)
    return tuple(a for a in account.addresses if address_thing(a) in things)


def _until(waiting: Waiting, now: datetime) -> str:
    return waiting.until(now).isoformat()
