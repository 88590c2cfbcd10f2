"""Holes between undoing, freezing and recovery: each part by itself did as it should."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.domain.accounts import is_settled
from tests.attacks.people import FAR, HOME, at
from tests.doors.api import ANOTHER, Api, Program, served
from tests.doors.cases import begin
from tests.doors.robbed import THIEF, account_of, add_mailbox, remove
from tests.doors.waits import ANNA, READY, SECOND, add_second, letters_about, nothing_more, pass_time, press

MAIN = "main address"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def old_account(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=40)


async def came_and_went(api: Api) -> Program:
    """A thief adds his mailbox, takes it off again, and then does something harmless."""
    await old_account(api)
    thief = api.program()
    assert (await thief.sign_in(ANNA)).state == "done"
    await add_mailbox(api, thief, THIEF)
    api.clock.wait(minutes=2)
    assert (await remove(thief, THIEF)).state == "done"
    api.clock.wait(minutes=2)
    second = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"] == SECOND)
    assert (await thief.start("set_main_address", address_id=second)).state == "done"
    return thief


@pytest.mark.row("H1", "R13")
async def test_a_freeze_settles_no_mailbox_that_came_and_went_before(api: Api) -> None:
    await came_and_went(api)
    [harmless] = await letters_about(api, ANNA, MAIN)
    assert (await press(api.program(), harmless)).said["frozen"], "the owner disowns the last change only"
    thief = api.program()
    for action in ("recover", "undo"):
        before = len(await api.letters(THIEF))
        await thief.start(action, identifier=THIEF)
        assert len(await api.letters(THIEF)) == before, f"{action}: his former mailbox leads nowhere"


@pytest.mark.row("H1", "H2", "R13")
async def test_what_returns_to_a_frozen_account_is_no_older_than_it_was(api: Api) -> None:
    await came_and_went(api)
    [harmless] = await letters_about(api, ANNA, MAIN)
    assert (await press(api.program(), harmless)).said["frozen"]
    [removed] = await letters_about(api, ANNA, "was removed")
    assert (await press(api.program(), removed)).status == 200, "the owner disowns that something was taken off, whatever it was"
    account = await account_of(api, ANNA)
    his = [a for a in account.addresses if a.value == THIEF]
    assert not any(is_settled(a, account.contested_at, api.clock.now()) for a in his)
    began = await api.program().start("undo", identifier=THIEF)
    assert began.state == "asking"


@pytest.mark.row("H2", "R13")
async def test_an_address_that_was_taken_off_and_brought_back_is_the_owners_at_an_undo(api: Api) -> None:
    await old_account(api)
    thief = api.program()
    assert (await thief.sign_in(ANNA)).state == "done"
    await add_mailbox(api, thief, THIEF)
    his = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"] == THIEF)
    assert (await thief.start("set_main_address", address_id=his)).state == "done"
    assert (await remove(thief, ANNA)).state == "done"
    her = api.program()
    began = await her.start("recover", identifier=ANNA)
    assert (await her.code(began.flow_id, (await api.newest(ANNA)).code)).state in {"asking", "waiting"}
    waits = await nothing_more(her, began.flow_id)
    assert waits.state == "waiting", waits
    await pass_time(api, 24 * 4)
    assert (await her.show(began.flow_id)).state == "allowed", "an address that left counts at the end of a wait as at its beginning"
    assert len(await letters_about(api, ANNA, READY)) == 1, "she is told where it was shown"
    assert (await her.finish(began.flow_id, ANOTHER)).state == "done"
    assert ANNA in {a.value for a in (await account_of(api, ANNA)).addresses}
    [first] = await letters_about(api, ANNA, "New sign-in")
    assert (await press(her, first)).said["frozen"]
    account = await account_of(api, ANNA)
    assert {(a.value, a.stolen) for a in account.addresses} == {(ANNA, False), (SECOND, False)}


@pytest.mark.row("C2", "D2")
async def test_a_stranger_elsewhere_does_not_use_up_the_cases_of_an_owner(data_dir: Path, migrated_sqlite: Path) -> None:
    async with served("", data_dir, migrated_sqlite) as api:
        for name in (ANNA, "nobody@example.com"):
            tries = [(await begin(api, name, f"{n}.{name}", program=at(api, FAR)))[1].status for n in range(6)]
            assert tries == [201] * 5 + [429], "from one network"
            _, hers = await begin(api, name, f"new.{name}", program=at(api, HOME))
            assert hers.status == 201
