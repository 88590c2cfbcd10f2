"""Enrol an authenticator app: the last step of a flow that was allowed to add one. A first code shows that the app has the seed."""

from sparekey.challenges import totp
from sparekey.domain.errors import NotProven, WrongStep
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.use_cases.enrol import enrolled, must_be_enrolling
from sparekey.use_cases.enrolling import seed_shown
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.prove import was_wrong
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def enrol_totp(services: Services, client: Client, flow_id: str, code: str) -> Standing:
    """Judge the first code. Its time step is spent with it. No guess is counted: who types it sees the seed.

    Raises ``NotProven``, ``WrongStep``, ``FlowOver``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        must_be_enrolling(services, at.flow, FactorKind.TOTP)
        seed, now = seed_shown(services, at.flow), services.clock.now()
        if seed is None:
            raise WrongStep("no authenticator is being added")
        step = totp.step_of(seed, code, now)
        if step:
            factor_id = services.chance.new_id(now)
            factor = Factor(factor_id, FactorKind.TOTP, Thing(ThingKind.DEVICE, factor_id), added_at=now, label=at.flow.wants.label)
            return await enrolled(tx, services, client, at, NewFactor(factor, seed, counter=step))
        await was_wrong(tx, services, client, at, FactorKind.TOTP)
    raise NotProven
