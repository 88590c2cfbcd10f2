"""What the owner is warned of, and what not (H4): one scenario a line, on SQLite; the queries of the worker also on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.domain.limits import day_of
from sparekey.domain.messages import MessageKind
from sparekey.domain.warnings import MANY, of_sign_in
from sparekey.use_cases.warn import LANE, Warned, warn_of_all
from tests.attacks.people import FAR, HOME, MOBILE, at, copied
from tests.doors.api import ANOTHER, PASSWORD, Api, Program, served
from tests.doors.second_factors import Owner, answer, enrol
from tests.doors.waits import disown_token, letters_about, look_at

pytestmark = pytest.mark.row("H4")

ANNA = "anna@example.com"
NEW, AFTER, HALF, MANY_TRIES = "New sign-in", "after many wrong", "typed your right password", "Many wrong passwords"
WARNINGS = (NEW, AFTER, HALF, MANY_TRIES)


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def owner_at_home(api: Api) -> Program:
    owner = at(api, HOME)
    began = await owner.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    assert (await owner.code(began.flow_id, (await api.newest(ANNA)).code)).state == "done"
    return owner


async def with_second(api: Api) -> Owner:
    return await enrol(api, await owner_at_home(api), ANNA)


async def worker_looks(api: Api, *, minutes: float = 0) -> int:
    api.clock.wait(minutes=minutes)
    return await warn_of_all(api.parts.services, Warned())


async def warnings(api: Api) -> list[str]:
    return [w for subject in await api.about(ANNA) for w in WARNINGS if w in subject]


async def guesses(who: Program, count: int, name: str = ANNA) -> None:
    for _ in range(count):
        await who.sign_in(name, "not the password that I chose")


async def test_ordinary_sign_ins_warn_of_nothing(api: Api) -> None:
    owner = await with_second(api)
    for days in (0, 1, 3, 29):
        api.clock.wait(days=days)
        await owner.program.sign_in(ANNA, "a slip of the finger")
        asked = await owner.program.sign_in(ANNA)
        await answer(owner.program, asked.flow_id, "totp", code="000000")  # and another
        assert (await answer(owner.program, asked.flow_id, "totp", code=owner.app.next_code())).state == "done"
        # Begun, interrupted, and left: on the own device that is nobody's business.
        await owner.program.sign_in(ANNA)
        await worker_looks(api, minutes=16)
    assert await warnings(api) == []


async def test_a_known_device_in_a_new_place_is_told_of_in_its_own_words(api: Api) -> None:
    owner = await owner_at_home(api)
    on_the_road = copied(owner, at(api, MOBILE))
    assert (await on_the_road.sign_in(ANNA)).state == "done"
    [letter] = await letters_about(api, ANNA, NEW)
    assert "a device that you use" in letter.text
    assert (await on_the_road.sign_in(ANNA)).state == "done"
    assert await warnings(api) == [NEW]


async def test_a_success_after_many_failures(api: Api) -> None:
    await owner_at_home(api)
    thief = at(api, FAR)
    await guesses(thief, MANY)
    assert (await thief.sign_in(ANNA)).state == "done"
    assert await warnings(api) == [AFTER]
    # Pressing in it undoes, locks, and makes the password void, as in a notice of a sign-in.
    letter = (await letters_about(api, ANNA, AFTER))[0]
    assert (await look_at(api.program(), letter)).said["does"] == "freeze"
    assert disown_token(letter)


async def test_a_stranger_s_failures_do_not_follow_the_owner_home(api: Api) -> None:
    owner = await owner_at_home(api)
    await guesses(at(api, FAR), MANY + 1)
    assert (await owner.sign_in(ANNA)).state == "done"
    assert await warnings(api) == []


async def test_many_failures_are_told_of_once_a_day_and_let_nobody_press_anything(api: Api) -> None:
    await owner_at_home(api)
    await guesses(at(api, FAR), 9)
    assert await worker_looks(api) == 0
    await guesses(at(api, FAR), 3)
    assert await worker_looks(api) == 1
    assert await worker_looks(api, minutes=1) == 0
    [letter] = await letters_about(api, ANNA, MANY_TRIES)
    assert "/d/" not in letter.text
    api.clock.wait(days=1)
    await guesses(at(api, FAR), 12)
    assert await worker_looks(api) == 1
    assert (await letters_about(api, ANNA, MANY_TRIES))[1:] != []


async def test_failures_at_a_name_that_nobody_has_warn_nobody(api: Api) -> None:
    await guesses(at(api, FAR), 12, "nobody@example.com")
    assert await worker_looks(api) == 0
    assert await api.letters() == []


async def test_a_half_finished_second_factor(api: Api) -> None:
    await with_second(api)
    thief = at(api, FAR)
    asked = await thief.sign_in(ANNA)
    assert asked.state == "asking"
    await answer(thief, asked.flow_id, "totp", code="000000")
    assert await worker_looks(api, minutes=14) == 0, "a person may still be looking for the phone"
    assert await worker_looks(api, minutes=2) == 1
    assert await worker_looks(api, minutes=10) == 0
    [letter] = await letters_about(api, ANNA, HALF)
    assert (await look_at(api.program(), letter)).said["does"] == "freeze"
    assert await warnings(api) == [HALF]


async def test_who_began_twice_and_got_in_is_warned_of_the_new_device_only(api: Api) -> None:
    owner = await with_second(api)
    elsewhere = at(api, FAR)
    assert (await elsewhere.sign_in(ANNA)).state == "asking"
    again = await elsewhere.sign_in(ANNA)
    assert (await answer(elsewhere, again.flow_id, "totp", code=owner.app.next_code())).state == "done"
    await worker_looks(api, minutes=16)
    assert await warnings(api) == [NEW]


async def test_an_owner_who_signs_in_at_home_does_not_hide_a_thief_s_half(api: Api) -> None:
    owner = await with_second(api)
    assert (await at(api, FAR).sign_in(ANNA)).state == "asking"
    asked = await owner.program.sign_in(ANNA)
    assert (await answer(owner.program, asked.flow_id, "totp", code=owner.app.next_code())).state == "done"
    await worker_looks(api, minutes=16)
    assert await warnings(api) == [HALF]


async def test_a_wrong_password_and_a_mailed_link_are_no_half(api: Api) -> None:
    await with_second(api)
    stranger = at(api, FAR)
    await stranger.sign_in(ANNA, ANOTHER)
    await stranger.start("sign_in", identifier=ANNA)
    await worker_looks(api, minutes=16)
    assert await warnings(api) == []


async def test_of_two_workers_at_once_one_warns(database_url: str, data_dir: Path, migrated_sqlite: Path) -> None:
    async with served(database_url, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        await with_second(api)
        thief = at(api, FAR)
        await thief.sign_in(ANNA)
        await guesses(thief, 11)
        api.clock.wait(minutes=16)
        done = await asyncio.gather(*(warn_of_all(api.parts.services, Warned()) for _ in range(5)))
        assert sum(done) == 2
        assert sorted(await warnings(api)) == sorted([HALF, MANY_TRIES])
        async with api.parts.services.store.transaction() as tx:
            assert len(await tx.guesses.many_today(LANE, day_of(api.clock.now()), 10, "", 10)) == 1
            assert await tx.guesses.many_today(LANE, day_of(api.clock.now()), 11, "", 10) == []


@pytest.mark.parametrize(
    ("known", "usual", "failures", "told"),
    [
        (True, True, 0, None),
        (True, True, 100, None),
        (True, False, MANY - 1, MessageKind.NEW_PLACE),
        (False, False, MANY - 1, MessageKind.NEW_DEVICE),
        (False, False, MANY, MessageKind.SIGNED_IN_AFTER_FAILURES),
        (True, False, MANY, MessageKind.SIGNED_IN_AFTER_FAILURES),
    ],
)
def test_what_is_told_of_a_sign_in(*, known: bool, usual: bool, failures: int, told: MessageKind | None) -> None:
    assert of_sign_in(known=known, usual=usual, failures=failures) is told
