"""Thieves with patience, from the issue's list; what is looked at in the end is the account itself, and who is in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.domain.accounts import Account
from sparekey.domain.agents import Choice
from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api, Program, served
from tests.doors.cases import NEW, Person, decided, left
from tests.doors.robbed import HER_NUMBER, THIEF, account_of, add_number, rob, shown, texted_code
from tests.doors.second_factors import answer
from tests.doors.waits import (
    ANNA,
    SECOND,
    WAITING,
    begin_with_mailbox,
    full_sign_in,
    letters_about,
    nothing_more,
    owner_with_two,
    pass_time,
    press,
)


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """On one database: what differs between the two is tried beside each part."""
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


def holdings(account: Account) -> tuple[object, ...]:
    """What a thief would change."""
    return account.name, account.password_hash, {a.value for a in account.addresses}, {f.factor_id for f in account.enrolled}


async def gets_nowhere(api: Api, thief: Program, *passwords: str) -> None:
    """Neither is he in, nor does anything that he knows let him in."""
    assert not await thief.is_signed_in()
    for name in (ANNA, SECOND, THIEF, NEW):
        for password in passwords:
            assert (await api.program().sign_in(name, password)).said.get("session") is None


@pytest.mark.row("R8", "R10", "C3", "C6")
async def test_a_thief_who_starts_the_recovery_and_answers_the_chat(api: Api) -> None:
    """He reads the mailbox, tells two agents what they want to hear, and is believed. The owner hears of it at the other address."""
    owner = await owner_with_two(api)
    before = holdings(await account_of(api, ANNA))
    thief = api.program()
    began = await thief.start("recover", identifier=ANNA)
    assert (await thief.code(began.flow_id, (await api.newest(ANNA)).code)).state == "asking"
    headers = {"Flow-Token": thief.flow_tokens[began.flow_id]}
    case = await thief.call("POST", "/api/v1/cases", {"kind": "lost", "contact": NEW, "flow_id": began.flow_id}, headers=headers)
    person = Person(thief, case.said["number"], headers["Flow-Token"])
    assert (await person.confirm((await api.newest(NEW)).code)).state == "open"
    for lie in ("I am Anna, my phone fell into the sea.", "Yes, I signed up in May.", "Please hurry, my flight leaves."):
        assert (await person.say(lie)).status == 200
    await decided(api, person, Choice.APPROVE)
    await left(api, person)
    flow_id = await person.goes_on()
    waits = await thief.show(flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 7)
    assert (await thief.finish(flow_id, ANOTHER)).problem == "wrong_step"
    await pass_time(api, 24 * 2)
    assert len(await letters_about(api, SECOND, WAITING)) >= 2, "told at the start, and daily"
    home = await full_sign_in(api, owner)
    stopped = await home.start("cancel_recovery", flow_id=flow_id)
    stopped = await shown(home, stopped, PASSWORD, owner)
    if stopped.state == "asking":  # two agents weigh as much as two things, so it takes a third one
        stopped = await answer(home, stopped.flow_id, "backup_code", code=owner.codes[0])
    assert stopped.state == "done", stopped
    await pass_time(api, 24 * 15)
    assert (await thief.finish(flow_id, ANOTHER)).status == 410
    assert holdings(await account_of(api, ANNA)) == before
    await gets_nowhere(api, thief, ANOTHER)
    assert await home.is_signed_in()


@pytest.mark.row("R10", "R16")
async def test_two_recoveries_at_once_by_thief_and_owner(api: Api) -> None:
    """He has the password and reads the mailbox; she has the password, the other mailbox and a code on paper, but lost the phone."""
    owner = await owner_with_two(api)
    thief, his = await begin_with_mailbox(api)
    assert his.state == "waiting"
    her = api.program()
    began = await her.start("recover", identifier=SECOND)
    assert (await her.code(began.flow_id, (await api.newest(SECOND)).code)).state == "asking"
    standing = await answer(her, began.flow_id, "backup_code", code=owner.codes[0])
    assert standing.state == "allowed", "two settled things; his wait has opened nothing yet"
    assert (await thief.finish(his.flow_id, ANOTHER)).problem == "wrong_step"
    done = await her.finish(began.flow_id, THIRD)
    asked = await her.password(done.said["next_flow"], THIRD)
    assert (await answer(her, asked.flow_id, "backup_code", code=owner.codes[1])).state == "done"
    await pass_time(api, 24 * 2)
    assert (await thief.show(his.flow_id)).said["ended"] == "replaced", "the password that he had shown is void"
    await pass_time(api, 24 * 8)
    assert (await thief.finish(his.flow_id, ANOTHER)).status == 410
    account = await account_of(api, ANNA)
    assert ({a.value for a in account.addresses}, account.disputed_at) == ({ANNA, SECOND}, None)
    assert (await api.program().sign_in(ANNA, THIRD)).state == "asking", "the password is hers, and the second step is asked for"
    await gets_nowhere(api, thief, PASSWORD, ANOTHER)


@pytest.mark.row("R11", "R12")
async def test_whoever_reads_the_mailbox_gains_nothing_from_a_recovery_that_takes_the_lost_phone_off(api: Api) -> None:
    owner = await owner_with_two(api)
    her = api.program()
    began = await her.start("recover", identifier=SECOND)
    assert (await her.code(began.flow_id, (await api.newest(SECOND)).code)).state == "asking"
    ready = await answer(her, began.flow_id, "backup_code", code=owner.codes[0])
    lost = [m["factor_id"] for m in ready.said["methods"] if m["kind"] == "totp"]
    assert (await her.call("POST", f"/api/v1/flows/{began.flow_id}/finish", {"password": THIRD, "lost": lost})).state == "done"
    thief = api.program()
    his = await thief.start("recover", identifier=ANNA)
    assert (await thief.code(his.flow_id, (await api.newest(ANNA)).code)).state != "allowed"


@pytest.mark.row("R12", "R13", "H2")
async def test_a_thief_who_changes_address_phone_and_factors_first_and_then_waits(api: Api) -> None:
    """For almost a month. What he brought does not settle meanwhile, and one press from before ends it; nor does it settle after that."""
    home = await api.signed_up(ANNA)
    await add_number(api, home, HER_NUMBER)
    api.clock.wait(days=40)
    robbery = await rob(api, api.program())
    thief = robbery.program
    [first] = await letters_about(api, ANNA, "New sign-in")
    api.clock.wait(days=29)
    began = await thief.start("recover", identifier=THIEF)
    await answer(thief, began.flow_id, "totp", code=robbery.his.app.next_code())
    await answer(thief, began.flow_id, "backup_code", code=robbery.his.codes[0])
    ready = await nothing_more(thief, began.flow_id)
    assert ready.state == "referred", "young things, however many"
    assert (await press(api.program(), first)).said["frozen"]
    account = await account_of(api, ANNA)
    assert (account.name, account.password_hash, account.enrolled, account.closing_at) == ("Anna", "", (), None)
    assert {a.value for a in account.addresses} == {ANNA, HER_NUMBER.replace(" ", "")}
    await gets_nowhere(api, thief, PASSWORD, ANOTHER)
    owner = api.program()
    began = await owner.start("recover", identifier=ANNA)
    await owner.code(began.flow_id, (await letters_about(api, ANNA, "Get back in"))[-1].code)
    await owner.call("POST", f"/api/v1/flows/{began.flow_id}/send", {"challenge": "sms"})
    assert (await answer(owner, began.flow_id, "sms", code=await texted_code(api))).state == "allowed"
    done = await owner.finish(began.flow_id, THIRD)
    assert (await owner.password(done.said["next_flow"], THIRD)).state == "done"
    before = holdings(await account_of(api, ANNA))
    api.clock.wait(days=40)
    for name in (ANNA, THIEF):
        his = api.program()
        again = await his.start("recover", identifier=name)
        again = await nothing_more(his, again.flow_id)
        assert again.state == "referred"
    assert holdings(await account_of(api, ANNA)) == before
    await gets_nowhere(api, thief, PASSWORD, ANOTHER)
