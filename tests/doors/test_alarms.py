"""Alarms: "this wasn't me" (H1, I8), "I did not ask for this" (F10), and who may stop whom (R10)."""

import asyncio
import re

import pytest

from sparekey.bootstrap import dev_phone
from sparekey.domain.accounts import Account
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.values import replace
from sparekey.use_cases import disown
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.verify_audit import verify_presence
from sparekey.worker.housekeeping import prune
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program
from tests.doors.second_factors import Owner, answer, enrol, owner_of
from tests.doors.waits import (
    ANNA,
    SECOND,
    WAITING,
    add_second,
    begin_with_mailbox,
    begin_with_password,
    disown_token,
    full_sign_in,
    letters_about,
    look_at,
    nothing_more,
    owner_with_two,
    pass_time,
    press,
)

NUMBER = "+371 20 123 456"

NEW_DEVICE, FROZEN, THAWED = "New sign-in", "is frozen", "is open again"


@pytest.fixture
def api(patient_api: Api) -> Api:
    return patient_api


# ---------------------------------------------------------------- a notice is disowned (H1, I8)


@pytest.mark.row("H1", "I8")
async def test_a_sign_in_on_a_new_device_is_disowned_and_everything_stops(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    api.clock.wait(minutes=5)
    thief = api.program()
    assert (await thief.sign_in(ANNA)).state == "done"
    letter = await api.newest(ANNA)
    assert NEW_DEVICE in letter.subject
    assert len((await api.rows("device"))["device"]) == 2
    anybody = api.program()
    assert (await look_at(anybody, letter)).said["does"] == "freeze"
    assert await thief.is_signed_in(), "looking changes nothing"
    pressed = await press(anybody, letter)
    assert (pressed.status, pressed.said["frozen"]) == (200, True)
    assert not await thief.is_signed_in()
    assert not await owner.is_signed_in()
    assert len((await api.rows("device"))["device"]) == 1, "the thief's is no known device any more, the owner's is"
    assert len(await letters_about(api, ANNA, FROZEN)) == 1
    for password in (PASSWORD, ANOTHER):
        assert (await thief.sign_in(ANNA, password)).problem == "not_proven", "whoever signed in knew the password, so it is void"
    for again in (await look_at(anybody, letter), await press(anybody, letter)):
        assert (again.status, again.problem) == (404, "link_over")


@pytest.mark.row("H1")
async def test_a_new_password_by_recovery_thaws(api: Api) -> None:
    await api.signed_up(ANNA)
    await api.program().sign_in(ANNA)
    await press(api.program(), await api.newest(ANNA))
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    assert (await program.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed"
    assert (await program.finish(began.flow_id, ANOTHER)).state == "done"
    assert len(await letters_about(api, ANNA, THAWED)) == 1
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"


@pytest.mark.row("H1")
async def test_two_settled_things_thaw_and_one_does_not(api: Api) -> None:
    owner = await owner_of(api)
    home = await full_sign_in(api, owner)
    assert (await home.start("change_details", name="Eve", language="en", user_name="")).state == "done"
    assert (await press(api.program(), (await letters_about(api, ANNA, "details"))[-1])).said["frozen"]
    program = api.program()
    began = await program.start("thaw", identifier=ANNA)
    one = await program.code(began.flow_id, (await api.newest(ANNA)).code)
    assert one.state == "asking"
    assert (await full_refused(api, owner)).said["ended"] == "frozen", "told only after all proofs are right"
    done = await answer(program, began.flow_id, "backup_code", code=owner.codes[0])
    assert done.state == "done", done
    assert len(await letters_about(api, ANNA, THAWED)) == 1
    assert await (await full_sign_in(api, owner)).is_signed_in()


async def full_refused(api: Api, owner: Owner) -> Answer:
    program = api.program()
    asked = await program.sign_in(owner.email)
    return await answer(program, asked.flow_id, "totp", code=owner.app.next_code())


@pytest.mark.row("H1", "D3")
async def test_to_thaw_looks_the_same_for_every_name(api: Api) -> None:
    await api.signed_up(ANNA)
    await api.program().sign_in(ANNA)
    await press(api.program(), await api.newest(ANNA))
    await api.signed_up("berta@example.com")
    shapes = []
    for name in (ANNA, "berta@example.com", "nobody@example.com"):
        said = (await api.program().start("thaw", identifier=name)).said
        shapes.append({k: v for k, v in said.items() if k not in {"flow_id", "flow_token", "expires_at", "resend_at", "sent_to"}})
    assert shapes[0] == shapes[1] == shapes[2]


@pytest.mark.row("H1")
async def test_the_disowned_thing_does_not_count_and_the_thief_who_added_it_gains_nothing(api: Api) -> None:
    """A thief with the password adds a mailbox of his own. From it he can neither freeze nor thaw nor recover."""
    await api.signed_up(ANNA)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_second(api, thief, "thief@evil.example")
    his, hers = await api.newest("thief@evil.example"), await api.newest(ANNA)
    assert (await look_at(thief, his)).said["does"] == "object"
    by_him = await press(thief, his)
    assert by_him.said == {**by_him.said, "frozen": False, "objected": False, "can_lock": False}
    assert (await press(api.program(), hers)).said["frozen"]
    await thief.start("recover", identifier="thief@evil.example")
    letters = await api.letters("thief@evil.example")
    assert not re.search(r"^ {4}\d", letters[-1].text, re.MULTILINE), "no code goes there any more"
    again = await thief.start("thaw", identifier=ANNA)
    assert (await thief.password(again.flow_id, PASSWORD)).state == "denied"
    owner = api.program()
    began = await owner.start("recover", identifier=ANNA)
    assert (await owner.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed"
    assert (await owner.finish(began.flow_id, ANOTHER)).state == "done"
    addresses = (await owner_in(api)).said["addresses"]
    assert {a["value"]: a["settled"] for a in addresses} == {ANNA: True}, "his is gone, for good"


async def owner_in(api: Api) -> Answer:
    program = api.program()
    assert (await program.sign_in(ANNA, ANOTHER)).state == "done"
    return await program.call("GET", "/api/v1/account")


@pytest.mark.row("H1")
async def test_a_freeze_settles_nothing_that_a_thief_added_before(api: Api) -> None:
    """He adds a mailbox, and something else later; the owner disowns only the later change."""
    await api.signed_up(ANNA)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_second(api, thief, "thief@evil.example")
    api.clock.wait(days=3)
    await thief.sign_in(ANNA)
    await thief.start("change_details", name="Eve", language="en", user_name="")
    [hers] = await letters_about(api, ANNA, "details")
    assert (await press(api.program(), hers)).said["frozen"]
    began = await thief.start("recover", identifier="thief@evil.example")
    assert (await api.newest("thief@evil.example")).text.find("    ") == -1 or (await thief.show(began.flow_id)).state == "asking"
    account = await account_of(api, ANNA)
    assert account.contested_at is not None
    assert all(a.added_at >= account.contested_at for a in account.addresses if a.value == "thief@evil.example")


async def account_of(api: Api, email: str) -> Account:
    async with api.parts.services.store.transaction() as tx:
        return await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(email))


@pytest.mark.row("H1")
async def test_a_password_that_a_thief_has_set_is_void_after_a_thaw(api: Api) -> None:
    owner = await owner_of(api)
    thief = await full_sign_in(api, owner)
    began = await thief.start("change_password")
    began = await thief.password(began.flow_id, PASSWORD)
    assert (await thief.finish(began.flow_id, ANOTHER)).state == "done"
    await press(api.program(), await api.newest(ANNA))
    program = api.program()
    began = await program.start("thaw", identifier=ANNA)
    await program.code(began.flow_id, (await api.newest(ANNA)).code)
    assert (await answer(program, began.flow_id, "backup_code", code=owner.codes[0])).state == "done"
    for password in (PASSWORD, ANOTHER):
        assert (await api.program().sign_in(ANNA, password)).problem == "not_proven"


@pytest.mark.row("H1")
async def test_pressed_fifty_times_at_once_it_freezes_once(api: Api) -> None:
    await api.signed_up(ANNA)
    await api.program().sign_in(ANNA)
    letter = await api.newest(ANNA)
    done = await asyncio.gather(*(press(api.program(), letter) for _ in range(50)))
    assert sorted(d.status for d in done) == [200] + [404] * 49
    assert len(await letters_about(api, ANNA, FROZEN)) == 1


@pytest.mark.row("H1")
async def test_a_link_is_good_for_thirty_days_and_no_longer(api: Api) -> None:
    await api.signed_up(ANNA)
    await api.program().sign_in(ANNA)
    letter = await api.newest(ANNA)
    api.clock.wait(days=29)
    assert (await look_at(api.program(), letter)).status == 200
    api.clock.wait(days=2)
    assert (await look_at(api.program(), letter)).problem == "link_over"
    assert (await press(api.program(), letter)).problem == "link_over"


@pytest.mark.row("H1")
@pytest.mark.parametrize("token", ["", "x", "a" * 22, "a" * 200, "\u0000", "../../etc", "é" * 22])
async def test_what_is_no_link_of_ours_is_over(api: Api, token: str) -> None:
    for path in ("notices/look", "notices/disown", "waits/open"):
        assert (await api.program().call("POST", f"/api/v1/{path}", {"token": token})).problem == "link_over"


@pytest.mark.row("H1")
async def test_tokens_are_stored_hashed(api: Api) -> None:
    await api.signed_up(ANNA)
    await api.program().sign_in(ANNA)
    token = disown_token(await api.newest(ANNA))
    assert token not in str(await api.rows("notice_link", "flow", "audit_event", "outbox"))


# ---------------------------------------------------------------- codes that nobody asked for (F10)


@pytest.mark.row("F10")
async def test_a_disowned_code_is_dead_and_its_sender_sees_what_he_saw_before(api: Api) -> None:
    """The same flow once disowned and once not: every answer is the same, byte for byte, but ids, tokens and times."""
    assert await seen_by_sender(api, ANNA, disowned=True) == await seen_by_sender(api, "berta@example.com", disowned=False)


@pytest.mark.row("F10")
async def test_a_planted_end_that_shows_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on purpose: the flow is ended, and says so."""

    async def end(tx: Transaction, flow: Flow) -> None:
        await tx.flows.save(replace(flow, state=State.ENDED, ended="disowned", void=True))

    monkeypatch.setattr(disown, "make_void", end)
    assert await seen_by_sender(api, ANNA, disowned=True) != await seen_by_sender(api, "berta@example.com", disowned=False)


async def seen_by_sender(api: Api, name: str, *, disowned: bool) -> list[tuple[int, object]]:
    """All that whoever asked for a code is answered afterwards."""
    await api.signed_up(name)
    sender = api.program()
    began = await sender.start("recover", identifier=name)
    letter = await api.newest(name)
    if disowned:
        pressed = await press(api.program(), letter)
        assert (pressed.said["stopped"], pressed.said["password_known"]) == (True, False)
    said = [await sender.show(began.flow_id), await sender.code(began.flow_id, "000000"), await sender.send(began.flow_id)]
    api.clock.wait(seconds=61)
    said += [await sender.send(began.flow_id), await sender.password(began.flow_id, ANOTHER), await sender.show(began.flow_id)]
    if disowned and said[-1].status == 200 and said[-1].state == "asking":
        assert (await sender.code(began.flow_id, letter.code)).problem == "not_proven", "the code is dead"
        assert (await api.program().open(letter.link)).problem == "link_over"
        assert await api.newest(name) == letter, "no other one is sent"
        assert (await sender.password(began.flow_id, PASSWORD)).problem == "not_proven", "and nothing else is right either"
    return [(a.status, masked(a.said)) for a in said]


def masked(said: object) -> object:
    different = {"flow_id", "flow_token", "expires_at", "resend_at", "sent_to"}
    return {k: v for k, v in said.items() if k not in different} if isinstance(said, dict) else said


@pytest.mark.row("F10")
async def test_whoever_presses_learns_that_the_password_is_known_and_can_lock(api: Api) -> None:
    owner = await owner_of(api)
    thief = await second_by_mail(api, owner)  # at a device that is known: elsewhere password and mailbox are one thing
    thief.session = ""
    asked = await thief.sign_in(ANNA)
    assert asked.state == "asking"
    sent = await thief.send(asked.flow_id)
    assert sent.said["sent"], sent
    letter = await api.newest(ANNA)
    pressed = await press(api.program(), letter)
    assert (pressed.said["stopped"], pressed.said["password_known"], pressed.said["can_lock"]) == (True, True, True)
    assert (await thief.code(asked.flow_id, letter.code)).problem == "not_proven"
    locked = await press(api.program(), letter, lock=True)
    assert locked.said["frozen"]
    assert (await press(api.program(), letter, lock=True)).problem == "link_over"


async def second_by_mail(api: Api, owner: Owner) -> Program:
    """A code by mail is a second factor, too. Answers the program in which that was chosen."""
    program = await full_sign_in(api, owner)
    address = next(a["address_id"] for a in (await program.read("account"))["addresses"])
    began = await program.start("add_factor", factor="email", address_id=address)
    assert (await program.code(began.flow_id, (await api.newest(ANNA)).code)).state == "done"
    return program


@pytest.mark.row("F10")
async def test_a_code_for_an_address_that_is_nobodys_yet_can_be_disowned(api: Api) -> None:
    sender = api.program()
    began = await sender.start("sign_up", email=ANNA, name="Eve", password=PASSWORD)
    letter = await api.newest(ANNA)
    pressed = await press(api.program(), letter)
    assert (pressed.said["stopped"], pressed.said["can_lock"]) == (True, False)
    assert (await sender.code(began.flow_id, letter.code)).problem == "not_proven"
    assert (await api.program().sign_in(ANNA)).problem == "not_proven"


@pytest.mark.row("F10", "R10")
async def test_a_link_in_a_code_message_ends_no_recovery_that_waits(api: Api) -> None:
    await owner_with_two(api)
    program, waits = await begin_with_mailbox(api)
    codes = [x for x in await api.letters(ANNA) if "/l/" in x.text]
    pressed = await press(api.program(), codes[-1])
    assert (pressed.said["stopped"], pressed.said["objected"]) == (False, True)
    now = await program.show(waits.flow_id)
    assert (now.state, now.said["objected"], now.said["wait_days"]) == ("waiting", True, 1), "in dispute; its own wait stays as it is"


# ---------------------------------------------------------------- who may stop whom (R10)


@pytest.mark.row("R10")
async def test_a_full_sign_in_cancels(api: Api) -> None:
    owner = await owner_of(api)
    thief, waits = await begin_with_password(api)
    home = await full_sign_in(api, owner)
    assert [r["flow_id"] for r in (await home.read("account/recoveries"))["recoveries"]] == [waits.flow_id]
    assert (await cancel(api, home, waits.flow_id, owner.app.next_code())).state == "done"
    gone = await thief.show(waits.flow_id)
    assert (gone.state, gone.said["ended"]) == ("ended", "cancelled")
    assert len(await letters_about(api, ANNA, "was stopped")) == 1
    assert (await home.read("account/recoveries"))["recoveries"] == []


async def cancel(api: Api, program: Program, flow_id: str, code: str = "") -> Answer:
    """Password, and where it is asked for the authenticator, inside the flow."""
    began = await program.start("cancel_recovery", flow_id=flow_id)
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    if began.state == "asking" and code:
        began = await answer(program, began.flow_id, "totp", code=code)
    return began


@pytest.mark.row("R10")
async def test_a_living_session_alone_cancels_nothing(api: Api) -> None:
    """What it can say instead: test_disputes.py."""
    owner = await owner_of(api)
    home = await full_sign_in(api, owner)
    recovering, waits = await begin_with_password(api)
    began = await home.start("cancel_recovery", flow_id=waits.flow_id)
    assert began.state == "asking", "the session's own proofs, from before, do not count"
    assert (await nothing_more(home, began.flow_id)).state == "denied"
    assert (await recovering.show(waits.flow_id)).state == "waiting"


@pytest.mark.row("R10")
async def test_a_witness_objects_by_the_link_and_may_lock(api: Api) -> None:
    await owner_of(api)
    thief, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    assert (await look_at(api.program(), letter)).said["does"] == "object"
    pressed = await press(api.program(), letter)
    assert (pressed.said["objected"], pressed.said["frozen"], pressed.said["can_lock"]) == (True, False, True)
    assert (await thief.show(waits.flow_id)).said["objected"]
    assert (await press(api.program(), letter, lock=True)).said["frozen"]
    assert (await thief.show(waits.flow_id)).state == "waiting", "a freeze ends no recovery that waits"


@pytest.mark.row("R10", "R16")
async def test_an_objection_after_the_wait_makes_it_wait_until_it_is_weighed(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 24 * 7 + 1)
    assert (await program.show(waits.flow_id)).state == "allowed"
    letters = await letters_about(api, ANNA, WAITING)
    assert (await press(api.program(), letters[0])).said["disputed"]
    assert (await program.show(waits.flow_id)).state == "waiting"
    assert (await program.finish(waits.flow_id, ANOTHER)).problem == "wrong_step"
    await pass_time(api, 74)
    assert (await program.show(waits.flow_id)).state == "referred", "one thing against one: people look at it"


@pytest.mark.row("R10")
async def test_a_thief_with_password_and_a_factor_of_his_own_cannot_keep_the_owner_out(api: Api) -> None:
    """No second factor of the owner's; the thief enrols his. The owner has a number and waits; the thief cancels, again and again."""
    owner = await api.signed_up(ANNA)
    assert (await add_number(api, owner)).state == "done"
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    his = await enrol(api, thief, ANNA)
    waits_ids = []
    for _ in range(2):
        program, waits = await begin_with_number(api)
        waits_ids.append((program, waits.flow_id))
        began = await cancel(api, thief, waits.flow_id, his.app.next_code())
        assert began.state == "done", began
    first, second = [await p.show(f) for p, f in waits_ids]
    assert (first.state, first.said["ended"]) == ("ended", "cancelled"), "once, as much as the recovery is enough"
    assert (second.state, second.said["objected"]) == ("waiting", True), "the second time it takes more"
    program, flow_id = waits_ids[1]
    asked = await program.show(flow_id)
    assert "email" in asked.said["choices"], "his own authenticator weighs nothing, her mailbox does"
    assert (await program.send(flow_id)).said["sent"]
    assert (await program.code(flow_id, (await api.newest(ANNA)).code)).state == "waiting"
    await pass_time(api, 24 * 3 + 2)
    assert (await program.show(flow_id)).state == "allowed"


async def begin_with_number(api: Api) -> tuple[Program, Answer]:
    """72 hours: a number that was moved to another SIM never opens at once."""
    program = api.program()
    began = await program.start("recover", identifier=NUMBER)
    assert (await answer(program, began.flow_id, "sms", code=await text_code(api))).state == "asking"
    waits = await nothing_more(program, began.flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 3)
    return program, waits


async def text_code(api: Api) -> str:
    await api.letters()
    text = dev_phone(api.settings, api.clock).list()[0].text
    found = re.search(r"#([0-9A-Z]+)$", text)
    assert found, text
    return found[1]


@pytest.mark.row("R10")
async def test_an_owner_with_more_stops_a_thief_each_time(api: Api) -> None:
    owner = await owner_of(api)
    for _ in range(3):
        thief, waits = await begin_with_password(api)
        home = await full_sign_in(api, owner)
        assert (await cancel(api, home, waits.flow_id, owner.app.next_code())).state == "done"
        assert (await thief.show(waits.flow_id)).said["ended"] == "cancelled"


@pytest.mark.row("R10")
@pytest.mark.parametrize("action", ["cancel_recovery", "object"])
async def test_what_does_not_wait_or_is_anothers_cannot_be_stopped(api: Api, action: str) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    eve = await api.signed_up("eve@example.com")
    for flow_id in (waits.flow_id, "0" * 32, ""):
        assert (await eve.start(action, flow_id=flow_id)).problem == "wrong_step"
    assert (await program.show(waits.flow_id)).said["objected"] is False
    assert (await api.program().start(action, flow_id=waits.flow_id)).problem == "not_signed_in"


@pytest.mark.row("H1", "R12")
async def test_a_thief_who_enrols_his_own_authenticator_loses_it_when_the_owner_disowns_it(api: Api) -> None:
    await api.signed_up(ANNA)
    api.clock.wait(days=40)
    thief = api.program()
    await thief.sign_in(ANNA)
    his = await enrol(api, thief, ANNA)
    [letter] = await letters_about(api, ANNA, "way to verify was added")
    assert (await press(api.program(), letter)).said["frozen"]
    owner = api.program()
    began = await owner.start("recover", identifier=ANNA)
    assert (await owner.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed", "his factor raises nothing"
    assert (await owner.finish(began.flow_id, ANOTHER)).state == "done"
    home = api.program()
    assert (await home.sign_in(ANNA, ANOTHER)).state == "done", "and it is gone"
    began = await thief.start("recover", identifier=ANNA)
    assert (await answer(thief, began.flow_id, "totp", code=his.app.next_code())).problem in {"not_proven", "wrong_step"}


@pytest.mark.row("H1", "R10")
async def test_an_address_given_up_and_a_young_one_can_only_object(api: Api) -> None:
    owner = await owner_with_two(api)
    home = await full_sign_in(api, owner)
    former = await api.newest(SECOND)
    assert (await look_at(home, former)).said["does"] == "freeze"
    address = next(a["address_id"] for a in (await home.read("account"))["addresses"] if a["value"] == SECOND)
    assert (await home.start("remove_address", address_id=address, given_up=True)).state == "done"
    assert (await look_at(home, former)).said["does"] == "object"
    await add_second(api, home, "young@third.example")
    young = await api.newest("young@third.example")
    assert (await look_at(home, young)).said["does"] == "object"
    thief, waits = await begin_with_password(api)
    pressed = await press(api.program(), former)
    said = [pressed.said[what] for what in ("objected", "disputed", "frozen", "can_lock")]
    assert said == [True, False, False, False], "heard, and it changes nothing"
    assert (await thief.show(waits.flow_id)).said["wait_days"] == 7
    assert (await press(api.program(), young)).said["frozen"] is False
    assert (await press(api.program(), young, lock=True)).said["frozen"] is False
    assert await home.is_signed_in()


@pytest.mark.row("H1", "S6")
@pytest.mark.parametrize("ends_it", ["freeze", "password"])
async def test_a_number_that_waits_to_move_to_an_account_ends_with_its_sessions(api: Api, ends_it: str) -> None:
    """A thief in the session adds the number of somebody else, which waits a week. The owner comes first."""
    holder = await api.signed_up("berta@example.com")
    await add_number(api, holder)
    await api.signed_up(ANNA)
    api.clock.wait(minutes=20)
    thief = api.program()
    await thief.sign_in(ANNA)
    letter = await api.newest(ANNA)
    assert (await add_number(api, thief)).state == "waiting"
    if ends_it == "freeze":
        assert (await press(api.program(), letter)).said["frozen"]
    else:
        owner = api.program()
        began = await owner.start("recover", identifier=ANNA)
        await owner.code(began.flow_id, (await api.newest(ANNA)).code)
        assert (await owner.finish(began.flow_id, ANOTHER)).state == "done"
    await pass_time(api, 24 * 8)
    assert [a.value for a in (await account_of(api, ANNA)).addresses] == [ANNA]
    assert len((await account_of(api, "berta@example.com")).addresses) == 2


async def add_number(api: Api, program: Program) -> Answer:
    began = await program.start("add_address", phone=NUMBER)
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    return await answer(program, began.flow_id, "sms", code=await text_code(api))


@pytest.mark.row("F10")
async def test_a_link_of_a_sign_up_that_is_long_over_stops_nothing_and_breaks_nothing(api: Api) -> None:
    await api.program().start("sign_up", email=ANNA, name="Eve", password=PASSWORD)
    letter = await api.newest(ANNA)
    api.clock.wait(days=20)
    await prune(api.parts.services.store, api.clock.now(), asyncio.Event())
    assert (await press(api.program(), letter)).said["stopped"] is False
    assert (await press(api.program(), letter)).problem == "link_over"
    found = [f async for page in verify_presence(api.parts.services.store) for f in page]
    assert found == []
