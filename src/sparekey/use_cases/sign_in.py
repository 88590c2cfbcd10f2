"""Sign in with a name and a password (I1), in one request.

The guess is counted before the hash is looked at and taken back when it was right, each in a transaction of its own: so many at
once, or a crash between the two, never give more guesses than the limit. Nothing of an attempt that succeeds at once is stored
as a flow; what needs more becomes one.
"""

from sparekey.challenges import password as password_challenge
from sparekey.domain.accounts import Account, has_second_factor
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput, NotProven
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.state import State
from sparekey.domain.passwords import normalize
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.guesses import given_back_if_busy, reserve, wrong_by_name
from sparekey.use_cases.human import must_be_human
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import chain_of, record, subject_of, subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow


class Compared(Struct, frozen=True):
    """Outcome of comparing a password outside any transaction. ``rehashed``: the same password under today's parameters, or empty."""

    right: bool
    breached: bool
    rehashed: str
    short: bool = False
    """Shorter than the site asks for by now."""


async def sign_in(services: Services, client: Client, typed: str, password: str) -> Standing:
    """The opened session, or the flow that asks for more.

    Raises ``NotProven`` (one answer for unknown name, wrong password and everything else), ``TooManyTries`` when this name was
    tried too often today, ``HumanNeeded`` before that, ``Busy``.
    """
    typed = typed.strip()
    if not typed:
        raise InvalidInput(FieldProblem("identifier", "identifier_missing"))
    await check_volume(services, "sign_in.network", client)
    services.hasher.must_have_room()
    key = services.identifiers.key_of(typed)
    async with services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(key)
        subject = subject_of(services, account, key)
        lock = await tx.audit.lock(chain_of(subject, services.clock.now()))
        device = await find_device(tx, client, account.account_id)
        by_name = subject_of_name(services, key)
        wrong = 0 if device else await wrong_by_name(tx, services, by_name)
        await must_be_human(tx, services, client, "sign_in", "sign_in.network", wrong=wrong)
        reserved = await reserve(tx, services, subject, by_name, FactorKind.PASSWORD, device.device_id if device else "", "")
    async with given_back_if_busy(services, reserved):
        compared = await compare(services, account, password, look=reserved.open)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(lock.chain)
        now_account = await tx.accounts.get(account.account_id)
        right = compared.right and now_account.password_hash == account.password_hash
        if right:
            await reserved.was_right(tx)
            account = await keep_rehash(tx, services, now_account, compared)
            flow = replace(
                new_flow(services, client, Action.SIGN_IN, account.account_id, subject, typed=typed, typed_key=key),
                breached=compared.breached,
                short=compared.short,
            )
            situation = await situation_of(tx, services, client, account, flow)
            if has_second_factor(account):  # it may end here: then this is all that is known of who knew the password
                kind = FactorKind.PASSWORD
                lock = await record(tx, services, lock, Event.PROVEN, account, client, flow_id=flow.flow_id, challenge=kind)
            proven = Proven(password_challenge.proof(account, services.clock.now()))
            moved = await advance(tx, services, client, lock, flow, proven, situation)
            if moved.flow.state is not State.DONE:
                await tx.flows.add(moved.flow)
            return standing(services, moved.flow, moved.situation, opened=moved.opened)
        event = Event.SIGN_IN_FAILED if reserved.open else Event.SIGN_IN_CLOSED
        await record(tx, services, lock, event, now_account, client, subject=subject)
    raise NotProven


async def compare(services: Services, account: Account, password: str, *, look: bool) -> Compared:
    """Compare a password with an account's; as long for an account that does not exist, or where ``look`` says not to look."""
    right = await services.hasher.verify(account.password_hash if look else "", password)
    if not right:
        return Compared(right=False, breached=False, rehashed="")
    rehashed = await services.hasher.hash(password) if services.hasher.needs_rehash(account.password_hash) else ""
    short = len(normalize(password)) < services.password_rules.min_length
    return Compared(right=True, breached=await services.breached.has(password), rehashed=rehashed, short=short)


async def keep_rehash(tx: Transaction, services: Services, account: Account, compared: Compared) -> Account:
    """Store the same password under today's parameters. No change of a credential, so no notice and no new version."""
    if not compared.rehashed:
        return account
    rehashed = replace(account, password_hash=compared.rehashed)
    await tx.accounts.save(account, rehashed, services.clock.now())
    return rehashed
