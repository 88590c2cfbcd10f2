"""A thief reads the mailbox of an account with a second factor, and guesses its password: as often as anybody from an unknown device,
however many flows he begins, and the owner is not closed out (D1, D2)."""

import pytest

from sparekey.domain.limits import GUESSES_A_DAY, GUESSES_IN_A_ROW
from sparekey.use_cases import answer_password
from tests.doors.api import PASSWORD, Api, Program
from tests.doors.second_factors import Owner, answer, owner_of

pytestmark = pytest.mark.row("D1", "D2")

WRONG = "not the one, but who knows"


async def mailbox_shown(api: Api, program: Program, owner: Owner) -> str:
    """The id of a sign-in in which the mailbox was shown and nothing else."""
    api.clock.wait(minutes=6)
    began = await program.start("sign_in", identifier=owner.email)
    shown = await program.open((await api.newest(owner.email)).link)
    assert (shown.flow_id, shown.state) == (began.flow_id, "asking"), shown
    return began.flow_id


async def guesses(api: Api, owner: Owner, *, flows: int) -> list[int]:
    """How many wrong passwords were looked at in each flow."""
    thief, taken = api.program(), []
    for _ in range(flows):
        flow_id = await mailbox_shown(api, thief, owner)
        answers = [(await thief.password(flow_id, f"{WRONG} {n}")).problem for n in range(GUESSES_A_DAY + 1)]
        taken.append(answers.count("not_proven"))
        assert set(answers) <= {"not_proven", "guesses_used_up"}
    return taken


async def test_flows_without_end_give_ten_guesses_a_day(patient_api: Api) -> None:
    api = patient_api
    owner = await owner_of(api)
    assert await guesses(api, owner, flows=3) == [GUESSES_A_DAY, 0, 0]
    lanes = [str(lane) for _, lane, *_ in (await api.rows("guess"))["guess"]]
    assert len([lane for lane in lanes if lane.startswith("password/flow/")]) == 1, "one lane, however many flows"


async def test_a_hundred_in_a_row_are_all_there_ever_are(patient_api: Api) -> None:
    api = patient_api
    owner = await owner_of(api)
    taken = 0
    for _ in range(GUESSES_IN_A_ROW // GUESSES_A_DAY + 2):
        taken += sum(await guesses(api, owner, flows=1))
        api.clock.wait(days=1)
    assert taken == GUESSES_IN_A_ROW


async def test_with_a_lane_for_each_flow_there_would_be_guesses_without_end(patient_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api = patient_api
    owner = await owner_of(api)
    monkeypatch.setattr(answer_password, "shown_before", lambda proofs: "")
    assert await guesses(api, owner, flows=2) == [GUESSES_A_DAY, GUESSES_A_DAY]


async def test_meanwhile_the_owner_gets_in_on_a_new_device(patient_api: Api) -> None:
    """With the one thing more that the thief does not have, shown before the password."""
    api = patient_api
    owner = await owner_of(api)
    await guesses(api, owner, flows=2)
    stranger = api.program()
    for _ in range(GUESSES_A_DAY):
        await stranger.sign_in(owner.email, WRONG)
    new = api.program()
    assert (await new.sign_in(owner.email)).problem == "guesses_used_up"
    flow_id = await mailbox_shown(api, new, owner)
    assert (await new.password(flow_id, PASSWORD)).problem == "guesses_used_up", "all that the thief can show as well"
    shown = await answer(new, flow_id, "totp", code=owner.app.next_code())
    assert "password" in shown.said["choices"], shown
    assert (await new.password(flow_id, PASSWORD)).state == "done"
    assert await new.is_signed_in()


async def test_meanwhile_a_known_device_is_as_ever(patient_api: Api) -> None:
    api = patient_api
    owner = await owner_of(api)
    await guesses(api, owner, flows=2)
    flow_id = await mailbox_shown(api, owner.program, owner)
    assert (await owner.program.password(flow_id, PASSWORD)).status == 200, "beside the mailbox, too"
