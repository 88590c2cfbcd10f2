"""Addresses: added, removed, made the main one."""

from dataclasses import replace

from sparekey.domain.accounts import Address, AddressKind
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.masks import masked
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.carry_out.change import Change, end_open_flows, record_change, tell_all
from sparekey.use_cases.notify import tell


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
    await tell_all(change, new, MessageKind.ADDRESS_ADDED, address=masked(wants.address))
    await record_change(change, Event.ADDRESS_ADDED)


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
    await end_open_flows(change, "replaced")
    await tell_all(change, new, MessageKind.ADDRESS_REMOVED, address=masked(leaving.value))
    await tell(change.tx, change.services, new, (leaving,), MessageKind.ADDRESS_LEFT, {"at": now.isoformat()}, now)
    await record_change(change, Event.ADDRESS_REMOVED)


async def set_main_address(change: Change) -> None:
    change.permit.must_be_for(Action.SET_MAIN_ADDRESS)
    now = change.services.clock.now()
    chosen = _address(change)
    turned = tuple(replace(a, main=a.address_id == chosen.address_id) if a.kind is chosen.kind else a for a in change.account.addresses)
    new = replace(change.account, addresses=turned, version=change.account.version + 1)
    await change.tx.accounts.save(change.account, new, now)
    await tell_all(change, new, MessageKind.MAIN_ADDRESS_CHANGED, address=masked(chosen.value))
    await record_change(change, Event.MAIN_ADDRESS_CHANGED)


def _address(change: Change) -> Address:
    found = next((a for a in change.account.addresses if a.address_id == change.flow.wants.address), None)
    if found is None:
        raise WrongStep("the account has no such address")
    return found
