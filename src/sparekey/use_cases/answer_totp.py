"""Answer with a code of an authenticator app. It is checked, and its time step is spent, in one transaction."""

from sparekey.challenges import totp
from sparekey.domain.accounts import Account
from sparekey.domain.errors import NotProven
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.proofs import Proof
from sparekey.use_cases.guesses import reserve
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.prove import must_be_asked, prove, was_wrong
from sparekey.use_cases.record import subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, is_by_name
from sparekey.use_cases.start_flow import check_volume

PROVEN = "proven"
"""The lane of all flows from unknown devices that have proven another thing. One together: whoever has the password could begin flows
without end, with ten guesses at six digits in each. And a lane apart from that of strangers: they can close theirs without any proof."""

NONE = "0" * 32
"""Looked for where an account has no authenticator, so that it takes the same work."""


async def answer_totp(services: Services, client: Client, flow_id: str, code: str) -> Standing:
    """Judge a typed code. Raises ``NotProven``, ``FlowOver``, ``WrongStep``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        await must_be_asked(tx, services, client, at, FactorKind.TOTP)
        device = await find_device(tx, client, at.account.account_id)
        device_id = device.device_id if device else ""
        proven = PROVEN if not device_id and any(not p.enrolling for p in at.flow.proofs) else ""
        by_name = subject_of_name(services, at.flow.typed_key) if is_by_name(at.flow) else at.flow.subject
        reserved = await reserve(tx, services, at.flow.subject, by_name, FactorKind.TOTP, device_id, proven)
        factor = await _spent_by(tx, services, at.account, code)
        if factor is not None and reserved.open and not at.flow.void:
            await reserved.was_right(tx)
            return await prove(tx, services, client, at, Proof(factor.kind, factor.factor_id, factor.thing, services.clock.now()))
        await was_wrong(tx, services, client, at, FactorKind.TOTP)
    raise NotProven


async def _spent_by(tx: Transaction, services: Services, account: Account, code: str) -> Factor | None:
    """The authenticator that shows this code now, its time step spent; ``None`` when there is none, or the step was used."""
    now = services.clock.now()
    apps = [f for f in account.enrolled if f.kind is FactorKind.TOTP and not f.stolen]
    for factor_id in [f.factor_id for f in apps] or [NONE]:
        kept = await tx.factors.secret_of(account.account_id, factor_id)
        step = totp.step_of(kept.secret if kept else bytes(totp.SEED_BYTES), code, now)
        if kept is not None and step and await tx.factors.raise_counter(account.account_id, factor_id, step, now):
            return next(f for f in apps if f.factor_id == factor_id)
    return None
