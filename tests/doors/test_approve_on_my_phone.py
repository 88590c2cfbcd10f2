"""Approve on my phone (F6): enrolling, approving, refusing, and what is not possible. Through JSON, on both databases."""

import pytest

from sparekey.adapters.sql.connection import Statement
from tests.doors.api import PASSWORD, Answer, Api, Program
from tests.soft_phone import PhoneOwner, SoftPhone, ask, collect, pairing, phone_owner, second_step

ANNA = "anna@example.com"
PIXEL = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36"

pytestmark = pytest.mark.row("F6")


async def asked(owner: PhoneOwner, program: Program, flow_id: str) -> tuple[str, str]:
    """The question as the phone sees it, and the number of the other screen."""
    answer = await ask(program, flow_id)
    assert answer.said["prompt"]["state"] == "asked", answer
    return (await owner.phone.asked())[0]["prompt_id"], answer.said["prompt"]["number"]


async def test_a_phone_is_enrolled_and_approves_a_sign_in(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    assert (await program.show(flow_id)).said["choices"][0] == "phone_approval"
    answer = await ask(program, flow_id)
    number = answer.said["prompt"]["number"]
    assert len(number) == 3
    assert number.isdecimal()
    seen = (await owner.phone.asked())[0]
    assert seen["action"] == "sign_in"
    assert number not in str(seen), "the phone is not told what to type"
    assert (await collect(program, flow_id)).problem == "not_proven"
    assert (await owner.phone.approve(seen["prompt_id"], number)).said == {"state": "approved"}
    assert (await program.show(flow_id)).said["prompt"]["state"] == "approved"
    assert (await collect(program, flow_id)).state == "done"
    assert await program.is_signed_in()
    assert set((await program.read("session"))["proofs"]) == {"password", "phone_approval"}
    assert await owner.phone.asked() == []


async def test_the_phone_sees_device_and_place_of_the_other_screen(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    path = f"/api/v1/flows/{flow_id}/send"
    await program.call("POST", path, {"challenge": "phone_approval"}, headers={"User-Agent": PIXEL})
    seen = (await owner.phone.asked())[0]
    assert (seen["device"], seen["place"]) == ("Chrome · Android", "")


async def test_it_approves_in_every_flow(api: Api) -> None:
    """The same chooser at a change and at recovery."""
    owner = await phone_owner(api)
    api.clock.wait(minutes=20)
    began = await owner.program.start("change_password")
    began = await owner.program.password(began.flow_id, PASSWORD)
    assert "phone_approval" in began.said["choices"]
    prompt_id, number = await asked(owner, owner.program, began.flow_id)
    assert (await owner.phone.asked())[0]["action"] == "change_password"
    await owner.phone.approve(prompt_id, number)
    assert (await collect(owner.program, began.flow_id)).state == "allowed"
    program = api.program()
    recovery = await program.start("recover", identifier=ANNA)
    assert "phone_approval" in recovery.said["choices"]
    prompt_id, number = await asked(owner, program, recovery.flow_id)
    await owner.phone.approve(prompt_id, number)
    assert (await collect(program, recovery.flow_id)).status == 200


async def test_a_second_phone_goes_on_at_once(api: Api) -> None:
    owner = await phone_owner(api)
    flow_id, code = await pairing_with_phone(owner)
    second = SoftPhone(api.program())
    typed = f" {code[:4].lower()} {code[4:8]}-{code[8:]} "
    assert (await second.enrol(typed)).said["pending"] is False
    assert (await owner.program.show(flow_id)).state == "done"
    program, sign_in = await second_step(api, ANNA)
    await ask(program, sign_in)
    assert len(await owner.phone.asked()) == len(await second.asked()) == 1


async def pairing_with_phone(owner: PhoneOwner) -> tuple[str, str]:
    began = await owner.program.start("add_factor", factor="phone_approval")
    if began.state == "asking" and "password" in began.said["choices"]:
        began = await owner.program.password(began.flow_id, PASSWORD)
    if began.state == "asking":
        prompt_id, number = await asked(owner, owner.program, began.flow_id)
        await owner.phone.approve(prompt_id, number)
        began = await collect(owner.program, began.flow_id)
    shown = await owner.program.call("POST", f"/api/v1/flows/{began.flow_id}/pair")
    return began.flow_id, shown.said["pairing"]["code"]


# ---------------------------------------------------------------- enrolling, and how it does not go


async def test_adding_a_phone_needs_a_fresh_proof(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    api.clock.wait(hours=1)
    began = await owner.start("add_factor", factor="phone_approval")
    assert began.state == "asking"
    assert (await owner.call("POST", f"/api/v1/flows/{began.flow_id}/pair")).problem == "wrong_step"


async def test_the_code_works_once_for_ten_minutes_and_only_the_newest(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    flow_id, first = await pairing(owner)
    second = (await owner.call("POST", f"/api/v1/flows/{flow_id}/pair")).said["pairing"]["code"]
    phone = SoftPhone(api.program())
    assert (await phone.enrol(first)).problem == "pairing_over", "replaced"
    assert (await phone.enrol("BCDF" * 6)).problem == "pairing_over", "never ours"
    api.clock.wait(minutes=10)
    assert (await phone.enrol(second)).problem == "pairing_over", "too old"
    third = (await owner.call("POST", f"/api/v1/flows/{flow_id}/pair")).said["pairing"]["code"]
    assert (await phone.enrol(third)).status == 200
    assert (await SoftPhone(api.program()).enrol(third)).problem == "pairing_over", "photographed, and used a second time"
    assert (await owner.call("POST", f"/api/v1/flows/{flow_id}/pair")).problem == "wrong_step"


async def test_looking_at_a_code_changes_nothing(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    _, code = await pairing(owner)
    before = await api.rows("flow", "prompt", "factor", "account", "audit_event")
    looked = await SoftPhone(api.program()).send("look", code=code)
    assert looked.said["account"] == "a•••@example.com"
    assert await api.rows("flow", "prompt", "factor", "account", "audit_event") == before


async def test_a_key_that_is_not_held_is_not_enrolled(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    _, code = await pairing(owner)
    phone, other = SoftPhone(api.program()), SoftPhone(api.program())
    challenge = (await phone.send("look", code=code)).said["challenge"]
    for signed in (other.sign(says="enrol", challenge=challenge), phone.sign(says="enrol", challenge="another"), "a.b.c", ""):
        assert (await phone.send("enrol", code=code, public_key=phone.public, signed=signed)).problem == "not_proven"
    assert (await phone.enrol(code)).status == 200, "the code was not spent by that"


async def test_one_key_is_enrolled_once(api: Api) -> None:
    owner = await phone_owner(api)
    bob = await api.signed_up("bob@example.com")
    flow_id, code = await pairing(bob)
    assert (await owner.phone.enrol(code)).status == 200  # told only at the end: before that nothing is on the account
    shown = await bob.show(flow_id)
    kept = await bob.call("POST", f"/api/v1/flows/{flow_id}/keep-codes", {"code": f"7 {shown.said['new_codes'][6]}"})
    assert kept.problem == "invalid_input"
    assert kept.fields == [("", "factor_taken")]


async def test_a_phone_says_nothing_before_the_backup_codes_are_kept(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    _, code = await pairing(owner)
    phone = SoftPhone(api.program())
    await phone.enrol(code)
    assert (await phone.poll()).problem == "not_proven"
    assert (await api.program().sign_in(ANNA)).state == "done", "nothing is required yet"


async def test_every_address_is_told_of_a_new_phone(api: Api) -> None:
    owner = await phone_owner(api)
    assert [m["kind"] for m in (await owner.program.read("account/messages"))["messages"]].count("factor_added") == 1
    assert "account.factor.added" in [e["name"] for e in (await owner.program.read("account/activity"))["events"]]


# ---------------------------------------------------------------- answers that are none


async def test_a_wrong_number_ends_the_question(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    wrong = f"{(int(number) + 1) % 1000:03}"
    assert (await owner.phone.approve(prompt_id, wrong)).problem == "wrong_number"
    assert (await owner.phone.approve(prompt_id, number)).problem == "prompt_over"
    assert await owner.phone.asked() == []
    assert (await collect(program, flow_id)).problem == "not_proven"
    prompt_id, number = await asked(owner, program, flow_id)
    await owner.phone.approve(prompt_id, number)
    assert (await collect(program, flow_id)).state == "done", "asked again, it goes on"


@pytest.mark.parametrize("number", ["", "yes", "0", "00000", "４７１", "\n"])
async def test_what_is_no_number_ends_the_question_too(api: Api, number: str) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, _ = await asked(owner, program, flow_id)
    assert (await owner.phone.approve(prompt_id, number)).problem == "wrong_number"
    assert (await collect(program, flow_id)).problem == "not_proven"


async def test_answered_twice(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    assert (await owner.phone.approve(prompt_id, number)).status == 200
    assert (await owner.phone.approve(prompt_id, number)).problem == "prompt_over"
    assert (await owner.phone.refuse(prompt_id)).problem == "prompt_over"
    assert (await collect(program, flow_id)).state == "done"
    assert (await collect(program, flow_id)).problem == "done"


async def test_answered_late(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    api.clock.wait(minutes=5)
    assert await owner.phone.asked() == []
    assert (await owner.phone.approve(prompt_id, number)).problem == "prompt_over"
    assert (await program.show(flow_id)).said["prompt"]["state"] == "expired"


async def test_collected_late(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    await owner.phone.approve(prompt_id, number)
    api.clock.wait(minutes=5)
    assert (await collect(program, flow_id)).problem == "not_proven"


async def test_another_accounts_phone_is_told_nothing_and_approves_nothing(api: Api) -> None:
    owner, eve = await phone_owner(api), await phone_owner(api, "eve@example.com")
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    assert await eve.phone.asked() == []
    assert (await eve.phone.approve(prompt_id, number)).problem == "prompt_over"
    assert (await eve.phone.refuse(prompt_id)).problem == "prompt_over"
    assert (await owner.phone.approve(prompt_id, number)).status == 200, "it was not touched"


async def test_another_flow_cannot_collect_the_answer(api: Api) -> None:
    """A thief who knows the password begins beside the owner: each flow goes by its own number."""
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    thief, thiefs_flow = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    await ask(thief, thiefs_flow)
    await owner.phone.approve(prompt_id, number)
    assert (await collect(thief, thiefs_flow)).problem == "not_proven"
    assert (await collect(program, flow_id)).state == "done"


async def test_another_browser_cannot_collect_the_answer(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    await owner.phone.approve(prompt_id, number)
    assert (await collect(api.program(), flow_id)).problem == "unknown"


@pytest.mark.row("F9")
async def test_a_removed_phone_is_told_nothing_and_approves_nothing(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    await _take_off(api)
    assert (await owner.phone.poll()).problem == "not_proven"
    assert (await owner.phone.approve(prompt_id, number)).problem == "not_proven"


async def test_an_answer_of_a_phone_that_was_removed_meanwhile_counts_nothing(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    await owner.phone.approve(prompt_id, number)
    await _take_off(api)
    collected = await collect(program, flow_id)
    assert collected.status in {401, 409}
    assert not await program.is_signed_in()


async def _take_off(api: Api) -> None:
    """All that was enrolled leaves the account, as after removing it."""
    async with api.parts.database.transaction() as connection:
        await connection.run(Statement("update account set enrolled = '[]'"))
        await connection.run(Statement("update factor set removed_at = 1"))


async def test_a_word_of_the_phone_is_heard_once(api: Api) -> None:
    """Replayed by whoever saw it, it says nothing; nor does one with a challenge that is old, or not ours."""
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    answer = await ask(program, flow_id)
    word = owner.phone.sign(says="poll", challenge=await owner.phone.challenge())
    assert (await owner.phone.send("poll", signed=word)).status == 200
    assert (await owner.phone.send("poll", signed=word)).problem == "not_proven"
    old = owner.phone.sign(says="poll", challenge=await owner.phone.challenge())
    api.clock.wait(minutes=2)
    assert (await owner.phone.send("poll", signed=old)).problem == "not_proven"
    for challenge in ("", "..", "0.x.0", f"{2**70}.x.y", "1893456000000.x." + "0" * 64):
        assert (await owner.phone.send("poll", signed=owner.phone.sign(says="poll", challenge=challenge))).problem == "not_proven"
    prompt_id = (await owner.phone.asked())[0]["prompt_id"]
    said = {"says": "approve", "prompt_id": prompt_id, "number": answer.said["prompt"]["number"]}
    used = await owner.phone.challenge()
    await owner.phone.send("poll", signed=owner.phone.sign(says="poll", challenge=used))
    assert (await owner.phone.send("answer", signed=owner.phone.sign(**said, challenge=used))).problem == "not_proven"
    as_poll = owner.phone.sign(**said, challenge=await owner.phone.challenge())
    assert (await owner.phone.send("poll", signed=as_poll)).problem == "not_proven", "an answer is no poll"


async def test_a_phone_that_nobody_enrolled_says_nothing(api: Api) -> None:
    await phone_owner(api)
    stranger = SoftPhone(api.program())
    assert (await stranger.poll()).problem == "not_proven"
    assert (await stranger.approve("0" * 32, "000")).problem == "not_proven"
    borrowed = SoftPhone(api.program())
    for signed in ("", "x", "..", "e30.e30.e30"):
        assert (await borrowed.send("poll", signed=signed)).problem == "not_proven"


# ---------------------------------------------------------------- "this was not me"


@pytest.mark.row("F10")
async def test_refused_the_flow_leads_nowhere_and_its_sender_learns_nothing(api: Api) -> None:
    owner = await phone_owner(api)
    thief, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, thief, flow_id)
    before = _without_time(await thief.show(flow_id))
    assert (await owner.phone.refuse(prompt_id)).said == {"state": "refused"}
    assert _without_time(await thief.show(flow_id)) == before
    assert (await owner.phone.approve(prompt_id, number)).problem == "prompt_over"
    assert (await collect(thief, flow_id)).problem == "not_proven"
    again = await ask(thief, flow_id)
    assert again.said["prompt"]["state"] == "asked", "it looks as if the phone were asked again"
    assert await owner.phone.asked() == []
    code = await thief.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": "backup_code", "code": owner.codes[0]}})
    assert code.problem == "not_proven", "nothing is right in it any more"
    events = [e["name"] for e in (await owner.program.read("account/activity"))["events"]]
    assert "flow.prompt.refused" in events


def _without_time(answer: Answer) -> dict[str, object]:
    return {k: v for k, v in answer.said.items() if k != "flow_token"}


async def test_whoever_holds_the_phone_cannot_end_a_recovery_that_waits(api: Api) -> None:
    """R10: one thing alone objects, it does not end. So a refusal ends the question, and the flow goes on waiting."""
    owner = await phone_owner(api, second="second@example.com")
    api.clock.wait(days=31)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    proven = await program.password(began.flow_id, PASSWORD)
    if proven.state == "asking":
        proven = await program.call("POST", f"/api/v1/flows/{began.flow_id}/nothing-more")
    if proven.state != "waiting" or "phone_approval" not in proven.said["choices"]:
        pytest.fail(f"this account's recovery should wait, and a phone should shorten it: {proven}")
    prompt_id, _ = await asked(owner, program, began.flow_id)
    assert (await owner.phone.refuse(prompt_id)).status == 200
    prompt_id, number = await asked(owner, program, began.flow_id)
    await owner.phone.approve(prompt_id, number)
    assert (await collect(program, began.flow_id)).state in {"allowed", "waiting"}


# ---------------------------------------------------------------- how often


@pytest.mark.row("D1")
async def test_three_hundred_pushes_in_an_hour_are_three(patient_api: Api) -> None:
    """A thief with the password begins again and again: three questions reach the phone."""
    api = patient_api
    owner = await phone_owner(api)
    shown: set[str] = set()
    held = []
    for _ in range(300):
        thief, flow_id = await second_step(api, ANNA)
        held.append(await ask(thief, flow_id))
        shown |= {p["prompt_id"] for p in await owner.phone.asked()}
        api.clock.wait(seconds=11)
    assert len(shown) == 3
    assert [a.status for a in held[:3]] == [200] * 3
    assert {a.problem for a in held[3:]} == {"prompts_used_up"}
    assert all(0 < int(a.headers["retry-after"]) <= 3600 for a in held[3:])
    api.clock.wait(minutes=6)
    thief, flow_id = await second_step(api, ANNA)
    assert (await ask(thief, flow_id)).status == 200, "an hour after the first"


@pytest.mark.row("D2")
async def test_a_strangers_pushes_do_not_shut_out_a_known_device(patient_api: Api) -> None:
    api = patient_api
    owner = await phone_owner(api)
    for _ in range(5):
        thief, flow_id = await second_step(api, ANNA)
        await ask(thief, flow_id)
    elsewhere, flow_id = await second_step(api, ANNA)
    assert (await ask(elsewhere, flow_id)).problem == "prompts_used_up"
    assert "backup_code" in (await elsewhere.show(flow_id)).said["choices"], "another way is open on a new device"
    own, flow_id = await second_step(api, ANNA, on=owner.program)
    prompt_id, number = await asked(owner, own, flow_id)
    await owner.phone.approve(prompt_id, number)
    assert (await collect(own, flow_id)).state == "done"


async def test_an_approved_question_is_not_counted(patient_api: Api) -> None:
    api = patient_api
    owner = await phone_owner(api)
    for _ in range(5):
        program, flow_id = await second_step(api, ANNA)
        prompt_id, number = await asked(owner, program, flow_id)
        await owner.phone.approve(prompt_id, number)
        assert (await collect(program, flow_id)).state == "done"


async def test_asking_again_replaces_the_question(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    first, number = await asked(owner, program, flow_id)
    await asked(owner, program, flow_id)
    assert len(await owner.phone.asked()) == 1
    assert (await owner.phone.approve(first, number)).problem == "prompt_over"


# ---------------------------------------------------------------- nothing is told before the first proof


@pytest.mark.row("D3", "R3")
async def test_before_the_first_proof_every_name_is_answered_alike(patient_api: Api) -> None:
    """With a phone, without one, and of nobody; the first time, and beyond the limit, and after a refusal."""
    api = patient_api
    owner = await phone_owner(api)
    await api.signed_up("bob@example.com")
    said: dict[str, list[object]] = {}
    rows: dict[str, list[int]] = {}
    for name in (ANNA, "bob@example.com", "abody@example.com"):
        program = api.program()
        began = await program.start("recover", identifier=name)
        said[name], rows[name] = [], []
        for _ in range(5):
            before = sum(len(r) for r in (await api.rows("prompt", "audit_event", "flow")).values())
            answer = await ask(program, began.flow_id)
            rows[name].append(sum(len(r) for r in (await api.rows("prompt", "audit_event", "flow")).values()) - before)
            said[name].append((answer.status, answer.said["prompt"]["state"], sorted(answer.said), answer.said["choices"]))
            if name == ANNA and (questions := await owner.phone.asked()):
                await owner.phone.refuse(questions[0]["prompt_id"])
            said[name].append((await program.show(began.flow_id)).said["prompt"]["state"])
            said[name].append((await collect(program, began.flow_id)).problem)
    assert said[ANNA] == said["bob@example.com"] == said["abody@example.com"]
    assert rows["bob@example.com"] == rows["abody@example.com"] == [2] * 5


@pytest.mark.row("D3")
async def test_beyond_the_limit_no_phone_hears_of_it_and_nobody_is_told(patient_api: Api) -> None:
    api = patient_api
    owner = await phone_owner(api)
    heard = 0
    for _ in range(6):
        program = api.program()
        began = await program.start("recover", identifier=ANNA)
        answer = await ask(program, began.flow_id)
        assert (answer.status, answer.said["prompt"]["state"]) == (200, "asked")
        questions = await owner.phone.asked()
        heard = len(questions)
    assert heard == 3


async def test_no_secret_of_a_phone_stands_in_the_database(api: Api) -> None:
    """Only public keys are kept, and sealed; the code is found by a keyed hash."""
    owner = await phone_owner(api)
    _, code = await pairing_with_phone(owner)
    kept = str(await api.rows("factor", "prompt", "flow", "account"))
    assert code not in kept
    assert owner.phone.public["x"] not in kept
    assert owner.phone.key.thumbprint() not in kept


async def test_a_flow_that_is_left_asks_no_more(api: Api) -> None:
    owner = await phone_owner(api)
    program, flow_id = await second_step(api, ANNA)
    prompt_id, number = await asked(owner, program, flow_id)
    assert (await program.leave(flow_id)).status == 204
    assert await owner.phone.asked() == []
    assert (await owner.phone.approve(prompt_id, number)).problem == "prompt_over"
