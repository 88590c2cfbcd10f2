"""Answer with a backup code. It is compared outside of any transaction, so its guess is reserved in one before.

A right code is reserved for the flow, and spent only with what the flow allows (``carry_out/change.py``): a step that fails, or is left,
costs none.
"""

from sparekey.challenges import backup_code
from sparekey.challenges.backup_code import Typed, Unreadable
from sparekey.domain.accounts import Account
from sparekey.domain.errors import FieldProblem, InvalidInput, NotProven
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.guesses import given_back_if_busy, reserve
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked, prove, was_wrong
from sparekey.use_cases.record import subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, is_by_name
from sparekey.use_cases.start_flow import check_volume

NONE = "0" * 32
"""Looked for where an account has no codes, so that it takes the same work."""


async def answer_backup_code(services: Services, client: Client, flow_id: str, text: str) -> Standing:
    """Judge number and code as typed. Raises ``InvalidInput`` for what can be no backup code of anybody, ``NotProven``, ``FlowOver``,
    ``WrongStep``, ``TooManyTries``, ``Busy``."""
    await check_volume(services, "answer.network", client)
    typed = read(text)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.BACKUP_CODE)
        device = await find_device(tx, client, at.account.account_id)
        by_name = subject_of_name(services, at.flow.typed_key) if is_by_name(at.flow) else at.flow.subject
        # A lane for each flow that has proven something: the codes have 64 bits, so it only bounds the hashing.
        own_lane = flow_id if any(not p.enrolling for p in at.flow.proofs) else ""
        device_id = device.device_id if device else ""
        reserved = await reserve(tx, services, at.flow.subject, by_name, FactorKind.BACKUP_CODE, device_id, own_lane)
        codes = codes_of(at.account)
        set_id = codes.factor_id if codes else NONE
        stored = await tx.backup_codes.find(at.account.account_id, set_id, typed.number, flow_id, services.clock.now())
    async with given_back_if_busy(services, reserved):
        right = await services.hasher.verify((stored or "") if reserved.open else "", typed.code)
    async with services.store.transaction() as tx:
        now = await load_for_step(tx, services, client, seen)
        if right and codes is not None and codes == codes_of(now.account) and not now.flow.void:
            account_id, until = now.account.account_id, now.flow.expires_at
            if await tx.backup_codes.reserve(account_id, codes.factor_id, typed.number, flow_id, until, services.clock.now()):
                await reserved.was_right(tx)
                await tx.factors.used(account_id, codes.factor_id, services.clock.now())
                flow = replace(now.flow, backup_code=typed.number)
                proof = Proof(FactorKind.BACKUP_CODE, codes.factor_id, codes.thing, services.clock.now())
                return await prove(tx, services, client, replace(now, flow=flow), proof)
        await was_wrong(tx, services, client, now, FactorKind.BACKUP_CODE)
    raise NotProven


def read(text: str) -> Typed:
    """Number and code as typed. Raises ``InvalidInput``."""
    match backup_code.read(text):
        case Unreadable(reason):
            raise InvalidInput(FieldProblem("answer", reason))
        case found:
            return found


def codes_of(account: Account) -> Factor | None:
    """The set of backup codes of an account, if it has one that was not reported stolen."""
    return next((f for f in account.enrolled if f.kind is FactorKind.BACKUP_CODE and not f.stolen), None)
