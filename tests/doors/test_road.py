"""The main road through JSON, as ``tests/browser/test_road.py`` walks it on pages: one account, another device beside it."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api, Program
from tests.doors.test_addresses import added

ANNA, SECOND = "anna@example.com", "berg@example.com"


@pytest.mark.row("S1", "S3", "S6", "I1", "I7", "I9", "R1", "P6")
async def test_the_whole_road(api: Api) -> None:
    anna, elsewhere = api.program(), api.program()
    await _sign_up(api, anna)
    await _out_and_in(anna)
    await _change_password(api, anna, elsewhere)
    await _back_in_by_code(api, anna)
    await _second_address(api, anna)
    await _devices(anna, elsewhere)
    await _history(api, anna)


async def _sign_up(api: Api, anna: Program) -> None:
    began = await anna.start("sign_up", email=ANNA, name="Anna Berg", password=PASSWORD)
    assert (began.status, began.state, began.said["session"]) == (201, "asking", None)
    code = (await api.newest(ANNA)).code
    assert (await anna.code(began.flow_id, "000000" if code != "000 000" else "111111")).problem == "not_proven"
    # In a second tab the flow is the same one; each of them may end it, once.
    tab = Program(api.http, flow_tokens=anna.flow_tokens)
    assert (await tab.show(began.flow_id)).state == "asking"
    assert (await anna.code(began.flow_id, code)).state == "done"
    assert (await tab.code(began.flow_id, code)).status == 410
    assert (await anna.read("account"))["name"] == "Anna Berg"


async def _out_and_in(anna: Program) -> None:
    assert (await anna.call("DELETE", "/api/v1/session")).status == 204
    assert (await anna.call("GET", "/api/v1/account/sessions")).problem == "not_signed_in"
    anna.session = ""
    assert (await anna.sign_in(ANNA, "not the one that I chose")).problem == "not_proven"
    assert (await anna.sign_in(ANNA)).state == "done"


async def _change_password(api: Api, anna: Program, elsewhere: Program) -> None:
    assert (await elsewhere.sign_in(ANNA)).state == "done"
    began = await anna.start("change_password")
    asked = await anna.password(began.flow_id, PASSWORD) if began.state == "asking" else began
    assert (asked.state, asked.said["finish"]) == ("allowed", "password")
    assert (await anna.finish(began.flow_id, ANOTHER)).state == "done"
    assert (await anna.is_signed_in(), await elsewhere.is_signed_in()) == (True, False)
    assert (await elsewhere.sign_in(ANNA, PASSWORD)).problem == "not_proven"
    assert (await api.about(ANNA))[-1] == "Your password at Sparekey was changed"


async def _back_in_by_code(api: Api, anna: Program) -> None:
    assert (await anna.call("DELETE", "/api/v1/session")).status == 204
    anna.session = ""
    began = await anna.start("recover", identifier=ANNA)
    assert (began.state, began.said["sent_to"]) == ("asking", "a•••@example.com")
    assert (await anna.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed"
    assert (await anna.finish(began.flow_id, "short")).fields == [("new_password", "password_too_short")]
    done = await anna.finish(began.flow_id, THIRD)
    assert (done.state, await anna.is_signed_in()) == ("done", False), "a reset opens no session"
    assert (await anna.password(done.said["next_flow"], THIRD)).state == "done"


async def _second_address(api: Api, anna: Program) -> None:
    second = await added(api, anna, SECOND)
    assert (await anna.start("set_main_address", address_id=second)).state == "done"
    addresses = {a["value"]: a for a in (await anna.read("account"))["addresses"]}
    assert (addresses[SECOND]["main"], addresses[ANNA]["main"]) == (True, False)
    held = await anna.start("remove_address", address_id=addresses[ANNA]["address_id"])
    assert held.state != "done", "she has just recovered"
    assert set(addresses) == {a["value"] for a in (await anna.read("account"))["addresses"]}


async def _devices(anna: Program, elsewhere: Program) -> None:
    assert (await elsewhere.sign_in(SECOND, THIRD)).state == "done"
    other = next(s["session_id"] for s in (await anna.read("account/sessions"))["sessions"] if not s["current"])
    assert (await anna.start("end_sessions", session_id=other)).state == "done"
    assert (await anna.is_signed_in(), await elsewhere.is_signed_in()) == (True, False)


async def _history(api: Api, anna: Program) -> None:
    await api.letters()
    events = [e["name"] for e in (await anna.read("account/activity"))["events"]]
    for event in ("account.sign_in.done", "account.password.changed", "account.address.added", "account.session.ended"):
        assert event in events, events
    messages = {m["kind"]: m["state"] for m in (await anna.read("account/messages"))["messages"]}
    assert messages["password_recovered"] == messages["welcome"] == "delivered"
