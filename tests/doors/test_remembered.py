"""Remembered devices through JSON (I6, R5): the second factor is not asked for again where the person said so, and nowhere else."""

import pytest

from sparekey.use_cases import standing
from tests.attacks.people import FAR, at, copied
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program
from tests.doors.test_keys import add, answer, ask, member, new_key
from tests.soft_key import SoftKey

ANNA, BERT = "anna@example.com", "bert@example.com"


async def with_key(api: Api, email: str = ANNA) -> tuple[Program, SoftKey]:
    owner, key = await member(api, email), new_key(api, flags=0)
    await add(owner, key, "security_key")
    owner.session = ""
    return owner, key


async def with_second(program: Program, key: SoftKey, *, remember: bool, email: str = ANNA) -> Answer:
    """A sign-in with password and key."""
    began = await program.sign_in(email)
    assert (began.state, began.said["choices"]) == ("asking", ["security_key", "backup_code"]), began
    signed = key.get(await ask(program, began.flow_id, "security_key"))
    path = f"/api/v1/flows/{began.flow_id}/answer"
    given = {"answer": {"challenge": "security_key", "credential": signed}, "remember_device": remember}
    done = await program.call("POST", path, given)
    assert done.state == "done", done
    return done


@pytest.mark.row("I6")
async def test_the_second_factor_is_skipped_on_this_device_for_thirty_days(api: Api) -> None:
    owner, key = await with_key(api)
    done = await with_second(owner, key, remember=True)
    assert len(done.said["session"]["remembered_token"]) > 40
    again = await owner.sign_in(ANNA)
    assert (again.state, again.said["session"]["remembered_token"]) == ("done", "")
    assert (await owner.read("session"))["proofs"] == ["password", "remembered_device"]
    api.clock.wait(days=29, hours=23)
    assert (await owner.sign_in(ANNA)).state == "done"
    api.clock.wait(hours=2)
    assert (await owner.sign_in(ANNA)).state == "asking"


@pytest.mark.row("I6")
async def test_not_wished_is_not_remembered(api: Api) -> None:
    owner, key = await with_key(api)
    assert (await with_second(owner, key, remember=False)).said["session"]["remembered_token"] == ""
    assert (await owner.sign_in(ANNA)).state == "asking"


@pytest.mark.row("I6")
async def test_a_remembered_device_cannot_remember_itself_for_ever(api: Api) -> None:
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    token, before = owner.remembered, (await owner.read("account/sessions"))["remembered"]
    api.clock.wait(days=20)
    path, flow = "/api/v1/flows", {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}
    assert (await owner.call("POST", path, {"flow": flow})).state == "done"
    assert owner.remembered == token
    assert (await owner.read("account/sessions"))["remembered"] == before


@pytest.mark.row("I6")
async def test_the_cookie_alone_is_nothing(api: Api) -> None:
    """Neither without the password, nor on another device or elsewhere, nor for another account."""
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    bert, _ = await with_key(api, BERT)
    thief = api.program()
    thief.remembered = owner.remembered
    assert (await thief.sign_in(ANNA, ANOTHER)).problem == "not_proven"
    assert (await thief.sign_in(ANNA)).state == "asking", "without the mark of the known device"
    bert.remembered = owner.remembered
    assert (await bert.sign_in(BERT)).state == "asking"
    same = owner.http.headers["user-agent"]
    assert (await copied(owner, at(api, FAR, same)).sign_in(ANNA)).state == "asking", "a stolen profile: all cookies, in another network"
    assert (await copied(owner, at(api, "127.0.0.9", same)).sign_in(ANNA)).state == "done", "the own browser, with another address"


