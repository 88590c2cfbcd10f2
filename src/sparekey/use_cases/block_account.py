"""The site blocks an account, or opens it again (mission.md, C4).

Nobody is told of a block but whoever shows all that signing in asks for: to a stranger, and to a thief with half of it, the account looks
like any other.
"""

from dataclasses import replace

from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def block_account(services: Services, client: Client, typed: str) -> bool:
    """Answers whether there is such an account. Its sessions end."""
    key = services.identifiers.key_of(typed)
    async with services.store.transaction() as tx:
        found = await tx.accounts.find_by_key(key)
        if not found.exists:
            return False
        lock = await tx.audit.lock(found.account_id)
        account, now = await tx.accounts.get(found.account_id), services.clock.now()
        if account.blocked_at is None:
            await tx.accounts.save(account, replace(account, blocked_at=now, version=account.version + 1), now)
            await tx.sessions.end_all(account.account_id)
            await record(tx, services, lock, Event.BLOCKED, account, client)
    return True


async def unblock_account(services: Services, client: Client, typed: str) -> bool:
    """Answers whether there is such an account."""
    key = services.identifiers.key_of(typed)
    async with services.store.transaction() as tx:
        found = await tx.accounts.find_by_key(key)
        if not found.exists:
            return False
        lock = await tx.audit.lock(found.account_id)
        await unblocked(tx, services, client, lock, await tx.accounts.get(found.account_id))
    return True


async def unblocked(tx: Transaction, services: Services, client: Client, lock: SubjectLock, account: Account) -> SubjectLock:
    """Open it again; the new head of the chain. The caller has locked the subject."""
    if account.blocked_at is None:
        return lock
    await tx.accounts.save(account, replace(account, blocked_at=None, version=account.version + 1), services.clock.now())
    return await record(tx, services, lock, Event.UNBLOCKED, account, client)
