"""Signing up (S1): the address by a code, by a link here, by a link elsewhere; and what a stranger can prepare, namely nothing."""

from dataclasses import replace

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Answer, Api

pytestmark = pytest.mark.row("S1")

ANNA = "anna@example.com"


async def begun(api: Api, email: str = ANNA) -> Answer:
    return await api.program().start("sign_up", email=email, name="Anna", password=PASSWORD)


def masked(answer: Answer) -> dict[str, object]:
    """What a program sees of a flow that does not differ by chance."""
    return {k: v for k, v in answer.said.items() if k not in {"flow_id", "flow_token", "expires_at", "resend_at"}}


async def test_by_the_code(api: Api) -> None:
    program = api.program()
    began = await program.start("sign_up", email=ANNA, name="Анна 🙂", password=PASSWORD)
    assert (began.status, began.state, began.said["sent_to"]) == (201, "asking", "a•••@example.com")
    done = await program.code(began.flow_id, (await api.newest(ANNA)).code)
    assert done.state == "done"
    account = await program.read("account")
    assert account["name"] == "Анна 🙂"
    assert [(a["value"], a["main"], a["settled"]) for a in account["addresses"]] == [(ANNA, True, True)]
    assert (await program.read("session"))["email"] == ANNA
    assert await api.about(ANNA) == ["Confirm your address for Sparekey", "Welcome to Sparekey"]
    assert (await api.program().sign_in(ANNA)).state == "done"


async def test_nothing_exists_before_the_address_is_proven(api: Api) -> None:
    before = await api.rows()
    await begun(api)
    assert await api.rows() == before
    assert (await api.program().sign_in(ANNA)).problem == "not_proven"


async def test_by_the_link_in_the_program_that_began(api: Api) -> None:
    program = api.program()
    began = await program.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    link = (await api.newest(ANNA)).link
    done = await program.open(link)
    assert (done.flow_id, done.state) == (began.flow_id, "done")
    assert (await program.read("account"))["name"] == "Anna"


async def test_by_the_link_elsewhere_with_the_password_that_was_chosen(api: Api) -> None:
    here, elsewhere = api.program(), api.program()
    began = await here.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    link = (await api.newest(ANNA)).link
    assert (await elsewhere.look(link)).said == {"action": "sign_up", "here": False}
    opened = await elsewhere.open(link)
    assert (opened.state, opened.said["finish"], opened.said["session"]) == ("allowed", "sign_up_password", None)
    before = await api.rows()
    assert (await elsewhere.finish(began.flow_id, ANOTHER)).problem == "not_proven"
    assert await api.rows() == before
    assert (await here.show(began.flow_id)).problem == "unknown"
    assert (await elsewhere.finish(began.flow_id, PASSWORD)).state == "done"
    assert (await elsewhere.read("account"))["name"] == "Anna"
    assert (await api.program().sign_in(ANNA)).state == "done"


async def test_by_the_link_elsewhere_a_new_password_wipes_what_was_set_before(api: Api) -> None:
    """Pre-hijacking, the classic: the thief signs up with the victim's address and waits for the victim to press the link."""
    thief, victim = api.program(), api.program()
    began = await thief.start("sign_up", email=ANNA, name="Thief", password=PASSWORD)
    await victim.open((await api.newest(ANNA)).link)
    done = await victim.finish(began.flow_id, ANOTHER, name="Anna")
    assert done.state == "done"
    assert (await victim.read("account"))["name"] == "Anna"
    assert (await thief.show(began.flow_id)).problem == "unknown"
    assert (await thief.finish(began.flow_id, PASSWORD)).problem == "unknown"
    assert (await api.program().sign_in(ANNA, PASSWORD)).problem == "not_proven"
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"


async def test_a_new_password_elsewhere_is_judged_like_any(api: Api) -> None:
    elsewhere = api.program()
    began = await begun(api)
    await elsewhere.open((await api.newest(ANNA)).link)
    assert (await elsewhere.finish(began.flow_id, "short", name="Anna")).fields == [("password", "password_too_short")]
    assert (await elsewhere.show(began.flow_id)).state == "allowed"


