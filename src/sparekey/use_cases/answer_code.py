"""Answer with a code that was sent. It is checked and spent in one transaction."""

from sparekey.challenges import message_code
from sparekey.domain.actions import Action
from sparekey.domain.errors import NotProven
from sparekey.domain.flow.asked import Asked
from sparekey.domain.limits import CODE_LANE, day_of, is_closed, lane
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.enrol_address import enrol_address
from sparekey.use_cases.guesses import Guess
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.load_flow import Loaded, load_for_step, read_flow
from sparekey.use_cases.notify import CODE
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.prove import prove, was_wrong
from sparekey.use_cases.reachable import confirmed
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def answer_code(services: Services, client: Client, flow_id: str, code: str) -> Standing:
    """Judge a typed code, by whatever channel it came. Raises ``NotProven``, ``FlowOver``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        device = await find_device(tx, client, at.account.account_id)
        # No lane for each flow: whoever has the password could begin flows without end, with guesses in each. Nobody is locked out by
        # it: where short codes are closed, long ones are mailed, and links.
        guess = Guess(at.flow.subject, lane(CODE_LANE, device.device_id if device else "", ""), day_of(services.clock.now()))
        counter = await tx.guesses.count_one(guess.subject, guess.lane, guess.day)
        outcome = message_code.check(
            at.flow.asked,
            flow_id=flow_id,
            code=code,
            now=services.clock.now(),
            hashes=lambda text: services.sealer.keyed_hashes(text.encode(), CODE),
            short_allowed=not is_closed(counter.today, counter.in_a_row),
        )
        match outcome:
            case message_code.Right(asked):
                await tx.guesses.take_back(guess.subject, guess.lane, guess.day)
                return await prove_address(tx, services, client, at, asked)
            case message_code.Wrong(asked_after):
                await tx.flows.save(replace(at.flow, asked=asked_after))
                await was_wrong(tx, services, client, at, CODE_LANE)
    raise NotProven


async def prove_address(tx: Transaction, services: Services, client: Client, at: Loaded, asked: Asked, *, moved: bool = False) -> Standing:
    """The address of a question is proven: all codes and links of the flow are spent, and the flow moves on."""
    now = services.clock.now()
    flow = replace(at.flow, asked=(), moved=at.flow.moved or moved)
    proof = Proof(asked.kind, asked.factor_id, asked.thing, now, enrolling=asked.enrolling)
    mine = client.session is not None and client.session.account_id == at.account.account_id
    beside = mine or any(not p.enrolling and p.thing != asked.thing for p in flow.proofs)
    # By itself a code shows who reads the address today, and not that it is still the owner.
    then = replace(at, flow=flow, account=await confirmed(tx, at.account, asked.thing, now) if beside else at.account)
    if flow.action == Action.ADD_FACTOR and asked.enrolling:
        return await enrol_address(tx, services, client, then, proof)
    return await prove(tx, services, client, then, proof)
