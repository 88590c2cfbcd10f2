"""Enrol a passkey or security key: the last step of a flow that was allowed to add one."""

from sparekey.challenges import webauthn
from sparekey.challenges.webauthn import Registered, Registration, Wrong
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.values import replace
from sparekey.use_cases.enrol import enrolled, must_be_enrolling
from sparekey.use_cases.key_ceremony import FIND, ceremony_to_register, find_key
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.prove import was_wrong
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def enrol_key(services: Services, client: Client, flow_id: str, answer: Registration) -> Standing:
    """Judge a new key and put it on the account. After one that is refused the flow has a new challenge open.

    Raises ``InvalidInput`` for a key that is refused or already enrolled, ``WrongStep``, ``FlowOver``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        asked, now = at.flow.ceremony, services.clock.now()
        if asked is None or not asked.registering or now >= asked.until:
            raise WrongStep("no key is being added")
        must_be_enrolling(services, at.flow, asked.kind)
        verified = asked.kind is FactorKind.PASSKEY
        outcome = webauthn.check_registration(answer, services.relying_party, challenge=asked.challenge, verified=verified)
        if isinstance(outcome, Registered) and await find_key(tx, services, outcome.credential.credential_id):
            outcome = Wrong("enrolled_already")
        if isinstance(outcome, Registered):
            factor_id = services.chance.new_id(now)
            factor = Factor(factor_id, asked.kind, Thing(ThingKind.KEY, factor_id), added_at=now, label=at.flow.wants.label)
            find = services.sealer.keyed_hash(outcome.credential.credential_id, FIND)
            return await enrolled(tx, services, client, at, NewFactor(factor, outcome.credential.packed(), find, outcome.counter))
        again = await ceremony_to_register(tx, services, at.flow, at.account)
        await tx.flows.save(replace(at.flow, ceremony=again))
        await was_wrong(tx, services, client, at, asked.kind, why=outcome.reason)
    raise InvalidInput(FieldProblem("", "factor_taken" if outcome.reason == "enrolled_already" else "key_refused"))
