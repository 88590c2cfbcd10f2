"""Recoveries that wait (R10): counted in days whose notice reached a witness, whatever the clock, the mail and the nodes do."""

import asyncio
import os
import sys
from datetime import datetime

import pytest

from sparekey.adapters.sql.connection import Statement, from_ms
from sparekey.adapters.sql.outbox import SqlOutbox
from sparekey.domain.factors import FactorKind
from sparekey.domain.limits import GUESSES_A_DAY
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases import come_back as come_back_module
from sparekey.use_cases.carry_out.freeze import make_void
from sparekey.worker.waits import look_at_waits
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Letter, Program
from tests.doors.phones import NUMBER, answer_text, number_added
from tests.doors.phones import newest as newest_text
from tests.doors.second_factors import answer, owner_of
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
    look_back,
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
    for _ in range(2):
        seen = await come_back(program, status, waits.flow_id)
        assert (seen.state, seen.flow_id) == ("waiting", waits.flow_id), "in its own browser, as often as one likes"
    await pass_time(api, 25)
    assert [len(await letters_about(api, to, READY)) for to in (ANNA, SECOND)] == [1, 0]
    [ready] = await letters_about(api, ANNA, READY)
    assert (await come_back(program, ready, waits.flow_id)).said["finish"] == "password"
    assert (await program.finish(waits.flow_id, ANOTHER)).state == "done"
    for over in (
        await come_back(program, ready, waits.flow_id),
        await look_back(program, ready, waits.flow_id),
        await come_back(api.program(), status),
    ):
        assert over.problem == "link_over"


