"""Addresses that left an account and still lead to it: for getting back in, undoing, and stopping its end (mission.md, R13).

Everybody takes the same road: one look-up by name, what left included, whoever the name is of. ``left``, here and elsewhere: the
addresses that left the account, where they were read already.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from sparekey.domain.accounts import Account, Address, nobody
from sparekey.domain.actions import Action
from sparekey.domain.changes import UNDO_FOR, former_things, leads_back
from sparekey.domain.factors import Factor
from sparekey.domain.flow.flow import Flow
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Transaction

Left: TypeAlias = Sequence[Address]

LEADS_BACK = frozenset({Action.RECOVER, Action.UNDO, Action.FREEZE, Action.STOP_CLOSING})
"""What an address that left is still good for. Not for signing in, nor for thawing: what returns at an undo is good for that."""


async def find_by_name(tx: Transaction, action: str, key: str, now: datetime) -> tuple[Account, Left]:
    """Whose name this is; for some actions also whose it was, where it leads back. ``nobody()`` otherwise."""
    if action not in LEADS_BACK:
        return await tx.accounts.find_by_key(key), ()
    account, left = await tx.accounts.find_by_key_or_former(key, now - UNDO_FOR)
    is_present = account.user_name_key == key or any(a.key == key for a in account.addresses)
    return (account, left) if is_present or not account.exists or _of_name(account, left, key, now) else (nobody(), ())


async def former_of(tx: Transaction, account: Account, action: str, now: datetime, left: Left | None = None) -> tuple[Factor, ...]:
    """What addresses that left may prove in a flow to this action."""
    if action not in LEADS_BACK:
        return ()
    return former_things(account, await _left(tx, account, now) if left is None else left, now)


async def with_typed(tx: Transaction, account: Account, flow: Flow, now: datetime, left: Left | None = None) -> Account:
    """The account, with the address that was typed where it has left and leads back: that one is written to, and no other former one."""
    if flow.action not in LEADS_BACK:
        return account
    left = await _left(tx, account, now) if left is None else left
    return replace(account, addresses=(*account.addresses, *_of_name(account, left, flow.typed_key, now)))


async def _left(tx: Transaction, account: Account, now: datetime) -> Left:
    return await tx.accounts.former(account.account_id, now - UNDO_FOR)


def _of_name(account: Account, left: Left, key: str, now: datetime) -> tuple[Address, ...]:
    if any(a.key == key for a in account.addresses):
        return ()
    return tuple(replace(a, main=False) for a in left if a.key == key and leads_back(a, account.contested_at, now))[:1]
