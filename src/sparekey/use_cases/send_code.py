"""Send another code of a flow: a resend, or another way to verify (R3, R14)."""

from sparekey.domain.audit import Event
from sparekey.domain.errors import TooManyTries, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import judge
from sparekey.domain.flow.state import State
from sparekey.domain.limits import RESEND_AFTER
from sparekey.use_cases.ask_by_mail import ask_by_mail
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, choices_of, situation_of, standing


async def send_code(services: Services, client: Client, flow_id: str, kind: FactorKind) -> Standing:
    """Raises ``TooManyTries`` within 60 seconds of the last one, ``WrongStep`` for a kind that cannot be sent, ``FlowOver``."""
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        enrolling = at.flow.state is State.ALLOWED and bool(at.flow.wants.address_key)
        verdict = judge(at.flow, services.policy, situation)
        if kind is not FactorKind.EMAIL or not (enrolling or kind in choices_of(at.flow, verdict)):
            raise WrongStep(f"{kind} cannot be sent now")
        now = services.clock.now()
        last = max((a.asked_at for a in at.flow.asked), default=None)
        if last is not None and now < last + RESEND_AFTER:
            raise TooManyTries(int((last + RESEND_AFTER - now).total_seconds()) + 1, "resend_too_soon")
        flow, held = await ask_by_mail(tx, services, client, at.flow, at.account)
        await tx.flows.save(flow)
        event = Event.CODE_HELD if held else Event.CODE_SENT
        await record(tx, services, at.lock, event, at.account, client, flow_id=flow_id, challenge=kind)
    return standing(services, flow, situation, held=held)
