"""An action of the site's own, from the shop's question to the one use of the answer (G1). Bad input changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sparekey.domain.confirmations import ANSWER_WITHIN, USE_WITHIN
from sparekey.domain.errors import BadSettings
from sparekey.settings import read_settings
from sparekey.use_cases.ask_confirmation import leads_to
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program
from tests.doors.confirmations import (
    BACK,
    LINK_CARD,
    ORIGIN,
    PATH,
    SHOP,
    WITH_SECOND,
    Shop,
    confirm,
    id_of,
    look,
    refuse,
    shop_served,
)
from tests.doors.second_factors import answer, enrol
from tests.doors.waits import ANNA, press

pytestmark = pytest.mark.row("G1")

TOUCHED = ("confirmation", "flow", "audit_event", "shop_event")
"""The tables that a confirmation touches."""


@pytest.fixture
async def api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with shop_served(database_url, data_dir, migrated_sqlite) as api:
        yield api


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


@pytest.fixture
async def anna(api: Api) -> Program:
    return await api.signed_up(ANNA)


async def stale(api: Api, program: Program) -> None:
    """What the session has shown is not fresh any more."""
    api.clock.wait(minutes=16)
    assert await program.is_signed_in()


async def events(program: Program) -> list[str]:
    return [e["name"] for e in (await program.read("account/activity"))["events"]]


async def test_from_the_question_of_the_shop_to_the_one_use(api: Api, shop: Shop, anna: Program) -> None:
    account_id = await id_of(anna)
    await stale(api, anna)
    asked = await shop.ask(account_id)
    assert asked.status == 201
    found = asked.said["confirmation_id"]
    assert (asked.said["state"], asked.said["url"]) == ("open", f"http://localhost:8400/confirm/{found}")
    seen = await look(anna, found)
    assert (seen.said["about"], seen.said["title"], seen.said["state"], seen.said["return_to"]) == (
        "Link a card",
        "Visa ending in 4242",
        "open",
        BACK,
    )
    flow = await confirm(anna, found)
    assert (flow.status, flow.said["action"], flow.state, flow.said["choices"]) == (
        201,
        "link_card",
        "asking",
        ["password", "email"],
    )
    assert await shop.state(found) == "open"
    assert (await shop.use(found)).problem == "not_confirmed"
    assert (await anna.password(flow.flow_id, ANOTHER)).status == 401
    assert (await anna.password(flow.flow_id, PASSWORD)).state == "done"
    said = (await shop.look(found)).said
    assert (said["state"], said["proofs"], said["used_at"]) == ("confirmed", ["password"], None)
    assert said["confirmed_at"] is not None
    used = await shop.use(found)
    assert (used.status, used.said["state"]) == (200, "confirmed")
    assert used.said["used_at"] is not None
    again = await shop.use(found)
    assert (again.status, again.problem) == (409, "confirmation_used")
    [told] = await shop.told()
    assert told["type"] == "confirmation.confirmed"
    assert told["data"] == {"account_id": account_id, "action": "link_card", "confirmation_id": found, "reference": "card-17"}
    kinds = ["account.confirmation.used", "account.confirmation.given", "account.confirmation.asked"]
    assert [e for e in await events(anna) if "confirmation" in e] == kinds
    assert b"4242" not in str(await api.rows("confirmation", "audit_event", "shop_event")).encode()


async def test_fresh_proofs_of_the_session_are_enough(shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    assert (await confirm(anna, found)).state == "done"
    assert (await shop.look(found)).said["proofs"] == ["email"]


async def test_refused_it_stays_refused_and_its_flows_end(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    await stale(api, anna)
    flow = await confirm(anna, found)
    assert (await refuse(anna, found)).said["state"] == "refused"
    assert (await anna.password(flow.flow_id, PASSWORD)).problem == "refused"
    assert (await confirm(anna, found)).problem == "refused"
    assert (await refuse(anna, found)).said["state"] == "refused"
    assert await shop.state(found) == "refused"
    assert (await shop.use(found)).problem == "not_confirmed"
    [told] = await shop.told()
    assert (told["type"], told["data"]["reference"]) == ("confirmation.refused", "card-17")
    assert "account.confirmation.refused" in await events(anna)


async def test_what_was_confirmed_cannot_be_refused_or_confirmed_again(shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    assert (await confirm(anna, found)).state == "done"
    for again in (await refuse(anna, found), await confirm(anna, found)):
        assert (again.status, again.problem) == (410, "done")
    assert len(await shop.told()) == 1


async def test_of_two_tabs_one_confirms_and_the_other_is_told(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    await stale(api, anna)
    first, second = await confirm(anna, found), await confirm(anna, found)
    assert (await anna.password(first.flow_id, PASSWORD)).state == "done"
    late = await anna.password(second.flow_id, PASSWORD)
    assert (late.status, late.problem) == (410, "done")


async def test_it_expires_to_the_minute(api: Api, shop: Shop, anna: Program) -> None:
    found, other = await shop.asked(await id_of(anna)), await shop.asked(await id_of(anna), reference="card-18")
    await stale(api, anna)
    flow = await confirm(anna, found)
    api.clock.wait(seconds=(ANSWER_WITHIN.total_seconds() - 16 * 60 - 10))
    assert await shop.state(found) == "open"
    api.clock.wait(seconds=10)
    assert await shop.state(found) == "expired"
    assert (await look(anna, found)).said["state"] == "expired"
    late = await anna.password(flow.flow_id, PASSWORD)
    assert (late.status, late.problem) == (410, "expired")
    for refused in (await confirm(anna, other), await refuse(anna, other)):
        assert (refused.status, refused.problem) == (410, "expired")
    assert (await shop.use(found)).problem == "not_confirmed"
    assert await shop.told() == []


async def test_it_is_used_within_ten_minutes(api: Api, shop: Shop, anna: Program) -> None:
    soon, late = await shop.asked(await id_of(anna)), await shop.asked(await id_of(anna), reference="card-18")
    for found in (soon, late):
        assert (await confirm(anna, found)).state == "done"
    api.clock.wait(seconds=USE_WITHIN.total_seconds() - 5)
    assert (await shop.use(soon)).status == 200
    api.clock.wait(seconds=5)
    refused = await shop.use(late)
    assert (refused.status, refused.problem) == (409, "confirmation_over")
    assert await shop.state(late) == "confirmed"


async def test_the_same_again_is_the_same_and_another_content_is_refused(api: Api, shop: Shop, anna: Program) -> None:
    account_id = await id_of(anna)
    first = await shop.ask(account_id)
    before = await api.rows(*TOUCHED)
    again = await shop.ask(account_id)
    assert (again.status, again.said) == (200, first.said)
    for changed in ({"title": "Visa ending in 6666"}, {"return_to": f"{ORIGIN}/other"}):
        refused = await shop.ask(account_id, **changed)
        assert (refused.status, refused.fields) == (422, [("reference", "reference_taken")])
    assert await api.rows(*TOUCHED) == before
    assert (await confirm(anna, first.said["confirmation_id"])).state == "done"
    assert (await shop.ask(account_id)).said["state"] == "confirmed", "also after it was answered"
    berta = await api.signed_up("berta@example.com")
    assert (await shop.ask(await id_of(berta))).status == 201


async def test_nobody_else_sees_or_answers_it(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    berta = await api.signed_up("berta@example.com")
    before = await api.rows(*TOUCHED)
    for confirmation_id in (found, "0" * 32, "f" * 31, "%00", "..%2f.."):
        for refused in (await look(berta, confirmation_id), await refuse(berta, confirmation_id)):
            assert (refused.status, refused.problem) == (404, "not_found"), confirmation_id
    for confirmation_id in (found, "0" * 32, "f" * 31, ""):
        refused = await confirm(berta, confirmation_id)
        assert (refused.status, refused.problem) == (404, "not_found"), confirmation_id
    stranger = api.program()
    for refused in (await look(stranger, found), await refuse(stranger, found), await confirm(stranger, found)):
        assert (refused.status, refused.problem) == (401, "not_signed_in")
    assert await api.rows(*TOUCHED) == before


async def test_a_flow_goes_on_in_its_session_only(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    await stale(api, anna)
    flow = await confirm(anna, found)
    without = api.program()
    without.flow_tokens = anna.flow_tokens
    assert (await without.password(flow.flow_id, PASSWORD)).problem == "not_signed_in"
    berta = await api.signed_up("berta@example.com")
    berta.flow_tokens |= anna.flow_tokens
    assert (await berta.password(flow.flow_id, PASSWORD)).problem == "not_signed_in"
    assert (await anna.call("DELETE", "/api/v1/session")).status == 204
    assert await shop.state(found) == "open"
    back = api.program()
    await back.sign_in(ANNA)
    back.flow_tokens |= anna.flow_tokens
    assert (await back.password(flow.flow_id, PASSWORD)).problem == "signed_out"


async def test_only_the_shop_asks_looks_and_uses(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    for shown in ("", f"Bearer {anna.session}", "Bearer ü", f"{SHOP['Authorization']}x"):
        for method, path, body in (("POST", PATH, {}), ("GET", f"{PATH}/{found}", None), ("POST", f"{PATH}/{found}/use", None)):
            refused = await api.program().call(method, path, body, headers={"Authorization": shown})
            assert (refused.status, refused.problem) == (401, "not_the_shop"), (shown, path)
    for missing in ("0" * 32, "x", "%00"):
        for answered in (await shop.look(missing), await shop.use(missing)):
            assert (answered.status, answered.problem) == (404, "not_found")


async def test_an_account_that_is_not_there(api: Api, shop: Shop, anna: Program) -> None:
    before = await api.rows("audit_head", *TOUCHED)
    for account_id in ("0" * 32, "f" * 32, "1", "a" * 31 + "Z", "\x00"):
        refused = await shop.ask(account_id)
        assert (refused.status, refused.problem) == (404, "account_unknown")
    assert await api.rows("audit_head", *TOUCHED) == before
    assert await anna.is_signed_in()


BAD: dict[str, tuple[dict[str, Any], int, object]] = {
    "a standard action": ({"action": "change_password"}, 422, [("action", "action_not_own")]),
    "to sign in": ({"action": "sign_in"}, 422, [("action", "action_not_own")]),
    "a payment, which comes later": ({"action": "confirm_payment"}, 422, [("action", "action_not_own")]),
    "a file that is no action": ({"action": "capabilities"}, 422, [("action", "action_not_own")]),
    "an action that nobody knows": ({"action": "link_cards"}, 422, [("action", "action_not_own")]),
    "no action": ({"action": ""}, 422, [("action", "action_not_own")]),
    "an action that is too long": ({"action": "x" * 41}, 400, "bad_json"),
    "an action that is a number": ({"action": 1}, 400, "bad_json"),
    "no reference": ({"reference": ""}, 400, "bad_json"),
    "a reference without an end": ({"reference": "x" * 101}, 400, "bad_json"),
    "a reference with a zero": ({"reference": "a\x00"}, 422, [("reference", "text_unusable")]),
    "no title": ({"title": ""}, 400, "bad_json"),
    "a title of spaces": ({"title": "  "}, 422, [("title", "title_missing")]),
    "a title without an end": ({"title": "x" * 201}, 400, "bad_json"),
    "text that runs the other way": ({"title": "\u202egnirts"}, 422, [("title", "text_unusable")]),
    "half a character": ({"title": "\ud800"}, 422, [("title", "text_unusable")]),
    "another site": ({"return_to": "https://evil.example/cards"}, 422, [("return_to", "return_foreign")]),
    "no address": ({"return_to": ""}, 422, [("return_to", "return_foreign")]),
    "a script": ({"return_to": "javascript:alert(1)"}, 422, [("return_to", "return_foreign")]),
    "a path": ({"return_to": "/cards"}, 422, [("return_to", "return_foreign")]),
    "a title that is a list": ({"title": []}, 400, "bad_json"),
    "a field that is not there": ({"amount": "1.00"}, 400, "bad_json"),
    "several at once": (
        {"action": "sign_in", "title": "\x07", "return_to": "x"},
        422,
        [("title", "text_unusable"), ("action", "action_not_own"), ("return_to", "return_foreign")],
    ),
}


@pytest.mark.row("N3")
async def test_bad_questions_are_refused_and_change_nothing(api: Api, shop: Shop, anna: Program) -> None:
    account_id = await id_of(anna)
    before = await api.rows("account", *TOUCHED)
    for name, (wrong, status, why) in BAD.items():
        answered: Answer = await shop.ask(account_id, **wrong)
        assert answered.status == status, (name, answered)
        assert (answered.problem if isinstance(why, str) else answered.fields) == why, (name, answered)
    assert await api.rows("account", *TOUCHED) == before


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        (ORIGIN, True),
        (f"{ORIGIN}/", True),
        (f"{ORIGIN}/cards?card=17#top", True),
        (f"{ORIGIN}.evil.example/", False),
        (f"{ORIGIN}@evil.example/", False),
        (f"{ORIGIN}:443@evil.example/", False),
        (f"{ORIGIN}\\@evil.example", False),
        (f"{ORIGIN}/\\evil", False),
        (f"{ORIGIN}?x", False),
        ("https://SHOP.example.com/", False),
        ("http://shop.example.com/", False),
        ("https://user@shop.example.com/", False),
        ("//shop.example.com/", False),
        (f" {ORIGIN}/", False),
        (f"{ORIGIN}/\n", False),
        (f"{ORIGIN}/a\tb", False),
        (f"{ORIGIN}/é", False),
        (f"{ORIGIN}/\u202e", False),
        ("", False),
    ],
)
def test_only_the_shops_own_pages_are_led_back_to(url: str, fine: bool) -> None:
    assert leads_to(ORIGIN, url) is fine
    assert not leads_to("", url), "where no shop is named, nobody is led anywhere"


@pytest.mark.parametrize(
    ("url", "mode", "says"),
    [
        ("shop.example.com", "development", "scheme and host only"),
        ("https://shop.example.com/", "development", "scheme and host only"),
        ("https://shop.example.com/cards", "development", "scheme and host only"),
        ("ftp://shop.example.com", "development", "scheme and host only"),
        ("http://shop.example.com", "production", "must begin with https://"),
        ("http://localhost:3000", "development", ""),
        ("https://shop.example.com", "production", ""),
    ],
)
def test_the_address_of_the_shop(url: str, mode: str, says: str) -> None:
    given = {"SPAREKEY_MODE": mode, "SPAREKEY_SHOP_URL": url}
    if mode == "production":
        base = {
            "SPAREKEY_BASE_URL": "https://id.example.com",
            "SPAREKEY_SMTP": "smtp://mail.example.com",
            "SPAREKEY_MAIL_FROM": "id@example.com",
        }
        given |= base
    if not says:
        assert read_settings(given).shop.shop_url == url
        return
    with pytest.raises(BadSettings, match=says):
        read_settings(given)


# ---------------------------------------------------------------- what the policy says


async def test_a_policy_that_asks_for_a_second_factor(database_url: str, data_dir: Path, migrated_sqlite: Path) -> None:
    async with shop_served(database_url, data_dir, migrated_sqlite, text=WITH_SECOND) as api:
        shop, owner = Shop(api), await enrol(api, await api.signed_up(ANNA), ANNA)
        found = await shop.asked(await id_of(owner.program))
        flow = await confirm(owner.program, found)
        assert (flow.state, flow.said["choices"]) == ("asking", ["password", "totp"])
        half = await owner.program.password(flow.flow_id, PASSWORD)
        assert (half.state, half.said["choices"]) == ("asking", ["totp"])
        assert await shop.state(found) == "open"
        code = owner.app.next_code()
        assert (await answer(owner.program, flow.flow_id, "totp", code=code)).state == "done"
        assert sorted((await shop.look(found)).said["proofs"]) == ["password", "totp"]
        # Who has no second factor cannot do it at all.
        berta = await api.signed_up("berta@example.com")
        other = await shop.asked(await id_of(berta))
        denied = await confirm(berta, other)
        assert (denied.state, denied.said["ended"]) == ("denied", "no_route")
        assert await shop.state(other) == "open"


async def test_while_the_account_is_frozen_nothing_is_asked_or_used(api: Api, shop: Shop, anna: Program) -> None:
    account_id = await id_of(anna)
    found = await shop.asked(account_id)
    assert (await confirm(anna, found)).state == "done"
    thief = api.program()
    assert (await thief.sign_in(ANNA)).state == "done"
    await press(api.program(), (await api.letters(ANNA))[-1])
    before = await api.rows(*TOUCHED)
    for refused in (await shop.use(found), await shop.ask(account_id, reference="card-18")):
        assert (refused.status, refused.problem) == (409, "frozen")
    assert (await shop.ask(account_id)).status == 200, "what was asked before is still told"
    assert await api.rows(*TOUCHED) == before


async def test_an_own_action_is_allowed_or_not(data_dir: Path, migrated_sqlite: Path) -> None:
    for then in ('"refer"', '"wait"\nwait_hours = 24'):
        with pytest.raises(BadSettings, match=r"link_card\.toml: an action of your own is allowed or not"):
            async with shop_served("", data_dir, migrated_sqlite, text=LINK_CARD.replace('"allow"', then)):
                pass


async def test_an_action_that_left_the_policy_cannot_be_confirmed(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    actions = api.parts.services.policy.actions
    assert isinstance(actions, dict)
    del actions["link_card"]
    refused = await confirm(anna, found)
    assert (refused.status, refused.problem) == (410, "not_offered")
    assert (await look(anna, found)).said["about"] == "link_card"
    assert (await refuse(anna, found)).said["state"] == "refused"


async def test_a_flow_whose_action_left_the_policy_says_so_at_each_step(api: Api, shop: Shop, anna: Program) -> None:
    found = await shop.asked(await id_of(anna))
    await stale(api, anna)
    flow = await confirm(anna, found)
    actions = api.parts.services.policy.actions
    assert isinstance(actions, dict)
    del actions["link_card"]
    for at in (await anna.call("GET", f"/api/v1/flows/{flow.flow_id}"), await anna.password(flow.flow_id, PASSWORD)):
        assert (at.status, at.problem) == (410, "not_offered")
    assert await shop.state(found) == "open"
    # What ends flows of the account passes over it.
    assert (await refuse(anna, found)).said["state"] == "refused"
    changed = await anna.start("change_password")
    assert (await anna.password(changed.flow_id, PASSWORD)).state == "allowed"
    assert (await anna.call("POST", f"/api/v1/flows/{changed.flow_id}/finish", {"password": ANOTHER})).state == "done"
    assert (await anna.call("DELETE", "/api/v1/session")).status < 300


@pytest.mark.row("S4")
async def test_ones_data_holds_what_was_asked(api: Api, shop: Shop, anna: Program) -> None:
    await shop.asked(await id_of(anna))
    flow = await anna.start("download_data")
    kept = (await anna.call("POST", f"/api/v1/flows/{flow.flow_id}/data")).said
    [one] = kept["confirmations"]
    assert (one["title"], one["action"], one["state"], one["used_at"]) == ("Visa ending in 4242", "link_card", "open", None)


# ---------------------------------------------------------------- at once


async def test_of_fifty_equal_questions_at_once_one_is_new(api: Api, shop: Shop, anna: Program) -> None:
    account_id = await id_of(anna)
    answered = await asyncio.gather(*(shop.ask(account_id) for _ in range(50)))
    assert sorted(a.status for a in answered) == [200] * 49 + [201]
    assert len({a.said["confirmation_id"] for a in answered}) == 1
