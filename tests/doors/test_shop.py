"""The shop's own door: what it withholds, and what it reports (R11, H3). Bad input changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sparekey.domain.errors import BadSettings
from sparekey.settings import read_settings
from tests.doors.api import Answer, Api, Program, served
from tests.doors.test_quarantine import recovered_by_mailbox
from tests.doors.waits import ANNA, press

SECRET = "the-secret-of-the-shop-beside-us-0123456789"
SHOP = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, shop_secret=SECRET) as api:
        yield api


async def ask(api: Api, account_id: str, headers: dict[str, str] | None = None) -> Answer:
    return await api.program().call("GET", f"/api/v1/shop/accounts/{account_id}/restrictions", headers=SHOP if headers is None else headers)


async def report(api: Api, **given: object) -> Answer:
    return await api.program().call("POST", "/api/v1/shop/activity", given, headers=SHOP)


async def id_of(program: Program) -> str:
    found: str = (await program.read("account"))["account_id"]
    return found


def order(account_id: str, **more: object) -> dict[str, object]:
    at = "2030-05-17T11:30:00+02:00"
    given = {"account_id": account_id, "reference": "order-17", "kind": "order", "at": at, "title": "A kettle"}
    return {**given, "amount": "39.90", "currency": "EUR", **more}


@pytest.mark.row("R11")
async def test_the_shop_asks_what_to_withhold(api: Api) -> None:
    account_id = await id_of(await api.signed_up(ANNA))
    assert (await ask(api, account_id)).said == {"account_id": account_id, "states": [], "restrictions": [], "quarantined_until": None}
    await recovered_by_mailbox(api)
    said = (await ask(api, account_id)).said
    assert said["states"] == ["quarantined"]
    assert {r["capability"] for r in said["restrictions"]} == {"payouts", "new_payout_target", "payments_above_limit"}
    assert {(r["why"], r["until"]) for r in said["restrictions"]} == {("quarantined", said["quarantined_until"])}
    await press(api.program(), next(m for m in reversed(await api.letters(ANNA)) if "/d/" in m.text and "new password" in m.subject))
    said = (await ask(api, account_id)).said
    assert said["states"] == ["frozen", "quarantined"]
    assert {r["capability"]: r["why"] for r in said["restrictions"]}["payments"] == "frozen"


@pytest.mark.row("R11", "D3")
async def test_only_the_shop_is_answered(api: Api) -> None:
    program = await api.signed_up(ANNA)
    account_id = await id_of(program)
    for shown in (
        "",
        f"Bearer {SECRET}x",
        f"Bearer {SECRET[:-1]}",
        f"Basic {SECRET}",
        SECRET,
        "Bearer ",
        f"Bearer {program.session}",
        "Bearer ü",
    ):
        refused = await ask(api, account_id, {"Authorization": shown})
        assert (refused.status, refused.problem) == (401, "not_the_shop"), shown
        known = await api.program().call("POST", "/api/v1/shop/activity", order(account_id), headers={"Authorization": shown})
        assert (known.status, known.problem) == (401, "not_the_shop"), shown
    # And the shop's secret opens nobody's account.
    assert (await api.program().call("GET", "/api/v1/account", headers=SHOP)).status == 401


async def test_without_a_secret_nobody_is_the_shop(data_dir: Path, migrated_sqlite: Path) -> None:
    async with served("", data_dir, migrated_sqlite) as api:
        for shown in ("Bearer ", "Bearer", ""):
            assert (await ask(api, "0" * 32, {"Authorization": shown})).problem == "not_the_shop"


@pytest.mark.parametrize("account_id", ["0" * 32, "f" * 32, "1", "%00", "a" * 31 + "Z", "..%2f.."])
async def test_an_account_that_is_not_there(account_id: str, api: Api) -> None:
    answered = await ask(api, account_id)
    assert answered.status == 404
    assert (await report(api, **order(account_id[:64]))).problem == "account_unknown"


@pytest.mark.row("H3")
async def test_a_report_counts_once_and_its_reference_stands_for_one_thing(api: Api) -> None:
    account_id = await id_of(await api.signed_up(ANNA))
    assert (await report(api, **order(account_id))).said == {"new": True}
    assert (await report(api, **order(account_id))).said == {"new": False}
    assert (await report(api, **order(account_id, at="2030-05-17T09:30:00Z"))).said == {"new": False}
    before = await api.rows("shop_activity")
    changed = await report(api, **order(account_id, amount="3990.00"))
    assert (changed.status, changed.fields) == (422, [("reference", "reference_taken")])
    assert await api.rows("shop_activity") == before
    assert b"kettle" not in str(before).encode()
    another = await id_of(await api.signed_up("berta@example.com"))
    assert (await report(api, **order(another))).said == {"new": True}


BAD: dict[str, tuple[dict[str, Any], int, object]] = {
    "a kind that nobody knows": ({"kind": "gift"}, 400, "bad_json"),
    "no time zone": ({"at": "2030-05-17T11:30:00"}, 400, "bad_json"),
    "no time at all": ({"at": "yesterday"}, 400, "bad_json"),
    "a time that no store keeps": ({"at": "0001-01-01T00:00:00+14:00"}, 422, [("at", "too_long_ago")]),
    "tomorrow": ({"at": "2030-05-18T12:00:00Z"}, 422, [("at", "in_the_future")]),
    "no reference": ({"reference": ""}, 400, "bad_json"),
    "a reference without an end": ({"reference": "x" * 101}, 400, "bad_json"),
    "a reference that is a number": ({"reference": 17}, 400, "bad_json"),
    "a title with a zero": ({"title": "a\x00b"}, 422, [("title", "text_unusable")]),
    "half a character": ({"title": "\ud800"}, 422, [("title", "text_unusable")]),
    "text that runs the other way": ({"title": "\u202egnirts"}, 422, [("title", "text_unusable")]),
    "a comma in the amount": ({"amount": "39,90"}, 400, "bad_json"),
    "an amount that is a number": ({"amount": 39.9}, 400, "bad_json"),
    "not a number": ({"amount": "NaN"}, 400, "bad_json"),
    "a line after the amount": ({"amount": "39.90\n"}, 400, "bad_json"),
    "an amount of nothing": ({"currency": ""}, 422, [("currency", "amount_and_currency")]),
    "a currency of nothing": ({"amount": ""}, 422, [("amount", "amount_and_currency")]),
    "a currency by its sign": ({"currency": "€"}, 400, "bad_json"),
    "a field that is not there": ({"card": "4111"}, 400, "bad_json"),
}


@pytest.mark.row("N3")
async def test_bad_reports_are_refused_and_change_nothing(api: Api) -> None:
    account_id = await id_of(await api.signed_up(ANNA))
    before = await api.rows("shop_activity", "account", "audit_event")
    for name, (wrong, status, why) in BAD.items():
        answered = await report(api, **order(account_id, **wrong))
        assert answered.status == status, (name, answered)
        assert (answered.problem if isinstance(why, str) else answered.fields) == why, (name, answered)
    assert await api.rows("shop_activity", "account", "audit_event") == before


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"SHOP_SECRET": "short"}, "SPAREKEY_SHOP_SECRET must be at least 32"),
        ({"SHOP_WEBHOOK": "https://shop.example/hook"}, "set together"),
        ({"SHOP_WEBHOOK_SECRET": "whsec_" + "A" * 40}, "set together"),
        ({"SHOP_WEBHOOK": "http://shop.example/hook", "SHOP_WEBHOOK_SECRET": "whsec_" + "A" * 40}, "must begin with https"),
        ({"SHOP_WEBHOOK": "https://shop.example", "SHOP_WEBHOOK_SECRET": "whsec_" + "A" * 40, "SHOP_SECRET": "A" * 40}, "two secrets"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_one_line(given: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        read_settings({f"SPAREKEY_{name}": value for name, value in given.items()})


@pytest.mark.row("H3")
async def test_of_fifty_equal_reports_at_once_one_is_new(database_url: str, data_dir: Path, migrated_sqlite: Path) -> None:
    async with served(database_url, data_dir, migrated_sqlite, shop_secret=SECRET) as api:
        account_id = await id_of(await api.signed_up(ANNA))
        answered = await asyncio.gather(*(report(api, **order(account_id)) for _ in range(50)))
        assert [a.status for a in answered] == [200] * 50
        assert sum(a.said["new"] for a in answered) == 1
        assert len((await api.rows("shop_activity"))["shop_activity"]) == 1
