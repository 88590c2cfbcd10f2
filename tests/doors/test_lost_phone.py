"""Lost phone or authenticator: neither a dead end nor a way round the second factor (mission.md, R12; issue 3, done when 7)."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api
from tests.doors.second_factors import answer, call, enrol, owner_of

pytestmark = pytest.mark.row("R12")


async def test_a_thief_with_the_password_enrols_his_own_authenticator_and_gains_nothing(api: Api) -> None:
    """The owner's account has no second factor, and somebody knows the password. He switches one on, so that the owner cannot sign in."""
    owner = await api.signed_up("anna@example.com")
    api.clock.wait(days=40)
    thief = api.program()
    assert (await thief.sign_in("anna@example.com")).state == "done"
    stolen = await enrol(api, thief, "anna@example.com")
    assert "A way to verify was added to your account at Sparekey" in await api.about("anna@example.com")

    asked = await owner.sign_in("anna@example.com")
    assert asked.state == "asking"  # the owner is stopped at the thief's authenticator …
    began = await owner.start("recover", identifier="anna@example.com")
    allowed = await owner.code(began.flow_id, (await api.newest("anna@example.com")).code)
    assert allowed.state == "allowed", allowed  # … and gets through with the mailbox, which was there first
    assert (await owner.finish(began.flow_id, ANOTHER)).state == "done"
    assert (await owner.sign_in("anna@example.com", ANOTHER)).state == "done"
    assert (await owner.read("account/methods"))["methods"] == []
    assert (await owner.read("account/methods"))["backup_codes_left"] is None
    assert "A way to verify was removed from your account at Sparekey" in await api.about("anna@example.com")

    assert not await thief.is_signed_in()
    assert (await thief.sign_in("anna@example.com")).problem == "not_proven"
    recovery = await thief.start("recover", identifier="anna@example.com")
    assert (await answer(thief, recovery.flow_id, "totp", code=stolen.app.next_code())).status == 401
    assert (await answer(thief, recovery.flow_id, "backup_code", code=stolen.codes[0])).status == 401


async def test_the_thief_cannot_recover_with_what_he_enrolled(api: Api) -> None:
    await api.signed_up("anna@example.com")
    api.clock.wait(days=40)
    thief = api.program()
    await thief.sign_in("anna@example.com")
    his = await enrol(api, thief, "anna@example.com")
    for challenge, code in (("totp", his.app.next_code()), ("backup_code", his.codes[0])):
        elsewhere = api.program()
        recovery = await elsewhere.start("recover", identifier="anna@example.com")
        stands = await answer(elsewhere, recovery.flow_id, challenge, code=code)
        assert stands.state == "asking", stands
        assert (await call(elsewhere, recovery.flow_id, "nothing-more")).state == "referred"


async def test_two_settled_things_open_and_the_lost_authenticator_is_taken_off(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    await program.code(began.flow_id, (await api.newest(owner.email)).code)
    allowed = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    assert allowed.state == "allowed"
    lost = [m["factor_id"] for m in allowed.said["methods"]]
    assert len(lost) == 1
    done = await program.call("POST", f"/api/v1/flows/{began.flow_id}/finish", {"password": ANOTHER, "lost": lost})
    assert done.state == "done"
    assert (await program.sign_in(owner.email, ANOTHER)).state == "done"
    assert (await program.read("account/methods"))["methods"] == []


async def test_what_is_not_said_to_be_lost_stays(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    await program.code(began.flow_id, (await api.newest(owner.email)).code)
    await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    foreign = ["0" * 32]
    done = await program.call("POST", f"/api/v1/flows/{began.flow_id}/finish", {"password": ANOTHER, "lost": foreign})
    assert done.state == "done"
    assert (await program.sign_in(owner.email, ANOTHER)).state == "asking"


@pytest.mark.parametrize("one", ["email", "password", "totp", "backup_code"])
async def test_no_single_thing_gets_past_a_settled_second_factor_at_once(api: Api, one: str) -> None:
    """What it leads to is the honest wait, or nothing: never a new password now."""
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    match one:
        case "email":
            stands = await program.code(began.flow_id, (await api.newest(owner.email)).code)
        case "password":
            stands = await program.password(began.flow_id, PASSWORD)
        case "totp":
            stands = await answer(program, began.flow_id, "totp", code=owner.app.code())
        case _:
            stands = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    if stands.state == "asking":
        stands = await call(program, began.flow_id, "nothing-more")
    assert stands.state in {"waiting", "referred"}, stands
    assert (await program.finish(began.flow_id, ANOTHER)).status in {409, 410}
    assert (await api.program().sign_in(owner.email)).state == "asking"


async def test_from_the_sign_in_one_goes_on_with_what_was_shown(api: Api) -> None:
    """No circle: who has shown the password and has neither phone nor codes is led into the recovery, and waits there."""
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    led = await call(program, asked.flow_id, "nothing-more")
    assert led.said["next_flow"]
    stands = await program.show(led.said["next_flow"])
    assert (stands.said["action"], stands.state) == ("recover", "asking")
    assert "password" not in stands.said["choices"]
    waits = await call(program, stands.flow_id, "nothing-more")
    assert waits.state == "waiting", waits


async def test_who_has_shown_nothing_is_led_nowhere(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("sign_in", identifier=owner.email)
    said = await call(program, began.flow_id, "nothing-more")
    assert said.said["next_flow"] == ""


async def test_a_young_second_factor_of_the_owner_goes_with_a_recovery_and_the_owner_is_told(api: Api) -> None:
    owner = await owner_of(api, settled=False)
    began = await owner.program.start("recover", identifier=owner.email)
    allowed = await owner.program.code(began.flow_id, (await api.newest(owner.email)).code)
    assert allowed.state == "allowed"
    assert allowed.said["methods"] == []
    assert (await owner.program.finish(began.flow_id, THIRD)).state == "done"
    assert (await api.program().sign_in(owner.email, THIRD)).state == "done"
    assert "A way to verify was removed from your account at Sparekey" in await api.about(owner.email)