@pytest.mark.row("I6")
@pytest.mark.parametrize("how", ["changed", "recovered", "signed out everywhere else", "signed out there", "forgotten", "switched off"])
async def test_it_ends(api: Api, how: str) -> None:
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    laptop = api.program()
    began = await laptop.sign_in(ANNA)
    done = await answer(laptop, began.flow_id, "security_key", key.get(await ask(laptop, began.flow_id, "security_key")))
    assert done.state == "done"
    password = PASSWORD
    match how:
        case "changed":
            changed = await laptop.start("change_password")
            await laptop.password(changed.flow_id, PASSWORD)
            assert (await laptop.finish(changed.flow_id, ANOTHER)).state == "done"
            password = ANOTHER
        case "recovered":
            recovery = await laptop.start("recover", identifier=ANNA)
            await laptop.code(recovery.flow_id, (await api.newest(ANNA)).code)
            assert (await laptop.finish(recovery.flow_id, ANOTHER)).state == "done"
            password = ANOTHER
        case "signed out everywhere else":
            assert (await laptop.start("end_sessions")).state == "done"
        case "signed out there":
            seen = (await laptop.read("account/sessions"))["sessions"]
            there = next(s["session_id"] for s in seen if not s["current"])
            assert (await laptop.start("end_sessions", session_id=there)).state == "done"
        case "forgotten":
            (there,) = (await laptop.read("account/sessions"))["remembered"]
            assert (there["current"], there["device"]) == (False, "")
            assert (await laptop.start("end_sessions", remembered_id=there["remembered_id"])).state == "done"
        case _:
            off = await laptop.start("remove_factor")
            await laptop.password(off.flow_id, PASSWORD)
            signed = key.get(await ask(laptop, off.flow_id, "security_key"))
            assert (await answer(laptop, off.flow_id, "security_key", signed)).state == "done"
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(ANNA))
    assert [f.kind for f in account.enrolled if f.kind == "remembered_device"] == []
    assert (await owner.sign_in(ANNA, password)).state == ("done" if how in {"switched off", "recovered"} else "asking")


@pytest.mark.row("I6")
async def test_one_for_each_browser_and_account(api: Api) -> None:
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    first, owner.remembered = owner.remembered, ""
    await with_second(owner, key, remember=True)
    assert len((await owner.read("account/sessions"))["remembered"]) == 1
    owner.remembered = first
    assert (await owner.sign_in(ANNA)).state == "asking", "the former cookie is worth nothing"


@pytest.mark.row("I6")
async def test_every_address_is_told_and_it_stands_in_the_history(api: Api) -> None:
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    events = [e["name"] for e in (await owner.read("account/activity"))["events"]]
    assert "account.device.remembered" in events
    assert [m["kind"] for m in (await owner.read("account/messages"))["messages"]].count("factor_added") == 2


@pytest.mark.row("R5")
async def test_a_remembered_device_is_one_proof_of_a_recovery(api: Api) -> None:
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    api.clock.wait(days=29)
    began = await owner.sign_in(ANNA)
    assert began.state == "done"
    owner.session = ""
    recovery = await owner.start("recover", identifier=ANNA)
    assert "remembered_device" in recovery.said["choices"]
    path, answer_it = f"/api/v1/flows/{recovery.flow_id}/answer", {"answer": {"challenge": "remembered_device"}}
    stranger = api.program()
    other = await stranger.start("recover", identifier=ANNA)
    stranger.remembered = "x" * 43
    assert (await stranger.call("POST", f"/api/v1/flows/{other.flow_id}/answer", answer_it)).problem == "not_proven"
    assert (await owner.call("POST", path, answer_it)).status == 200


@pytest.mark.row("R5")
async def test_before_the_first_proof_it_is_offered_for_every_name(api: Api) -> None:
    await with_key(api)
    known = await api.program().start("recover", identifier=ANNA)
    unknown = await api.program().start("recover", identifier="nobody@example.com")
    assert known.said["choices"] == unknown.said["choices"]


@pytest.mark.row("I6")
async def test_a_server_that_goes_by_the_cookies_alone_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, key = await with_key(api)
    await with_second(owner, key, remember=True)
    monkeypatch.setattr(standing, "in_usual_surroundings", lambda *_: True)
    assert (await copied(owner, at(api, FAR)).sign_in(ANNA)).state == "done"
