"""Sessions that end, and with them that their devices are remembered: whoever signs a lost laptop out means all of it."""

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.factors import FactorKind
from sparekey.domain.messages import MessageKind
from sparekey.domain.remembered import without_remembered
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.carry_out.session_over import end_all_sessions, end_session


async def end_sessions(change: Change) -> None:
    """End one session, or that one device is remembered, or (where the flow names neither) all sessions but the one that asks."""
    change.permit.must_be_for(Action.END_SESSIONS)
    wants = change.flow.wants
    if wants.session_id:
        await _end_one(change, wants.session_id)
    elif wants.factor_id:
        await _forget_one(change, wants.factor_id)
    else:
        await _end_others(change)


async def open_limited_session(change: Change) -> None:
    """The second factor that was missing is there: the session that added it is good for everything from now on (mission.md, F8).
    Others that were opened without one end."""
    own = change.client.session
    for session in await change.tx.sessions.of_account(change.account.account_id):
        if session.limited and own is not None and session.session_id == own.session_id:
            await change.tx.sessions.refresh(replace(session, limited=False))
        elif session.limited:
            await end_session(change.tx, change.services, change.account, session.session_id, but_flow=change.flow.flow_id)


async def _end_one(change: Change, session_id: str) -> None:
    account, tx = change.account, change.tx
    found = next((s for s in await tx.sessions.of_account(account.account_id) if s.session_id == session_id), None)
    if found is None or not await end_session(tx, change.services, account, session_id, but_flow=change.flow.flow_id):
        return
    change = replace(change, lock=await record_change(change, Event.SIGNED_OUT))
    await _forget(change, tuple(f.factor_id for f in account.enrolled if f.thing.name == found.device_id))


async def _forget_one(change: Change, factor_id: str) -> None:
    await _forget(change, (factor_id,))


async def _end_others(change: Change) -> None:
    account, own = change.account, change.client.session
    but = own.session_id if own else ""
    await end_all_sessions(change.tx, change.services, account, but=but, but_flow=change.flow.flow_id)
    await _save(change, without_remembered(account, but=own.device_id if own else None))
    await tell_all(change, change.account, MessageKind.SESSIONS_ENDED)
    await record_change(change, Event.SESSIONS_ENDED)


async def _forget(change: Change, factor_ids: tuple[str, ...]) -> None:
    """It proves less from now on, which gives nobody anything: it is written down, and no mail tells of it."""
    old, kind = change.account, FactorKind.REMEMBERED_DEVICE
    kept = tuple(f for f in old.enrolled if f.kind is not kind or f.factor_id not in factor_ids)
    if await _save(change, replace(old, enrolled=kept)):
        await record_change(change, Event.DEVICE_FORGOTTEN)


async def _save(change: Change, new: Account) -> bool:
    if new == change.account:
        return False
    await change.tx.accounts.save(change.account, replace(new, version=new.version + 1), change.services.clock.now())
    return True
