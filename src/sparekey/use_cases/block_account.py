"""The site blocks an account, or opens it again (mission.md, C4).

Nobody is told of a block but whoever shows all that signing in asks for: to a stranger, and to a thief with half of it, the account looks
like any other.
"""

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.session_over import end_all_sessions
from sparekey.use_cases.load_by_name import load_by_name
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def block_account(services: Services, client: Client, typed: str) -> bool:
    """Answers whether there is such an account. Its sessions end."""
    async with services.store.transaction() as tx:
        account, lock = await load_by_name(tx, services, typed)
        now = services.clock.now()
        if account.exists and account.blocked_at is None:
            await tx.accounts.save(account, replace(account, blocked_at=now, version=account.version + 1), now)
            await end_all_sessions(tx, services, account)
            await record(tx, services, lock, Event.BLOCKED, account, client)
    return account.exists


async def unblock_account(services: Services, client: Client, typed: str) -> bool:
    """Answers whether there is such an account."""
    async with services.store.transaction() as tx:
        account, lock = await load_by_name(tx, services, typed)
        await unblocked(tx, services, client, lock, account)
    return account.exists


async def unblocked(tx: Transaction, services: Services, client: Client, lock: SubjectLock, account: Account) -> SubjectLock:
    """Open it again; the new head of the chain. The caller has locked the subject."""
    if account.blocked_at is None:
        return lock
    await tx.accounts.save(account, replace(account, blocked_at=None, version=account.version + 1), services.clock.now())
    return await record(tx, services, lock, Event.UNBLOCKED, account, client)
