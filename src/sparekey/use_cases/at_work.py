"""Is this an agent, with the key of this shift in the session? The question before everything in the console (mission.md, C6)."""

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.agents import Agent, key_counts
from sparekey.domain.errors import BadRequest, NeedsFreshProof, NotSignedIn
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Allow, Ask
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services


class AtWork(Struct, frozen=True):
    """``key_counts``: the key in the session has been on the account long enough to vote with."""

    agent: Agent
    account: Account
    session: Session
    key_counts: bool


async def at_work(tx: Transaction, services: Services, client: Client) -> AtWork:
    """Raises ``NotSignedIn``; ``BadRequest("not_found")`` for who is no agent, as if there were no console; ``NeedsFreshProof`` where the
    key must be shown anew."""
    session = client.session
    if session is None or session.limited:
        raise NotSignedIn
    agent = await tx.agents.get(session.account_id)
    if agent is None:
        raise BadRequest("not_found")
    account, now = await tx.accounts.get(session.account_id), services.clock.now()
    situation = Situation(account, (), now, session_proofs=session.proofs, signed_in=True)
    match decide(services.policy, Action.WORK_ON_CASES, situation):
        case Allow():
            shown = [(p.kind, p.factor_id) for p in session.proofs if not p.enrolling]
            return AtWork(agent, account, session, key_counts(account, shown, now))
        case Ask():
            raise NeedsFreshProof
        case _:
            raise BadRequest("not_found", "the agent has no key, or the account is held back")
