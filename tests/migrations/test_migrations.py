"""The migrations lead to the schema that the code was written for, from anywhere, any number of times."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Integer, MetaData, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from sparekey.adapters.sql import migrate, schema
from sparekey.adapters.sql.connection import Statement
from sparekey.adapters.sql.versions import HEAD, read_version
from sparekey.domain.accounts import nobody
from tests.contracts.stores import database_at

_NOBODY = Statement(
    "select a.name, d.key, a.shred_key from account a join address d on d.account_id = a.account_id where a.account_id = :account_id"
)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, data_dir: Path) -> str:
    """As ``SPAREKEY_DATABASE``, of a database without tables."""
    data_dir.mkdir()
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def as_alembic(url: str, data_dir: Path) -> str:
    return url or f"sqlite:///{data_dir / 'sparekey.db'}"


def differences(url: str, metadata: MetaData) -> list[str]:
    """What autogenerate would write into a new migration."""

    def compare(connection: Connection) -> list[str]:
        return [str(d) for d in compare_metadata(MigrationContext.configure(connection), metadata)]

    async def on_postgres() -> list[str]:
        engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
        async with engine.connect() as connection:
            found = await connection.run_sync(compare)
        await engine.dispose()
        return found

    if not url.startswith("sqlite"):
        return asyncio.run(on_postgres())
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return compare(connection)


def test_head_is_the_newest_file_of_the_folder() -> None:
    assert ScriptDirectory.from_config(migrate.alembic_config()).get_heads() == [HEAD]


def test_from_nothing_to_the_schema_of_the_code(empty_url: str, data_dir: Path) -> None:
    url = as_alembic(empty_url, data_dir)
    assert asyncio.run(read_version(database_at(empty_url, data_dir))) == ""
    migrate.upgrade(url)
    assert asyncio.run(read_version(database_at(empty_url, data_dir))) == HEAD
    assert differences(url, schema.metadata) == []


def test_a_column_without_a_migration_would_be_found(empty_url: str, data_dir: Path) -> None:
    url = as_alembic(empty_url, data_dir)
    migrate.upgrade(url)
    changed = MetaData()
    for table in schema.metadata.sorted_tables:
        table.to_metadata(changed)
    changed.tables["guess"].append_column(Column("forgotten", Integer))
    assert "forgotten" in "".join(differences(url, changed))


def test_names_that_nobody_has_are_a_row_as_the_domain_draws_it(database_url: str, data_dir: Path) -> None:
    migrate.upgrade(as_alembic(database_url, data_dir_made(data_dir)))
    stand_in = nobody()

    async def read() -> tuple[str, str, str]:
        database = database_at(database_url, data_dir)
        await database.open()
        async with database.transaction() as connection:
            row = await connection.one(_NOBODY, account_id=stand_in.account_id)
        await database.close()
        assert row is not None
        return row[0], row[1], row[2]

    assert asyncio.run(read()) == (stand_in.name, stand_in.addresses[0].key, stand_in.shred_key)


def data_dir_made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def sparekey(url: str, data_dir: Path, *command: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "SPAREKEY_DATA": str(data_dir), "SPAREKEY_DATABASE": url}
    return subprocess.Popen(
        [sys.executable, "-m", "sparekey.cli.main", *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.row("O1")
def test_migrating_twice_changes_nothing_the_second_time(empty_url: str, data_dir: Path) -> None:
    said = [sparekey(empty_url, data_dir, "migrate").communicate(timeout=60)[0] for _ in range(2)]
    assert said == ["sparekey: the database is at the newest schema now\n", "sparekey: the database was at the newest schema already\n"]


def test_two_nodes_that_start_at_once_migrate_once(empty_url: str, data_dir: Path) -> None:
    nodes = [sparekey(empty_url, data_dir, "migrate") for _ in range(2)]
    said = [node.communicate(timeout=60) for node in nodes]
    assert [(node.returncode, errors) for node, (_, errors) in zip(nodes, said, strict=True)] == [(0, "")] * 2
    assert differences(as_alembic(empty_url, data_dir), schema.metadata) == []
