"""Backup codes, end to end (mission.md, F5 and R4)."""

import re

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.doors.second_factors import answer, call, owner_of

pytestmark = pytest.mark.row("F5")


async def test_ten_codes_of_64_bits_with_numbers(api: Api) -> None:
    owner = await owner_of(api)
    assert [code.split()[0] for code in owner.codes] == [str(n) for n in range(1, 11)]
    assert all(re.fullmatch(r"\d+ [BCDFGHJKLMNPQRSTVWXZ]{5}(-[BCDFGHJKLMNPQRSTVWXZ]{5}){2}", code) for code in owner.codes)
    assert len({code.split()[1] for code in owner.codes}) == 10


@pytest.mark.row("F5", "R4")
async def test_one_stands_in_for_the_phone_once(api: Api) -> None:
    owner = await owner_of(api)
    for expected in (200, 401):
        program = api.program()
        asked = await program.sign_in(owner.email)
        assert (await answer(program, asked.flow_id, "backup_code", code=owner.codes[3])).status == expected
    assert (await owner.program.read("account/methods"))["backup_codes_left"] == 9
    assert "A backup code of your account at Sparekey was used" in await api.about(owner.email)


async def test_only_hashes_are_kept_and_nothing_after_the_last_page(api: Api) -> None:
    owner = await owner_of(api)
    kept = str(await api.rows("backup_code", "factor", "flow", "outbox", "audit_event"))
    assert not [code for code in owner.codes if code.split()[1] in kept or code.split()[1].replace("-", "") in kept]
    hashes = {str(row) for row in (await api.rows("backup_code"))["backup_code"]}
    assert len(hashes) == 10
    assert all("$argon2id$" in row for row in hashes)


@pytest.mark.parametrize("typed", ["{number}{code}", "{number}. {code}", "  {number}   {code} ", "{number} {lower}"])
async def test_as_people_type_it(api: Api, typed: str) -> None:
    owner = await owner_of(api)
    number, code = owner.codes[9].split()
    program = api.program()
    asked = await program.sign_in(owner.email)
    text = typed.format(number=number, code=code, lower=code.lower().replace("-", " "))
    assert (await answer(program, asked.flow_id, "backup_code", code=text)).state == "done"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "backup_code_unreadable"),
        ("4", "backup_code_unreadable"),
        ("4 BCDFG-HJKLM", "backup_code_unreadable"),
        ("4 BCDFG-HJKLM-NPQRA", "backup_code_unreadable"),
        ("BCDFG-HJKLM-NPQRS", "backup_code_number"),
        ("0 BCDFG-HJKLM-NPQRS", "backup_code_number"),
        ("11 BCDFG-HJKLM-NPQRS", "backup_code_number"),
        ("999 BCDFG-HJKLM-NPQRS", "backup_code_number"),
    ],
)
async def test_what_can_be_nobodys_code_is_said_beside_the_field(api: Api, typed: str, reason: str) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    assert (await answer(program, asked.flow_id, "backup_code", code=typed)).fields == [("answer", reason)]


async def test_another_number_does_not_open_with_the_same_code(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    swapped = f"1 {owner.codes[1].split()[1]}"
    assert (await answer(program, asked.flow_id, "backup_code", code=swapped)).problem == "not_proven"


async def test_a_code_survives_a_failed_step(api: Api) -> None:
    """A recovery takes two things; the person shows the code first, and then never the mailbox."""
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    shown = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    assert shown.state == "asking", shown
    assert (await owner.program.read("account/methods"))["backup_codes_left"] == 10
    other = api.program()
    asked = await other.sign_in(owner.email)
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[0])).problem == "not_proven"  # reserved
    assert (await program.leave(began.flow_id)).status == 204
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[0])).state == "done"


async def test_a_code_is_free_again_when_its_flow_has_expired(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    api.clock.wait(hours=2)
    other = api.program()
    asked = await other.sign_in(owner.email)
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[0])).state == "done"


