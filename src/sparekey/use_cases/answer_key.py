"""Answer with a passkey or security key. The challenge is spent, and the counter of the key moved, in the transaction of the proof."""

from sparekey.challenges.webauthn import Assertion, Wrong
from sparekey.domain.errors import NotProven, WrongStep
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.key_ceremony import ceremony_to_prove, judge_key
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.prove import must_be_asked, prove, was_wrong
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume


async def answer_key(services: Services, client: Client, flow_id: str, answer: Assertion) -> Standing:
    """Judge the answer of a key. After a wrong one the flow has a new challenge open.

    No guess is counted: a signature cannot be guessed. Raises ``NotProven``, ``WrongStep``, ``FlowOver``, ``TooManyTries``.
    """
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        asked = at.flow.ceremony
        if asked is None or asked.registering or services.clock.now() >= asked.until:
            raise WrongStep("no key is asked for")
        await must_be_asked(tx, services, client, at, asked.kind)
        if at.flow.void:
            outcome: Proof | Wrong = Wrong("void")
        else:
            outcome = await judge_key(tx, services, at.account, answer, kind=asked.kind, challenge=asked.challenge)
        match outcome:
            case Proof():
                return await prove(tx, services, client, at, outcome)
            case Wrong(reason):
                again = await ceremony_to_prove(tx, services, at.flow, at.account, asked.kind)
                await tx.flows.save(replace(at.flow, ceremony=again))
                await was_wrong(tx, services, client, at, asked.kind, why=reason)
    raise NotProven
