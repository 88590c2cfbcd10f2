"""The tests of second factors can fail: servers with a bug on purpose (mission.md, F5, F9, R12)."""

from pathlib import Path

import pytest

from sparekey.domain.policy.parse import standard_texts
from sparekey.use_cases import end_flow, finish_flow
from sparekey.use_cases.carry_out.change import Change
from tests.doors.api import ANOTHER, Api, served
from tests.doors.second_factors import answer, enrol, owner_of, sign_in


@pytest.mark.row("F9")
async def test_a_policy_that_counts_the_sessions_proofs_lets_a_stolen_session_switch_off(
    data_dir: Path, migrated_sqlite: Path, tmp_path: Path
) -> None:
    text = standard_texts()["remove_factor"]
    assert "\nfresh_minutes" not in text
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "remove_factor.toml").write_text(text.replace("signed_in = true", "signed_in = true\nfresh_minutes = 15"))
    async with served("", data_dir, migrated_sqlite, policy_dir=str(tmp_path / "policy")) as api:
        owner = await owner_of(api)
        await sign_in(owner)
        thief = api.program()
        thief.session = owner.program.session
        assert (await thief.start("remove_factor")).state == "done"


@pytest.mark.row("R12")
async def test_a_recovery_that_leaves_the_thiefs_factor_leaves_the_owner_outside(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(change: Change, lost: object) -> Change:
        return change

    monkeypatch.setattr(finish_flow, "take_off_at_recovery", nothing)
    owner = await api.signed_up("anna@example.com")
    api.clock.wait(days=40)
    thief = api.program()
    await thief.sign_in("anna@example.com")
    await enrol(api, thief, "anna@example.com")
    began = await owner.start("recover", identifier="anna@example.com")
    await owner.code(began.flow_id, (await api.newest("anna@example.com")).code)
    await owner.finish(began.flow_id, ANOTHER)
    assert (await owner.sign_in("anna@example.com", ANOTHER)).state == "asking"


@pytest.mark.row("F5")
async def test_a_code_that_is_not_given_back_is_lost_with_its_step(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(end_flow, "give_back_code", nothing)
    owner = await owner_of(api)
    program = api.program()
    began = await program.start("recover", identifier=owner.email)
    await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    await program.leave(began.flow_id)
    other = api.program()
    asked = await other.sign_in(owner.email)
    assert (await answer(other, asked.flow_id, "backup_code", code=owner.codes[0])).problem == "not_proven"
