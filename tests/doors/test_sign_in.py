"""Signing in (I1), guesses (D1, D2), and a password that is right but breached (P4)."""

import pytest
from msgspec.structs import force_setattr

from sparekey.use_cases.services import Services
from tests.doors.api import ANOTHER, PASSWORD, Api, Program

ANNA = "anna@example.com"
BREACHED = "qwertyuiopasdfghjkl"


async def guess(program: Program, times: int, identifier: str = ANNA) -> None:
    for _ in range(times):
        assert (await program.sign_in(identifier, "not it at all, really")).problem == "not_proven"


@pytest.mark.row("I1")
@pytest.mark.parametrize("typed", ["anna@example.com", "ANNA@example.com", "Anna.B", " anna.b "])
async def test_by_address_or_user_name(api: Api, typed: str) -> None:
    owner = await api.signed_up(ANNA)
    await owner.start("change_details", name="Anna", language="en", user_name="Anna.B")
    program = api.program()
    answer = await program.sign_in(typed)
    assert (answer.status, answer.state) == (201, "done")
    assert (await program.read("session"))["email"] == ANNA
    assert (await program.read("session"))["proofs"] == ["password"]


@pytest.mark.row("I1", "D3")
async def test_one_answer_for_everything_that_is_wrong(api: Api) -> None:
    await api.signed_up(ANNA)
    tries = [
        (ANNA, "wrong password, I fear"),
        ("nobody@example.com", PASSWORD),
        ("nobody", PASSWORD),
        ("+4915112345678", PASSWORD),
        (ANNA, ""),
    ]
    answers = [await api.program().sign_in(name, password) for name, password in tries]
    assert {(a.status, a.problem, str(a.said), a.headers["content-length"]) for a in answers} == {
        (401, "not_proven", str(answers[0].said), answers[0].headers["content-length"])
    }


@pytest.mark.row("I1")
async def test_the_password_is_compared_as_it_was_sent(api: Api) -> None:
    """Neither trimmed nor folded; only the two Unicode spellings of one text are one."""
    spelled = "Cafe\u0301 au lait, s'il vous plait"
    await api.signed_up(ANNA, spelled)
    assert (await api.program().sign_in(ANNA, "Caf\u00e9 au lait, s'il vous plait")).state == "done"
    for wrong in (spelled.lower(), f" {spelled}", f"{spelled} ", spelled.replace("'", "\u2019")):
        assert (await api.program().sign_in(ANNA, wrong)).problem == "not_proven"


@pytest.mark.row("D1")
async def test_ten_guesses_a_day_from_unknown_devices_and_the_next_day_ten_more(patient_api: Api) -> None:
    api = patient_api
    await api.signed_up(ANNA)
    await guess(api.program(), 10)
    closed = await api.program().sign_in(ANNA, PASSWORD)
    assert (closed.status, closed.problem) == (429, "guesses_used_up")
    assert int(closed.headers["retry-after"]) <= 12 * 3600 + 1, "it is noon"
    api.clock.wait(hours=11, minutes=59)
    assert (await api.program().sign_in(ANNA, PASSWORD)).problem == "guesses_used_up"
    api.clock.wait(minutes=1)
    assert (await api.program().sign_in(ANNA, PASSWORD)).state == "done"


@pytest.mark.row("D1", "D3")
async def test_names_that_nobody_has_are_counted_too(patient_api: Api) -> None:
    api = patient_api
    await guess(api.program(), 10, "nobody@example.com")
    assert (await api.program().sign_in("Nobody@Example.com", PASSWORD)).problem == "guesses_used_up"
    assert (await api.program().sign_in("somebody@example.com", PASSWORD)).problem == "not_proven"


