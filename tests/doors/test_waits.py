"""Recoveries that wait (R10): counted in days whose notice reached a witness, whatever the clock, the mail and the nodes do."""

import asyncio
import os
import sys
from datetime import datetime

import pytest

from sparekey.adapters.sql.connection import Statement, from_ms
from sparekey.adapters.sql.outbox import SqlOutbox
from sparekey.domain.messages import MessageKind
from sparekey.worker.waits import look_at_waits
from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.doors.second_factors import owner_of
from tests.doors.waits import (
    ANNA,
    READY,
    SECOND,
    STATUS,
    WAITING,
    add_second,
    begin_with_mailbox,
    begin_with_password,
    come_back,
    full_sign_in,
    letters_about,
    nothing_more,
    owner_with_two,
    pass_time,
)

pytestmark = pytest.mark.row("R10")


@pytest.fixture
def api(patient_api: Api) -> Api:
    return patient_api


async def test_a_week_with_the_password_alone_then_a_new_password(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    assert (waits.state, waits.said["wait_days"], waits.said["counted_days"]) == ("waiting", 7, 0)
    assert len(await letters_about(api, ANNA, WAITING)) == 1
    assert await letters_about(api, ANNA, STATUS) == [], "nobody showed that mailbox"
    await pass_time(api, 24 * 7 - 1)
    assert (await program.show(waits.flow_id)).state == "waiting"
    assert (await program.finish(waits.flow_id, ANOTHER)).problem == "wrong_step"
    await pass_time(api, 2)
    ready = await program.show(waits.flow_id)
    assert (ready.state, ready.said["finish"], ready.said["counted_days"]) == ("allowed", "password", 7)
    assert len(await letters_about(api, ANNA, WAITING)) == 8, "at the start, daily, and before the end"
    assert (await program.finish(waits.flow_id, ANOTHER)).state == "done"
    asked = await api.program().sign_in(ANNA, ANOTHER)
    assert (asked.state, "totp" in asked.said["choices"]) == ("asking", True), "a settled second factor is still asked for"


async def test_the_address_that_was_shown_gets_the_way_back_and_the_other_one_counts(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 1)
    assert [len(await letters_about(api, to, WAITING)) for to in (ANNA, SECOND)] == [1, 1]
    assert [len(await letters_about(api, to, STATUS)) for to in (ANNA, SECOND)] == [1, 0]
    [status] = await letters_about(api, ANNA, STATUS)
    other = api.program()
    seen = await come_back(other, status)
    assert (seen.state, seen.flow_id) == ("waiting", waits.flow_id)
    assert (await program.show(waits.flow_id)).problem == "unknown", "it is in the other browser now"
    assert (await come_back(other, status)).status == 200, "as often as one likes"
    await pass_time(api, 25)
    assert [len(await letters_about(api, to, READY)) for to in (ANNA, SECOND)] == [1, 0]
    [ready] = await letters_about(api, ANNA, READY)
    again = api.program()
    assert (await come_back(again, ready)).said["finish"] == "password"
    assert (await again.finish(waits.flow_id, ANOTHER)).state == "done"


async def test_without_a_witness_no_wait_is_to_be_had(api: Api) -> None:
    await owner_of(api)
    _, waits = await begin_with_mailbox(api)
    assert waits.state == "referred", "the only address was shown, so nobody else would hear of it"
    owner = await owner_of(api, "berta@example.com")
    await add_second(api, await full_sign_in(api, owner), "young@second.example")
    _, waits = await begin_with_mailbox(api, email="berta@example.com")
    assert waits.state == "referred", "a young address is no witness"


async def test_a_stronger_proof_ends_the_wait_at_once(api: Api) -> None:
    owner = await owner_of(api)
    program, waits = await begin_with_password(api)
    assert {"totp", "backup_code"} == set((await program.show(waits.flow_id)).said["choices"])
    await pass_time(api, 30)
    code = {"challenge": "totp", "code": owner.app.next_code()}
    allowed = await program.call("POST", f"/api/v1/flows/{waits.flow_id}/answer", {"answer": code})
    assert (allowed.state, allowed.said["finish"], allowed.said["waits_until"]) == ("allowed", "password", None)


async def test_mail_that_is_down_for_three_days_stretches_the_wait(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 48)
    await pass_time(api, 1, mail=False)
    counted = (await program.show(waits.flow_id)).said["counted_days"]
    await pass_time(api, 72, mail=False)
    assert (await program.show(waits.flow_id)).said["counted_days"] == counted
    await pass_time(api, 24 * 2 + 1)
    late = await program.show(waits.flow_id)
    assert late.state == "waiting", "a week of time, but not of notices"
    assert late.said["counted_days"] < 7
    await pass_time(api, 24 * 4)
    assert (await program.show(waits.flow_id)).state == "allowed"


async def test_letters_that_all_arrive_at_once_count_once(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 24 * 6, mail=False)
    await pass_time(api, 2)
    assert (await program.show(waits.flow_id)).said["counted_days"] == 1


@pytest.mark.parametrize("days", [400, 30, -30, -400])
async def test_a_clock_that_leaps_ends_nothing(api: Api, days: int) -> None:
    """Forward and back again, as a broken clock does: the wait goes on as if nothing had been."""
    await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 24)
    api.clock.wait(days=days)
    await pass_time(api, 3)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get(waits.flow_id)
    assert flow is not None
    assert flow.waiting is not None
    assert flow.state == "waiting"
    assert flow.waiting.credited.total_seconds() <= 29 * 3600
    assert flow.waiting.counted <= 3
    api.clock.wait(days=-days)
    await pass_time(api, 4)
    assert (await program.show(waits.flow_id)).state == "waiting"
    await pass_time(api, 24 * 7)
    assert (await program.show(waits.flow_id)).state == "allowed"