@pytest.mark.row("F5", "R4", "R12")
async def test_in_a_recovery_it_is_spent_with_the_new_password_and_not_before(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    allowed = await program.code(began.flow_id, (await api.newest(owner.email)).code)
    assert allowed.state == "allowed", allowed
    assert (await owner.program.read("account/methods"))["backup_codes_left"] == 10
    refused = await program.finish(began.flow_id, "short")
    assert refused.status == 422
    assert (await owner.program.read("account/methods"))["backup_codes_left"] == 10
    assert (await program.finish(began.flow_id, ANOTHER)).state == "done"
    later = api.program()
    asked = await later.sign_in(owner.email, ANOTHER)
    assert (await answer(later, asked.flow_id, "backup_code", code=owner.codes[0])).problem == "not_proven"
    assert (await answer(later, asked.flow_id, "backup_code", code=owner.codes[1])).state == "done"
    assert (await later.read("account/methods"))["backup_codes_left"] == 8


async def test_a_wait_keeps_it_reserved(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    waits = await program.call("POST", f"/api/v1/flows/{began.flow_id}/nothing-more")
    assert waits.state == "waiting", waits
    api.clock.wait(days=2)
    other = api.program()
    asked = await other.sign_in(owner.email)
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[0])).problem == "not_proven"
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[1])).state == "done"


async def test_new_codes_end_the_old_ones_at_once_and_only_when_they_are_kept(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    await answer(program, asked.flow_id, "totp", code=owner.app.code())
    began = await program.start("renew_backup_codes")
    assert began.said["finish"] == "backup_codes", began
    new = began.said["new_codes"]
    assert (await call(program, began.flow_id, "keep-codes", code=owner.codes[0])).fields == [("answer", "backup_code_not_shown")]
    other = api.program()
    asked = await other.sign_in(owner.email)
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[5])).state == "done"
    assert (await call(program, began.flow_id, "keep-codes", code=f"3 {new[2]}")).state == "done"
    later = api.program()
    asked = await later.sign_in(owner.email)
    assert (await answer(later, asked.flow_id, "backup_code", code=owner.codes[1])).problem == "not_proven"
    assert (await answer(later, asked.flow_id, "backup_code", code=f"3 {new[2]}")).state == "done"
    assert "Your account at Sparekey has new backup codes" in await api.about(owner.email)


async def test_a_flow_that_is_over_keeps_no_codes(api: Api) -> None:
    """Said as for every other step, also to whoever types one of the ten once more."""
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    await answer(program, asked.flow_id, "totp", code=owner.app.code())
    began = await program.start("renew_backup_codes")
    typed = f"3 {began.said['new_codes'][2]}"
    assert (await call(program, began.flow_id, "keep-codes", code=typed)).state == "done"
    before = await api.rows("backup_code", "flow", "account")
    for again in (typed, owner.codes[0], "1 BCDFG-HJKLM-NPQRS"):
        late = await call(program, began.flow_id, "keep-codes", code=again)
        assert (late.status, late.problem) == (410, "done")
    assert await api.rows("backup_code", "flow", "account") == before


async def test_new_codes_ask_for_a_fresh_proof(api: Api) -> None:
    owner = await owner_of(api)
    began = await owner.program.start("renew_backup_codes")
    assert began.state == "asking"
    assert began.said["new_codes"] == []
    proven = await owner.program.password(began.flow_id, PASSWORD)
    assert proven.state == "asking"
    allowed = await answer(owner.program, began.flow_id, "totp", code=owner.app.code())
    assert len(allowed.said["new_codes"]) == 10


async def test_codes_alone_are_no_second_factor(api: Api) -> None:
    program = await api.signed_up("anna@example.com")
    assert (await program.start("renew_backup_codes")).fields == [("", "backup_codes_alone")]


@pytest.mark.row("F5", "F11")
async def test_a_warning_when_three_are_left(api: Api) -> None:
    owner = await owner_of(api)
    for number in range(7):
        program = api.program()
        asked = await program.sign_in(owner.email)
        assert (await answer(program, asked.flow_id, "backup_code", code=owner.codes[number])).state == "done"
        told = await api.about(owner.email)
        assert ("Only a few backup codes are left at Sparekey" in told) is (number == 6), told


@pytest.mark.row("F5", "D3")
async def test_a_name_that_nobody_has_takes_the_same_answers(api: Api) -> None:
    owner = await owner_of(api)
    told = []
    for name in (owner.email, "nobody@example.com"):
        program = api.program()
        began = await program.start("recover", identifier=name)
        tries = [await answer(program, began.flow_id, "backup_code", code="4 BCDFG-HJKLM-NPQRS") for _ in range(12)]
        told.append([(a.status, a.problem) for a in tries])
    assert told[0] == told[1]
