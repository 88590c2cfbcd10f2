"""An address of the account becomes a second factor, once a code to it came back (mission.md, F2, F3)."""

from sparekey.domain.audit import Event
from sparekey.domain.factors import Factor
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.flow import step
from sparekey.domain.masks import masked
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.enrol import enrolled, must_be_enrolling
from sparekey.use_cases.load_flow import Loaded
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of


async def enrol_address(tx: Transaction, services: Services, client: Client, at: Loaded, proof: Proof) -> Standing:
    """``proof``: of the address, won while enrolling it. Raises ``WrongStep`` when it is not being added, and ``InvalidInput``."""
    must_be_enrolling(services, at.flow, proof.kind)
    now = services.clock.now()
    lock = await record(tx, services, at.lock, Event.PROVEN, at.account, client, flow_id=at.flow.flow_id, challenge=proof.kind)
    situation = await situation_of(tx, services, client, at.account, at.flow)
    flow = step(at.flow, Proven(proof), policy=services.policy, situation=situation)
    # Named by where the codes go, so that of two numbers each is known.
    label = at.flow.wants.label or masked(proof.thing.name.partition(":")[2])
    factor = Factor(services.chance.new_id(now), proof.kind, proof.thing, now, second=True, label=label)
    return await enrolled(tx, services, client, replace(at, flow=flow, lock=lock), NewFactor(factor, b""))