async def test_a_stranger_who_signed_up_first_gets_nothing_when_the_owner_signs_up(api: Api) -> None:
    """Pre-hijacking by waiting: the thief's flow is open while the owner finishes one of her own."""
    thief = api.program()
    began = await thief.start("sign_up", email=ANNA, name="Thief", password=PASSWORD)
    thiefs_link = (await api.newest(ANNA)).link
    owner = await api.signed_up(ANNA, ANOTHER)
    before = await api.rows()
    assert (await thief.finish(began.flow_id, PASSWORD)).problem == "wrong_step"
    # Even the owner, pressing the older link by mistake, does not help the thief.
    assert (await owner.open(thiefs_link)).state == "allowed"
    assert (await owner.finish(began.flow_id, PASSWORD)).problem == "taken"
    assert await api.rows() == before
    assert (await api.program().sign_in(ANNA, PASSWORD)).problem == "not_proven"


async def test_a_second_sign_up_looks_the_same_and_the_owner_is_told(api: Api) -> None:
    await api.signed_up(ANNA)
    before = await api.rows()
    second, fresh = api.program(), api.program()
    taken = await second.start("sign_up", email="ANNA@example.com", name="Eve", password=ANOTHER)
    free = await fresh.start("sign_up", email="another@example.com", name="Eve", password=ANOTHER)
    assert masked(taken) == {**masked(free), "sent_to": "A•••@example.com"}
    letter = await api.newest("ANNA@example.com")
    assert letter.subject == "You already have an account at Sparekey"
    assert "/l/" not in letter.text
    wrong_here, wrong_there = await second.code(taken.flow_id, "000000"), await fresh.code(free.flow_id, "000000")
    assert replace(wrong_here, headers=wrong_there.headers) == wrong_there
    assert wrong_here.problem == "not_proven"
    assert await api.rows() == before


@pytest.mark.parametrize("spelling", ["ANNA@EXAMPLE.COM", " anna@example.com ", "ａnna@example.com", "anna@ｅxample.com"])
async def test_spellings_of_one_address_are_one_account(api: Api, spelling: str) -> None:
    await api.signed_up(ANNA)
    before = await api.rows()
    began = await begun(api, spelling)
    assert began.status == 201
    assert (await api.letters())[-1].subject == "You already have an account at Sparekey"
    assert await api.rows() == before
    assert (await api.program().sign_in(spelling)).state == "done"


@pytest.mark.parametrize("look_alike", ["аnna@example.com", "anna@exаmple.com", "anna@example.com.evil.example"])
async def test_look_alike_addresses_are_other_people(api: Api, look_alike: str) -> None:
    """The first two have a Cyrillic а."""
    await api.signed_up(ANNA)
    assert (await api.program().sign_in(look_alike)).problem == "not_proven"
    stranger = api.program()
    began = await stranger.start("sign_up", email=look_alike, name="Eve", password=ANOTHER)
    assert began.status == 201
    letters = await api.letters()
    assert letters[-1].to != ANNA
    assert letters[-1].subject == "Confirm your address for Sparekey"


async def test_everything_that_is_wrong_is_said_at_once(api: Api) -> None:
    answer = await api.program().start("sign_up", email="not an address", name="   ", password="short")
    assert (answer.status, answer.problem) == (422, "invalid_input")
    assert answer.fields == [("name", "name_missing"), ("email", "email_invalid"), ("password", "password_too_short")]
    assert await api.letters() == []


async def test_in_the_language_that_was_asked_for(api: Api) -> None:
    program = api.program()
    await program.start("sign_up", email=ANNA, name="Anna", password=PASSWORD, language="en")
    answer = await program.call(
        "POST",
        "/api/v1/flows",
        {"flow": {"action": "sign_up", "email": "", "name": "", "password": ""}},
        headers={"Accept-Language": "ru"},
    )
    assert answer.fields[0] == ("name", "name_missing")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.row("D1")
async def test_one_mail_in_five_minutes_always_goes_and_the_rest_is_held(api: Api) -> None:
    """Whoever fills a mailbox by starting over is stopped; what was sent before stays good."""
    program = api.program()
    flows = [await program.start("recover", identifier=ANNA) for _ in range(8)]
    assert [f.said["held"] for f in flows] == [False] * 6 + [True] * 2
