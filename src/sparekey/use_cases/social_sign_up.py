"""Finish signing up with an account elsewhere: a name, and an address.

An address that the provider vouches for is proven by that. Any other (another one typed, an unverified one, none given) gets a code
first, by the road of every sign-up: one that has an account looks the same, and its owner is told.
"""

from sparekey.domain.errors import FieldProblem, FlowOver, InvalidInput, WrongStep
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow.flow import check_open
from sparekey.domain.flow.wants import Wants
from sparekey.domain.limits import RESERVED
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.ask_by_message import ask_by_message
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.ports import ParsedAddress
from sparekey.use_cases.ports_of_social import SocialIdentity
from sparekey.use_cases.prove import prove
from sparekey.use_cases.record import subject_of_sign_up
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.sign_up import check_details
from sparekey.use_cases.social_identity import kept_identity, vouched_address, wants_details
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume


async def give_details(services: Services, client: Client, flow_id: str, *, name: str, email: str) -> Standing:
    """Raises ``InvalidInput`` with everything that is wrong, ``WrongStep``, ``FlowOver``, ``TooManyTries``."""
    await check_volume(services, "sign_up.network", client)
    seen = await read_flow(services, client, flow_id)
    check_open(seen, services.clock.now())
    identity = kept_identity(services, seen)
    if identity is None or not wants_details(seen):
        raise WrongStep("no details are asked for")
    name, address, problems = check_details(services, name, email)
    if problems or address is None:
        raise InvalidInput(*problems)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        if not wants_details(at.flow):
            raise WrongStep("no details are asked for")
        holder = await tx.accounts.holder_of(address.key, services.clock.now() - RESERVED)
        flow = replace(
            at.flow,
            subject=subject_of_sign_up(services, address.key),
            typed=address.value,
            typed_key=address.key,
            wants=Wants(name=name, address=address.value, address_key=address.key),
            void=holder is not None,
        )
        if _vouches(services, identity, address):
            if holder is not None:
                raise InvalidInput(FieldProblem("email", "address_has_account"))
            proof = Proof(FactorKind.SOCIAL, "", Thing(ThingKind.MAILBOX, address.key), services.clock.now(), enrolling=True)
            return await prove(tx, services, client, replace(at, flow=flow), proof)
        flow, held = await ask_by_message(tx, services, client, flow, at.account)
        await tx.flows.save(flow)
        return standing(services, flow, await situation_of(tx, services, client, at.account, flow), held=held)
    raise FlowOver("taken")


def _vouches(services: Services, identity: SocialIdentity, address: ParsedAddress) -> bool:
    vouched = vouched_address(services, identity)
    return vouched is not None and vouched.key == address.key
