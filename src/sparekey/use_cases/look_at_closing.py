"""One look at an account that is going to be closed: tell of it, close it for good, or see that it is wanted no more (mission.md, S4)."""

from sparekey.domain.accounts import Account
from sparekey.domain.cases import OVER
from sparekey.domain.closing import CASES_HOLD, is_notice_due, over, until
from sparekey.domain.flow.events import Ended, TimePassed
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.waiting import Waiting
from sparekey.domain.flow.wants import NOTHING
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.carry_out.closing import keep, tell_closing
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.running_recoveries import is_waiting_recovery
from sparekey.use_cases.services import Client, Services


async def look_at_closing(tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account) -> Flow:
    """The flow after a look, with its clock already read. The caller saves it."""
    now, waiting = services.clock.now(), flow.waiting
    if waiting is None:
        return flow
    situation = Situation(account, flow.proofs, now)
    if account.closing_at is None or flow.void or account.frozen_at is not None:
        # Somebody pressed "this wasn't me": what was asked for before is not believed any more.
        await keep(tx, services, client, lock, account, flow_id=flow.flow_id, route="", but=flow.flow_id)
        ended = step(flow, Ended("stopped"), policy=services.policy, situation=situation)
        await give_back_code(tx, ended)
        return ended
    done = over(waiting)
    if done is not None and not await _is_held(tx, services, account, done):
        # A backup code that was shown goes with all the rest.
        ready = replace(flow, waiting=done, backup_code=None)
        closed = (await advance(tx, services, client, lock, ready, TimePassed(), situation)).flow
        return replace(closed, proofs=(), asked=(), typed="", typed_key="", wants=NOTHING, expires_at=now)
    if is_notice_due(waiting, now):
        # An outage has moved the day.
        moved = replace(account, closing_at=until(waiting, now))
        await tx.accounts.save(account, moved, now)
        await tell_closing(tx, services, flow, moved)
        return replace(flow, waiting=waiting.noticed(now))
    return flow


async def _is_held(tx: Transaction, services: Services, account: Account, waiting: Waiting) -> bool:
    """Whether somebody is on the way back to the account, or two sides claim it: then it does not close under their hands."""
    if account.disputed_at is not None:
        return True
    now, flows = services.clock.now(), await tx.flows.waiting_of(account.account_id)
    if any(is_waiting_recovery(f, account.account_id) and f.is_open(now) for f in flows):
        return True
    cases = await tx.cases.of_account(account.account_id)
    return waiting.credited < waiting.length + CASES_HOLD and any(c.state not in OVER for c in cases)
