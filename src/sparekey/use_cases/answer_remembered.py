"""Answer a recovery with the browser itself: it is remembered (mission.md, R5). Its token has 256 random bits, so no guess is counted."""

from sparekey.domain.errors import NotProven
from sparekey.domain.factors import FactorKind
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked, prove, was_wrong
from sparekey.use_cases.remember_device import remembered_proof
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def answer_remembered(services: Services, client: Client, flow_id: str) -> Standing:
    """Raises ``NotProven`` where the browser is not remembered for this account, ``FlowOver``, ``WrongStep``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.REMEMBERED_DEVICE)
        proof = await remembered_proof(tx, services, client, at.account)
        if proof is not None and not at.flow.void:
            return await prove(tx, services, client, at, proof)
        await was_wrong(tx, services, client, at, FactorKind.REMEMBERED_DEVICE)
    raise NotProven
