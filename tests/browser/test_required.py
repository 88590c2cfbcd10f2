"""A site that requires a second step of everybody (F8), at a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import later
from tests.browser.conftest import PATIENT, MovingSite
from tests.browser.eyes import look
from tests.browser.keys import security_key_of
from tests.browser.person import Person
from tests.browser.test_second_factor import add_key
from tests.server import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[MovingSite]:
    folder = tmp_path_factory.mktemp("site")
    ahead = folder / "ahead"
    settings = {**PATIENT, "second_factor": "required"}
    with Site(folder, "", migrated_sqlite, settings=settings, program=later.program(ahead)) as found:
        yield MovingSite(found, ahead)


@pytest.mark.row("F8")
async def test_first_the_second_step_then_everything_else(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    for path in ("/account", "/account/security", "/account/devices", "/account/addresses"):
        await person.open(path)
        await person.is_at("One more thing before you go on")
    await look(person, "second-factor-required")
    await security_key_of(person)
    await add_key(person)
    await person.open("/account")
    await person.is_at("Hello, Anna Berg")
