"""Removing, switching off and reporting second factors (mission.md, F9; issue 3, done when 4)."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Api, Program
from tests.doors.second_factors import Owner, answer, call, owner_of, sign_in

pytestmark = pytest.mark.row("F9")

REMOVED = "A way to verify was removed from your account at Sparekey"


async def methods(program: Program) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await program.read("account/methods"))["methods"]
    return found


async def is_asked_for(api: Api, owner: Owner) -> bool:
    """Whether a stranger with the password is stopped."""
    return (await api.program().sign_in(owner.email)).state == "asking"


@pytest.mark.parametrize("one", [True, False], ids=["one", "all"])
async def test_off_with_as_much_as_signing_in(api: Api, one: bool) -> None:
    owner = await owner_of(api)
    factor = str((await methods(owner.program))[0]["factor_id"])
    began = await owner.program.start("remove_factor", factor_id=factor if one else "")
    assert began.state == "asking"
    assert (await owner.program.password(began.flow_id, PASSWORD)).state == "asking"
    done = await answer(owner.program, began.flow_id, "totp", code=owner.app.next_code())
    assert done.state == "done", done
    assert await methods(owner.program) == []
    assert (await owner.program.read("account/methods"))["backup_codes_left"] is None
    assert not await is_asked_for(api, owner)
    assert REMOVED in await api.about(owner.email)


async def test_a_removed_factor_and_the_codes_that_went_with_it_prove_nothing(api: Api) -> None:
    owner = await owner_of(api)
    began = await owner.program.start("remove_factor")
    await owner.program.password(began.flow_id, PASSWORD)
    assert (await answer(owner.program, began.flow_id, "totp", code=owner.app.next_code())).state == "done"
    program = api.program()
    recovery = await program.start("recover", identifier=owner.email)
    assert (await answer(program, recovery.flow_id, "totp", code=owner.app.next_code())).status == 401
    assert (await answer(program, recovery.flow_id, "backup_code", code=owner.codes[0])).status == 401


@pytest.mark.parametrize("fresh", [False, True], ids=["stale", "fresh"])
async def test_a_stolen_session_switches_nothing_off_however_fresh(api: Api, fresh: bool) -> None:
    """Not even within the minutes in which the session's own proofs would do for other changes."""
    owner = await owner_of(api)
    if fresh:
        await sign_in(owner)
    thief = api.program()
    thief.session, thief.device = owner.program.session, owner.program.device
    factor = str((await methods(thief))[0]["factor_id"])
    for factor_id in ("", factor):
        began = await thief.start("remove_factor", factor_id=factor_id)
        assert began.state == "asking", began
        assert (await call(thief, began.flow_id, "nothing-more")).state == "denied"
        assert (await call(thief, began.flow_id, "stolen", factor_id=factor)).status in {409, 410}
        assert (await thief.finish(began.flow_id, ANOTHER)).status in {409, 410}
        with_password = await thief.start("remove_factor", factor_id=factor_id)
        assert (await thief.password(with_password.flow_id, PASSWORD)).state == "asking"
        assert (await answer(thief, with_password.flow_id, "totp", code="000000")).status == 401
    assert await is_asked_for(api, owner)


async def test_no_other_action_takes_the_second_factor_off(api: Api) -> None:
    """Every action that a session can begin, with the freshest session there is: the second factor stays."""
    owner = await owner_of(api)
    await sign_in(owner)
    factor = str((await methods(owner.program))[0]["factor_id"])
    for action, given in (
        ("rename_factor", {"factor_id": factor, "label": "x"}),
        ("prefer_factor", {"factor": "totp"}),
        ("renew_backup_codes", {}),
        ("change_password", {}),
        ("end_sessions", {}),
        ("unlink_social", {"factor_id": factor}),
        ("report_stolen", {"factor_id": factor}),
    ):
        began = await owner.program.start(action, **given)
        if action == "change_password":
            assert (await owner.program.password(began.flow_id, PASSWORD)).state == "allowed"
            assert (await owner.program.finish(began.flow_id, ANOTHER)).state == "done"
        assert [m["factor_id"] for m in await methods(owner.program)] == [factor], action
    assert (await api.program().sign_in(owner.email, ANOTHER)).state == "asking"


