"""End the session that asks. Its own token is leave enough, so no permit is needed; nothing else ends."""

from sparekey.domain.audit import Event
from sparekey.domain.sessions import Session
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def sign_out(services: Services, client: Client, session: Session) -> None:
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        account = await tx.accounts.get(session.account_id)
        if await tx.sessions.end(session.account_id, session.session_id):
            await record(tx, services, lock, Event.SIGNED_OUT, account, client)
