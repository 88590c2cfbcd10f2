"""An agent votes on a case. Two of two hands decide it; the decision leaves at a fixed hour (mission.md, C6)."""

from sparekey.domain.agents import Choice, Vote, decided
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.values import Struct
from sparekey.messages.case_words import APPROVE, REFUSE
from sparekey.use_cases.agent_looks import load_for_agent
from sparekey.use_cases.at_work import at_work
from sparekey.use_cases.decide_case import decide_case
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.vote_bars import vote_bars

REASONS = {Choice.APPROVE: APPROVE, Choice.REFUSE: REFUSE}


class Voted(Struct, frozen=True):
    """``decided``: this vote decided the case. Which way is not said for a name that nobody has: an approval of such a case is a
    refusal, and the agent is not to learn it."""

    choice: Choice
    decided: bool


async def agent_votes(services: Services, client: Client, number: str, choice: Choice, reason: str) -> Voted:
    """Role, key and case are looked at in the transaction of the vote, those of who voted before as well.

    Raises ``InvalidInput`` with the first bar (``domain.agents.Bar``) or for an unknown reason, and what ``agent_looks`` raises.
    """
    if reason not in REASONS[choice]:
        raise InvalidInput(FieldProblem("reason", "reason_unknown"))
    async with services.store.transaction() as tx:
        at = await at_work(tx, services, client)
        loaded = await load_for_agent(tx, services, number)
        case, now = loaded.case, loaded.now
        if bars := await vote_bars(tx, client, at, loaded, choice):
            raise InvalidInput(FieldProblem("choice", bars[0].value))
        vote = Vote(at.agent.account_id, choice, reason, now)
        await tx.votes.add(case.case_id, vote)
        told = {"agent": vote.agent_id, "choice": choice.value, "reason": reason}
        lock = await record(
            tx, services, loaded.lock, Event.CASE_VOTED, loaded.account, client, flow_id=case.case_id, subject=case.subject, **told
        )
        agents = {a.account_id: a for a in await tx.agents.all()}
        outcome = decided(await tx.votes.of_case(case.case_id), agents, now)
        if outcome is not None:
            await decide_case(tx, services, client, lock, case, outcome if case.is_of_somebody else Choice.REFUSE)
    return Voted(choice, decided=outcome is not None)
