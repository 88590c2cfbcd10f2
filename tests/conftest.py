"""What every test may ask for. Fixtures of one topic stand in the ``conftest.py`` of its folder."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import uvloop
from hypothesis import settings

from sparekey.adapters.sql import migrate
from tests.postgres import Cluster, memory

# No deadlines: a busy machine is no bug. In CI the same examples every time, so that red means "this change".
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

MIGRATED = "migrated"

_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """What tests write goes into memory where there is room, so that no test waits for the disk."""
    if folder := memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], object]]:
    """The tests run on the loop that the server runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Cluster]:
    """A PostgreSQL cluster of this test process, with nothing in it."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def empty_postgres_url(postgres_server: Cluster) -> Iterator[str]:
    """The URL of a database with no tables, for this test alone."""
    name = f"empty{next(_numbers)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: Cluster) -> str:
    """The name of a database at the newest schema, to copy from: a copy takes a tenth of the migrations' time."""
    migrate.upgrade(postgres_server.create(MIGRATED))
    return MIGRATED


@pytest.fixture
def fresh_postgres_url(postgres_server: Cluster, migrated_template: str) -> Iterator[str]:
    """The URL of a database at the newest schema with no rows, for this test alone."""
    name = f"fresh{next(_numbers)}"
    yield postgres_server.create(name, migrated_template)
    postgres_server.drop(name)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder for this test alone (``SPAREKEY_DATA``)."""
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """``SPAREKEY_DATABASE`` for both databases in turn: empty is SQLite, in the ``data_dir`` of the test."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("fresh_postgres_url")
    return url
