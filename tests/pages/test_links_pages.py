"""Links from mails: looking changes nothing, the secret leaves the address at once, and the button acts."""

import pytest

from tests.doors.api import PASSWORD, Api
from tests.pages.browser import Browser, new_browser, signed_up

ANNA = "anna@example.com"
SECOND = "second@example.com"


@pytest.mark.row("R1")
async def test_a_mail_scanner_changes_nothing(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    link = (await api.newest(ANNA)).link
    before = await api.rows("account", "address", "session", "flow", "outbox", "audit_event")
    for _ in range(3):
        scanner = new_browser(api)
        await scanner.open(f"/l/{link}", method="HEAD")
        await scanner.open(f"/l/{link}")
        assert scanner.page.heading == "Go on to a new password"
        await scanner.open("/link")
    assert await api.rows("account", "address", "session", "flow", "outbox", "audit_event") == before
    await browser.open(f"/l/{link}")
    await browser.press("Yes, go on")
    assert browser.page.heading == "Choose a new password"


@pytest.mark.row("R1")
async def test_a_link_works_once_and_kills_the_code(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    code_page, letter = browser.page, await api.newest(ANNA)
    await browser.open(f"/l/{letter.link}")
    await browser.press("Yes, go on")
    await browser.open(f"/l/{letter.link}")
    assert browser.page.status == 404
    assert browser.page.heading == "This link no longer works"
    stranger = new_browser(api)
    stranger.http.cookies.update(browser.http.cookies)
    stranger.page = code_page
    await stranger.fill(answer=letter.code)
    assert stranger.page.heading == "Choose a new password", "where the flow stands, not a second proof"


@pytest.mark.parametrize("token", ["x", "0" * 75, "0" * 32 + "é", "..%2f..%2fetc", "<script>", "0" * 5000])
async def test_a_broken_link_says_so(browser: Browser, token: str) -> None:
    await browser.open(f"/l/{token}")
    assert browser.page.status == 404
    assert browser.page.heading in {"This link no longer works", "There is no such page"}
    await browser.open("/link")
    assert browser.page.heading == "This link no longer works"


async def test_the_secret_stands_in_no_page_and_no_address(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    link = (await api.newest(ANNA)).link
    await browser.open(f"/l/{link}")
    await browser.press("Yes, go on")
    secret = link[32:]
    assert [url for url, _ in browser.seen if secret in url] == [f"http://localhost:8400/l/{link}"]
    assert not any(secret in text for _, text in browser.seen)
    assert browser.cookie("link") == ""


@pytest.mark.row("S3")
async def test_a_new_address_is_confirmed_only_inside_a_session(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/addresses")
    await browser.fill(email=SECOND)
    link = (await api.newest(SECOND)).link
    other = new_browser(api)
    await other.open(f"/l/{link}")
    await other.press("Yes, go on")
    assert other.page.path == "/sign-in"
    await other.fill(identifier=ANNA, password=PASSWORD)
    assert other.page.heading == "Confirm this address"
    await other.press("Yes, go on")
    assert "The address is confirmed and added." in other.page.text
