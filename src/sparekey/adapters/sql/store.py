"""The store: tables joined into transactions, on either database."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from sparekey.adapters.sql.accounts import SqlAccounts
from sparekey.adapters.sql.agents import SqlAgents, SqlVotes
from sparekey.adapters.sql.audit import SqlAudit
from sparekey.adapters.sql.cases import SqlCases
from sparekey.adapters.sql.changes import SqlChanges
from sparekey.adapters.sql.connection import Connection, Database, Statement, to_ms
from sparekey.adapters.sql.contacts import SqlCircles, SqlContactAsks, SqlSecretAnswers
from sparekey.adapters.sql.devices import SqlDevices
from sparekey.adapters.sql.disputes import SqlDisputes
from sparekey.adapters.sql.factors import SqlBackupCodes, SqlFactors
from sparekey.adapters.sql.flows import SqlFlows
from sparekey.adapters.sql.guesses import SqlGuessCounters
from sparekey.adapters.sql.notice_links import SqlNoticeLinks, SqlSpent
from sparekey.adapters.sql.outbox import SqlOutbox
from sparekey.adapters.sql.personal import SqlPersonal
from sparekey.adapters.sql.prompts import SqlPrompts
from sparekey.adapters.sql.pruning import prune_unknown_chains, prunings
from sparekey.adapters.sql.sessions import SEEN, WHO_ARE, WHO_IS, SqlSessions, who_is
from sparekey.adapters.sql.shop import SqlConfirmations, SqlShopActivities, SqlShopEvents
from sparekey.domain.errors import StoreUnavailable
from sparekey.use_cases.ports import Sealer, WhoIs

_READY = Statement("select 1 from account limit 1")


class SqlTransaction:
    """The tables of one open transaction."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self.accounts = SqlAccounts(connection, sealer)
        self.flows = SqlFlows(connection)
        self.sessions = SqlSessions(connection, sealer)
        self.devices = SqlDevices(connection)
        self.factors = SqlFactors(connection, sealer)
        self.backup_codes = SqlBackupCodes(connection)
        self.prompts = SqlPrompts(connection)
        self.notice_links = SqlNoticeLinks(connection)
        self.spent = SqlSpent(connection)
        self.guesses = SqlGuessCounters(connection)
        self.outbox = SqlOutbox(connection, sealer)
        self.audit = SqlAudit(connection)
        self.personal = SqlPersonal(connection, sealer)
        self.changes = SqlChanges(connection, sealer)
        self.disputes = SqlDisputes(connection, sealer)
        self.agents = SqlAgents(connection)
        self.votes = SqlVotes(connection)
        self.shop_activities = SqlShopActivities(connection, sealer)
        self.confirmations = SqlConfirmations(connection, sealer)
        self.shop_events = SqlShopEvents(connection)
        self.cases = SqlCases(connection, sealer)
        self.circles = SqlCircles(connection, sealer)
        self.contact_asks = SqlContactAsks(connection, sealer)
        self.secret_answers = SqlSecretAnswers(connection, sealer)


class SqlStore:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._who = database.look_ups_by("token_hash", WHO_IS, WHO_ARE)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        async with self._database.transaction() as connection:
            yield SqlTransaction(connection, self._sealer)

    async def session_by_token(self, token_hash: bytes) -> WhoIs | None:
        row = await self._who.get(token_hash)
        return None if row is None else who_is(row)

    async def sessions_seen(self, seen: Mapping[str, datetime]) -> None:
        async with self._database.transaction() as connection:
            for session_id, at in seen.items():
                await connection.run(SEEN, session_id=session_id, seen_at=to_ms(at))

    async def prune(self, now: datetime, most: int) -> dict[str, int]:
        removed = {}
        for kind, statement, before in prunings(now):
            async with self._database.transaction() as connection:
                removed[kind] = await connection.run(statement, most=most, **before)
        async with self._database.transaction() as connection:
            removed["audit_head"] = await prune_unknown_chains(connection, now, most)
        return removed

    async def is_ready(self) -> bool:
        try:
            async with self._database.transaction() as connection:
                return await connection.one(_READY) is not None
        except StoreUnavailable:
            return False
