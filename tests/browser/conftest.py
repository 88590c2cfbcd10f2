"""Real servers, a real browser, and people in front of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from sparekey.adapters.sql import migrate
from tests.browser import later
from tests.browser.person import Person, new_person
from tests.postgres import Cluster
from tests.server import Site

CHROMIUM = "/usr/bin/chromium-headless-shell"
"""Chromium without its window, which nobody sees here and which costs more than the pages: half the time of a whole one."""

QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
"""A browser that asks nobody but our server."""

PATIENT = {"insecure_no_volume_limits": "true"}
"""One machine sends here what a hundred people would."""

# A busy machine is no bug.
expect.set_options(timeout=15_000)

_numbers = count(1)

MakePerson = Callable[..., Awaitable[Person]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, to copy from."""
    file = tmp_path_factory.mktemp("migrated") / "sparekey.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def open_sites() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator["MovingSite"]:
    """A site on SQLite for the tests of one file, with a clock that can be moved."""
    folder = tmp_path_factory.mktemp("site")
    ahead = folder / "ahead"
    with Site(folder, "", migrated_sqlite, settings=PATIENT, program=later.program(ahead)) as found:
        yield MovingSite(found, ahead)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def real_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Site]:
    """``sparekey serve`` as it is, all limits on, on each database in turn."""
    url = ""
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres_server")
        url = cluster.create(f"walked{next(_numbers)}", request.getfixturevalue("migrated_template"))
    with Site(tmp_path_factory.mktemp("site"), url, migrated_sqlite) as found:
        yield found


def minutes_to_morning(now: datetime) -> float:
    """Until the next 8:00 UTC: some limits count by the day, and midnight must not come unasked."""
    return (datetime.combine(now.date(), time(8), UTC) - now) % timedelta(days=1) / timedelta(minutes=1)


class MovingSite:
    """A site and its clock; its day begins in the morning."""

    def __init__(self, site: Site, ahead: Path) -> None:
        self.site = site
        self._ahead = ahead
        self._seconds = 0.0
        self.wait(minutes=minutes_to_morning(datetime.now(UTC)))

    @property
    def clock(self) -> later.Ahead:
        """The site's clock, for a worker beside it."""
        return later.Ahead(self._ahead)

    def wait(self, *, minutes: float) -> None:
        self._seconds += minutes * 60
        self._ahead.write_text(str(self._seconds))


def address_of(site: Site) -> str:
    """As people type it: cookies and the script want a name, not a number."""
    return f"http://localhost:{site.all[0].port}"


@pytest.fixture
async def people(chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """Makes people at browsers of their own; at the end none of them may have had a complaint."""
    name = "real_site" if "real_site" in request.fixturenames else "site"
    found = request.getfixturevalue(name)
    here = address_of(found if isinstance(found, Site) else found.site)
    made: list[Person] = []
    read: set[str] = set()

    async def make(**options: object) -> Person:
        made.append(await new_person(chromium, here, read, **options))
        return made[-1]

    yield make
    for person in made:
        await person.context.close()
    assert [c for person in made for c in person.complaints] == []


@pytest.fixture
async def person(people: MakePerson) -> Person:
    return await people()


@pytest.fixture
def email() -> str:
    """An address that nobody had before."""
    return f"anna{next(_numbers)}@example.com"
