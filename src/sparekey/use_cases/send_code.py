"""Send another code of a flow: a resend, or another way to verify (R3, R14)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import TooManyTries, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import judge
from sparekey.domain.limits import RESEND_AFTER
from sparekey.use_cases.ask_by_message import BY_MESSAGE, ask_by_message, enrolled_kind
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, choices_of, situation_of, standing
from sparekey.use_cases.start_flow import check_sends, check_volume


async def send_code(services: Services, client: Client, flow_id: str, kind: FactorKind) -> Standing:
    """Raises ``TooManyTries`` within 60 seconds of the last one by the same way, or when this network asks too often; ``WrongStep`` for
    a kind that cannot be sent, ``FlowOver``."""
    await check_volume(services, "send.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        verdict = judge(at.flow, services.policy, situation)
        if kind not in BY_MESSAGE or not (kind is enrolled_kind(at.flow) or kind in choices_of(services, at.flow, verdict)):
            raise WrongStep(f"{kind} cannot be sent now")
        now = services.clock.now()
        last = max((a.asked_at for a in at.flow.asked if a.kind is kind and not a.by_itself), default=None)
        if last is not None and now < last + RESEND_AFTER:
            raise TooManyTries(int((last + RESEND_AFTER - now).total_seconds()) + 1, "resend_too_soon")
        if at.flow.action == Action.ADD_ADDRESS and kind is enrolled_kind(at.flow):
            await check_sends(services, at.account.account_id)
        flow, held = await ask_by_message(tx, services, client, at.flow, at.account, kind)
        await tx.flows.save(flow)
        event = Event.CODE_HELD if held else Event.CODE_SENT
        await record(tx, services, at.lock, event, at.account, client, flow_id=flow_id, challenge=kind)
    return standing(services, flow, situation, held=held)
