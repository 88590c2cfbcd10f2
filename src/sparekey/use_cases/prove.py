"""The one end of every right answer: the proof is recorded, the flow moves on, its action is carried out, all is saved."""

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.flow import judge
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.adopt_wait import adopt_wait
from sparekey.use_cases.advance import advance
from sparekey.use_cases.ask_by_message import ask_by_message, enrolled_kind
from sparekey.use_cases.load_flow import Loaded
from sparekey.use_cases.ports import AddressTaken, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, choices_of, situation_of, standing
from sparekey.use_cases.stores_of_factors import FactorTaken


async def must_be_asked(tx: Transaction, services: Services, client: Client, at: Loaded, kind: FactorKind) -> None:
    """Raises ``WrongStep`` when the flow does not take this kind of proof now."""
    situation = await situation_of(tx, services, client, at.account, at.flow)
    if kind not in choices_of(services, at.flow, judge(at.flow, services.policy, situation)):
        raise WrongStep(f"{kind} is not asked for")


async def prove(tx: Transaction, services: Services, client: Client, at: Loaded, proof: Proof) -> Standing:
    """The flow after a right answer. ``at``: as loaded in this transaction, with whatever the answer has already changed in it.

    Raises ``FlowOver("taken")``, and what the action raises; then nothing was changed. A flow that can never be allowed (``void``)
    must have been answered with ``NotProven`` before.
    """
    if at.flow.void:
        raise WrongStep("nothing is proven in a void flow")
    lock = await record(tx, services, at.lock, Event.PROVEN, at.account, client, flow_id=at.flow.flow_id, challenge=proof.kind)
    situation = await situation_of(tx, services, client, at.account, at.flow)
    await _refresh_session(tx, client, at.account, proof)
    if (over := await adopt_wait(tx, services, client, at.flow, Proven(proof), situation)) is not None:
        await tx.flows.save(over)
        return standing(services, over, situation)
    try:
        moved = await advance(tx, services, client, lock, at.flow, Proven(proof), situation)
    except AddressTaken:
        # Whoever proved it first has it. Found by the unique index, so the transaction cannot go on: say it in the next one.
        raise FlowOver("taken") from None
    except FactorTaken:
        raise FlowOver("social_taken") from None
    flow, held = moved.flow, False
    if (kind := enrolled_kind(flow)) is not None and not flow.asked:
        flow, held = await ask_by_message(tx, services, client, flow, at.account, kind)
    await tx.flows.save(flow)
    return standing(services, flow, moved.situation, held=held, opened=moved.opened)


async def was_wrong(tx: Transaction, services: Services, client: Client, at: Loaded, kind: FactorKind, **why: str) -> None:
    """Record a wrong answer. ``why``: stable names for the audit log. The caller commits, and then raises ``NotProven``."""
    await record(tx, services, at.lock, Event.WRONG, at.account, client, flow_id=at.flow.flow_id, challenge=kind, **why)


async def _refresh_session(tx: Transaction, client: Client, account: Account, proof: Proof) -> None:
    """A fresh proof inside a session makes the session fresh, so that the next guarded action does not ask again at once."""
    session = client.session
    if session is None or session.account_id != account.account_id or proof.enrolling:
        return
    others = tuple(p for p in session.proofs if (p.kind, p.factor_id) != (proof.kind, proof.factor_id))
    await tx.sessions.refresh(replace(session, proofs=(*others, proof)))
