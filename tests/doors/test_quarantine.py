"""The quarantine after a recovery, through JSON (R11): begun, counted, what it withholds, and who ends it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sparekey.use_cases.read_restrictions import read_for_shop
from tests.doors.api import ANOTHER, Api, Program, served
from tests.doors.second_factors import Owner, answer, enrol, owner_of
from tests.doors.waits import ANNA, SECOND, begin_with_password, full_sign_in, owner_with_two, pass_time

pytestmark = pytest.mark.row("R11")


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """On SQLite alone: nothing of this is the database's."""
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def recovered_by_mailbox(api: Api, email: str = ANNA) -> Program:
    """A program in the session after a recovery by the mailbox alone."""
    program = api.program()
    began = await program.start("recover", identifier=email)
    allowed = await program.code(began.flow_id, (await api.newest(email)).code)
    assert allowed.state == "allowed", allowed
    assert (await program.finish(began.flow_id, ANOTHER)).state == "done"
    assert (await program.sign_in(email, ANOTHER)).state == "done"
    return program


async def recovered_by_two(api: Api, owner: Owner, lost: str = "") -> Program:
    """After a recovery by mailbox and backup code; not signed in."""
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    assert (await program.code(began.flow_id, (await api.newest(owner.email)).code)).state == "asking"
    allowed = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    assert allowed.state == "allowed", allowed
    given = {"password": ANOTHER, **({"lost": [lost]} if lost else {})}
    done = await program.call("POST", f"/api/v1/flows/{began.flow_id}/finish", given)
    assert done.state == "done", done
    return program


async def withheld(program: Program) -> set[str]:
    return {r["capability"] for r in (await program.read("account/restrictions"))["restrictions"]}


def hours(said: dict[str, str]) -> float:
    return (datetime.fromisoformat(said["quarantined_until"]) - datetime.fromisoformat(said["recovered_at"])) / timedelta(hours=1)


async def test_nothing_is_withheld_without_a_recovery(api: Api) -> None:
    said = await (await api.signed_up(ANNA)).read("account/restrictions")
    assert said == {"restrictions": [], "recovered_at": None, "quarantined_until": None, "can_end_it": False}


async def test_for_72_hours_older_things_stay_and_the_account_is_not_closed(api: Api) -> None:
    program = await api.signed_up(ANNA)
    began = await program.start("add_address", email=SECOND)
    assert (await program.code(began.flow_id, (await api.newest(SECOND)).code)).state == "done"
    api.clock.wait(days=31)
    program = await recovered_by_mailbox(api)
    said = await program.read("account/restrictions")
    assert hours(said) == 72
    assert said["can_end_it"] is False
    assert {"payouts", "payments_above_limit", "close_account", "remove_older_things"} <= await withheld(program)
    # What was lost is replaced at once, and what came since may go again.
    began = await program.start("add_address", email="new@example.com")
    assert (await program.code(began.flow_id, (await api.newest("new@example.com")).code)).state == "done"
    addresses = {a["value"]: a["address_id"] for a in (await program.read("account"))["addresses"]}
    old = await program.start("remove_address", address_id=addresses[SECOND])
    assert (old.state, old.said["ended"]) == ("denied", "quarantined"), old
    closing = await program.start("close_account")
    if closing.state == "asking":
        closing = await program.password(closing.flow_id, ANOTHER)
    assert (closing.state, closing.said["ended"]) == ("denied", "quarantined"), closing
    assert (await program.start("remove_address", address_id=addresses["new@example.com"])).state == "done"
    api.clock.wait(hours=72)
    assert await withheld(program) == set()
    gone = await program.start("remove_address", address_id=addresses[SECOND])
    if gone.state == "asking":
        gone = await program.password(gone.flow_id, ANOTHER)
    assert gone.state == "done", gone


async def test_a_sign_in_with_an_older_second_factor_ends_it(api: Api) -> None:
    owner = await owner_of(api)
    program = await recovered_by_two(api, owner)
    asked = await program.sign_in(owner.email, ANOTHER)
    assert (await answer(program, asked.flow_id, "totp", code=owner.app.next_code())).state == "done"
    assert await withheld(program) == set()
    names = [e["name"] for e in (await program.read("account/activity"))["events"]]
    assert names.index("account.state.quarantine_ended") < names.index("account.state.quarantined")


async def test_who_lost_the_second_factor_waits_for_its_end(api: Api) -> None:
    owner = await owner_of(api)
    methods = (await (await full_sign_in(api, owner)).read("account/methods"))["methods"]
    totp = next(m["factor_id"] for m in methods if m["kind"] == "totp")
    program = await recovered_by_two(api, owner, lost=totp)
    assert (await program.sign_in(owner.email, ANOTHER)).state == "done"
    said = await program.read("account/restrictions")
    assert (hours(said), said["can_end_it"]) == (72, False)
    # A factor of today is none of before: it ends nothing.
    began = await program.start("add_factor", factor="totp", label="New phone")
    assert began.status == 201, began
    assert await withheld(program) >= {"payouts"}


async def test_one_who_lost_the_second_factor_is_offered_another_at_once(api: Api) -> None:
    program = await api.signed_up(ANNA)
    api.clock.wait(days=8)
    assert (await program.call("POST", "/api/v1/account/second-factor/not-now")).status == 204
    api.clock.wait(minutes=1)
    owner = await enrol(api, program, ANNA)
    api.clock.wait(days=31)
    methods = (await (await full_sign_in(api, owner)).read("account/methods"))["methods"]
    totp = next(m["factor_id"] for m in methods if m["kind"] == "totp")
    program = await recovered_by_two(api, owner, lost=totp)
    opened = (await program.sign_in(ANNA, ANOTHER)).said["session"]
    assert opened["offer_second_factor"] is True


async def test_a_week_after_a_recovery_that_waited(api: Api) -> None:
    owner = await owner_with_two(api)
    account_id = (await (await full_sign_in(api, owner)).read("account"))["account_id"]
    program, waits = await begin_with_password(api)
    await pass_time(api, 7 * 24 + 1)
    assert (await program.show(waits.flow_id)).state == "allowed"
    assert (await program.finish(waits.flow_id, ANOTHER)).state == "done"
    found = await read_for_shop(api.parts.services, account_id)
    assert found.until is not None
    assert found.recovered_at is not None
    assert found.until - found.recovered_at == timedelta(days=7)
