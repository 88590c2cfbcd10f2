"""The answer to the secret question, set or removed (mission.md, R9)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.stores_of_contacts import SecretAnswer


async def set_answer(change: Change) -> None:
    """Question and answer of the flow, in place of those before; where it names no question, they are removed."""
    change.permit.must_be_for(Action.SET_SECRET_ANSWER)
    wants, account_id = change.flow.wants, change.account.account_id
    if wants.label:
        await change.tx.secret_answers.put(account_id, SecretAnswer(wants.label, wants.password_hash, change.services.clock.now()))
    elif not await change.tx.secret_answers.remove(account_id):
        return
    await tell_all(change, change.account, MessageKind.SECRET_ANSWER_CHANGED)
    await record_change(change, Event.SECRET_ANSWER_CHANGED)
