"""Go on once enough friends have typed the phrase: what they did becomes one proof, in the browser that asked them (mission.md, R7)."""

from sparekey.domain.contacts import contacts_factor
from sparekey.domain.errors import NotProven
from sparekey.domain.factors import FactorKind
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.friends_asked import friends_asked
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked, prove
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def answer_contacts(services: Services, client: Client, flow_id: str) -> Standing:
    """Raises ``NotProven`` while too few have typed it, for whatever reason: nobody was asked, or there are no friends at all.

    No guess is counted: nothing can be guessed here. Raises ``WrongStep``, ``FlowOver``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.CONTACTS)
        friends, factor = await friends_asked(tx, at.flow, at.account), contacts_factor(at.account)
        if friends is None or not friends.enough or factor is None or factor.stolen or at.flow.void:
            raise NotProven
        proof = Proof(factor.kind, factor.factor_id, factor.thing, services.clock.now())
        return await prove(tx, services, client, replace(at, flow=replace(at.flow, friends_asked=False)), proof)
