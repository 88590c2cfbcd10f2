"""One server for each test, on SQLite: that both databases do the same is held by ``tests/doors``."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.adapters.sql import migrate
from tests.doors.api import Api, served
from tests.pages.browser import Browser, new_browser


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, to copy from."""
    file = tmp_path_factory.mktemp("migrated") / "sparekey.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite) as api:
        yield api


@pytest.fixture
def browser(api: Api) -> Browser:
    return new_browser(api)
