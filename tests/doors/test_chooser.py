"""One chooser at sign-in, recovery and before changes: what is possible now, best first, and why another is not (mission.md, F7, R3)."""

import pytest

from tests.doors.api import PASSWORD, Api
from tests.doors.second_factors import answer, call, owner_of, sign_in

pytestmark = pytest.mark.row("F7", "R3")


def reasons(said: dict[str, object]) -> dict[str, str]:
    told = said["not_now"]
    assert isinstance(told, list)
    return {n["kind"]: n["why"] for n in told}


async def test_before_the_first_proof_the_list_is_the_sites(api: Api) -> None:
    owner = await owner_of(api)
    told = []
    for action in ("recover", "report_stolen", "sign_in"):
        for name in (owner.email, "nobody@example.com"):
            began = await api.program().start(action, identifier=name)
            told.append((action, began.said["choices"], began.said["not_now"]))
    assert told[0::2] == told[1::2]
    assert not [reasons for _, _, reasons in told if reasons]


async def test_after_a_first_proof_it_says_why_not(api: Api) -> None:
    owner = await owner_of(api)
    asked = await api.program().sign_in(owner.email)
    assert set(asked.said["choices"]) == {"totp", "backup_code"}
    assert reasons(asked.said)["security_key"] == "none"
    assert reasons(asked.said)["email"] == "no_help"
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    shown = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    assert "totp" in shown.said["choices"]
    assert reasons(shown.said)["passkey"] == "none"
    assert not set(reasons(shown.said)) & (set(shown.said["choices"]) | {"backup_code"})


async def test_a_young_factor_is_named_as_the_reason_in_a_recovery(api: Api) -> None:
    owner = await owner_of(api, settled=False)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    shown = await program.password(began.flow_id, PASSWORD)
    assert reasons(shown.said).get("totp") == "young", shown


async def test_before_a_change_every_kind_that_the_account_holds_is_offered(api: Api) -> None:
    owner = await owner_of(api)
    began = await owner.program.start("renew_backup_codes")
    assert {"password", "totp", "backup_code"} <= set(began.said["choices"])
    proven = await answer(owner.program, began.flow_id, "totp", code=owner.app.next_code())
    assert (await owner.program.password(proven.flow_id, PASSWORD)).said["finish"] == "backup_codes"


async def test_what_is_preferred_comes_first_and_only_for_who_has_shown_something(api: Api) -> None:
    owner = await owner_of(api)
    await sign_in(owner)
    assert (await api.program().sign_in(owner.email)).said["choices"][0] == "totp"
    assert (await owner.program.start("prefer_factor", factor="totp")).state == "done"
    recovery = api.program()
    began = await recovery.start("recover", identifier=owner.email)
    assert began.said["choices"][0] == "email"
    shown = await recovery.code(began.flow_id, (await api.newest(owner.email)).code)
    assert shown.said["choices"][0] == "totp"


async def test_a_preference_goes_with_its_factor(api: Api) -> None:
    owner = await owner_of(api)
    await sign_in(owner)
    await owner.program.start("prefer_factor", factor="totp")
    began = await owner.program.start("remove_factor")
    await owner.program.password(began.flow_id, PASSWORD)
    await answer(owner.program, began.flow_id, "totp", code=owner.app.next_code())
    assert (await owner.program.read("account/methods"))["methods"] == []
    assert (await owner.program.start("prefer_factor", factor="totp")).fields == [("factor", "factor_unknown")]


async def test_no_step_leads_in_a_circle(api: Api) -> None:
    """From "I have no other way" at the sign-in one comes to a recovery, from there to a wait, and from there nowhere back."""
    owner = await owner_of(api)
    program = api.program()
    flow_id, seen = (await program.sign_in(owner.email)).flow_id, []
    for _ in range(5):
        stands = await call(program, flow_id, "nothing-more")
        if stands.status != 200:
            break
        seen.append((stands.said["action"], stands.state))
        flow_id = stands.said["next_flow"] or flow_id
        if stands.state in {"waiting", "referred", "denied"}:
            break
    assert seen[-1] == ("recover", "waiting"), seen
    assert len(seen) == len(set(seen))
