"""A new password, changed or recovered."""

from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.audit import Event
from sparekey.domain.factors import FactorKind
from sparekey.domain.limits import lane, lanes_of
from sparekey.domain.messages import MessageKind
from sparekey.domain.remembered import without_remembered
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, end_open_flows, record_change, tell_all
from sparekey.use_cases.carry_out.freeze import thawed
from sparekey.use_cases.carry_out.quarantine import after_recovery, record_quarantine
from sparekey.use_cases.carry_out.session_over import end_all_sessions


async def set_password(change: Change, password_hash: str) -> None:
    """Replace the password, when changed or recovered. All other sessions, open flows and remembered devices end.
    A recovery thaws a frozen account as well, and begins the quarantine."""
    recovering = change.permit.action in RECOVERIES
    if not recovering:
        change.permit.must_be_for(Action.CHANGE_PASSWORD)
    now = change.services.clock.now()
    forgotten = thawed(without_remembered(change.account), now) if recovering else without_remembered(change.account)
    new = replace(forgotten, password_hash=password_hash, password_set_at=now, version=change.account.version + 1)
    new = after_recovery(change, new) if recovering else new
    await change.tx.accounts.save(change.account, new, now)
    own = change.client.session
    keep = own.session_id if own is not None and not recovering and own.account_id == new.account_id else ""
    await end_all_sessions(change.tx, change.services, new, but=keep, but_flow=change.flow.flow_id)
    await end_open_flows(change, "replaced")
    # The counters go with the password that they counted guesses at. What strangers tried today still counts: ten a day, whichever.
    unknown = lane(FactorKind.PASSWORD, "", "")
    await change.tx.guesses.clear(change.lock.chain, lanes_of(FactorKind.PASSWORD), but_the_day_in=unknown)
    kind = MessageKind.PASSWORD_RECOVERED if recovering else MessageKind.PASSWORD_CHANGED
    await tell_all(change, new, kind)
    lock = await record_change(change, Event.RECOVERED if recovering else Event.PASSWORD_CHANGED)
    if change.account.frozen_at is not None and new.frozen_at is None:
        await tell_all(change, new, MessageKind.ACCOUNT_THAWED)
        lock = await record_change(replace(change, lock=lock), Event.THAWED)
    if recovering:
        await record_quarantine(replace(change, lock=lock), new)
