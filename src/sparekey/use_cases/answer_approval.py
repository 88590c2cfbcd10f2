"""Go on after the phone has said yes: its answer is spent and becomes a proof in one transaction, in the browser that asked."""

from sparekey.domain.errors import NotProven
from sparekey.domain.factors import FactorKind
from sparekey.domain.prompts import State
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked, prove
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def answer_approval(services: Services, client: Client, flow_id: str) -> Standing:
    """Raises ``NotProven`` while there is no yes, for whatever reason: no answer yet, refused, too late, nobody was asked.

    No guess is counted: nothing can be guessed here. Raises ``WrongStep``, ``FlowOver``, ``TooManyTries``.
    """
    await check_volume(services, "approvals.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.PHONE_APPROVAL)
        prompt = await tx.prompts.get_for_step(at.flow.prompt_id) if at.flow.prompt_id else None
        now = services.clock.now()
        if prompt is None or prompt.state is not State.APPROVED or now >= prompt.expires_at or at.flow.void:
            raise NotProven
        factor = next((f for f in at.account.enrolled if f.factor_id == prompt.factor_id and not f.stolen), None)
        if factor is None:
            raise NotProven  # the phone was removed, or reported stolen, in the meantime
        await tx.prompts.save(replace(prompt, state=State.SPENT))
        proof = Proof(factor.kind, factor.factor_id, factor.thing, now)
        return await prove(tx, services, client, replace(at, flow=replace(at.flow, prompt_id="")), proof)
