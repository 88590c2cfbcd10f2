"""One server for each test, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.adapters.sql import migrate
from tests.doors.api import Api, served


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, to copy from."""
    file = tmp_path_factory.mktemp("migrated") / "sparekey.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
async def api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite) as api:
        yield api


@pytest.fixture
async def patient_api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """Without the limits of volume: they count in the time of the machine, which does not move with the clock of a test."""
    async with served(database_url, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api
