"""Freeze an account, and thaw it (mission.md, H1; docs/decisions/0013-freeze-and-thaw.md)."""

from datetime import datetime, timedelta

from sparekey.domain.accounts import Account, Address, is_settled
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import TOOK, UNDO_FOR, opened_after
from sparekey.domain.factors import Factor
from sparekey.domain.flow.flow import Flow
from sparekey.domain.messages import MessageKind
from sparekey.domain.remembered import without_remembered
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, give_back_code, record_change, tell_all
from sparekey.use_cases.carry_out.session_over import end_all_sessions
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.running_recoveries import is_waiting_recovery

ADDS = frozenset(
    {
        MessageKind.ADDRESS_ADDED,
        MessageKind.FACTOR_ADDED,
        MessageKind.BACKUP_CODES_MADE,
        MessageKind.SOCIAL_LINKED,
    }
)
"""Notices of a thing that came onto the account. Disowned, it is good for nothing from then on."""


async def freeze(change: Change, kind: MessageKind, happened_at: datetime) -> SubjectLock:
    """End all sessions and lock the account, until it is thawed; no device is remembered any more. ``kind`` and ``happened_at``: of the
    notice that was disowned.

    Everything since then is contested. Whatever was not settled before is contested as well, so that a freeze settles nothing.
    Answers the new head of the chain.
    """
    change.permit.must_be_for(Action.FREEZE)
    tx, now, account = change.tx, change.services.clock.now(), change.account
    # What came with the account was there before anybody could change it (docs/decisions/0004-settled-at-sign-up.md).
    since = max(happened_at - TOOK, account.created_at + timedelta(milliseconds=1))
    if kind in ADDS:
        account = _disowned(account, since, happened_at)
    if (opened := opened_after(await tx.changes.of_account(account.account_id, now - UNDO_FOR), since)) is not None:
        since = opened + timedelta(milliseconds=1)  # an old link contests nothing of what was done since the account was opened again
    contested_at = min(since, account.contested_at or since, *(x.added_at for x in _young(change.account, now)))
    frozen = replace(
        without_remembered(account), frozen_at=account.frozen_at or now, contested_at=contested_at, version=change.account.version + 1
    )
    await tx.accounts.save(change.account, frozen, now)
    await end_all_sessions(tx, change.services, frozen, but_flow=change.flow.flow_id)
    await tx.devices.forget_younger(account.account_id, contested_at)
    for flow in await tx.flows.open_of_account(account.account_id, change.flow.flow_id, now):
        if not is_waiting_recovery(flow, account.account_id):
            await make_void(tx, flow)
    if change.account.frozen_at is None:
        await tell_all(change, frozen, MessageKind.ACCOUNT_FROZEN)
    return await record_change(change, Event.FROZEN, notice=kind.value)


async def make_void(tx: Transaction, flow: Flow) -> None:
    """End a flow so that whoever began it does not learn of it: it looks as before, and no answer is right any more."""
    dead = tuple(replace(a, code_hash=b"", link_hash=b"") for a in flow.asked)
    await tx.flows.save(replace(flow, void=True, asked=dead))
    await give_back_code(tx, flow)


async def thaw(change: Change) -> None:
    """Unlock the account. Where it is not frozen there is nothing to do."""
    change.permit.must_be_for(Action.THAW)
    if change.account.frozen_at is None:
        return
    now = change.services.clock.now()
    opened = replace(thawed(change.account, now), version=change.account.version + 1)
    await change.tx.accounts.save(change.account, opened, now)
    await tell_all(change, opened, MessageKind.ACCOUNT_THAWED)
    await record_change(change, Event.THAWED)


def thawed(account: Account, now: datetime) -> Account:
    """The account unlocked. For what was contested the 30 days begin anew, and a contested password is void."""
    since = account.contested_at
    if account.frozen_at is None or since is None:
        return replace(account, frozen_at=None)
    return replace(
        account,
        frozen_at=None,
        contested_at=None,
        password_hash=account.password_hash if account.password_set_at < since else "",
        addresses=tuple(replace(a, added_at=now, with_account=False) if a.added_at >= since else a for a in account.addresses),
        enrolled=tuple(replace(f, added_at=now, with_account=False) if f.added_at >= since else f for f in account.enrolled),
    )


def _young(account: Account, now: datetime) -> tuple[Factor | Address, ...]:
    """What is not settled as things are, before the freeze contests anything more."""
    held: tuple[Factor | Address, ...] = (*without_remembered(account).enrolled, *account.addresses)
    return tuple(x for x in held if not x.stolen and not is_settled(x, account.contested_at, now))


def _disowned(account: Account, since: datetime, until: datetime) -> Account:
    """The things that came within the disowned change are good for nothing any more."""
    return replace(
        account,
        addresses=tuple(replace(a, stolen=True) if since <= a.added_at <= until else a for a in account.addresses),
        enrolled=tuple(replace(f, stolen=True) if since <= f.added_at <= until else f for f in account.enrolled),
    )
