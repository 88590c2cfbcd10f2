"""Sites under attack: SQLite in one process, and PostgreSQL with four."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from sparekey.adapters.sql import migrate
from tests.attacks import planted
from tests.postgres import Cluster
from tests.server import SERVE, Site

NODES = {"sqlite": 1, "postgres": 4}
UNLIMITED = {"insecure_no_volume_limits": "true"}
"""A race sends more from one address than the limits of volume let through; they are not what is tested there."""

_numbers = count(1)

MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, to copy from."""
    file = tmp_path_factory.mktemp("migrated") / "sparekey.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_urls(postgres_server: Cluster, migrated_template: str) -> Callable[[], str]:
    """Makes empty databases at the newest schema; they go with the cluster."""
    return lambda: postgres_server.create(f"attacked{next(_numbers)}", migrated_template)


@pytest.fixture(scope="session")
def make_site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, postgres_urls: Callable[[], str]) -> Iterator[MakeSite]:
    """Starts sites; all are stopped when the tests are over."""
    with ExitStack() as open_sites:

        def make(kind: str, *, bug: str = "", nodes: int = 0, **settings: str) -> Site:
            return open_sites.enter_context(
                Site(
                    tmp_path_factory.mktemp("site"),
                    "" if kind == "sqlite" else postgres_urls(),
                    migrated_sqlite,
                    nodes=nodes or NODES[kind],
                    settings=settings,
                    program=planted.program(bug) if bug else SERVE,
                )
            )

        yield make


@pytest.fixture(scope="module", params=NODES)
def site(request: pytest.FixtureRequest, make_site: MakeSite) -> Iterator[Site]:
    """A real site without limits of volume, for the tests of one file."""
    made = make_site(request.param, **UNLIMITED)
    yield made
    for node in made.all:
        node.stop()
