"""The page on which somebody answers what the shop asks, without script (G1)."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.doors.api import PASSWORD, Api
from tests.doors.confirmations import BACK, WITH_SECOND, Shop, id_of, shop_served
from tests.doors.second_factors import enrol
from tests.doors.waits import ANNA
from tests.pages.browser import Browser, new_browser, signed_in

pytestmark = pytest.mark.row("G1")

ASKED = "Did you just ask for this at Sparekey?"
BERTA = "berta@example.com"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with shop_served("", data_dir, migrated_sqlite) as api:
        yield api


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


async def asked_of(api: Api, shop: Shop, **more: str) -> str:
    return await shop.asked(await id_of(await api.signed_up(ANNA)), **more)


async def stale(api: Api) -> Browser:
    """A browser in whose session nothing is fresh."""
    browser = await signed_in(api, ANNA, PASSWORD)
    api.clock.wait(minutes=16)
    return browser


async def test_who_is_not_signed_in_does_that_first_and_comes_back(api: Api, shop: Shop) -> None:
    found, browser = await asked_of(api, shop), new_browser(api)
    await browser.open(f"/confirm/{found}")
    assert browser.page.path == "/sign-in"
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", ASKED)
    for told in ("Link a card", "Visa ending in 4242"):
        assert told in browser.page.text
    await browser.press("Continue")
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", "Confirmed")
    assert browser.page.links["Back to the shop"] == BACK
    assert await shop.state(found) == "confirmed"


async def test_also_over_a_second_step(api: Api, shop: Shop) -> None:
    owner = await enrol(api, await api.signed_up(ANNA), ANNA)
    found, browser = await shop.asked(await id_of(owner.program)), new_browser(api)
    await browser.open(f"/confirm/{found}")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert unquote(browser.cookie("next")) == f"/confirm/{found}"
    await browser.fill(answer=owner.app.next_code())
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", ASKED)
    assert browser.cookie("next") == ""
    # A way that somebody left is not taken up by the next sign-in.
    await browser.press("Sign out")
    for path, leads_to in ((f"/confirm/{found}", None), ("/account", "/account")):
        await browser.open(path)
        await browser.fill(identifier=ANNA, password=PASSWORD)
        if leads_to:
            await browser.fill(answer=owner.app.next_code())
            assert browser.page.path == leads_to


@pytest.mark.parametrize("kept", ["https://evil.example", "//evil.example", "%2F%2Fevil.example", "\\evil", "account"])
async def test_a_cookie_leads_to_no_other_site(api: Api, kept: str) -> None:
    owner, browser = await enrol(api, await api.signed_up(ANNA), ANNA), new_browser(api)
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    cookies = {cookie.name: cookie.value for cookie in browser.http.cookies.jar} | {"sparekey-next": kept}
    form = browser.page.form()
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    await browser.send(form.action, {**form.fields, "answer": owner.app.next_code()}, headers={"cookie": header})
    assert browser.page.path == "/"


async def test_it_asks_what_the_policy_asks(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    browser = await stale(api)
    await browser.open(f"/confirm/{found}")
    await browser.press("Continue")
    assert browser.page.path.startswith("/flow/")
    assert "Then it goes on: Link a card." in browser.page.text
    flow = browser.page.path
    await browser.fill(answer="not the password of anyone")
    assert (browser.page.status, await shop.state(found)) == (422, "open")
    await browser.fill(answer=PASSWORD)
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", "Confirmed")
    await browser.open(flow)
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", "Confirmed")


async def test_who_stops_half_way_is_asked_again_and_can_refuse(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    browser = await stale(api)
    await browser.open(f"/confirm/{found}")
    await browser.press("Continue")
    await browser.press("Stop here and change nothing")
    assert (browser.page.path, browser.page.heading, await shop.state(found)) == (f"/confirm/{found}", ASKED, "open")
    await browser.press("No, this was not me: refuse")
    assert await shop.state(found) == "refused"


async def test_a_second_tab_and_the_back_button_say_what_is_true(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    browser = await stale(api)
    await browser.open(f"/confirm/{found}")
    question = browser.page
    await browser.press("Continue")
    first = browser.page
    browser.page = question
    await browser.press("Continue")
    second = browser.page
    assert first.path != second.path
    await browser.fill(answer=PASSWORD)
    browser.page = first
    await browser.fill(answer=PASSWORD)
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", "Confirmed")
    for words in ("Continue", "No, this was not me: refuse"):
        browser.page = question
        await browser.press(words)
        assert (browser.page.status, browser.page.heading) == (200, "Confirmed")
    assert [event["type"] for event in await shop.told()] == ["confirmation.confirmed"]


async def test_refused(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    browser = await stale(api)
    await browser.open(f"/confirm/{found}")
    question = browser.page
    await browser.press("Continue")
    flow = browser.page
    browser.page = question
    for _ in range(2):
        browser.page = question
        await browser.press("No, this was not me: refuse")
        assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", "Refused")
    browser.page = question
    await browser.press("Continue")
    assert browser.page.heading == "Refused"
    browser.page = flow
    await browser.fill(answer=PASSWORD)
    assert browser.page.heading == "Refused"
    await browser.open(f"/confirm/{found}/refuse")
    assert browser.page.path == f"/confirm/{found}"
    assert browser.page.links["Secure your account"] == "/secure"
    assert [event["type"] for event in await shop.told()] == ["confirmation.refused"]
    await browser.open("/account/activity")
    assert "Something at the shop was refused" in browser.page.text


async def test_expired(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    browser = await stale(api)
    await browser.open(f"/confirm/{found}")
    question = browser.page
    await browser.press("Continue")
    flow = browser.page
    api.clock.wait(minutes=20)
    browser.page = flow
    await browser.fill(answer=PASSWORD)
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", "This took too long")
    for words in ("Continue", "No, this was not me: refuse"):
        browser.page = question
        await browser.press(words)
        assert browser.page.heading == "This took too long"
    assert browser.page.links["Back to the shop"] == BACK


async def test_somebody_else_learns_nothing_and_can_switch(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    await api.signed_up(BERTA, name="Berta")
    browser = await signed_in(api, BERTA, PASSWORD)
    shown = set()
    for confirmation_id in (found, "0" * 32, "nonsense"):
        await browser.open(f"/confirm/{confirmation_id}")
        assert (browser.page.status, browser.page.heading) == (404, "This is for another account")
        shown.add(browser.page.masked.replace(confirmation_id, "ID"))
    assert (await browser.open("/confirm/%00")).status == 404
    assert len(shown) == 1, "it is not said whether there is such a thing"
    assert not any(secret in browser.page.text for secret in (ANNA, "Anna", "4242", "Link a card"))
    token = browser.page.form("/sign-out").fields["csrf"]
    for path in (f"/confirm/{found}", f"/confirm/{found}/refuse"):
        page = await browser.send(path, {"csrf": token})
        assert (page.status, page.heading) == (404, "This is for another account")
    assert await shop.state(found) == "open"
    await browser.open(f"/confirm/{found}")
    await browser.press("Not you? Switch account")
    assert browser.page.path == "/sign-in"
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", ASKED)


async def test_looking_changes_nothing_and_forms_of_others_are_refused(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    browser = await signed_in(api, ANNA, PASSWORD)
    before = await api.rows("confirmation", "flow", "audit_event", "shop_event")
    for method in ("GET", "HEAD"):
        await browser.open(f"/confirm/{found}", method=method)
        await browser.open(f"/confirm/{found}/refuse", method=method)
    for path in (f"/confirm/{found}", f"/confirm/{found}/refuse"):
        assert (await browser.send(path, {"csrf": "0" * 64})).status == 403
        assert (await browser.send(path, {"csrf": ""}, origin="https://evil.example")).status == 403
    assert await api.rows("confirmation", "flow", "audit_event", "shop_event") == before


async def test_who_was_signed_out_meanwhile_comes_back_to_the_question(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop)
    for words in ("Continue", "No, this was not me: refuse"):
        browser = await signed_in(api, ANNA, PASSWORD)
        await browser.open(f"/confirm/{found}")
        browser.http.cookies.delete("sparekey-session")
        await browser.press(words)
        assert browser.page.path == "/sign-in"
        await browser.fill(identifier=ANNA, password=PASSWORD)
        assert (browser.page.path, browser.page.heading) == (f"/confirm/{found}", ASKED)
    assert await shop.state(found) == "open"


async def test_what_the_shop_writes_is_shown_and_not_run(api: Api, shop: Shop) -> None:
    found = await asked_of(api, shop, title="<script>alert(1)</script>", return_to=f"{BACK}&a='onload=1")
    browser = await signed_in(api, ANNA, PASSWORD)
    await browser.open(f"/confirm/{found}")
    assert "<script>alert(1)</script>" in browser.page.text
    assert "<script>alert" not in browser.page.html
    await browser.press("Continue")
    assert browser.page.links["Back to the shop"] == f"{BACK}&a='onload=1"


async def test_what_the_policy_never_allows_is_said(data_dir: Path, migrated_sqlite: Path) -> None:
    async with shop_served("", data_dir, migrated_sqlite, text=WITH_SECOND) as api:
        shop = Shop(api)
        found = await asked_of(api, shop)
        browser = await signed_in(api, ANNA, PASSWORD)
        await browser.open(f"/confirm/{found}")
        await browser.press("Continue")
        assert browser.page.heading == "This was not enough"
        assert await shop.state(found) == "open"
