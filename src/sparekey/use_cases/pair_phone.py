"""Show a code with which a phone enrols itself: the last step but one of adding "approve on my phone", on the computer's side."""

from sparekey.domain.devices import device_name
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.prompts import State
from sparekey.domain.values import replace
from sparekey.use_cases.enrol import must_be_enrolling
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.pairing import ids_of, kept, new_pairing
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_prompts import Prompt


async def pair_phone(services: Services, client: Client, flow_id: str) -> Standing:
    """A new code; one that was shown before is void. Raises ``WrongStep``, ``FlowOver``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        must_be_enrolling(services, at.flow, FactorKind.PHONE_APPROVAL)
        if at.flow.enrolling is not None and at.flow.enrolling.proven:
            raise WrongStep("the phone is enrolled already")
        now, pairing = services.clock.now(), new_pairing(services)
        prompt = Prompt(
            prompt_id=ids_of(services, pairing.code)[0],
            account_id=at.account.account_id,
            flow_id=flow_id,
            action=at.flow.action,
            number="",
            device=device_name(client.user_agent),
            place=services.places.place_of(client.network),
            created_at=now,
            expires_at=pairing.until,
            state=State.PAIRING,
        )
        await tx.prompts.add(prompt)
        flow = replace(at.flow, enrolling=kept(services, at.flow, pairing), prompt_id=prompt.prompt_id)
        await tx.flows.save(flow)
        situation = await situation_of(tx, services, client, at.account, flow)
    return replace(standing(services, flow, situation), pairing=pairing)
