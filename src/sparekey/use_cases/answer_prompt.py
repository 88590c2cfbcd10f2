"""Answer a question on the enrolled phone: with the number of the other screen, or "this was not me"."""

import hmac

from sparekey.challenges.approval import Approve, Refuse
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.state import State as FlowState
from sparekey.domain.prompts import PROMPT_LASTS, State
from sparekey.domain.values import replace
from sparekey.use_cases.phone_word import Phone, hear_answer
from sparekey.use_cases.poll_prompts import is_asked
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_prompts import Prompt


async def answer_prompt(services: Services, client: Client, signed: str) -> State:
    """What became of the question: approved or refused.

    Raises ``FlowOver("wrong_number")``, and ``FlowOver("prompt_over")`` for a question that is answered, too old, replaced, or of another
    account: one answer for all. ``NotProven`` when it is not an enrolled phone that speaks; ``TooManyTries``.
    """
    await check_volume(services, "approvals.network", client)
    async with services.store.transaction() as tx:
        phone, lock, said = await hear_answer(tx, services, signed)
        prompt = await tx.prompts.get_for_step(said.prompt_id)
        over = prompt is None or prompt.account_id != phone.account.account_id or not await is_asked(tx, services, prompt)
        state = None if prompt is None or over else await _answer(tx, services, client, lock, phone, prompt, said)
    # Raised only now, so that the word stays spent.
    match state:
        case None:
            raise FlowOver("prompt_over")
        case State.WRONG:
            raise FlowOver("wrong_number")
        case _:
            return state


async def _answer(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, phone: Phone, prompt: Prompt, said: Approve | Refuse
) -> State:
    now = services.clock.now()
    match said:
        case Approve(number=number) if hmac.compare_digest(number.encode(), prompt.number.encode()):
            approved = replace(prompt, state=State.APPROVED, factor_id=phone.factor.factor_id, expires_at=now + PROMPT_LASTS)
            await tx.prompts.save(approved)
            await tx.factors.used(phone.account.account_id, phone.factor.factor_id, now)
            return State.APPROVED
        case Approve():
            await tx.prompts.save(replace(prompt, state=State.WRONG))
            kind = FactorKind.PHONE_APPROVAL
            await record(tx, services, lock, Event.WRONG, phone.account, client, flow_id=prompt.flow_id, challenge=kind)
            return State.WRONG
        case Refuse():
            await tx.prompts.save(replace(prompt, state=State.REFUSED))
            flow = await tx.flows.get_for_step(prompt.flow_id)
            # It looks as before to whoever began it, and leads nowhere. One that waits already is ended by more than one thing (R10).
            if flow is not None and flow.state is FlowState.ASKING:
                await tx.flows.save(replace(flow, void=True))
            await record(tx, services, lock, Event.PROMPT_REFUSED, phone.account, client, flow_id=prompt.flow_id)
            return State.REFUSED
