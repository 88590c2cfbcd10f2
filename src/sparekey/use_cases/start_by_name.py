"""Begin a flow from a typed name, known or not, and ask its mailbox or number. One road for both (D3)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.factors import FactorKind
from sparekey.domain.names import check_identifier
from sparekey.domain.policy.conditions import rules_of
from sparekey.use_cases.ask_by_message import ask_by_message
from sparekey.use_cases.human import must_be_human
from sparekey.use_cases.leads_back import find_by_name
from sparekey.use_cases.record import chain_of, record, subject_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, can_be_sent, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow


async def start_by_name(
    services: Services, client: Client, action: Action, typed: str, event: Event, limit: str, kind: FactorKind | None = None
) -> Standing:
    """``kind``: by what the first message goes; ``None`` for a text to who typed a number, and a mail to everybody else."""
    typed = check_identifier(typed)
    await check_volume(services, limit, client)
    key = services.identifiers.key_of(typed)
    async with services.store.transaction() as tx:
        account, left = await find_by_name(tx, action, key, services.clock.now())
        subject = subject_of(services, account, key)
        lock = await tx.audit.lock(chain_of(subject, services.clock.now()))
        if action in {Action.SIGN_IN, Action.RECOVER}:
            await must_be_human(tx, services, client, action, limit)
        flow = new_flow(services, client, action, account.account_id, subject, typed=typed, typed_key=key)
        await record(tx, services, lock, event, account, client, flow_id=flow.flow_id, subject=subject)
        flow, held = await ask_by_message(tx, services, client, flow, account, kind or _first(services, action, key), left=left)
        await tx.flows.add(flow)
        situation = await situation_of(tx, services, client, account, flow, left=left)
    return standing(services, flow, situation, held=held)


def _first(services: Services, action: Action, key: str) -> FactorKind:
    """Only the name as typed decides, so it is the same whether somebody has it or not."""
    by_text = key.startswith("phone:") and can_be_sent(services, FactorKind.SMS) and FactorKind.SMS in rules_of(services.policy, action).ask
    return FactorKind.SMS if by_text else FactorKind.EMAIL