@pytest.mark.row("D2")
async def test_a_known_device_is_not_closed_by_strangers(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await guess(api.program(), 10)
    assert (await api.program().sign_in(ANNA)).problem == "guesses_used_up"
    await guess(owner, 9)
    assert (await owner.sign_in(ANNA)).state == "done"


@pytest.mark.row("D1")
async def test_a_known_device_has_a_lane_of_ten_too(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await guess(owner, 10)
    assert (await owner.sign_in(ANNA)).problem == "guesses_used_up"
    assert (await api.program().sign_in(ANNA)).state == "done", "the lane of unknown devices is another"


@pytest.mark.row("D1")
async def test_a_device_of_one_account_is_unknown_to_another(patient_api: Api) -> None:
    """A thief cannot bring lanes of his own."""
    api = patient_api
    await api.signed_up(ANNA)
    thieves = [await api.signed_up(f"thief{n}@example.com") for n in range(2)]
    for thief in thieves:
        await guess(thief, 5)
    assert (await thieves[0].sign_in(ANNA)).problem == "guesses_used_up"


@pytest.mark.row("D1", "D3")
async def test_another_name_of_the_account_gives_no_further_guesses_and_does_not_tell(patient_api: Api) -> None:
    """Ten a day reach the hash, by whatever name; that they are used up is told for the name that was tried."""
    api = patient_api
    owner = await api.signed_up(ANNA)
    await owner.start("change_details", name="Anna", language="en", user_name="anna.b")
    await guess(api.program(), 10)
    assert (await api.program().sign_in("anna.b", PASSWORD)).problem == "not_proven"


@pytest.mark.row("D1")
async def test_a_hundred_in_a_row_close_the_lane_for_good_and_a_new_password_opens_it(patient_api: Api) -> None:
    api = patient_api
    await api.signed_up(ANNA)
    for _ in range(10):
        await guess(api.program(), 10)
        api.clock.wait(days=1)
    assert (await api.program().sign_in(ANNA)).problem == "not_proven", "right, but no longer compared"
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await program.code(began.flow_id, (await api.newest(ANNA)).code)
    await program.finish(began.flow_id, ANOTHER)
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"


@pytest.mark.row("D2")
async def test_an_owner_on_a_new_device_gets_in_by_a_mailed_link_while_all_is_attacked(patient_api: Api) -> None:
    api = patient_api
    await api.signed_up(ANNA)
    await guess(api.program(), 10)
    stranger = api.program()
    for _ in range(3):
        began = await stranger.start("recover", identifier=ANNA)
        for _ in range(5):
            await stranger.code(began.flow_id, "000000")
    owner = api.program()
    began = await owner.start("sign_in", identifier=ANNA)
    assert (began.state, began.said["sent"], began.said["session"]) == ("asking", True, None)
    letter = await api.newest(ANNA)
    assert letter.subject == "Sign in to Sparekey"
    done = await owner.open(letter.link)
    assert done.state == "done"
    assert (await owner.read("session"))["proofs"] == ["email"]


@pytest.mark.row("D2", "R1")
async def test_after_a_recovery_the_owner_signs_in_though_the_password_is_under_attack(patient_api: Api) -> None:
    """The sign-in that a recovery leads to has a guess counter of its own."""
    api = patient_api
    await api.signed_up(ANNA)
    owner = api.program()
    began = await owner.start("recover", identifier=ANNA)
    await owner.code(began.flow_id, (await api.newest(ANNA)).code)
    done = await owner.finish(began.flow_id, ANOTHER)
    await guess(api.program(), 10)
    assert (await owner.sign_in(ANNA, ANOTHER)).problem == "guesses_used_up"
    assert (await owner.password(done.said["next_flow"], "not this one, no, not this")).problem == "not_proven"
    assert (await owner.password(done.said["next_flow"], ANOTHER)).state == "done"
    assert (await owner.read("session"))["proofs"] == ["password"], "what the recovery used up is worth nothing in the session"


async def known_as_breached(api: Api, password: str) -> None:
    """As if the list had grown after the password was chosen: the list is asked about another text now."""
    services: Services = api.parts.services
    inner = services.breached

    class Grown:
        async def has(self, asked: str) -> bool:
            return asked == password or await inner.has(asked)

    force_setattr(services, "breached", Grown())


@pytest.mark.row("P4")
async def test_right_but_breached_gives_no_session_on_an_unknown_device(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await known_as_breached(api, PASSWORD)
    thief = api.program()
    answer = await thief.sign_in(ANNA)
    assert (answer.state, answer.said["choices"], answer.said["session"]) == ("asking", ["email"], None)
    assert (await thief.password(answer.flow_id, PASSWORD)).problem == "wrong_step"
    assert (await owner.sign_in(ANNA)).state == "done", "a known device is let in"


@pytest.mark.row("P4")
async def test_right_but_breached_leads_to_a_new_password_once_another_thing_is_proven(patient_api: Api) -> None:
    api = patient_api
    await api.signed_up(ANNA)
    await known_as_breached(api, PASSWORD)
    owner = api.program()
    began = await owner.sign_in(ANNA)
    assert (await owner.send(began.flow_id)).said["sent"] is True
    proven = await owner.code(began.flow_id, (await api.newest(ANNA)).code)
    assert (proven.state, proven.said["session"]) == ("done", None)
    to_new_password = proven.said["next_flow"]
    assert (await owner.show(to_new_password)).said["finish"] == "password"
    assert (await owner.finish(to_new_password, PASSWORD)).problem == "invalid_input"
    done = await owner.finish(to_new_password, ANOTHER)
    assert done.state == "done"
    assert (await owner.password(done.said["next_flow"], ANOTHER)).state == "done"
    assert await owner.is_signed_in()


@pytest.mark.row("I1", "I7")
async def test_a_new_device_is_told_of_and_a_known_one_is_not(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    await owner.sign_in(ANNA)
    assert "New sign-in to your account at Sparekey" not in await api.about(ANNA)
    laptop = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
    other = api.program()
    answer = await other.call(
        "POST",
        "/api/v1/flows",
        {"flow": {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}},
        headers={"User-Agent": laptop},
    )
    assert answer.state == "done"
    letter = await api.newest(ANNA)
    assert letter.subject == "New sign-in to your account at Sparekey"
    assert "Firefox · Linux" in letter.text
