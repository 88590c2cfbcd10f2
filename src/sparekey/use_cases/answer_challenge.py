"""Answer a question of a flow: with a code or with the password.

A code is checked and spent in one transaction. A password is compared outside of any, so its guess is reserved before.
"""

from dataclasses import replace

from sparekey.challenges import email_code
from sparekey.challenges import password as password_challenge
from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FlowOver, NotProven, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.asked import Asked
from sparekey.domain.flow.events import Proven
from sparekey.domain.flow.flow import judge
from sparekey.domain.flow.state import State
from sparekey.domain.limits import day_of, is_closed, lane
from sparekey.domain.proofs import Proof
from sparekey.use_cases.advance import advance
from sparekey.use_cases.ask_by_mail import ask_by_mail
from sparekey.use_cases.guesses import Guess, given_back_if_busy, reserve
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.load_flow import Loaded, load_for_step, read_flow
from sparekey.use_cases.notify import CODE
from sparekey.use_cases.ports import AddressTaken, Transaction
from sparekey.use_cases.record import record, subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.sign_in import compare, keep_rehash
from sparekey.use_cases.standing import Standing, choices_of, is_by_name, situation_of, standing
from sparekey.use_cases.start_flow import check_volume


async def answer_code(services: Services, client: Client, flow_id: str, code: str) -> Standing:
    """Judge a typed code. Raises ``NotProven``, ``FlowOver``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        device = await find_device(tx, client, at.account.account_id)
        # No lane for each flow: whoever has the password could begin flows without end, with guesses in each. Nobody is locked out by
        # it: where short codes are closed, long ones are mailed, and links.
        guess = Guess(at.flow.subject, lane(FactorKind.EMAIL, device.device_id if device else "", ""), day_of(services.clock.now()))
        counter = await tx.guesses.count_one(guess.subject, guess.lane, guess.day)
        outcome = email_code.check(
            at.flow.asked,
            flow_id=flow_id,
            code=code,
            now=services.clock.now(),
            hashes=lambda text: services.sealer.keyed_hashes(text.encode(), CODE),
            short_allowed=not is_closed(counter.today, counter.in_a_row),
        )
        match outcome:
            case email_code.Right(asked):
                await tx.guesses.take_back(guess.subject, guess.lane, guess.day)
                return await prove_mailbox(tx, services, client, at, asked)
            case email_code.Wrong(asked_after):
                await tx.flows.save(replace(at.flow, asked=asked_after))
                await record(tx, services, at.lock, Event.WRONG, at.account, client, flow_id=flow_id, challenge=FactorKind.EMAIL)
    raise NotProven


async def prove_mailbox(tx: Transaction, services: Services, client: Client, at: Loaded, asked: Asked, *, moved: bool = False) -> Standing:
    """The mailbox of a question is proven: all codes and links of the flow are spent, and the flow moves on."""
    flow = replace(at.flow, asked=(), moved=at.flow.moved or moved)
    proof = Proof(FactorKind.EMAIL, asked.factor_id, asked.thing, services.clock.now(), enrolling=asked.enrolling)
    lock = await record(tx, services, at.lock, Event.PROVEN, at.account, client, flow_id=flow.flow_id, challenge=proof.kind)
    return await _prove(tx, services, client, replace(at, flow=flow, lock=lock), proof)


async def answer_password(services: Services, client: Client, flow_id: str, password: str) -> Standing:
    """Judge a password inside a flow. Raises ``NotProven``, ``FlowOver``, ``WrongStep``, ``TooManyTries``, ``Busy``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        situation = await situation_of(tx, services, client, at.account, at.flow)
        verdict = judge(at.flow, services.policy, situation)
        if FactorKind.PASSWORD not in choices_of(at.flow, verdict):
            raise WrongStep("the password is not asked for")
        device = await find_device(tx, client, at.account.account_id)
        own_lane = flow_id if at.flow.proofs else ""
        by_name = subject_of_name(services, at.flow.typed_key) if is_by_name(at.flow) else at.flow.subject
        device_id = device.device_id if device else ""
        reserved = await reserve(tx, services, at.flow.subject, by_name, FactorKind.PASSWORD, device_id, own_lane)
    async with given_back_if_busy(services, reserved):
        compared = await compare(services, at.account, password, look=reserved.open)
    async with services.store.transaction() as tx:
        now = await load_for_step(tx, services, client, seen)
        if compared.right and now.account.password_hash == at.account.password_hash:
            await reserved.was_right(tx)
            account = await keep_rehash(tx, services, now.account, compared)
            flow = replace(now.flow, breached=now.flow.breached or compared.breached)
            proof = password_challenge.proof(account, services.clock.now())
            lock = await record(tx, services, now.lock, Event.PROVEN, account, client, flow_id=flow_id, challenge=proof.kind)
            return await _prove(tx, services, client, Loaded(flow, account, lock), proof)
        await record(tx, services, now.lock, Event.WRONG, now.account, client, flow_id=flow_id, challenge=FactorKind.PASSWORD)
    raise NotProven


async def _prove(tx: Transaction, services: Services, client: Client, at: Loaded, proof: Proof) -> Standing:
    situation = await situation_of(tx, services, client, at.account, at.flow)
    await _refresh_session(tx, client, at.account, proof)
    try:
        moved = await advance(tx, services, client, at.lock, at.flow, Proven(proof), situation)
    except AddressTaken:
        # Whoever proved it first has it. Found by the unique index, so the transaction cannot go on: say it in the next one.
        raise FlowOver("taken") from None
    flow, held = moved.flow, False
    if flow.action == Action.ADD_ADDRESS and flow.state is State.ALLOWED and not flow.asked:
        flow, held = await ask_by_mail(tx, services, client, flow, at.account)
    await tx.flows.save(flow)
    return standing(services, flow, moved.situation, held=held, opened=moved.opened)


async def _refresh_session(tx: Transaction, client: Client, account: Account, proof: Proof) -> None:
    """A fresh proof inside a session makes the session fresh, so that the next guarded action does not ask again at once."""
    session = client.session
    if session is None or session.account_id != account.account_id or proof.enrolling:
        return
    others = tuple(p for p in session.proofs if (p.kind, p.factor_id) != (proof.kind, proof.factor_id))
    await tx.sessions.refresh(replace(session, proofs=(*others, proof)))
