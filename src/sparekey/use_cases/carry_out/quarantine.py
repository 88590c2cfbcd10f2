"""The quarantine after a recovery: begun with the recovery, ended by a sign-in with an older second factor (mission.md, R11)."""

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.flow.flow import Flow
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.parse import LONGEST_QUARANTINE
from sparekey.domain.quarantine import is_ended_by, quarantined
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, record_change
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


def after_recovery(change: Change, account: Account) -> Account:
    """The account in quarantine, for as long as the route says by which the recovery was allowed; the longest, where the policy has that
    route no more. The caller saves it, and then writes it
    down with ``record_quarantine``."""
    routes = rules_of(change.services.policy, change.permit.action).routes
    lasts = max((r.quarantine for r in routes if r.name == change.permit.route), default=LONGEST_QUARANTINE)
    return quarantined(account, lasts, change.services.clock.now())


async def record_quarantine(change: Change, account: Account) -> SubjectLock:
    """The audit event of a quarantine that has just begun; answers the new head of the chain."""
    until = account.quarantined_until
    return await record_change(change, Event.QUARANTINED, until=until.isoformat() if until else "")


async def end_if_proven(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account
) -> tuple[Account, SubjectLock]:
    """The account after a sign-in: out of quarantine, where a second factor from before the recovery was shown."""
    now = services.clock.now()
    if not is_ended_by(account, flow.proofs, now):
        return account, lock
    free = replace(account, quarantined_until=None)
    await tx.accounts.save(account, free, now)
    return free, await record(tx, services, lock, Event.QUARANTINE_ENDED, account, client, flow_id=flow.flow_id)
