"""How long a session lasts, and how long it may go unused, by the profile (design.md, "session"; ASVS 5.0, 7.3.1 and 7.3.2)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sparekey.domain.policy.parse import load_policy
from sparekey.domain.sessions import SEEN_EVERY
from sparekey.use_cases.who_is import SessionChecks
from tests.doors.api import PASSWORD, Api, Program, served
from tests.pages.browser import signed_up

ANNA = "anna@example.com"

OFFICE = """
[shop]
why = "A till that strangers walk past."
lasts_hours = 8
idle_minutes = 10
"""


@pytest.fixture
async def strict(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite, profile="strict", insecure_no_volume_limits="true") as api:
        yield api


def another_node(api: Api) -> SessionChecks:
    return SessionChecks(api.parts.services.store, api.clock, api.parts.services.policy.sessions)


async def use_often(api: Api, person: Program, *, every: timedelta, until: timedelta) -> None:
    """Used again and again, with the uses written down by and by, as the worker does it."""
    for _ in range(until // every):
        api.clock.wait(seconds=every.total_seconds())
        assert await person.is_signed_in()
        await api.parts.checks.write_seen()


@pytest.mark.row("I7")
async def test_in_strict_a_session_ends_after_a_day_however_much_it_is_used(strict: Api) -> None:
    person = await strict.signed_up(ANNA)
    await use_often(strict, person, every=timedelta(minutes=50), until=timedelta(hours=23, minutes=59))
    strict.clock.wait(minutes=38)
    assert await person.is_signed_in(), "23 hours 58 minutes"
    strict.clock.wait(minutes=2)
    assert not await person.is_signed_in()
    assert (await person.call("GET", "/api/v1/account")).problem == "not_signed_in"


@pytest.mark.row("I7")
@pytest.mark.parametrize("written_down", [True, False], ids=["written down", "known here alone"])
async def test_in_strict_a_session_ends_after_an_hour_without_use(strict: Api, *, written_down: bool) -> None:
    person = await strict.signed_up(ANNA)
    for _ in range(3):
        strict.clock.wait(minutes=58)
        assert await person.is_signed_in(), "used within the hour"
        if written_down:
            assert await strict.parts.checks.write_seen() == 1
    strict.clock.wait(minutes=60)
    assert not await person.is_signed_in()
    assert (await person.call("GET", "/api/v1/account")).problem == "not_signed_in"
    assert await strict.parts.checks.write_seen() == (0 if written_down else 1), "to be refused is no use"
    assert not await person.is_signed_in()
    again = strict.program()
    await again.sign_in(ANNA)
    assert len((await again.read("account/sessions"))["sessions"]) == 1, "what has ended is not among the devices"


@pytest.mark.row("I7")
async def test_a_use_on_one_node_is_known_on_another_once_it_is_written_down(strict: Api) -> None:
    person, other = await strict.signed_up(ANNA), another_node(strict)
    strict.clock.wait(minutes=59)
    assert await person.is_signed_in()
    strict.clock.wait(minutes=2)
    assert await other.who_is(person.session) is None, "not yet: a minute early at most, never late"
    await strict.parts.checks.write_seen()
    assert await other.who_is(person.session) is not None


@pytest.mark.row("I7")
async def test_the_session_that_asks_is_among_the_devices_before_its_use_is_written_down(strict: Api) -> None:
    person = await strict.signed_up(ANNA)
    strict.clock.wait(minutes=59)
    assert await person.is_signed_in()
    strict.clock.wait(minutes=2)
    seen = (await person.read("account/sessions"))["sessions"]
    assert [s["current"] for s in seen] == [True]


@pytest.mark.row("I7")
async def test_it_never_ends_late_and_a_minute_early_at_most(strict: Api) -> None:
    person = await strict.signed_up(ANNA)
    strict.clock.wait(seconds=SEEN_EVERY.total_seconds() - 1)
    assert await person.is_signed_in(), "too soon after the last to be noted"
    strict.clock.wait(minutes=58, seconds=59)
    assert await another_node(strict).who_is(person.session) is not None
    strict.clock.wait(seconds=2)
    assert not await person.is_signed_in()


@pytest.mark.row("I7")
async def test_on_pages_whoever_was_away_too_long_signs_in_again(strict: Api) -> None:
    browser = await signed_up(strict, ANNA, PASSWORD)
    strict.clock.wait(minutes=58)
    assert (await browser.open("/account")).path == "/account"
    strict.clock.wait(minutes=61)
    assert (await browser.open("/account")).path == "/sign-in"


@pytest.mark.row("I7")
async def test_the_cookie_lasts_as_long_as_the_session(strict: Api) -> None:
    browser = await signed_up(strict, ANNA, PASSWORD)
    ages = [c.expires for c in browser.http.cookies.jar if c.name == "sparekey-session"]
    ends = [c.expires for c in browser.http.cookies.jar if c.name == "sparekey-browser"]
    assert ages[0] is not None
    assert ends[0] is not None
    assert abs(ends[0] - ages[0] - timedelta(days=29).total_seconds()) < 60


@pytest.mark.row("I7", "G1")
async def test_a_site_may_say_its_own_lengths(database_url: str, data_dir: Path, migrated_sqlite: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "sessions.toml").write_text(OFFICE)
    async with served(database_url, data_dir, migrated_sqlite, policy_dir=str(folder)) as api:
        person = await api.signed_up(ANNA)
        api.clock.wait(minutes=9)
        assert await person.is_signed_in()
        api.clock.wait(minutes=10)
        assert not await person.is_signed_in()


@pytest.mark.row("I7")
async def test_sessions_from_before_a_site_became_strict_end_by_its_rules(api: Api) -> None:
    person = await api.signed_up(ANNA)
    strictly = SessionChecks(api.parts.services.store, api.clock, load_policy("strict", {}).sessions)
    for _ in range(29):
        api.clock.wait(minutes=49)
        assert await strictly.who_is(person.session) is not None, "used within the hour, for less than a day"
    api.clock.wait(minutes=19)
    assert await strictly.who_is(person.session) is None, "a day"
    api.clock.wait(minutes=61)
    assert await person.is_signed_in(), "in shop nothing ends by not being used"
