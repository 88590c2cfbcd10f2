"""What changes an account. Nothing else does, and nothing here runs without a permit.

Each change puts its notices and its audit event into the same transaction (mission.md, "always"): a notice to every address, the
old one too; an address that is leaving learns only that something changed.
"""

from dataclasses import dataclass, replace

from sparekey.domain.accounts import Account, AccountId, Address, AddressKind
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.permit import Permit
from sparekey.domain.limits import lane, lanes_of
from sparekey.domain.masks import masked
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


@dataclass(frozen=True, slots=True)
class Change:
    """What every change is given: the open transaction, who asks, the lock on the subject, and the flow that allowed it."""

    tx: Transaction
    services: Services
    client: Client
    lock: SubjectLock
    permit: Permit
    flow: Flow
    account: Account


async def create_account(change: Change, name: str, password_hash: str) -> tuple[Account, SubjectLock]:
    """The account of a finished sign-up, and the head of its new chain.

    Raises ``AddressTaken`` when the address was verified by another meanwhile.
    """
    change.permit.must_be_for(Action.SIGN_UP)
    now = change.services.clock.now()
    chance, flow = change.services.chance, change.flow
    address = Address(
        address_id=chance.new_id(now),
        kind=AddressKind.EMAIL,
        value=flow.wants.address,
        key=flow.wants.address_key,
        added_at=now,
        main=True,
        with_account=True,
    )
    account = Account(
        account_id=AccountId(chance.new_id(now)),
        name=name,
        language=flow.language,
        created_at=now,
        password_hash=password_hash,
        password_set_at=now,
        version=1,
        shred_key=chance.token(),
        addresses=(address,),
    )
    await change.tx.accounts.add(account)
    await tell(change.tx, change.services, account, account.addresses, MessageKind.WELCOME, {"name": name}, now)
    own = await change.tx.audit.lock(account.account_id)
    own = await record(change.tx, change.services, own, Event.CREATED, account, change.client, flow_id=flow.flow_id)
    return account, own


