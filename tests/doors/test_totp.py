"""Authenticator apps, end to end (mission.md, F1)."""

import pytest

from tests.doors.api import PASSWORD, Api
from tests.doors.second_factors import answer, call, owner_of, seed

pytestmark = pytest.mark.row("F1")


async def test_enrolled_it_is_asked_for_after_the_password(api: Api) -> None:
    owner = await owner_of(api)
    thief = api.program()
    asked = await thief.sign_in(owner.email)
    assert asked.state == "asking"
    assert asked.said["session"] is None
    assert set(asked.said["choices"]) == {"totp", "backup_code"}
    done = await answer(thief, asked.flow_id, "totp", code=owner.app.next_code())
    assert done.state == "done", done
    assert await thief.is_signed_in()


async def test_what_the_app_is_told(api: Api) -> None:
    program = await api.signed_up("anna@example.com")
    began = await program.start("add_factor", factor="totp")
    told = began.said["authenticator"]
    assert len(told["key"].replace(" ", "")) == 32  # 160 bits in base32
    assert told["uri"].startswith("otpauth://totp/Sparekey:anna%40example.com?secret=")
    again = await program.show(began.flow_id)
    assert again.said["authenticator"] == told


async def test_it_is_on_the_account_only_after_a_first_code_and_kept_backup_codes(api: Api) -> None:
    program = await api.signed_up("anna@example.com")
    began = await program.start("add_factor", factor="totp")
    wrong = await call(program, began.flow_id, "new-totp", code="000000")
    assert wrong.problem == "not_proven"
    assert (await program.read("account/methods"))["methods"] == []


@pytest.mark.parametrize("steps", [-1, 1])
async def test_one_step_of_drift(api: Api, steps: int) -> None:
    owner = await owner_of(api)
    asked = await api.program().sign_in(owner.email)
    assert asked.state == "asking"
    program = api.program()
    asked = await program.sign_in(owner.email)
    assert (await answer(program, asked.flow_id, "totp", code=owner.app.code(steps=steps))).state == "done"


@pytest.mark.parametrize("steps", [-2, 2, -1000])
async def test_an_old_or_future_code_is_wrong(api: Api, steps: int) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    assert (await answer(program, asked.flow_id, "totp", code=owner.app.code(steps=steps))).problem == "not_proven"


async def test_each_step_works_once(api: Api) -> None:
    owner = await owner_of(api)
    code = owner.app.code()
    for expected in (200, 401):
        program = api.program()
        asked = await program.sign_in(owner.email)
        assert (await answer(program, asked.flow_id, "totp", code=code)).status == expected


async def test_an_earlier_step_does_not_work_after_a_later_one(api: Api) -> None:
    owner = await owner_of(api)
    now = api.clock.now()
    for steps, expected in ((1, 200), (0, 401)):
        program = api.program()
        asked = await program.sign_in(owner.email)
        code = owner.app.code(steps=steps, at=now)
        assert (await answer(program, asked.flow_id, "totp", code=code)).status == expected


async def test_the_code_of_enrolling_is_spent(api: Api) -> None:
    owner = await owner_of(api, settled=False)
    program = api.program()
    asked = await program.sign_in(owner.email)
    assert (await answer(program, asked.flow_id, "totp", code=owner.app.code())).problem == "not_proven"


@pytest.mark.parametrize("code", ["000000", "12345", "1234567", "", "abcdef", "٠٠٠٠٠٠", "9" * 64])
async def test_a_wrong_code(api: Api, code: str) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    assert (await answer(program, asked.flow_id, "totp", code=code)).status in {401, 422}
    assert not await program.is_signed_in()


async def test_full_width_digits_and_spaces_are_read(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    code = "".join(chr(ord("０") + int(c)) for c in owner.app.code())
    assert (await answer(program, asked.flow_id, "totp", code=f" {code[:3]} {code[3:]} ")).state == "done"


@pytest.mark.row("F1", "D1")
async def test_ten_wrong_codes_over_many_flows_close_it_for_unknown_devices_and_the_own_device_goes_on(api: Api) -> None:
    owner = await owner_of(api)
    thief = api.program()
    for _ in range(5):
        asked = await thief.sign_in(owner.email)
        for _ in range(2):
            assert (await answer(thief, asked.flow_id, "totp", code="000000")).status == 401
    asked = await thief.sign_in(owner.email)
    assert (await answer(thief, asked.flow_id, "totp", code=owner.app.code())).status == 429
    own = api.program()
    own.device = owner.program.device
    asked = await own.sign_in(owner.email)
    assert (await answer(own, asked.flow_id, "totp", code=owner.app.code())).state == "done"


@pytest.mark.row("F1", "D2")
async def test_strangers_without_the_password_do_not_close_it(api: Api) -> None:
    owner = await owner_of(api)
    stranger = api.program()
    began = await stranger.start("recover", identifier=owner.email)
    for _ in range(12):
        assert (await answer(stranger, began.flow_id, "totp", code="000000")).status in {401, 429}
    new = api.program()
    asked = await new.sign_in(owner.email)
    assert (await answer(new, asked.flow_id, "totp", code=owner.app.code())).state == "done"


@pytest.mark.row("F1", "D3")
async def test_a_name_that_nobody_has_takes_the_same_answers(api: Api) -> None:
    owner = await owner_of(api)
    told = []
    for name in (owner.email, "nobody@example.com"):
        program = api.program()
        began = await program.start("recover", identifier=name)
        told.append([(a.status, a.problem) for a in [await answer(program, began.flow_id, "totp", code="000000") for _ in range(12)]])
    assert told[0] == told[1]
    assert told[0][-1] == (429, "guesses_used_up")


async def test_the_code_of_the_mail_is_no_code_of_the_app(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    mailed = (await api.newest(owner.email)).code
    assert (await answer(program, began.flow_id, "totp", code=mailed)).status == 401
    assert (await answer(program, began.flow_id, "email", code=owner.app.code())).status == 401
    assert (await answer(program, began.flow_id, "email", code=mailed)).status == 200


async def test_the_password_alone_opens_nothing(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    assert (await program.password(asked.flow_id, PASSWORD)).problem == "wrong_step"
    assert not await program.is_signed_in()


async def test_the_seed_is_sealed_in_the_database(api: Api) -> None:
    owner = await owner_of(api)
    kept = str(await api.rows("factor", "flow", "outbox", "audit_event"))
    assert owner.app.key.replace(" ", "") not in kept
    assert repr(seed(owner.app.key))[2:-1] not in kept
