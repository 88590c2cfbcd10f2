"""What a site asked is confirmed, or refused: written down once, the shop told, and every other flow about it ended."""

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.confirmations import Confirmation, ConfirmationState, must_be_open
from sparekey.domain.errors import FlowOver, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import step
from sparekey.domain.policy.conditions import counted, rules_of, see
from sparekey.domain.policy.model import Situation
from sparekey.domain.shop import CONFIRMED, REFUSED
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, give_back_code, record_change
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tell_shop import tell_shop


async def confirm(change: Change) -> None:
    """Raises ``FlowOver`` where it was answered meanwhile, or is too late."""
    tx, services, account, now = change.tx, change.services, change.account, change.services.clock.now()
    found = await tx.confirmations.get(change.flow.wants.confirmation_id)
    if found is None or found.account_id != account.account_id:
        raise WrongStep("the flow confirms nothing of this account")
    change.permit.must_be_for(found.action)
    must_be_open(found, now)
    confirmed = replace(found, state=ConfirmationState.CONFIRMED, answered_at=now, proofs=_shown(change))
    if not await tx.confirmations.answer(confirmed):
        raise FlowOver("done")
    await _end_flows(tx, services, account, found, "done", but_flow=change.flow.flow_id)
    about = {"action": found.action, "confirmation": found.confirmation_id}
    await record_change(change, Event.CONFIRMATION_GIVEN, **about)
    await _tell(tx, services, CONFIRMED, confirmed)


async def refuse(tx: Transaction, services: Services, client: Client, lock: SubjectLock, found: Confirmation) -> Confirmation:
    """An open one, in a transaction that holds the lock on its account. The session is leave enough: nothing comes of it."""
    account, now = await tx.accounts.get(found.account_id), services.clock.now()
    refused = replace(found, state=ConfirmationState.REFUSED, answered_at=now)
    if not await tx.confirmations.answer(refused):
        raise FlowOver("done")
    await _end_flows(tx, services, account, found, "refused")
    about = {"action": found.action, "confirmation": found.confirmation_id}
    await record(tx, services, lock, Event.CONFIRMATION_REFUSED, account, client, **about)
    await _tell(tx, services, REFUSED, refused)
    return refused


async def _tell(tx: Transaction, services: Services, kind: str, answered: Confirmation) -> None:
    told = {"confirmation_id": answered.confirmation_id, "action": answered.action, "reference": answered.reference}
    await tell_shop(tx, services, kind, answered.account_id, answered.answered_at or services.clock.now(), told)


async def _end_flows(
    tx: Transaction, services: Services, account: Account, found: Confirmation, reason: str, *, but_flow: str = ""
) -> None:
    now = services.clock.now()
    for flow in await tx.flows.open_of_account(account.account_id, but_flow, now):
        if flow.wants.confirmation_id == found.confirmation_id:
            situation = Situation(account=account, proofs=flow.proofs, now=now)
            await tx.flows.save(step(flow, Ended(reason), policy=services.policy, situation=situation))
            await give_back_code(tx, flow)


def _shown(change: Change) -> tuple[FactorKind, ...]:
    """The kinds of proof that counted: those of the flow, and of the session those that the route still takes."""
    session = change.client.session
    situation = Situation(
        account=change.account,
        proofs=change.flow.proofs,
        now=change.services.clock.now(),
        signed_in=True,
        session_proofs=session.proofs if session else (),
    )
    rules = rules_of(change.services.policy, change.flow.action)
    route = next(r for r in rules.routes if r.name == change.permit.route)
    return tuple(dict.fromkeys(p.kind for p in counted(route, rules, see(change.services.policy, situation))))
