"""Reminders of second factors (mission.md, F11)."""

import asyncio

import pytest

from sparekey.use_cases.remind import remind_all
from tests.doors.api import PASSWORD, Api
from tests.doors.second_factors import answer, owner_of, sign_in

pytestmark = pytest.mark.row("F11")


async def reminders(api: Api, email: str) -> int:
    return sum("still" in letter.text and "Once a year" in letter.text for letter in await api.letters(email))


async def test_once_a_year_from_the_first_second_factor_on(api: Api) -> None:
    owner = await owner_of(api, settled=False)
    assert await remind_all(api.parts.services) == 0
    api.clock.wait(days=364)
    assert await remind_all(api.parts.services) == 0
    api.clock.wait(days=2)
    assert await remind_all(api.parts.services) == 1
    assert await remind_all(api.parts.services) == 0
    assert await reminders(api, owner.email) == 1
    api.clock.wait(days=366)
    assert await remind_all(api.parts.services) == 1
    assert await reminders(api, owner.email) == 2


async def test_nobody_without_a_second_factor_is_reminded(api: Api) -> None:
    await api.signed_up("anna@example.com")
    api.clock.wait(days=800)
    assert await remind_all(api.parts.services) == 0


async def test_who_switched_it_off_is_reminded_no_more(api: Api) -> None:
    owner = await owner_of(api)
    began = await owner.program.start("remove_factor")
    await owner.program.password(began.flow_id, PASSWORD)
    assert (await answer(owner.program, began.flow_id, "totp", code=owner.app.next_code())).state == "done"
    api.clock.wait(days=800)
    assert await remind_all(api.parts.services) == 0


async def test_of_two_workers_at_once_one_reminds(api: Api) -> None:
    owner = await owner_of(api, settled=False)
    api.clock.wait(days=366)
    assert sum(await asyncio.gather(*(remind_all(api.parts.services) for _ in range(4)))) == 1
    assert await reminders(api, owner.email) == 1


async def test_the_factor_of_an_address_that_was_removed_does_not_move_by_itself(api: Api) -> None:
    """A new address is no second factor and helps with nothing before it is verified and settled; the authenticator stays as it was."""
    owner = await owner_of(api)
    await sign_in(owner)
    began = await owner.program.start("add_address", email="new@example.com")
    assert began.state == "allowed", began
    assert [m["kind"] for m in (await owner.program.read("account/methods"))["methods"]] == ["totp"]
    assert (await owner.program.read("account"))["addresses"][0]["value"] == owner.email