async def test_without_a_session_nothing_is_removed(api: Api) -> None:
    owner = await owner_of(api)
    assert (await api.program().start("remove_factor")).status == 401
    assert await is_asked_for(api, owner)


@pytest.mark.parametrize("factor_id", ["0" * 32, "f" * 32])
async def test_a_factor_of_another_account_cannot_be_named(api: Api, factor_id: str) -> None:
    owner = await owner_of(api)
    other = await owner_of(api, "ben@example.com", settled=False)
    foreign = str((await methods(other.program))[0]["factor_id"])
    for wanted in (factor_id, foreign):
        for action in ("remove_factor", "report_stolen", "rename_factor"):
            given = {"label": "x"} if action == "rename_factor" else {}
            assert (await owner.program.start(action, factor_id=wanted, **given)).fields == [("factor", "factor_unknown")]
    assert (await owner.program.start("prefer_factor", factor="passkey")).fields == [("factor", "factor_unknown")]


async def test_other_open_flows_end_with_it(api: Api) -> None:
    owner = await owner_of(api)
    program = api.program()
    asked = await program.sign_in(owner.email)
    began = await owner.program.start("remove_factor")
    await owner.program.password(began.flow_id, PASSWORD)
    await answer(owner.program, began.flow_id, "totp", code=owner.app.next_code())
    assert (await answer(program, asked.flow_id, "backup_code", code=owner.codes[0])).problem == "replaced"


# ---------------------------------------------------------------- reported stolen


async def test_reported_in_a_session_it_stops_at_once_and_the_requirement_stays(api: Api) -> None:
    owner = await owner_of(api)
    factor = str((await methods(owner.program))[0]["factor_id"])
    assert (await owner.program.start("report_stolen", factor_id=factor)).state == "done"
    thief = api.program()
    asked = await thief.sign_in(owner.email)
    assert asked.state == "asking"
    assert asked.said["choices"] == ["backup_code"]
    assert {"kind": "totp", "why": "stolen"} in asked.said["not_now"]
    assert (await answer(thief, asked.flow_id, "totp", code=owner.app.next_code())).status in {401, 409}
    assert (await answer(thief, asked.flow_id, "backup_code", code=owner.codes[0])).state == "done"
    assert any("stolen" in subject for subject in await api.about(owner.email))


@pytest.mark.parametrize("by", ["email", "password", "backup_code"])
async def test_reported_from_outside_by_any_one_thing(api: Api, by: str) -> None:
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("report_stolen", identifier=owner.email)
    assert began.said["methods"] == []
    match by:
        case "email":
            shown = await program.code(began.flow_id, (await api.newest(owner.email)).code)
        case "password":
            shown = await program.password(began.flow_id, PASSWORD)
        case _:
            shown = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    assert shown.said["finish"] == "stolen", shown
    totp = next(m["factor_id"] for m in shown.said["methods"] if m["kind"] == "totp")
    assert (await call(program, began.flow_id, "stolen", factor_id=totp)).state == "done"
    assert not await program.is_signed_in()
    asked = await api.program().sign_in(owner.email)
    assert asked.said["choices"] == ["backup_code"]


@pytest.mark.row("F9", "D3")
async def test_a_report_for_a_name_that_nobody_has_looks_the_same(api: Api) -> None:
    owner = await owner_of(api)
    told = []
    for name in (owner.email, "nobody@example.com"):
        program = api.program()
        began = await program.start("report_stolen", identifier=name)
        wrong = await program.code(began.flow_id, "000000")
        early = await call(program, began.flow_id, "stolen", factor_id="0" * 32)
        shown = {k: v for k, v in began.said.items() if k not in {"flow_id", "flow_token", "expires_at", "resend_at", "sent_to"}}
        told.append((began.status, shown, wrong.status, wrong.problem, early.status, early.problem))
    assert told[0] == told[1]


async def test_a_report_removes_nothing_without_a_proof(api: Api) -> None:
    owner = await owner_of(api)
    factor = str((await methods(owner.program))[0]["factor_id"])
    program = api.program()
    began = await program.start("report_stolen", identifier=owner.email)
    assert (await call(program, began.flow_id, "stolen", factor_id=factor)).problem == "wrong_step"
    assert [m["stolen"] for m in await methods(owner.program)] == [False]