async def test_in_another_browser_the_same_is_shown_again_and_the_time_stays_counted(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    await pass_time(api, 20)
    other = api.program()
    seen = (await look_back(other, status)).said
    assert (seen["here"], seen["movable"], seen["ready"], seen["wait_days"]) == (False, True, False, 1)
    assert (await look_back(program, status, waits.flow_id)).said["here"]
    before = (await program.show(waits.flow_id)).said
    told = len(await letters_about(api, SECOND, WAITING))
    again = await come_back(other, status)
    assert (again.state, "password" in again.said["choices"]) == ("asking", True)
    assert again.flow_id != waits.flow_id
    assert (await other.show(waits.flow_id)).problem == "unknown", "the mail alone takes nothing"
    adopted = await other.password(again.flow_id, PASSWORD)
    assert (adopted.state, adopted.said["ended"], adopted.said["next_flow"]) == ("ended", "replaced", waits.flow_id)
    assert (await program.show(waits.flow_id)).problem == "unknown", "it is in the other browser now"
    now = (await other.show(waits.flow_id)).said
    assert {k: now[k] for k in ("state", "wait_days", "counted_days", "waits_until")} == {
        k: before[k] for k in ("state", "wait_days", "counted_days", "waits_until")
    }
    assert len(await letters_about(api, SECOND, WAITING)) == told, "nobody is told twice"
    await pass_time(api, 5)
    assert (await other.finish(waits.flow_id, ANOTHER)).state == "done", "20 hours there and 5 here"


async def test_one_who_reads_the_mailbox_and_has_nothing_else_gets_no_further(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    thief = api.program()
    again = await come_back(thief, status)
    assert (await thief.password(again.flow_id, ANOTHER)).problem == "not_proven"
    assert (await nothing_more(thief, again.flow_id)).state == "referred", "what one mailbox is worth at any time"
    assert (await thief.show(waits.flow_id)).problem == "unknown"
    await pass_time(api, 25)
    [ready] = await letters_about(api, ANNA, READY)
    assert (await come_back(thief, ready)).state == "asking"
    assert (await thief.finish(waits.flow_id, ANOTHER)).problem == "unknown"
    assert (await program.finish(waits.flow_id, ANOTHER)).state == "done"


async def test_more_than_was_shown_opens_by_itself(api: Api) -> None:
    owner = await owner_with_two(api)
    _, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    other = api.program()
    again = await come_back(other, status)
    allowed = await answer(other, again.flow_id, "backup_code", code=owner.codes[0])
    assert (allowed.state, allowed.flow_id, allowed.said["finish"]) == ("allowed", again.flow_id, "password")
    assert waits.flow_id != again.flow_id


async def begin_with_number_alone(api: Api, program: Program) -> tuple[Answer, str]:
    """What waits, and the way back that was sent as a text."""
    began = await program.start("recover", identifier=NUMBER)
    shown = await answer_text(program, began.flow_id, (await newest_text(api, NUMBER)).code)
    waits = await nothing_more(program, began.flow_id) if shown.state == "asking" else shown
    assert waits.state == "waiting", waits
    return waits, (await newest_text(api, NUMBER)).text


async def test_where_only_the_number_was_shown_its_text_is_enough(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await number_added(api, home)
    api.clock.wait(days=31)
    program = api.program()
    waits, text = await begin_with_number_alone(api, program)
    letter = Letter(NUMBER, "", text)
    others = [api.program() for _ in range(20)]
    assert {(await come_back(others[0], letter)).flow_id for _ in range(2)} == {waits.flow_id}, "as often as one likes"
    assert (await program.show(waits.flow_id)).problem == "unknown"
    brought = await asyncio.gather(*(come_back(other, letter) for other in others))
    assert {b.flow_id for b in brought} == {waits.flow_id}
    assert sum([(await other.show(waits.flow_id)).status == 200 for other in others]) == 1


async def test_of_many_browsers_at_once_one_has_it(api: Api) -> None:
    await owner_with_two(api)
    _, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    others = [api.program() for _ in range(GUESSES_A_DAY)]  # who shows the same before has so many tries at the password together
    begun = [await come_back(other, status) for other in others]
    assert {b.state for b in begun} == {"asking"}

    shown = await asyncio.gather(*(other.password(b.flow_id, PASSWORD) for other, b in zip(others, begun, strict=True)))
    assert {s.status for s in shown} == {200}
    assert {s.said["next_flow"] for s in shown} == {waits.flow_id}
    assert sum([(await other.show(waits.flow_id)).status == 200 for other in others]) == 1
    assert len(await letters_about(api, SECOND, WAITING)) == 1


async def test_a_backup_code_that_was_shown_stays_with_its_browser(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(waits.flow_id)
        assert flow is not None
        account = await tx.accounts.get(flow.account_id)
        codes = next(f for f in account.enrolled if f.kind is FactorKind.BACKUP_CODE)
        shown = replace(flow.proofs[0], kind=codes.kind, factor_id=codes.factor_id, thing=codes.thing)
        await tx.flows.save(replace(flow, proofs=(*flow.proofs, shown)))
    other = api.program()
    assert not (await look_back(other, status)).said["movable"]
    assert (await come_back(other, status)).problem == "wrong_step"
    assert (await come_back(program, status, waits.flow_id)).flow_id == waits.flow_id


async def test_an_old_link_is_no_code_where_a_code_would_open_at_once(api: Api) -> None:
    """The second factor is gone meanwhile, so the mailbox opens by itself; but who reads it today shows it with a new code."""
    await owner_with_two(api)
    _, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{ANNA}")
        await tx.accounts.save(account, replace(account, enrolled=(), version=account.version + 1), api.clock.now())
    other = api.program()
    again = await come_back(other, status)
    assert (again.state, again.said["sent"]) == ("asking", True)
    assert again.flow_id != waits.flow_id
    assert (await other.finish(again.flow_id, ANOTHER)).problem == "wrong_step"
    allowed = await other.code(again.flow_id, (await api.newest(ANNA)).code)
    assert (allowed.state, allowed.said["finish"]) == ("allowed", "password")


async def test_a_recovery_that_was_disowned_is_no_longer_led_to(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    other = api.program()
    again = await come_back(other, status)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(waits.flow_id)
        assert flow is not None
        await make_void(tx, flow)
    for asked in (
        await look_back(api.program(), status),
        await come_back(api.program(), status),
        await come_back(program, status, waits.flow_id),
    ):
        assert asked.problem == "link_over"
    assert (await other.password(again.flow_id, PASSWORD)).said["next_flow"] == "", "it goes on by itself"


async def test_an_adoption_that_asks_for_nothing_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on purpose: the link brings along what was shown elsewhere, as it once did."""
    monkeypatch.setattr(come_back_module, "is_covered", lambda *_: True)
    await owner_with_two(api)
    _, waits = await begin_with_mailbox(api)
    [status] = await letters_about(api, ANNA, STATUS)
    assert (await come_back(api.program(), status)).flow_id == waits.flow_id


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


async def test_the_first_mails_link_takes_no_wait_elsewhere(api: Api) -> None:
    """Whoever reads the mailbox has it for half an hour, and could spoil the wait of the one who showed the password."""
    await owner_of(api)
    program, waits = await begin_with_password(api)
    asked = [letter for letter in await api.letters(ANNA) if letter.subject == "Get back into your account at Sparekey"]
    link, stranger = asked[-1].link, api.program()
    before = await api.rows()
    assert (await stranger.open(link)).problem == "link_over"
    assert await api.rows() == before
    assert (await program.show(waits.flow_id)).state == "waiting"
