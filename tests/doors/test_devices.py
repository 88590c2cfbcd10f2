"""Devices and sessions (I7), recent activity and every message that was sent (I9)."""

import pytest

from sparekey.use_cases import open_session
from tests.doors.api import ANOTHER, PASSWORD, Api, Program

ANNA = "anna@example.com"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"


async def on_windows(api: Api) -> Program:
    program = api.program()
    sign_in = {"flow": {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}}
    assert (await program.call("POST", "/api/v1/flows", sign_in, headers={"User-Agent": CHROME})).state == "done"
    return program


@pytest.mark.row("I7")
async def test_devices_are_seen_and_one_is_ended(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    other = await on_windows(api)
    seen = (await owner.read("account/sessions"))["sessions"]
    assert sorted((s["device"], s["place"], s["current"]) for s in seen) == [("", "", True), ("Chrome · Windows", "", False)]
    others = next(s["session_id"] for s in seen if not s["current"])
    assert (await owner.start("end_sessions", session_id=others)).state == "done"
    assert not await other.is_signed_in()
    assert (await other.call("GET", "/api/v1/account")).problem == "not_signed_in"
    assert await owner.is_signed_in()
    assert len((await owner.read("account/sessions"))["sessions"]) == 1


@pytest.mark.row("I7")
async def test_all_others_are_ended_and_every_address_is_told(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    others = [await on_windows(api) for _ in range(3)]
    assert (await owner.start("end_sessions")).state == "done"
    assert [await other.is_signed_in() for other in others] == [False] * 3
    assert await owner.is_signed_in()
    assert (await api.about(ANNA))[-1] == "Devices were signed out of your account at Sparekey"


@pytest.mark.row("I7")
async def test_a_session_of_another_account_cannot_be_ended(api: Api) -> None:
    owner, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    session_id = (await owner.read("session"))["session_id"]
    before = await api.rows("session", "audit_event")
    await eve.start("end_sessions", session_id=session_id)
    assert await owner.is_signed_in()
    events = [e["name"] for e in (await eve.read("account/activity"))["events"]]
    assert "account.session.ended" not in events, "nothing ended, so nothing is told"
    assert (await api.rows("session"))["session"] == before["session"]


@pytest.mark.row("I7")
async def test_signing_out_ends_this_session_alone(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    other = await on_windows(api)
    assert (await owner.call("DELETE", "/api/v1/session")).status == 204
    assert not await owner.is_signed_in()
    assert (await owner.call("DELETE", "/api/v1/session")).problem == "not_signed_in"
    assert await other.is_signed_in()


@pytest.mark.row("I7")
async def test_a_session_ends_by_itself_after_thirty_days(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    api.clock.wait(days=29, hours=23)
    assert await owner.is_signed_in()
    api.clock.wait(hours=1)
    assert not await owner.is_signed_in()
    assert (await owner.call("GET", "/api/v1/account")).problem == "not_signed_in"


@pytest.mark.row("I9")
async def test_activity_tells_what_happened_and_where(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    await on_windows(api)
    thief = api.program()
    wrong = {"flow": {"action": "sign_in", "identifier": ANNA, "password": "a wild guess"}}
    await thief.call("POST", "/api/v1/flows", wrong, headers={"User-Agent": CHROME})
    await owner.start("change_details", name="Bea", language="en")
    events = (await owner.read("account/activity"))["events"]
    assert [(e["name"], e["device"]) for e in events] == [
        ("account.details.changed", ""),
        ("account.sign_in.failed", "Chrome · Windows"),
        ("account.sign_in.done", "Chrome · Windows"),
        ("account.sign_in.done", ""),
        ("account.sign_up.done", ""),
    ]


@pytest.mark.row("I9")
async def test_a_strangers_recovery_is_in_the_activity(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    await api.program().start("recover", identifier=ANNA)
    assert (await owner.read("account/activity"))["events"][0]["name"] == "account.recovery.started"


@pytest.mark.row("I9")
async def test_every_message_is_listed_so_that_a_false_one_can_be_told(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await program.code(began.flow_id, (await api.newest(ANNA)).code)
    await program.finish(began.flow_id, ANOTHER)
    await owner.sign_in(ANNA, ANOTHER)
    await api.letters()
    listed = (await owner.read("account/messages"))["messages"]
    assert [(m["kind"], m["to"], m["state"]) for m in listed] == [
        ("password_recovered", "a•••@example.com", "delivered"),
        ("recovery_code", "a•••@example.com", "delivered"),
        ("welcome", "a•••@example.com", "delivered"),
    ]


@pytest.mark.row("I9")
async def test_nobody_reads_an_account_without_its_session(api: Api) -> None:
    await api.signed_up(ANNA)
    for path in ("account", "account/sessions", "account/activity", "account/messages", "session"):
        answer = await api.program().call("GET", f"/api/v1/{path}")
        assert (answer.status, answer.problem) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.row("I7")
async def test_signing_in_again_ends_the_session_that_was_there(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    other = await on_windows(api)
    old = owner.session
    assert (await owner.sign_in(ANNA)).state == "done"
    assert await owner.is_signed_in()
    assert await other.is_signed_in(), "of other devices nothing ends"
    assert len((await owner.read("account/sessions"))["sessions"]) == 2
    owner.session = old
    assert not await owner.is_signed_in()


@pytest.mark.row("I7")
async def test_who_signs_in_as_somebody_else_leaves_no_session_behind(api: Api) -> None:
    """Not by a sign-up either; and the owner sees in the activity when it ended."""
    program = await api.signed_up(ANNA)
    other, old = await on_windows(api), program.session
    began = await program.start("sign_up", email="eve@example.com", name="Eve", password=PASSWORD)
    assert await program.is_signed_in(), "nothing ends before it is done"
    assert (await program.code(began.flow_id, (await api.newest("eve@example.com")).code)).state == "done"
    assert (await program.read("session"))["email"] == "eve@example.com"
    program.session = old
    assert not await program.is_signed_in()
    events = [e["name"] for e in (await other.read("account/activity"))["events"]]
    assert events[0] == "account.session.ended"


async def test_a_server_that_leaves_the_former_session_open_is_found_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends_nothing(*_: object) -> None: ...

    monkeypatch.setattr(open_session, "_end_former", ends_nothing)
    with pytest.raises(AssertionError):
        await test_signing_in_again_ends_the_session_that_was_there(api)
