"""Answer with the password. It is compared outside of any transaction, so its guess is reserved in one before."""

from sparekey.challenges import password as password_challenge
from sparekey.domain.errors import NotProven
from sparekey.domain.factors import FactorKind
from sparekey.domain.limits import shown_before
from sparekey.domain.values import replace
from sparekey.use_cases.guesses import given_back_if_busy, reserve
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.load_flow import Loaded, load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked, prove, was_wrong
from sparekey.use_cases.record import subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.sign_in import compare, keep_rehash
from sparekey.use_cases.standing import Standing, is_by_name
from sparekey.use_cases.start_flow import check_volume


async def answer_password(services: Services, client: Client, flow_id: str, password: str) -> Standing:
    """Judge a password inside a flow. Raises ``NotProven``, ``FlowOver``, ``WrongStep``, ``TooManyTries``, ``Busy``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.PASSWORD)
        device = await find_device(tx, client, at.account.account_id)
        # The sign-in that a recovery leads to has shown nothing that counts; it is one flow for each new password.
        own_lane = shown_before(at.flow.proofs) or (flow_id if at.flow.proofs else "")
        by_name = subject_of_name(services, at.flow.typed_key) if is_by_name(at.flow) else at.flow.subject
        device_id = device.device_id if device else ""
        reserved = await reserve(tx, services, at.flow.subject, by_name, FactorKind.PASSWORD, device_id, own_lane)
    async with given_back_if_busy(services, reserved):
        compared = await compare(services, at.account, password, look=reserved.open)
    async with services.store.transaction() as tx:
        now = await load_for_step(tx, services, client, seen)
        if compared.right and now.account.password_hash == at.account.password_hash and not now.flow.void:
            await reserved.was_right(tx)
            account = await keep_rehash(tx, services, now.account, compared)
            flow = replace(now.flow, breached=now.flow.breached or compared.breached, short=compared.short)
            proof = password_challenge.proof(account, services.clock.now())
            return await prove(tx, services, client, Loaded(flow, account, now.lock), proof)
        await was_wrong(tx, services, client, now, FactorKind.PASSWORD)
    raise NotProven
