"""Recovery contacts (R7): k of n friends help, each alone can do nothing, and none learns anything."""

import pytest

from tests.doors.api import ANOTHER, Api
from tests.doors.friends import ASKED, BORIS, CLARA, DORA, INVITED, ask, change, go_on, newest, owner, recover, say, type_phrase
from tests.doors.waits import ANNA, letters_about, nothing_more, pass_time

pytestmark = [pytest.mark.row("R7"), pytest.mark.parametrize("database_url", [""], ids=["sqlite"])]


@pytest.fixture
def api(patient_api: Api) -> Api:
    return patient_api


async def test_two_of_three_friends_help_their_friend_back_in(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    for friend in (BORIS, DORA):
        assert (await type_phrase(api, await newest(api, friend), phrase)).status == 204
    shown = await program.show(flow_id)
    assert shown.said["friends"]["enough"], shown
    proven = await go_on(program, flow_id)
    waits = proven if proven.state == "waiting" else await nothing_more(program, flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 3)
    await pass_time(api, 73)
    assert (await program.finish(flow_id, ANOTHER)).state == "done"
