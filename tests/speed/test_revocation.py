"""An ended session is refused at the very next request, on every node: nothing about sessions is remembered."""

from datetime import timedelta
from pathlib import Path

from sparekey.adapters.chance import SystemChance
from sparekey.domain.sessions import Session, SessionRules
from sparekey.use_cases.tokens import token_hash
from sparekey.use_cases.who_is import SessionChecks
from tests.contracts.stores import NOW, Held, database_at, held, new_account

RULES = SessionRules(timedelta(days=30))


async def test_ended_on_one_node_refused_on_another_at_once(at: Held, database_url: str, data_dir: Path) -> None:
    account = new_account()
    async with held(database_at(database_url, data_dir)) as other:
        checks = SessionChecks(other.store, other.clock, RULES)
        async with at.store.transaction() as tx:
            await tx.accounts.add(account)
        for i in range(50):
            session = Session(SystemChance().new_id(NOW), account.account_id, "", NOW, NOW, NOW + timedelta(days=1), (), "agent", "")
            async with at.store.transaction() as tx:
                await tx.sessions.add(session, token_hash(f"token{i}"))
            found = await checks.who_is(f"token{i}")
            assert found is not None
            assert found.session.session_id == session.session_id
            async with at.store.transaction() as tx:
                assert await tx.sessions.end(account.account_id, session.session_id)
            assert await checks.who_is(f"token{i}") is None
