"""A store over a database of the test's own, with real keys, and a way to plant rows behind its back."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sparekey.adapters.chance import SystemChance
from sparekey.adapters.crypto.keys import Key, KeyRing
from sparekey.adapters.crypto.sealer import RingSealer
from sparekey.adapters.sql import migrate
from sparekey.adapters.sql.connection import Row, Statement
from sparekey.adapters.sql.postgres import PostgresDatabase
from sparekey.adapters.sql.sqlite import SqliteDatabase
from sparekey.adapters.sql.store import SqlStore
from sparekey.bootstrap import SQLITE_FILE
from sparekey.domain.accounts import Account, AccountId, Address, AddressKind
from sparekey.domain.values import replace

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
OLD_KEY, NEW_KEY = Key("0000000a", b"o" * 32, NOW), Key("0000000b", b"n" * 32, NOW)
CHANCE = SystemChance()


@dataclass
class TurnedClock:
    """A clock that the test turns."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def turn(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Held:
    """A store and what a test may reach around it."""

    store: SqlStore
    database: SqliteDatabase | PostgresDatabase
    ring: KeyRing
    sealer: RingSealer
    clock: TurnedClock

    async def sql(self, text: str, **values: object) -> int:
        """Change rows behind the back of the store."""
        async with self.database.transaction() as connection:
            return await connection.run(Statement(text), **values)

    async def rows(self, text: str, **values: object) -> list[Row]:
        async with self.database.transaction() as connection:
            return [tuple(row) for row in await connection.all(Statement(text), **values)]

    async def count(self, table: str) -> int:
        return int((await self.rows(f"select count(*) from {table}"))[0][0])

    def rotate(self) -> None:
        """From now on another key is the current one."""
        self.ring = KeyRing((NEW_KEY, OLD_KEY))
        self.sealer = RingSealer(self.ring)
        self.store = SqlStore(self.database, self.sealer)


def database_at(url: str, data_dir: Path) -> SqliteDatabase | PostgresDatabase:
    return PostgresDatabase(url) if url else SqliteDatabase(data_dir / SQLITE_FILE)


def fresh_database(url: str, data_dir: Path, template: Path) -> SqliteDatabase | PostgresDatabase:
    """``url``: as ``SPAREKEY_DATABASE``. ``template``: a migrated SQLite file to copy."""
    if not url:
        data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, data_dir / SQLITE_FILE)
    return database_at(url, data_dir)


@asynccontextmanager
async def held(database: SqliteDatabase | PostgresDatabase) -> AsyncIterator[Held]:
    await database.open()
    ring = KeyRing((OLD_KEY,))
    sealer = RingSealer(ring)
    try:
        yield Held(SqlStore(database, sealer), database, ring, sealer, TurnedClock())
    finally:
        await database.close()


def migrated_sqlite(folder: Path) -> Path:
    file = folder / "template.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


def key_of(email: str) -> str:
    """As ``adapters.identifiers`` makes it."""
    return f"email:{email}"


def new_account(email: str = "anna@example.com", user_name: str = "") -> Account:
    """An account with one address, not yet stored."""
    address = Address(CHANCE.new_id(NOW), AddressKind.EMAIL, email, key_of(email), NOW, main=True, with_account=True)
    return Account(
        account_id=AccountId(CHANCE.new_id(NOW)),
        name="Anna",
        language="en",
        created_at=NOW,
        password_hash="$argon2id$first",
        password_set_at=NOW,
        version=1,
        shred_key=CHANCE.token(),
        user_name=user_name,
        user_name_key=user_name,
        addresses=(address,),
    )


def with_address(account: Account, email: str, at: datetime = NOW) -> Account:
    """The account with one more address, not the main one."""
    more = Address(CHANCE.new_id(at), AddressKind.EMAIL, email, key_of(email), at, main=False)
    return replace(account, addresses=(*account.addresses, more))
