"""Addresses: added, removed, made the main one; a number that changes hands."""

from sparekey.domain.accounts import Account, Address, AddressKind, address_thing, is_needed
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Ended, Postponed
from sparekey.domain.limits import NUMBER_MOVES_AFTER, RESERVED
from sparekey.domain.masks import masked
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, end_open_flows, record_change, tell_all
from sparekey.use_cases.notify import tell
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Services


async def add_address(change: Change) -> None:
    """Add the address of the flow, just verified in a session of this account; the first number is the main one. One that the account
    has already was confirmed anew by that (``reachable.confirmed``), and stays as it is.

    A number that another account has leaves it: ``claim_number`` said that it may. Raises ``AddressTaken``.
    """
    change.permit.must_be_for(Action.ADD_ADDRESS)
    now = change.services.clock.now()
    wants = change.flow.wants
    if any(a.key == wants.address_key for a in change.account.addresses):
        return
    kind = AddressKind.PHONE if wants.address_key.startswith("phone:") else AddressKind.EMAIL
    if kind is AddressKind.PHONE:
        await _take_from_another(change)
    added = Address(
        address_id=change.services.chance.new_id(now),
        kind=kind,
        value=wants.address,
        key=wants.address_key,
        added_at=now,
        main=kind is AddressKind.PHONE and not change.account.phones,
        confirmed_at=now,
    )
    new = replace(change.account, addresses=(*change.account.addresses, added), version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    await tell_all(change, new, MessageKind.ADDRESS_ADDED, address=masked(wants.address))
    await record_change(change, Event.ADDRESS_ADDED)


async def remove_address(change: Change) -> None:
    """Remove an address that may go. It stays reserved, and is told that it left. Where it was a second factor, that goes with it.
    One that is not the owner's any more can only object from now on: the policy has seen to it that this is the owner's word."""
    change.permit.must_be_for(Action.REMOVE_ADDRESS)
    now = change.services.clock.now()
    leaving = _address(change)
    if is_needed(change.account, leaving):
        raise InvalidInput(FieldProblem("address", "address_is_main"))
    marked = replace(leaving, given_up=change.flow.wants.given_up)
    old = replace(change.account, addresses=tuple(marked if a == leaving else a for a in change.account.addresses))
    new = without(old, leaving)
    await change.tx.accounts.save(change.account, old, now)
    await change.tx.accounts.save(old, new, now)
    await end_open_flows(change, "replaced")
    await tell_all(change, new, MessageKind.ADDRESS_REMOVED, address=masked(leaving.value))
    await tell(
        change.tx, change.services, new, (leaving,), MessageKind.ADDRESS_LEFT, {"at": now.isoformat()}, now, flow_id=change.flow.flow_id
    )
    lock = await record_change(change, Event.ADDRESS_REMOVED)
    if new.enrolled != change.account.enrolled:
        kind = FactorKind.SMS if leaving.kind is AddressKind.PHONE else FactorKind.EMAIL
        await tell_all(change, new, MessageKind.FACTOR_REMOVED, factor=kind.value)
        await record_change(replace(change, lock=lock), Event.FACTOR_REMOVED, factor=kind.value)


async def set_main_address(change: Change) -> None:
    change.permit.must_be_for(Action.SET_MAIN_ADDRESS)
    now = change.services.clock.now()
    chosen = _address(change)
    turned = tuple(replace(a, main=a.address_id == chosen.address_id) if a.kind is chosen.kind else a for a in change.account.addresses)
    new = replace(change.account, addresses=turned, version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    await tell_all(change, new, MessageKind.MAIN_ADDRESS_CHANGED, address=masked(chosen.value))
    await record_change(change, Event.MAIN_ADDRESS_CHANGED)


# ---------------------------------------------------------------- a number that changes hands (mission.md, S6)


async def claim_number(change: Change) -> Postponed | Ended | None:
    """Claim a number that was just proven. ``None``: it may be added now, being free or after its wait; else what happens to the flow.

    While another account has it, its owner is told and has a week to show that it is still theirs; then it moves. One that left an
    account lately is kept for that account.
    """
    wants, now = change.flow.wants, change.services.clock.now()
    if not wants.address_key.startswith("phone:"):
        return None
    holder_id = await change.tx.accounts.holder_of(wants.address_key, now - RESERVED)
    if holder_id is None or holder_id == change.account.account_id:
        return None
    holder = await change.tx.accounts.get(holder_id)
    held = next((a for a in holder.addresses if a.key == wants.address_key), None)
    if held is None:
        return Ended("number_reserved")
    if change.flow.waiting is None:
        await tell_leaving(change.tx, change.services, holder, held, change.flow.flow_id)
        return Postponed(NUMBER_MOVES_AFTER)
    if not change.flow.waiting.is_over:
        raise WrongStep("the wait is not over")
    if (held.confirmed_at or held.added_at) >= change.flow.waiting.began_at:
        return Ended("number_kept")
    return None


async def tell_leaving(tx: Transaction, services: Services, holder: Account, number: Address, flow_id: str) -> None:
    """Tell the account that has a number that somebody else reads its texts. Not by the number itself: it may be that person's."""
    now = services.clock.now()
    others = tuple(a for a in holder.addresses if a.address_id != number.address_id)
    params = {"address": masked(number.value), "at": now.isoformat()}
    await tell(tx, services, holder, others, MessageKind.NUMBER_LEAVING, params, now, flow_id=flow_id)


async def _take_from_another(change: Change) -> None:
    """The number leaves the account that had it. Where it was a second factor that proves nothing any more, as if reported stolen; that a
    second factor is asked for stays, or else a stolen number would switch it off (mission.md, F9)."""
    now, key = change.services.clock.now(), change.flow.wants.address_key
    holder = await change.tx.accounts.find_by_key(key)
    held = next((a for a in holder.addresses if a.key == key), None)
    if held is None or not holder.exists:
        return
    if change.flow.waiting is None or not change.flow.waiting.is_over:
        raise WrongStep("the number is somebody else's, and no wait was kept")
    lock = await change.tx.audit.lock(holder.account_id)
    # It is somebody else's now, so it leads back to nothing.
    marked = replace(holder, addresses=tuple(replace(a, given_up=True) if a == held else a for a in holder.addresses))
    left = without(marked, held)
    void = tuple(replace(f, stolen=True) for f in holder.enrolled if f not in left.enrolled)
    left = replace(left, enrolled=(*left.enrolled, *void))
    await change.tx.accounts.save(holder, marked, now)
    await change.tx.accounts.save(marked, left, now)
    params = {"address": masked(held.value), "at": now.isoformat()}
    await tell(change.tx, change.services, left, left.addresses, MessageKind.NUMBER_MOVED, params, now, flow_id=change.flow.flow_id)
    await record(change.tx, change.services, lock, Event.NUMBER_MOVED, left, change.client, flow_id=change.flow.flow_id)


def without(account: Account, leaving: Address) -> Account:
    """The account without an address and without what was a second factor by it; another number becomes the main one."""
    stay = tuple(a for a in account.addresses if a.address_id != leaving.address_id)
    if leaving.main and leaving.kind is AddressKind.PHONE:
        heir = next((a.address_id for a in stay if a.kind is AddressKind.PHONE), "")
        stay = tuple(replace(a, main=a.main or a.address_id == heir) for a in stay)
    enrolled = tuple(f for f in account.enrolled if f.kind not in {FactorKind.SMS, FactorKind.EMAIL} or f.thing != address_thing(leaving))
    return replace(account, addresses=stay, enrolled=enrolled, version=account.version + 1)


def _address(change: Change) -> Address:
    found = next((a for a in change.account.addresses if a.address_id == change.flow.wants.address), None)
    if found is None:
        raise WrongStep("the account has no such address")
    return found
