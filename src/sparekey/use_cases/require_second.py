"""The operator asks for a second factor of one account, or no longer (mission.md, F8)."""

from dataclasses import replace

from sparekey.domain.accounts import lacks_second_factor
from sparekey.domain.audit import Event
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def require_second(services: Services, client: Client, typed: str, *, required: bool) -> bool:
    """Answers whether there is such an account. Its open sessions without a second factor are good for adding one only, from now on."""
    key = services.identifiers.key_of(typed)
    now = services.clock.now()
    async with services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(key)
        if not account.exists:
            return False
        lock = await tx.audit.lock(account.account_id)
        account = await tx.accounts.get(account.account_id)
        new = replace(account, must_have_second=required)
        await tx.accounts.save(account, new, now)
        limited = lacks_second_factor(new, required=services.site.second_factor_required)
        for session in await tx.sessions.of_account(account.account_id):
            await tx.sessions.refresh(replace(session, limited=limited))
        event = Event.SECOND_FACTOR_REQUIRED if required else Event.SECOND_FACTOR_NOT_REQUIRED
        await record(tx, services, lock, event, new, client)
    return True