async def set_password(change: Change, password_hash: str) -> None:
    """Replace the password, when changed or recovered. All other sessions and open flows of the account end."""
    recovering = change.permit.action == Action.RECOVER
    if not recovering:
        change.permit.must_be_for(Action.CHANGE_PASSWORD)
    now = change.services.clock.now()
    new = replace(change.account, password_hash=password_hash, password_set_at=now, version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    own = change.client.session
    keep = own.session_id if own is not None and not recovering and own.account_id == new.account_id else ""
    await change.tx.sessions.end_all(new.account_id, except_session=keep)
    await _end_open_flows(change, "replaced")
    # The counters go with the password that they counted guesses at. What strangers tried today still counts: ten a day, whichever.
    unknown = lane(FactorKind.PASSWORD, "", "")
    await change.tx.guesses.clear(change.lock.chain, lanes_of(FactorKind.PASSWORD), but_the_day_in=unknown)
    kind = MessageKind.PASSWORD_RECOVERED if recovering else MessageKind.PASSWORD_CHANGED
    await _tell_all(change, new, kind)
    await _record(change, Event.RECOVERED if recovering else Event.PASSWORD_CHANGED)


async def add_address(change: Change) -> None:
    """Add the address of the flow, just verified in a session of this account. Raises ``AddressTaken``."""
    change.permit.must_be_for(Action.ADD_ADDRESS)
    now = change.services.clock.now()
    wants = change.flow.wants
    added = Address(
        address_id=change.services.chance.new_id(now),
        kind=AddressKind.EMAIL,
        value=wants.address,
        key=wants.address_key,
        added_at=now,
        main=False,
    )
    new = replace(change.account, addresses=(*change.account.addresses, added), version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    await _tell_all(change, new, MessageKind.ADDRESS_ADDED, address=masked(wants.address))
    await _record(change, Event.ADDRESS_ADDED)


async def remove_address(change: Change) -> None:
    """Remove an address that is not the main one. It stays reserved, and is told that it left."""
    change.permit.must_be_for(Action.REMOVE_ADDRESS)
    now = change.services.clock.now()
    leaving = _address(change)
    if leaving.main:
        raise InvalidInput(FieldProblem("address", "address_is_main"))
    stay = tuple(a for a in change.account.addresses if a.address_id != leaving.address_id)
    new = replace(change.account, addresses=stay, version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    await _end_open_flows(change, "replaced")
    await _tell_all(change, new, MessageKind.ADDRESS_REMOVED, address=masked(leaving.value))
    await tell(change.tx, change.services, new, (leaving,), MessageKind.ADDRESS_LEFT, {"at": now.isoformat()}, now)
    await _record(change, Event.ADDRESS_REMOVED)


async def set_main_address(change: Change) -> None:
    change.permit.must_be_for(Action.SET_MAIN_ADDRESS)
    now = change.services.clock.now()
    chosen = _address(change)
    turned = tuple(replace(a, main=a.address_id == chosen.address_id) if a.kind is chosen.kind else a for a in change.account.addresses)
    new = replace(change.account, addresses=turned, version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    await _tell_all(change, new, MessageKind.MAIN_ADDRESS_CHANGED, address=masked(chosen.value))
    await _record(change, Event.MAIN_ADDRESS_CHANGED)


async def change_details(change: Change) -> None:
    """Set name, language and user name to what the flow wants. Raises ``AddressTaken`` for a user name that another has."""
    change.permit.must_be_for(Action.CHANGE_DETAILS)
    now = change.services.clock.now()
    old, wants = change.account, change.flow.wants
    new = replace(
        old,
        name=wants.name,
        language=wants.language,
        user_name=wants.user_name,
        user_name_key=wants.address_key,
        version=old.version + 1,
    )
    what = [n for n in ("name", "language", "user_name") if getattr(old, n) != getattr(new, n)]
    if not what:
        return
    await change.tx.accounts.save(old, new, now)
    await _tell_all(change, new, MessageKind.DETAILS_CHANGED, what=",".join(what))
    await _record(change, Event.DETAILS_CHANGED, what=",".join(what))


async def end_sessions(change: Change) -> None:
    """End one session, or (where the flow names none) all but the one that asks."""
    change.permit.must_be_for(Action.END_SESSIONS)
    account_id, own = change.account.account_id, change.client.session
    if change.flow.wants.session_id:
        if await change.tx.sessions.end(account_id, change.flow.wants.session_id):
            await _record(change, Event.SIGNED_OUT)
    else:
        await change.tx.sessions.end_all(account_id, except_session=own.session_id if own else "")
        await _tell_all(change, change.account, MessageKind.SESSIONS_ENDED)
        await _record(change, Event.SESSIONS_ENDED)


def _address(change: Change) -> Address:
    found = next((a for a in change.account.addresses if a.address_id == change.flow.wants.address), None)
    if found is None:
        raise WrongStep("the account has no such address")
    return found


async def _end_open_flows(change: Change, reason: str) -> None:
    services, now = change.services, change.services.clock.now()
    for flow in await change.tx.flows.open_of_account(change.account.account_id, change.flow.flow_id, now):
        situation = Situation(account=change.account, proofs=flow.proofs, now=now)
        await change.tx.flows.save(step(flow, Ended(reason), policy=services.policy, situation=situation))


async def _tell_all(change: Change, account: Account, kind: MessageKind, **params: str) -> None:
    """A notice to every address that the account has after the change."""
    now = change.services.clock.now()
    known = {**where(change.services, change.client), "at": now.isoformat(), **params}
    await tell(change.tx, change.services, account, account.addresses, kind, known, now)


async def _record(change: Change, event: Event, **detail: str) -> None:
    await record(
        change.tx,
        change.services,
        change.lock,
        event,
        change.account,
        change.client,
        flow_id=change.flow.flow_id,
        route=change.permit.route,
        **detail,
    )
