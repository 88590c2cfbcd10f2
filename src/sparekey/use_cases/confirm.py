"""The person looks at what the shop asks, and confirms or refuses it. Confirming is a guarded flow like any other.

The shop's half is ``ask_confirmation.py``.
"""

from sparekey.domain.confirmations import Confirmation, ConfirmationState, must_be_open
from sparekey.domain.errors import BadRequest, FlowOver
from sparekey.domain.flow.wants import Wants
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.ask_confirmation import find_confirmation
from sparekey.use_cases.carry_out.confirm import refuse
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume_of_session
from sparekey.use_cases.start_guarded import begin_guarded, session_for


class ConfirmationSeen(Struct, frozen=True):
    """``about``: what the site calls the action, in its policy."""

    confirmation: Confirmation
    state: ConfirmationState
    about: str


async def look_at_confirmation(services: Services, session: Session, confirmation_id: str) -> ConfirmationSeen:
    """Raises ``BadRequest("not_found")``, also for one that somebody else was asked."""
    async with services.store.transaction() as tx:
        return _seen(services, await _own(tx, session, confirmation_id))


async def start_confirming(services: Services, client: Client, confirmation_id: str) -> Standing:
    """Begin the flow that confirms; fresh proofs of the session may be enough, then it is confirmed at once.

    Raises ``NotSignedIn``, ``SecondFactorNeeded``, ``BadRequest("not_found")``, ``TooManyTries``, and ``FlowOver`` (done, refused,
    expired, not_offered).
    """
    session = session_for(client, "")
    async with services.store.transaction() as tx:
        action = (await _own(tx, session, confirmation_id)).action
    await check_volume_of_session(services, client, session, action)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        found = await _own(tx, session, confirmation_id)
        must_be_open(found, services.clock.now())
        if action not in services.policy.actions:
            raise FlowOver("not_offered")  # taken out of the policy since it was asked
        account = await tx.accounts.get(session.account_id)
        wants = Wants(confirmation_id=confirmation_id)
        return await begin_guarded(tx, services, client, lock, account, session, action, wants, until=found.expires_at)


async def refuse_confirmation(services: Services, client: Client, confirmation_id: str) -> ConfirmationSeen:
    """Refuse it, and tell the shop; its flows end. Refused once more it stays refused. Raises ``NotSignedIn``, ``SecondFactorNeeded``,
    ``BadRequest("not_found")``, and ``FlowOver`` (done, expired)."""
    session = session_for(client, "")
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        found = await _own(tx, session, confirmation_id)
        if found.state is not ConfirmationState.REFUSED:
            must_be_open(found, services.clock.now())
            found = await refuse(tx, services, client, lock, found)
    return _seen(services, found)


async def _own(tx: Transaction, session: Session, confirmation_id: str) -> Confirmation:
    found = await find_confirmation(tx, confirmation_id)
    if found.account_id != session.account_id:
        raise BadRequest("not_found")
    return found


def _seen(services: Services, found: Confirmation) -> ConfirmationSeen:
    rules = services.policy.actions.get(found.action)
    return ConfirmationSeen(found, found.state_at(services.clock.now()), rules.about if rules else found.action)
