from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.stores import Held, fresh_database, held, migrated_sqlite


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated_sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
async def at(database_url: str, data_dir: Path, sqlite_template: Path) -> AsyncIterator[Held]:
    """A store over SQLite and PostgreSQL in turn."""
    async with held(fresh_database(database_url, data_dir, sqlite_template)) as h:
        yield h


@pytest.fixture
async def on_sqlite(data_dir: Path, sqlite_template: Path) -> AsyncIterator[Held]:
    async with held(fresh_database("", data_dir, sqlite_template)) as h:
        yield h


@pytest.fixture
async def on_postgres(fresh_postgres_url: str, data_dir: Path, sqlite_template: Path) -> AsyncIterator[Held]:
    async with held(fresh_database(fresh_postgres_url, data_dir, sqlite_template)) as h:
        yield h
