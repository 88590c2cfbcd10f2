"""Sessions that end."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all


async def end_sessions(change: Change) -> None:
    """End one session, or (where the flow names none) all but the one that asks."""
    change.permit.must_be_for(Action.END_SESSIONS)
    account_id, own = change.account.account_id, change.client.session
    if change.flow.wants.session_id:
        if await change.tx.sessions.end(account_id, change.flow.wants.session_id):
            await record_change(change, Event.SIGNED_OUT)
    else:
        await change.tx.sessions.end_all(account_id, except_session=own.session_id if own else "")
        await tell_all(change, change.account, MessageKind.SESSIONS_ENDED)
        await record_change(change, Event.SESSIONS_ENDED)
