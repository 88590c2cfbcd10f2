"""Open a dispute, weigh it, end it (mission.md, R16; docs/decisions/0016-disputes.md).

What is here takes nothing away from anybody and gives nobody anything: it only withholds for a while, so no permit is asked for. The
caller holds the lock on the account.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from sparekey.domain.accounts import Account, AccountId
from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.audit import Event
from sparekey.domain.disputes import TIED, Dispute, ObjectionWins, Outcome, RecoveryWins, Tie, Unopposed, opened, weigh, weight
from sparekey.domain.factors import Factor
from sparekey.domain.flow.events import Disputed, Ended, NothingMore, Tied
from sparekey.domain.flow.events import Event as FlowEvent
from sparekey.domain.flow.flow import Flow, step, what_stands
from sparekey.domain.flow.state import State
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.model import Closure, Situation
from sparekey.domain.policy.verdict import Allow
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.leads_back import former_of
from sparekey.use_cases.notify import tell
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tell_of_wait import send_way_back


class At(Struct, frozen=True):
    """One account in an open transaction, locked. ``account`` and ``lock`` as they stand after what was done last. ``former``: things that
    left the account lately and still lead to it."""

    tx: Transaction
    services: Services
    client: Client
    lock: SubjectLock
    account: Account
    former: tuple[Factor, ...]

    @property
    def now(self) -> datetime:
        return self.services.clock.now()

    def weight_of(self, proofs: tuple[Proof, ...]) -> int:
        return weight(self.services.policy, self.account, proofs, self.now, self.former)

    def stepped(self, flow: Flow, event: FlowEvent) -> Flow:
        return step(flow, event, policy=self.services.policy, situation=self.situation_of(flow))

    def situation_of(self, flow: Flow) -> Situation:
        """From no device in particular."""
        return Situation(self.account, flow.proofs, self.now, breached_password=flow.breached, former=self.former)


async def at_account(tx: Transaction, services: Services, client: Client, lock: SubjectLock, account_id: AccountId) -> At:
    """The account as it stands now, whatever the caller knew of it."""
    account = await tx.accounts.get(account_id)
    former = await former_of(tx, account, Action.RECOVER, services.clock.now())
    return At(tx, services, client, lock, account, former)


async def object_with(at: At, proofs: tuple[Proof, ...], but: str) -> tuple[At, bool]:
    """Somebody objects to the recoveries that wait, and has shown this for it; and whether it weighs. ``but``: the flow of that.

    What weighs nothing is noted and told, once for each recovery, and changes nothing. Neither does less than a recovery has shown that
    was weighed already and came out ahead: otherwise one stolen mailbox could hold its owner up for ever.
    """
    dispute, weighs = await at.tx.disputes.open_of(at.account.account_id), at.weight_of(proofs)
    waiting = await waiting_recoveries(at)
    if weighs and dispute is not None:
        new = tuple(p for p in proofs if at.weight_of((*dispute.shown, p)) > at.weight_of(dispute.shown))
        return (await _joined(at, dispute.with_shown(new)) if new else at), True
    if any(weighs and (not _has_won(r) or weighs >= at.weight_of(r.proofs)) for r in waiting):
        return await _opened(at, proofs, but, ()), True
    for recovery in waiting:
        at = await _noted(at, recovery)
    return at, False


async def meet(at: At, flow: Flow) -> tuple[At, Flow]:
    """A recovery has begun to wait. Where another one waits, from another browser, the two are in dispute. The caller saves the flow."""
    dispute = await at.tx.disputes.open_of(at.account.account_id)
    if dispute is not None:
        flow = at.stepped(flow, Disputed())
        return await _joined(at, dispute.with_claim(flow.flow_id, at.now)), flow
    others = [r for r in await waiting_recoveries(at) if r.flow_id != flow.flow_id and r.holder != flow.holder]
    if any(not _has_won(r) or at.weight_of(flow.proofs) >= at.weight_of(r.proofs) for r in others):
        flow = at.stepped(flow, Disputed())
        return await _opened(at, (), flow.flow_id, (flow.flow_id,)), flow
    return at, flow


async def waiting_recoveries(at: At) -> Sequence[Flow]:
    """Recoveries of the account that wait, or have waited, the oldest first."""
    account_id = at.account.account_id
    return [r for r in await at.tx.flows.waiting_of(account_id) if is_waiting_recovery(r, account_id) and r.is_open(at.now)]


async def decide(at: At, dispute: Dispute) -> At:
    """Weigh, and do what follows: at any time where only one side is left, after 72 hours otherwise, and end it after 14 days."""
    claims = await _standing_claims(at, dispute)
    weighed = weigh({r.flow_id: at.weight_of(r.proofs) for r in claims}, at.weight_of(dispute.shown))
    running = [r for r in claims if r.state is State.WAITING]
    if dispute.is_lapsed:
        at = await _leave_to_people(at, running)
        return await _ended(at, dispute, Outcome.LAPSED)
    if isinstance(weighed, Unopposed):
        at = await _ended(at, dispute, Outcome.WITHDRAWN)
        return await _go_on(at, running)
    if dispute.tied_at is not None:
        return await _ended(at, dispute, Outcome.OBJECTION) if isinstance(weighed, ObjectionWins) else await _saved(at, dispute)
    if not dispute.waiting.is_over:
        return await _saved(at, dispute)
    match weighed:
        case RecoveryWins(flow_id) if any(r.flow_id == flow_id for r in running):
            at = await _lose(at, [r for r in running if r.flow_id != flow_id])
            at = await _ended(at, dispute, Outcome.RECOVERY)
            return await _go_on(at, [r for r in running if r.flow_id == flow_id])
        case ObjectionWins():
            at = await _lose(at, running)
            return await _ended(at, dispute, Outcome.OBJECTION)
        case RecoveryWins() | Tie():
            at = await _leave_to_people(at, running)
            await _tell(at, MessageKind.DISPUTE_OVER, dispute, outcome=TIED)
            lock = await record(at.tx, at.services, at.lock, Event.DISPUTE_TIED, at.account, at.client)
            return await _saved(replace(at, lock=lock), dispute.tied(at.now))
        case _:
            assert_never(weighed)


async def decided_by_people(at: At) -> At:
    """A support case about the account was decided: what was held for it is free."""
    dispute = await at.tx.disputes.open_of(at.account.account_id)
    return at if dispute is None or dispute.tied_at is None else await _ended(at, dispute, Outcome.CASE)


async def settle(at: At) -> At:
    """After one side went away: where only one is left, the dispute is over at once."""
    dispute = await at.tx.disputes.open_of(at.account.account_id)
    return at if dispute is None else await decide(at, dispute)


async def tell_disputed(at: At, dispute: Dispute) -> None:
    """The notice that two sides claim the account, to every address; its copies that arrive count the days."""
    await _tell(at, MessageKind.ACCOUNT_DISPUTED, dispute, until=dispute.waiting.until(at.now).isoformat())


async def _tell(at: At, kind: MessageKind, dispute: Dispute, **params: str) -> None:
    known = {"at": at.now.isoformat(), **params}
    await tell(at.tx, at.services, at.account, at.account.addresses, kind, known, at.now, flow_id=dispute.dispute_id)


def _has_won(recovery: Flow) -> bool:
    return recovery.waiting is not None and recovery.waiting.won_at is not None


async def _opened(at: At, shown: tuple[Proof, ...], but: str, claims: tuple[str, ...]) -> At:
    """Every recovery that is under way waits from here on, and what is withheld in a dispute ends where it had begun."""
    rules = at.services.policy.actions
    for flow in await at.tx.flows.open_of_account(at.account.account_id, but, at.now):
        if flow.void or flow.state is State.ASKING:
            continue
        if flow.action in RECOVERIES:
            await at.tx.flows.save(at.stepped(flow, Disputed()))
            claims = (*claims, flow.flow_id)
        elif flow.action == Action.CLOSE_ACCOUNT:
            continue  # it waits, and does not end before this does (look_at_closing.py)
        elif flow.action in rules and Closure.DISPUTED in rules[flow.action].closed_while:
            await at.tx.flows.save(at.stepped(flow, Ended("disputed")))
            await give_back_code(at.tx, flow)
    dispute = replace(opened(at.services.chance.new_id(at.now), at.account.account_id, at.now), claims=claims).with_shown(shown)
    await at.tx.disputes.add(dispute)
    at = await _with_account(at, replace(at.account, disputed_at=at.now))
    await tell_disputed(at, dispute)
    return replace(at, lock=await record(at.tx, at.services, at.lock, Event.DISPUTED, at.account, at.client))


async def _joined(at: At, dispute: Dispute) -> At:
    await at.tx.disputes.save(dispute)
    detail = {"recoveries": str(len(dispute.claims)), "objection": str(at.weight_of(dispute.shown))}
    at = replace(at, lock=await record(at.tx, at.services, at.lock, Event.DISPUTE_JOINED, at.account, at.client, **detail))
    return at if dispute.tied_at is None else await decide(at, dispute)


async def _noted(at: At, recovery: Flow) -> At:
    mark = at.services.sealer.keyed_hash(recovery.flow_id.encode(), "dispute.noted")
    if not await at.tx.spent.spend(mark, recovery.expires_at):
        return at
    known = {"at": at.now.isoformat(), "device": "", "place": ""}
    await tell(at.tx, at.services, at.account, at.account.addresses, MessageKind.RECOVERY_OBJECTED, known, at.now, flow_id=recovery.flow_id)
    lock = await record(
        at.tx, at.services, at.lock, Event.RECOVERY_OBJECTED, at.account, at.client, flow_id=recovery.flow_id, recovery=recovery.flow_id
    )
    return replace(at, lock=lock)


async def _standing_claims(at: At, dispute: Dispute) -> Sequence[Flow]:
    """The recoveries that nobody has taken back: those that wait, and those that a tie has left to people."""
    found = [await at.tx.flows.get_for_step(flow_id) for flow_id in dispute.claims]
    return [
        r for r in found if r is not None and not r.void and (r.state is State.REFERRED or (r.state is State.WAITING and r.is_open(at.now)))
    ]


async def _go_on(at: At, recoveries: Iterable[Flow]) -> At:
    """They wait for nothing but their own wait any more; what would have opened at once, opens."""
    for recovery in recoveries:
        assert recovery.waiting is not None
        waiting = recovery.waiting.won(at.now)
        flow = replace(recovery, waiting=waiting)
        if isinstance(what_stands(flow, at.services.policy, at.situation_of(flow)), Allow):
            flow = replace(at.stepped(flow, NothingMore()), waiting=waiting)
            await send_way_back(at.tx, at.services, flow, at.account, MessageKind.RECOVERY_READY)
        await at.tx.flows.save(flow)
    return at


async def _lose(at: At, recoveries: Iterable[Flow]) -> At:
    for flow in recoveries:
        await at.tx.flows.save(at.stepped(flow, Ended("outweighed")))
        await give_back_code(at.tx, flow)
    return at


async def _leave_to_people(at: At, recoveries: Iterable[Flow]) -> At:
    for flow in recoveries:
        await at.tx.flows.save(at.stepped(flow, Tied()))
        await give_back_code(at.tx, flow)
    return at


async def _ended(at: At, dispute: Dispute, outcome: Outcome) -> At:
    await at.tx.disputes.save(dispute.ended(outcome, at.now))
    at = await _with_account(at, replace(at.account, disputed_at=None))
    await _tell(at, MessageKind.DISPUTE_OVER, dispute, outcome=outcome)
    lock = await record(at.tx, at.services, at.lock, Event.DISPUTE_OVER, at.account, at.client, outcome=outcome)
    return replace(at, lock=lock)


async def _saved(at: At, dispute: Dispute) -> At:
    await at.tx.disputes.save(dispute)
    return at


async def _with_account(at: At, account: Account) -> At:
    account = replace(account, version=at.account.version + 1)
    await at.tx.accounts.save(at.account, account, at.now)
    return replace(at, account=account)
