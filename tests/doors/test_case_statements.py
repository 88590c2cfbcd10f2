"""Statements in a real case (C5): what counts, what does not, and that nobody learns which was right."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.domain.statements import About, Match
from sparekey.domain.values import replace
from sparekey.use_cases.judge_statements import judge_statements
from tests.doors.api import PASSWORD, Api, Program, served
from tests.doors.cases import NEW, Person, of_number, opened
from tests.doors.waits import ANNA, SECOND, add_second

pytestmark = pytest.mark.row("C5")

SHOP = "the-secret-of-the-shop-beside-us-0123456789"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1"
RIGHT = {"sign_up": "2030-05", "address": SECOND, "device": "Safari, iPhone", "order": "order-17", "secret": "Whiskers"}


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    settings = {"shop_secret": SHOP, "secret_question": "on", "insecure_no_volume_limits": "true"}
    async with served("", data_dir, migrated_sqlite, **settings) as api:
        yield api


async def owner(api: Api) -> Program:
    """Four months ago: an account with a second address, a phone that signed in, an order and a secret question."""
    anna = await api.signed_up(ANNA)
    await add_second(api, anna)
    signs_in = {"flow": {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}}
    await api.program().call("POST", "/api/v1/flows", signs_in, headers={"User-Agent": IPHONE})
    await report(api, anna, "order-17")
    assert (await anna.start("set_secret_answer", question="first_pet", answer="Whiskers")).state == "done"
    api.clock.wait(days=120)
    return anna


async def report(api: Api, program: Program, reference: str) -> None:
    account_id = (await program.read("account"))["account_id"]
    given = {"account_id": account_id, "reference": reference, "kind": "order", "at": api.clock.now().isoformat()}
    answered = await api.program().call("POST", "/api/v1/shop/activity", given, headers={"Authorization": f"Bearer {SHOP}"})
    assert answered.status == 200, answered


async def second_removed(api: Api) -> None:
    anna = api.program()
    await anna.sign_in(ANNA)
    second = next(a["address_id"] for a in (await anna.read("account"))["addresses"] if a["value"] == SECOND)
    gone = await anna.start("remove_address", address_id=second)
    assert gone.state == "done", gone


async def compared(api: Api, person: Person) -> dict[About, Match]:
    case = await of_number(api, person.number)
    async with api.parts.services.store.transaction() as tx:
        return {j.about: j.match for j in await judge_statements(tx, api.parts.services, case)}


async def test_what_the_owner_remembers_matches(api: Api) -> None:
    await owner(api)
    await second_removed(api)
    person = await opened(api, ANNA)
    said = await person.state(**RIGHT)
    assert "match" not in str(said.said), "nobody is told how it compares"
    assert await compared(api, person) == {
        About.SIGN_UP: Match.MATCH,
        About.ADDRESS: Match.MATCH,
        About.DEVICE: Match.MATCH,
        About.PLACE: Match.UNSAID,
        About.ORDER: Match.MATCH,
        About.SECRET: Match.MATCH,
    }
    case = await of_number(api, person.number)
    assert "hiskers" not in repr(case), "the answer itself is not kept"


async def test_what_a_thief_can_read_or_has_made_himself_does_not_count(api: Api) -> None:
    """He has been inside for a week: he reads the pages, adds an address, signs in and orders; then he makes a case of it."""
    await owner(api)
    thief = api.program()
    await thief.call(
        "POST", "/api/v1/flows", {"flow": {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}}, headers={"User-Agent": IPHONE}
    )
    await add_second(api, thief, "thief@new.example")
    await report(api, thief, "order-18")
    assert (await thief.start("set_secret_answer", question="first_pet", answer="Rex")).state == "done"
    mine = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"] == "thief@new.example")
    assert (await thief.start("remove_address", address_id=mine)).state == "done"
    api.clock.wait(days=7)
    person = await opened(api, ANNA, NEW)
    await person.state(sign_up="2030-09", address="thief@new.example", device="Safari iPhone", order="order-18", secret="Rex")
    matches = await compared(api, person)
    assert set(matches.values()) <= {Match.NONE, Match.UNKNOWN, Match.UNSAID}, matches
    assert matches[About.DEVICE] is Match.UNKNOWN, "the page of devices shows it now"


async def test_only_what_is_older_than_the_first_contested_change_counts(api: Api) -> None:
    await owner(api)
    await second_removed(api)
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{ANNA}")
        await tx.accounts.save(account, replace(account, contested_at=account.created_at), api.clock.now())
    person = await opened(api, ANNA)
    await person.state(**RIGHT)
    matches = await compared(api, person)
    assert Match.MATCH not in {matches[a] for a in (About.ADDRESS, About.DEVICE, About.ORDER, About.SECRET)}, matches
    assert matches[About.SIGN_UP] is Match.MATCH, "nobody was there before"


async def test_for_a_name_that_nobody_has_nothing_matches(api: Api) -> None:
    person = await opened(api, "nora@example.com")
    await person.state(**RIGHT)
    assert set((await compared(api, person)).values()) <= {Match.NONE, Match.UNSAID, Match.UNKNOWN}


async def test_what_the_pages_of_a_young_account_show_does_not_count(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    assert "account.sign_up.done" in str(await anna.read("account/activity"))
    person = await opened(api, ANNA)
    await person.state(sign_up="2030-05")
    assert (await compared(api, person))[About.SIGN_UP] is Match.UNKNOWN


async def test_after_a_download_of_the_data_nothing_is_left_to_tell_the_owner_by(api: Api) -> None:
    await owner(api)
    thief = api.program()
    await thief.sign_in(ANNA)
    asked = await thief.start("download_data")
    assert asked.state in {"allowed", "done"}, asked
    if asked.state == "allowed":
        assert (await thief.call("POST", f"/api/v1/flows/{asked.flow_id}/data")).status == 200
    person = await opened(api, ANNA)
    await person.state(**RIGHT)
    matches = await compared(api, person)
    assert {m for about, m in matches.items() if about is not About.SECRET} <= {Match.UNKNOWN, Match.UNSAID}, matches