async def test_a_server_that_was_off_for_a_month_goes_on_where_it_was(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 24 * 3)
    api.clock.wait(days=30)
    await pass_time(api, 24 * 3)
    assert (await program.show(waits.flow_id)).state == "waiting"
    await pass_time(api, 24 * 2)
    assert (await program.show(waits.flow_id)).state == "allowed"


async def test_many_workers_at_once_tell_once(api: Api) -> None:
    await owner_of(api)
    _, waits = await begin_with_password(api)
    await api.letters()
    api.clock.wait(hours=24)
    await asyncio.gather(*(look_at_waits(api.parts.services, asyncio.Event()) for _ in range(8)))
    assert len(await letters_about(api, ANNA, WAITING)) == 2
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get(waits.flow_id)
    assert flow is not None
    assert flow.waiting is not None
    assert flow.waiting.credited.total_seconds() <= 3600, "one look, whoever of them was first"


async def test_what_was_shown_must_stand_at_the_end(api: Api) -> None:
    """The owner hears of it and changes the password: whoever had the old one gets no further."""
    owner = await owner_of(api)
    thief, waits = await begin_with_password(api)
    await pass_time(api, 24 * 6)
    home = await full_sign_in(api, owner)
    began = await home.start("change_password")
    for challenge, given in (("password", {"password": PASSWORD}), ("totp", {"code": owner.app.next_code()})):
        if began.state == "asking":
            body = {"answer": {"challenge": challenge, **given}}
            began = await home.call("POST", f"/api/v1/flows/{began.flow_id}/answer", body)
    assert began.state == "allowed", began
    assert (await home.finish(began.flow_id, ANOTHER)).state == "done"
    await pass_time(api, 24 * 3)
    gone = await thief.show(waits.flow_id)
    assert (gone.state, gone.said["ended"]) == ("ended", "replaced")
    assert (await thief.finish(waits.flow_id, "a kettle sings about the rain")).problem == "replaced"


async def test_the_witness_left_meanwhile(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    await pass_time(api, 22)
    async with api.parts.database.transaction() as connection:
        await connection.run(Statement("update address set removed_at = 1 where value = :value"), value=SECOND)
    await pass_time(api, 4)
    assert (await program.show(waits.flow_id)).state == "referred"


async def test_nothing_more_can_be_said_again_and_changes_nothing(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    again = await nothing_more(program, waits.flow_id)
    assert (again.state, again.said["counted_days"]) == ("waiting", 0)
    assert len(await letters_about(api, ANNA, WAITING)) == 1


async def test_whoever_began_it_can_stop_it_and_nobody_is_told_of_it_any_more(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    assert (await program.leave(waits.flow_id)).status == 204
    gone = await program.show(waits.flow_id)
    assert (gone.state, gone.said["ended"]) == ("ended", "left")
    await pass_time(api, 30)
    assert len(await letters_about(api, ANNA, WAITING)) == 1


async def test_a_lost_authenticator_leads_from_signing_in_to_the_wait_and_its_notices(api: Api) -> None:
    await owner_of(api)
    program = api.program()
    asked = await program.sign_in(ANNA)
    on = await nothing_more(program, asked.flow_id)
    recovery = on.said["next_flow"]
    now = await program.show(recovery)
    if now.state == "asking":
        now = await nothing_more(program, recovery)
    assert now.state == "waiting"
    assert len(await letters_about(api, ANNA, WAITING)) == 1


async def test_the_operator_sees_how_far_it_is(api: Api) -> None:
    await owner_of(api)
    _, waits = await begin_with_password(api)
    await pass_time(api, 30)
    given = {"SPAREKEY_DATA": str(api.settings.data_dir), "SPAREKEY_DATABASE": api.settings.storage.database, "COLUMNS": "200"}
    command = (sys.executable, "-m", "sparekey.cli.main", "why", waits.flow_id)
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE)
    said = (await process.communicate())[0].decode()
    assert "30 of 168 hours credited, 2 of 7 notices accepted by a witness's server" in said, said


async def test_a_planted_count_of_what_was_only_written_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on purpose: a notice counts when it is written, whether it arrives or not."""

    async def written(self: SqlOutbox, flow_id: str, kind: MessageKind) -> list[tuple[str, datetime]]:
        rows = await self._c.all(
            Statement("select address_id, created_at from outbox where flow_id = :flow_id and kind = :kind"),
            flow_id=flow_id,
            kind=kind.value,
        )
        return [(r[0], from_ms(r[1])) for r in rows]

    await owner_of(api)
    program, waits = await begin_with_password(api)
    monkeypatch.setattr(SqlOutbox, "accepted_of_flow", written)
    await pass_time(api, 24 * 7 + 2, mail=False)
    assert (await program.show(waits.flow_id)).state == "allowed"
