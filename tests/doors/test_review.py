"""Secure my account, through JSON (H3): what happened since, for the owner and after a proof; orders that were somebody else's."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.people import FAR, FIREFOX, HOME, at
from tests.delivery.test_shop_events import SECRET as WEBHOOK_SECRET
from tests.doors.api import PASSWORD, Answer, Api, Program, served
from tests.doors.test_shop import SECRET, order, report

pytestmark = pytest.mark.row("H3")

ANNA, THIEF = "anna@example.com", "thief@example.com"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    given = {"shop_secret": SECRET, "shop_webhook": "http://127.0.0.1:9/", "shop_webhook_secret": WEBHOOK_SECRET}
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true", **given) as api:
        yield api


async def owner_at_home(api: Api) -> Program:
    owner = at(api, HOME)
    began = await owner.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    assert (await owner.code(began.flow_id, (await api.newest(ANNA)).code)).state == "done"
    return owner


async def robbed(api: Api) -> tuple[Program, Program]:
    """The owner at home, signed in ten days ago; and a thief since, who adds an address and buys something."""
    owner = await owner_at_home(api)
    api.clock.wait(days=20)
    assert (await owner.sign_in(ANNA)).state == "done"
    api.clock.wait(days=10)
    thief = at(api, FAR, FIREFOX)
    assert (await thief.sign_in(ANNA)).state == "done"
    began = await thief.start("add_address", email=THIEF)
    assert (await thief.code(began.flow_id, (await api.newest(THIEF)).code)).state == "done"
    now = api.clock.now().isoformat()
    account_id = (await owner.read("account"))["account_id"]
    bought = order(account_id, reference="stolen-1", at=now, title="Ten gift cards", network="198.51.100.7", user_agent=FIREFOX)
    assert (await report(api, **bought)).said == {"new": True}
    assert (await report(api, **order(account_id, at="2030-05-18T12:00:00Z"))).said == {"new": True}
    api.clock.wait(hours=5)
    return owner, thief


async def review(program: Program) -> Any:
    return await program.read("account/review")


def names(said: Any) -> list[str]:
    return [e["name"] for e in said["events"]]


async def test_what_happened_since_the_last_good_sign_in_is_listed(api: Api) -> None:
    owner, _ = await robbed(api)
    assert (await owner.sign_in(ANNA)).state == "done"
    said = await review(owner)
    assert said["good"] is True
    assert datetime.fromisoformat(said["since"]).date().isoformat() == "2030-06-06", "twenty days after the sign-up, and before the thief"
    assert names(said) == ["account.sign_in.done", "account.address.added", "account.sign_in.done"]
    devices = {s["device"] for s in said["sessions"]}
    assert len(devices) == 2
    assert [s["current"] for s in said["sessions"]].count(True) == 1
    [bought] = said["orders"]
    assert (bought["reference"], bought["title"], bought["amount"], bought["device"]) == (
        "stolen-1",
        "Ten gift cards",
        "39.90",
        "Firefox · Linux",
    )


async def test_an_owner_who_signs_in_again_and_again_still_sees_what_the_thief_did(api: Api) -> None:
    owner, _ = await robbed(api)
    for _ in range(3):
        api.clock.wait(hours=1)
        assert (await owner.sign_in(ANNA)).state == "done"
    said = await review(owner)
    assert "account.address.added" in names(said)
    assert [o["reference"] for o in said["orders"]] == ["stolen-1"]


async def test_a_thief_who_comes_back_every_day_makes_no_sign_in_good(api: Api) -> None:
    owner, thief = await robbed(api)
    for _ in range(5):
        api.clock.wait(days=1)
        assert (await thief.sign_in(ANNA)).state == "done"
    assert (await owner.sign_in(ANNA)).state == "done"
    assert "account.address.added" in names(await review(owner))
    assert "account.address.added" in names(await review(thief)), "nor for himself"


async def test_a_server_that_takes_the_newest_usual_sign_in_for_good_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, _ = await robbed(api)
    assert (await owner.sign_in(ANNA)).state == "done"
    api.clock.wait(hours=1)
    assert (await owner.sign_in(ANNA)).state == "done"
    newest = lambda rows, before: max(r.at for r in rows if r.name == "account.sign_in.done" and r.at < before)  # noqa: E731
    monkeypatch.setattr("sparekey.use_cases.review.last_good", newest)
    assert "account.address.added" not in names(await review(owner))


async def test_a_new_account_has_nothing_to_look_back_to(api: Api) -> None:
    said = await review(await owner_at_home(api))
    assert said["good"] is False
    assert said["orders"] == []


# ---------------------------------------------------------------- without a session


async def test_before_a_proof_nothing_is_told_and_after_it_no_more_than_needed(api: Api) -> None:
    await robbed(api)
    stranger = at(api, FAR)
    began = await stranger.start("undo", identifier=ANNA)
    assert began.state == "asking", began
    hidden = await stranger.call("GET", f"/api/v1/flows/{began.flow_id}/review")
    assert (hidden.status, hidden.problem) == (409, "wrong_step")
    other = await at(api, HOME).call("GET", f"/api/v1/flows/{began.flow_id}/review")
    assert (other.status, other.problem) == (404, "unknown")
    if not began.said["sent"]:
        await stranger.send(began.flow_id)
    assert (await stranger.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed"
    said = (await stranger.call("GET", f"/api/v1/flows/{began.flow_id}/review")).said
    assert "account.address.added" in names(said)
    assert [(o["kind"], o["title"], o["reference"], o["amount"]) for o in said["orders"]][:1] == [("order", "", "", "")]
    assert (await at(api, FAR).call("GET", "/api/v1/account/review")).status == 401


# ---------------------------------------------------------------- orders


async def disown(program: Program, *references: object) -> Answer:
    return await program.call("POST", "/api/v1/account/review/orders", {"references": list(references)})


async def test_the_shop_is_told_of_orders_that_were_somebody_elses(api: Api) -> None:
    owner, _ = await robbed(api)
    before = await api.rows("shop_event")
    assert (await disown(owner, "stolen-1", "stolen-1")).status == 204
    rows = [r for r in (await api.rows("shop_event"))["shop_event"] if r not in before["shop_event"]]
    assert len(rows) == 1
    assert b'"type":"activity.disowned"' in bytes(rows[0][4])  # type: ignore[call-overload]
    assert b'"references":["stolen-1"]' in bytes(rows[0][4])  # type: ignore[call-overload]
    assert "account.orders.disowned" in names(await review(owner))


@pytest.mark.parametrize(
    ("references", "status", "why"),
    [
        (["nothing"], 422, "invalid_input"),
        (["stolen-1", "nothing"], 422, "invalid_input"),
        ([], 400, "bad_json"),
        ([""], 400, "bad_json"),
        (["x" * 101], 400, "bad_json"),
        ([17], 400, "bad_json"),
        (["\ud800"], 422, "invalid_input"),
        (["x"] * 101, 400, "bad_json"),
    ],
    ids=range(8),
)
async def test_orders_that_are_none_are_refused_and_nobody_is_told(references: list[object], status: int, why: str, api: Api) -> None:
    owner, _ = await robbed(api)
    before = await api.rows("shop_event", "audit_event")
    answered = await disown(owner, *references)
    assert (answered.status, answered.problem) == (status, why)
    assert await api.rows("shop_event", "audit_event") == before


async def test_the_orders_of_another_account_are_none_of_mine(api: Api) -> None:
    await robbed(api)
    eve = await api.signed_up("eve@example.com")
    assert (await disown(eve, "stolen-1")).fields == [("references", "order_unknown")]
    assert (await review(eve))["orders"] == []
