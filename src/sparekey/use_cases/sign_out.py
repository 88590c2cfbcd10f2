"""End the session that asks, and what it had begun. Its own token is leave enough, so no permit is needed."""

from sparekey.domain.audit import Event
from sparekey.domain.sessions import Session
from sparekey.use_cases.carry_out.session_over import leave_session
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def sign_out(services: Services, client: Client, session: Session) -> None:
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        account = await tx.accounts.get(session.account_id)
        if await leave_session(tx, services, account, session.session_id):
            await record(tx, services, lock, Event.SIGNED_OUT, account, client)
