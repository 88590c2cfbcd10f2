"""A support case is decided, and what time does to it: the decision leaves at a fixed hour (mission.md, C2 and C6).

Agents decide by their votes; nobody hears of it before the hour. An approval gives the case a flow of its own, which waits as the policy
says (``bind_after_case.toml``) and tells every address of the account. Where the account was blocked it opens at that hour.
"""

from typing import assert_never

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.agents import Choice
from sparekey.domain.audit import Event
from sparekey.domain.cases import Case, CaseKind, CaseMove, CaseState, closed, decided, moved
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow.events import NothingMore, Proven
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Situation
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.block_account import unblocked
from sparekey.use_cases.carry_out.disputes import at_account, decided_by_people
from sparekey.use_cases.load_case import LoadedCase, load_case_for_time
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import WORKER, Client, Services
from sparekey.use_cases.start_flow import new_flow
from sparekey.use_cases.tell_of_case import tell_person

MOST = 100
"""Cases that are looked at in one round."""


async def decide_case(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, case: Case, choice: Choice
) -> tuple[Case, SubjectLock]:
    """The case with a decision, saved, and the new head of its subject's chain. The caller has locked both and judged the votes.

    Raises ``WrongStep`` where there is nothing to decide, and for an approval of a name that nobody has.
    """
    case = decided(case, choice, services.clock.now())
    await tx.cases.save(case)
    account = await tx.accounts.get(case.account_id)
    lock = await _record(tx, services, lock, Event.CASE_DECIDED, account, client, case, choice=choice.value)
    return replace(case, version=case.version + 1), lock


async def cases_due(services: Services) -> list[Case]:
    """Those whose moment has come, the oldest first."""
    async with services.store.transaction() as tx:
        return list(await tx.cases.due(services.clock.now(), MOST))


async def look_at_case(services: Services, seen: Case) -> None:
    """Let time act on one case, in one transaction. A second worker finds nothing left to do."""
    async with services.store.transaction() as tx:
        at = await load_case_for_time(tx, services, seen)
        if at.case.due_at is None or at.now < at.case.due_at:
            return
        match at.case.state:
            case CaseState.UNCONFIRMED:
                await _close(tx, services, at, "unconfirmed")
            case CaseState.ASKED:
                await tell_person(tx, services, await _close(tx, services, at, "unanswered"), MessageKind.CASE_CLOSED)
            case CaseState.DECIDED:
                await _leave(tx, services, at)
            case CaseState.APPROVED:
                await _approval_used_up(tx, services, at)
            case CaseState.OPEN | CaseState.REFUSED | CaseState.CLOSED:
                raise AssertionError(f"time does not act on a case that is {at.case.state}")
            case _:
                assert_never(at.case.state)


async def _leave(tx: Transaction, services: Services, at: LoadedCase) -> None:
    match at.case.decision:
        case Choice.REFUSE:
            case = moved(at.case, CaseMove.REFUSE, at.now)
            await tx.cases.save(case)
            await tell_person(tx, services, case, MessageKind.CASE_REFUSED)
            await _record(tx, services, at.lock, Event.CASE_REFUSED, at.account, WORKER, case)
        case Choice.APPROVE if at.case.kind is CaseKind.APPEAL:
            lock = await _record(tx, services, at.lock, Event.CASE_APPROVED, at.account, WORKER, at.case)
            await unblocked(tx, services, WORKER, lock, at.account)
            case = closed(moved(at.case, CaseMove.APPROVE, at.now), "unblocked", at.now)
            await tx.cases.save(case)
            await tell_person(tx, services, case, MessageKind.CASE_UNBLOCKED)
        case Choice.APPROVE:
            await _approve(tx, services, at)
        case None:
            raise AssertionError("a decided case has a decision")
        case _:
            assert_never(at.case.decision)


async def _approve(tx: Transaction, services: Services, at: LoadedCase) -> None:
    """The approval is a proof like any other; the policy says what it is worth."""
    case, now = at.case, at.now
    lock = await _record(tx, services, at.lock, Event.CASE_APPROVED, at.account, WORKER, case)
    free = await decided_by_people(await at_account(tx, services, WORKER, lock, case.account_id))
    account, lock = free.account, free.lock
    flow = _flow(services, case, account)
    approval = Proof(FactorKind.SUPPORT_APPROVAL, case.case_id, Thing(ThingKind.AGENTS, case.case_id), now)
    moved_on = await advance(tx, services, WORKER, lock, flow, Proven(approval), Situation(account, flow.proofs, now))
    if moved_on.flow.state is State.ASKING:  # more could be shown; it can also be shown while it waits
        lock = await tx.audit.lock(lock.chain)
        moved_on = await advance(tx, services, WORKER, lock, moved_on.flow, NothingMore(), moved_on.situation)
    await tx.flows.add(moved_on.flow)
    if moved_on.flow.waits_until is None:
        await _cannot_be_given_back(tx, services, at, moved_on.flow)
        return
    case = replace(moved(case, CaseMove.APPROVE, now), flow_id=moved_on.flow.flow_id)
    await tx.cases.save(case)
    await tell_person(tx, services, case, MessageKind.CASE_APPROVED, until=moved_on.flow.waits_until.isoformat())


def _flow(services: Services, case: Case, account: Account) -> Flow:
    """Of whoever holds the case, to bind its contact mailbox and a password."""
    flow = new_flow(
        services,
        WORKER,
        Action.BIND_AFTER_CASE,
        account.account_id,
        case.subject,
        typed=case.contact,
        typed_key=case.contact_key,
        wants=Wants(address=case.contact, address_key=case.contact_key, flow_id=case.case_id),
    )
    return replace(flow, holder=case.holder, language=case.language, proofs=case.proofs)


async def _cannot_be_given_back(tx: Transaction, services: Services, at: LoadedCase, flow: Flow) -> None:
    """Everything was shown, and the account is closed to everybody at the moment: blocked, for one. That is told now."""
    case = replace(closed(moved(at.case, CaseMove.APPROVE, at.now), flow.ended or "unused", at.now), flow_id=flow.flow_id)
    await tx.cases.save(case)
    await tell_person(tx, services, case, MessageKind.CASE_CLOSED)


async def _approval_used_up(tx: Transaction, services: Services, at: LoadedCase) -> None:
    """Nobody came for the account, or its wait goes on for want of notices that arrive: then the case stays as long as the flow."""
    flow = await tx.flows.get(at.case.flow_id)
    if flow is not None and flow.is_open(at.now):
        await tx.cases.save(replace(at.case, due_at=flow.expires_at))
    else:
        await _close(tx, services, at, "unused")


async def _close(tx: Transaction, services: Services, at: LoadedCase, why: str) -> Case:
    case = closed(at.case, why, at.now)
    await tx.cases.save(case)
    await _record(tx, services, at.lock, Event.CASE_CLOSED, at.account, WORKER, case, why=why)
    return case


async def _record(
    tx: Transaction, services: Services, lock: SubjectLock, event: Event, account: Account, client: Client, case: Case, **detail: str
) -> SubjectLock:
    return await record(tx, services, lock, event, account, client, flow_id=case.case_id, subject=case.subject, **detail)
