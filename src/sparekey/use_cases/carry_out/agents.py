"""The beginning of an agent's shift: the key is shown, and the session good for the console for some hours. Nothing else changes."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.use_cases.carry_out.change import Change, record_change


async def begin_shift(change: Change) -> None:
    change.permit.must_be_for(Action.WORK_ON_CASES)
    await record_change(change, Event.SHIFT_BEGUN)
