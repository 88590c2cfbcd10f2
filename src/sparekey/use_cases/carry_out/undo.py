"""Undo changes (mission.md, H2; docs/decisions/0017-undo.md).

Addresses and factors return with all that they are checked with; a password becomes void and never returns; a closing stops; all
sessions end. What came with the changes leaves, and is marked as stolen: it proves nothing here any more, not even as a former address.
"""

from collections.abc import Sequence
from datetime import datetime

from sparekey.domain.accounts import Account, Address
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import GROUPS, UNDO_FOR, Group, PastChange, Undoing, undoing, with_what_returns, without_what_came
from sparekey.domain.factors import Factor
from sparekey.domain.masks import masked
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.carry_out.session_over import end_all_sessions
from sparekey.use_cases.leads_back import former_of
from sparekey.use_cases.notify import tell


class Undone(Struct, frozen=True):
    """``kinds``: what was undone, the oldest first. ``password``: it is void now. ``closing``: the account would have closed."""

    kinds: tuple[Event, ...] = ()
    password: bool = False
    closing: bool = False

    @property
    def groups(self) -> frozenset[Group]:
        about = {GROUPS[kind] for kind in self.kinds} - {Group.PASSWORD}
        return frozenset(about | ({Group.PASSWORD} if self.password else set()) | ({Group.CLOSING} if self.closing else set()))


async def undo(change: Change, changes: Sequence[PastChange], *, password: bool = False) -> tuple[Change, Undone]:
    """Undo these changes as one (``domain.changes.since``). ``password``: it is known to somebody else, hence void, whoever set it.

    Answers what was done, and the change with the account as it is then. Without anything to undo, nothing is changed.
    """
    change.permit.must_be_for(Action.UNDO)
    tx, now, old = change.tx, change.services.clock.now(), change.account
    closing = old.closing_at is not None
    if not (changes or closing or (password and old.password_hash)):
        return change, Undone()
    plan = undoing(old, changes)
    left = await _left(change, plan, now, password=password)
    plan = await _free_names(change, plan)
    returned = with_what_returns(left, plan, await _free_addresses(change, left, plan), await _kept(change, plan), now)
    await tx.accounts.save(left, returned, now)
    await end_all_sessions(tx, change.services, returned, but_flow=change.flow.flow_id)
    await tx.changes.undone([c.change_id for c in changes], now)
    done = Undone(tuple(dict.fromkeys(c.kind for c in changes)), left.password_hash != old.password_hash, closing)
    await _tell(change, returned, plan, done)
    lock = await record_change(change, Event.CHANGES_UNDONE, what=",".join(done.kinds))
    return replace(change, account=returned, lock=lock), done


async def bring_back_shown(change: Change) -> Change:
    """A recovery brings the addresses back by which it was made: its owner signs in with them, and is reached by them (R13)."""
    change.permit.must_be_for(Action.RECOVER)
    tx, old, now = change.tx, change.account, change.services.clock.now()
    shown = {p.factor_id for p in change.flow.proofs} & {f.factor_id for f in await former_of(tx, old, Action.RECOVER, now)}
    back = [a for a in await tx.accounts.former(old.account_id, now - UNDO_FOR) if a.address_id in shown]
    if not back:
        return change
    returned = tuple(replace(a, removed_at=None, main=False) for a in back)
    new = replace(old, addresses=(*old.addresses, *returned), version=old.version + 1)
    await tx.accounts.save(old, new, now)
    for address in returned:
        await tell_all(change, new, MessageKind.ADDRESS_ADDED, address=masked(address.value))
    return replace(change, account=new, lock=await record_change(change, Event.ADDRESS_ADDED))


async def _left(change: Change, plan: Undoing, now: datetime, *, password: bool) -> Account:
    """What came is gone from the account, and its addresses keep the mark that they have no say any more."""
    old, going = change.account, {a.address_id for a in plan.leaving}
    marked = replace(old, addresses=tuple(replace(a, stolen=a.stolen or a.address_id in going) for a in old.addresses))
    await change.tx.accounts.save(old, marked, now)
    left = without_what_came(marked, plan, now, password=password)
    await change.tx.accounts.save(marked, left, now)
    return left


async def _free_addresses(change: Change, left: Account, plan: Undoing) -> Sequence[Address]:
    """Those that still wait to return: kept, not stolen, and on no account meanwhile (a number may have changed hands)."""
    former = {a.address_id: a for a in await change.tx.accounts.former(left.account_id, change.services.clock.now() - UNDO_FOR)}
    kept = [(former[a.address_id], a.added_at) for a in plan.returning if a.address_id in former]
    wanted = [replace(a, added_at=added_at) for a, added_at in kept if not a.stolen]
    return [a for a in wanted if not (await change.tx.accounts.find_by_key(a.key)).exists]


async def _free_names(change: Change, plan: Undoing) -> Undoing:
    """The user name returns unless somebody has taken it meanwhile."""
    account = change.account
    if not plan.user_name_key or plan.user_name_key == account.user_name_key:
        return plan
    if (await change.tx.accounts.find_by_key(plan.user_name_key)).exists:
        return replace(plan, user_name=account.user_name, user_name_key=account.user_name_key)
    return plan


async def _kept(change: Change, plan: Undoing) -> Sequence[Factor]:
    """Factors whose secrets are back in place. One that is enrolled elsewhere by now stays there."""
    return [f for f in plan.factors_returning if await change.tx.factors.put_back(change.account.account_id, f.factor_id)]


async def _tell(change: Change, returned: Account, plan: Undoing, done: Undone) -> None:
    """Every address that the account has now is told what was undone; one that left learns that something changed."""
    now = change.services.clock.now()
    await tell_all(change, returned, MessageKind.CHANGES_UNDONE, undone=",".join(sorted(done.groups)))
    gone = tuple(replace(a, stolen=False) for a in plan.leaving)
    await tell(
        change.tx, change.services, returned, gone, MessageKind.ADDRESS_LEFT, {"at": now.isoformat()}, now, flow_id=change.flow.flow_id
    )
