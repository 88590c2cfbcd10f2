"""The operator asks for a second factor of one account, or no longer (mission.md, F8)."""

from sparekey.domain.audit import Event
from sparekey.domain.values import replace
from sparekey.use_cases.load_by_name import load_by_name
from sparekey.use_cases.open_session import is_limited
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def require_second(services: Services, client: Client, typed: str, *, required: bool) -> bool:
    """Answers whether there is such an account. Its open sessions without a second factor are good for adding one only, from now on."""
    async with services.store.transaction() as tx:
        account, lock = await load_by_name(tx, services, typed)
        if not account.exists:
            return False
        new = replace(account, must_have_second=required)
        await tx.accounts.save(account, new, services.clock.now())
        limited = is_limited(services, new)
        for session in await tx.sessions.of_account(account.account_id):
            await tx.sessions.refresh(replace(session, limited=limited))
        event = Event.SECOND_FACTOR_REQUIRED if required else Event.SECOND_FACTOR_NOT_REQUIRED
        await record(tx, services, lock, event, new, client)
    return True
