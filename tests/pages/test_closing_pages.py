"""Closing the account, keeping it after all, and the file of one's data, as a person without script walks them (S4)."""

import json

import pytest

from sparekey.domain.masks import masked
from tests.doors.api import PASSWORD, Api
from tests.doors.test_closing import CLOSING, keep_token
from tests.doors.waits import ANNA, letters_about
from tests.pages.browser import Browser, new_browser, signed_in, signed_up

pytestmark = pytest.mark.row("S4")


async def test_close_see_the_date_everywhere_and_keep_it(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/details")
    await browser.follow("Close the account")
    assert browser.page.heading == "Close the account?"
    assert "30 days" in browser.page.text
    await browser.press("Close the account")
    assert browser.page.heading == "Your account is going to be closed"
    for path in ("/account", "/account/security", "/account/devices", "/account/activity", "/account/messages"):
        await browser.open(path)
        assert "closes for good on 16 June 2030" in browser.page.text, path
    await browser.follow("Keep the account")
    await browser.press("Keep the account")
    assert "Your account stays" in browser.page.text
    await browser.open("/account/close")
    assert browser.page.heading == "Close the account?"


async def test_a_link_in_the_notice_keeps_it_and_a_scanner_does_not(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/close")
    await browser.press("Close the account")
    [letter] = await letters_about(api, ANNA, CLOSING)
    token = keep_token(letter)
    before = await api.rows("account", "flow", "audit_event")
    for method in ("GET", "HEAD"):
        scanner = new_browser(api)
        for path in (f"/k/{token}", "/keep"):
            await scanner.open(path, method=method)
            assert scanner.page.status == 200
    assert await api.rows("account", "flow", "audit_event") == before
    owner = new_browser(api)
    await owner.open(f"/k/{token}")
    assert (owner.page.path, owner.page.heading) == ("/keep", "Keep your account?")
    await owner.press("Keep the account")
    assert owner.page.heading == "Your account stays"
    await owner.open("/keep")
    assert owner.page.heading == "This account is not going to be closed"
    assert all(token not in text for url, text in owner.seen if "/k/" not in url)
    await owner.open("/k/nonsense-that-we-never-sent")
    assert (owner.page.status, owner.page.heading) == (404, "This link no longer works")


async def test_by_a_typed_address(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/close")
    await browser.press("Close the account")
    owner = new_browser(api)
    await owner.open("/keep-account")
    await owner.fill(identifier="")
    assert owner.page.status == 422
    await owner.fill(identifier=ANNA)
    await owner.fill(answer=(await api.newest(ANNA)).code)
    assert owner.page.heading == "Your account stays"


async def test_an_unknown_name_takes_the_same_road(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/close")
    await browser.press("Close the account")
    told = []
    for name in (ANNA, "nada@example.com"):
        stranger = new_browser(api)
        await stranger.open("/keep-account")
        await stranger.fill(identifier=name)
        asked = stranger.page.masked
        await stranger.fill(answer="123456")
        told.append(
            [(stranger.page.status, page.replace(name, "NAME").replace(masked(name), "MASKED")) for page in (asked, stranger.page.masked)]
        )
    assert told[0] == told[1]


async def test_the_file(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    browser = await signed_in(api, ANNA, PASSWORD)
    await browser.open("/account/data")
    await browser.press("Make the file")
    assert browser.page.heading == "Your file is ready"
    flow = browser.page.path
    await browser.press("Download the file")
    kept = json.loads(browser.seen[-1][1])
    assert (kept["name"], kept["addresses"][0]["value"]) == ("Anna Berg", ANNA)
    await browser.open(flow)
    assert browser.page.heading == "Done"


async def test_strangers_are_sent_to_sign_in(api: Api, browser: Browser) -> None:
    for path in ("/account/close", "/account/data"):
        await browser.open(path)
        assert browser.page.path == "/sign-in"
