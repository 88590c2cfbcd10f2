"""Ask for a key in a flow: make the challenge that the browser hands to it."""

from sparekey.domain.factors import FactorKind
from sparekey.domain.values import replace
from sparekey.use_cases.key_ceremony import ceremony_to_prove
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume


async def ask_for_key(services: Services, client: Client, flow_id: str, kind: FactorKind) -> Standing:
    """The flow with a challenge open; one before it is void. Raises ``WrongStep``, ``FlowOver``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, kind)
        flow = replace(at.flow, ceremony=await ceremony_to_prove(tx, services, at.flow, at.account, kind))
        await tx.flows.save(flow)
        situation = await situation_of(tx, services, client, at.account, flow)
    return standing(services, flow, situation)
