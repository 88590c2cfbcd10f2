"""What a password must be (P1, P4), that it is a new one (P5), and changing it (P6)."""

from itertools import pairwise
from pathlib import Path

import pytest

from sparekey.domain.errors import BadSettings
from sparekey.settings import read_settings
from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api, Program, served

ANNA = "anna@example.com"


async def changing(program: Program, password: str = PASSWORD) -> str:
    """The id of a flow in which the present password was given."""
    began = await program.start("change_password")
    proven = await program.password(began.flow_id, password)
    assert (proven.state, proven.said["finish"]) == ("allowed", "password"), proven
    return began.flow_id


REFUSED = [
    ("fourteen chars", "password_too_short"),
    ("x" * 1025, "password_too_long"),
    ("a password with\0NUL", "password_bad_character"),
    ("a password with\x1bescape", "password_bad_character"),
    ("a password with \ud800 half", "password_bad_character"),
    ("qwertyuiopasdfghjkl", "password_breached"),
    ("example.com example", "password_like_address"),
    ("Anna Anna Anna Anna", "password_like_name"),
    ("sparekey sparekey", "password_like_site"),
    ("abcabcabcabcabcabcabcabc", "password_too_easy"),
]


@pytest.mark.row("P1", "P4")
@pytest.mark.parametrize(("password", "reason"), REFUSED, ids=[r for _, r in REFUSED])
async def test_a_bad_password_is_refused_with_its_reason_everywhere(api: Api, password: str, reason: str) -> None:
    owner = await api.signed_up(ANNA)
    flow_id = await changing(owner)
    before = await api.rows()
    sign_up = await api.program().start("sign_up", email="anna@example.com", name="Anna", password=password)
    assert ("password", reason) in sign_up.fields
    change = await owner.finish(flow_id, password)
    recovering = api.program()
    began = await recovering.start("recover", identifier=ANNA)
    await recovering.code(began.flow_id, (await api.newest(ANNA)).code)
    recovery = await recovering.finish(began.flow_id, password)
    for answer in (change, recovery):
        assert answer.status == 422
        assert reason in {r for _, r in answer.fields}
    judged = await api.program().call("POST", "/api/v1/passwords/check", {"password": password, "name": "Anna", "email": ANNA})
    assert reason in {p["reason"] for p in judged.said["problems"]}
    assert await api.rows() == before


@pytest.mark.row("P1")
async def test_words_of_the_site_make_no_password(database_url: str, data_dir: Path, migrated_sqlite: Path, api: Api) -> None:
    made_of_them = "Blue Kettle, Riga Tallinn 7"
    async with served(database_url, data_dir / "other", migrated_sqlite, site_words="Blue Kettle,Riga, Tallinn") as site:
        refused = await site.program().start("sign_up", email=ANNA, name="Anna", password=made_of_them)
        assert refused.fields == [("password", "password_like_site")]
        assert (await site.program().start("sign_up", email=ANNA, name="Anna", password="a kettle in Riga sings of rain")).status == 201
    assert (await api.program().start("sign_up", email=ANNA, name="Anna", password=made_of_them)).status == 201, "elsewhere it is fine"


@pytest.mark.parametrize("words", ["a", "Kettle,", ",", "Kettle, ,Riga", " "])
def test_a_list_of_words_with_nothing_between_its_commas_is_refused(words: str) -> None:
    with pytest.raises(BadSettings, match="SPAREKEY_SITE_WORDS"):
        read_settings({"SPAREKEY_SITE_WORDS": words})


LONGEST = " ".join(str(n * n) for n in range(300))[:1024]


@pytest.mark.row("P1")
@pytest.mark.parametrize(
    "password",
    ["fifteen chars!!", "пароль из русских слов", "🦊🐙🦔🐝🌵🍄🎈🪁🧩🪐🧭🪗🛼🥁🧶", LONGEST],
)
async def test_any_characters_will_do(api: Api, password: str) -> None:
    await api.signed_up(ANNA, password)
    assert (await api.program().sign_in(ANNA, password)).state == "done"


@pytest.mark.row("P6")
async def test_changing_it_ends_other_sessions_and_open_links_and_tells_every_address(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    adding = await owner.start("add_address", email="second@example.com")
    await owner.code(adding.flow_id, (await api.newest("second@example.com")).code)
    other = api.program()
    await other.sign_in(ANNA)
    stranger = api.program()
    recovering = await stranger.start("recover", identifier=ANNA)
    link = (await api.newest(ANNA)).link
    done = await owner.finish(await changing(owner), ANOTHER)
    assert done.state == "done"
    assert await owner.is_signed_in()
    assert not await other.is_signed_in()
    assert (await stranger.show(recovering.flow_id)).state == "ended"
    assert (await api.program().open(link)).problem == "link_over"
    for address in (ANNA, "second@example.com"):
        assert (await api.about(address))[-1] == "Your password at Sparekey was changed"
    assert (await api.program().sign_in(ANNA, PASSWORD)).problem == "not_proven"
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"
    assert (await owner.sign_in(ANNA, ANOTHER)).state == "done"


@pytest.mark.row("P6")
@pytest.mark.parametrize("minutes", [0, 16])
async def test_however_fresh_the_session_the_present_password_is_asked_for(patient_api: Api, minutes: int) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await owner.sign_in(ANNA)
    api.clock.wait(minutes=minutes)
    began = await owner.start("change_password")
    assert (began.state, began.said["choices"], began.said["finish"]) == ("asking", ["password"], "")
    assert (await owner.finish(began.flow_id, ANOTHER)).problem == "wrong_step"
    assert (await owner.password(began.flow_id, ANOTHER)).problem == "not_proven"
    assert (await owner.password(began.flow_id, PASSWORD)).said["finish"] == "password"
    assert (await owner.finish(began.flow_id, ANOTHER)).state == "done"


@pytest.mark.row("P6")
async def test_nobody_changes_it_without_a_session(api: Api) -> None:
    await api.signed_up(ANNA)
    answer = await api.program().start("change_password")
    assert (answer.status, answer.problem) == (401, "not_signed_in")


@pytest.mark.row("P6", "R1")
async def test_i_do_not_remember_it_leads_to_recovery_without_signing_out(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    began = await owner.start("recover", identifier=ANNA)
    await owner.code(began.flow_id, (await api.newest(ANNA)).code)
    assert await owner.is_signed_in()
    assert (await owner.finish(began.flow_id, ANOTHER)).state == "done"


@pytest.mark.row("P5")
async def test_the_last_ten_are_refused_and_the_eleventh_is_not(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    before = [PASSWORD, *(f"{THIRD}, verse {n}" for n in range(10))]
    for old, new in pairwise(before):
        assert (await owner.finish(await changing(owner, old), new)).state == "done"
    flow_id = await changing(owner, before[-1])
    for used in before[1:]:
        assert (await owner.finish(flow_id, used)).fields == [("new_password", "password_used_before")]
    assert (await owner.finish(flow_id, before[0])).state == "done"


@pytest.mark.row("P6")
async def test_a_change_is_made_once(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    flow_id = await changing(owner)
    assert (await owner.finish(flow_id, ANOTHER)).state == "done"
    again = await owner.finish(flow_id, THIRD)
    assert (again.status, again.problem) == (410, "done")
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"
