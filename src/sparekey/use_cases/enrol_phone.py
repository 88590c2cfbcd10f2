"""Enrol a phone, on the phone's side: its browser made a key, brings the code from the other screen, and signs our challenge."""

from datetime import datetime

from sparekey.challenges import approval
from sparekey.challenges.approval import Enrol, PhoneKey, PublicKey
from sparekey.domain.devices import device_name
from sparekey.domain.errors import FlowOver, NotProven
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State as FlowState
from sparekey.domain.prompts import State
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.enrol import enrolled, must_be_enrolling
from sparekey.use_cases.load_flow import Loaded
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.pairing import Pairing, ids_of, pairing_of
from sparekey.use_cases.phone_word import FIND
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.stores_of_prompts import Prompt


class PairingSeen(Struct, frozen=True):
    """What the phone is told before it says yes. ``email``: the main address of the account. ``until``: UTC."""

    challenge: str
    email: str
    until: datetime


class PhoneEnrolled(Struct, frozen=True):
    """``phone``: the name of its key. ``pending``: the other screen still asks for something (backup codes)."""

    phone: str
    pending: bool


async def look_at_pairing(services: Services, client: Client, code: str) -> PairingSeen:
    """Changes nothing. Raises ``FlowOver("pairing_over")`` for a code that is spent, expired, replaced, or was never ours."""
    await check_volume(services, "approvals.network", client)
    async with services.store.transaction() as tx:
        prompt = await _find(tx, services, code)
        flow = await tx.flows.get(prompt.flow_id)
        pairing = _of(services, flow, prompt)
        account = await tx.accounts.get(prompt.account_id)
    return PairingSeen(pairing.challenge, account.main_email.value if account.main_email else account.name, pairing.until)


async def enrol_phone(services: Services, client: Client, code: str, public: PublicKey, signed: str) -> PhoneEnrolled:
    """The code is spent in the transaction that takes the key. A wrong signature spends nothing: the code cannot be guessed.

    Raises ``FlowOver("pairing_over")``, ``NotProven`` for a key that is none or a signature that is not its own, ``InvalidInput`` for
    a key that is enrolled already, ``TooManyTries``.
    """
    await check_volume(services, "approvals.network", client)
    key = approval.phone_key(public)
    if not isinstance(key, PhoneKey):
        raise NotProven
    async with services.store.transaction() as tx:
        prompt = await _find(tx, services, code)
        lock = await tx.audit.lock(prompt.account_id)
        flow = await tx.flows.get_for_step(prompt.flow_id)
        locked = await tx.prompts.get_for_step(prompt.prompt_id)
        if flow is None or locked is None or locked.state is not State.PAIRING:
            raise FlowOver("pairing_over")
        pairing = _of(services, flow, locked)
        must_be_enrolling(services, flow, FactorKind.PHONE_APPROVAL)
        if approval.check(signed, key.packed) != Enrol(pairing.challenge):
            raise NotProven
        await tx.prompts.save(replace(locked, state=State.SPENT))
        account = await tx.accounts.get(flow.account_id)
        now = services.clock.now()
        factor_id = services.chance.new_id(now)
        label = flow.wants.label or device_name(client.user_agent)
        factor = Factor(factor_id, FactorKind.PHONE_APPROVAL, Thing(ThingKind.DEVICE, factor_id), added_at=now, label=label)
        find = services.sealer.keyed_hash(key.thumbprint.encode(), FIND)
        at = Loaded(replace(flow, prompt_id="", enrolling=None), account, lock)
        after = await enrolled(tx, services, client, at, NewFactor(factor, key.packed, find))
    return PhoneEnrolled(key.thumbprint, pending=after.flow.state is FlowState.ALLOWED)


async def _find(tx: Transaction, services: Services, code: str) -> Prompt:
    now = services.clock.now()
    for prompt_id in ids_of(services, code):
        found = await tx.prompts.get(prompt_id)
        if found is not None and found.state is State.PAIRING and now < found.expires_at:
            return found
    raise FlowOver("pairing_over")


def _of(services: Services, flow: Flow | None, prompt: Prompt) -> Pairing:
    """The code as its flow keeps it, if it is still the newest one there and the flow is open."""
    if flow is None or flow.prompt_id != prompt.prompt_id or not flow.is_open(services.clock.now()):
        raise FlowOver("pairing_over")
    pairing = pairing_of(services, flow)
    if pairing is None:
        raise FlowOver("pairing_over")
    return pairing
