"""An account by a typed name, locked, for what an operator or an agent decides about it."""

from sparekey.domain.accounts import Account
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.services import Services


async def load_by_name(tx: Transaction, services: Services, typed: str) -> tuple[Account, SubjectLock]:
    """``nobody()`` where there is no such account. Its subject is locked until the transaction ends."""
    found = await tx.accounts.find_by_key(services.identifiers.key_of(typed))
    lock = await tx.audit.lock(found.account_id)
    return await tx.accounts.get(found.account_id), lock
