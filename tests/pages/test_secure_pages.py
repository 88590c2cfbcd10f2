"""The time after a recovery, and securing an account, as a person without script walks them (R11, H3)."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sparekey.messages import catalogue
from tests.delivery.test_shop_events import SECRET as WEBHOOK_SECRET
from tests.doors.api import ANOTHER, PASSWORD, Api, served
from tests.doors.test_shop import SECRET, order, report
from tests.doors.waits import ANNA
from tests.pages.browser import Browser, new_browser, signed_in, signed_up


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    given = {"shop_secret": SECRET, "shop_webhook": "http://127.0.0.1:9/", "shop_webhook_secret": WEBHOOK_SECRET}
    async with served("", data_dir, migrated_sqlite, **given) as api:
        yield api


async def recovered(api: Api) -> Browser:
    browser = new_browser(api)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    await browser.fill(answer=(await api.newest(ANNA)).code)
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    return await signed_in(api, ANNA, ANOTHER)


@pytest.mark.row("R11", "I9")
async def test_a_countdown_on_every_page_of_the_account_until_it_is_over(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    browser = await recovered(api)
    for path in ("/account", "/account/security", "/account/addresses"):
        await browser.open(path)
        assert "held back for another 3 days" in browser.page.text, path
    await browser.follow("What is held back, and why")
    assert browser.page.heading == "What is held back"
    for told in ("Money is not paid out", "The account cannot be closed"):
        assert told in browser.page.text
    await browser.open("/account/activity")
    assert "After a recovery some things are held back for a few days" in browser.page.text
    api.clock.wait(hours=60)
    await browser.open("/account")
    assert "held back for another 12 hours" in browser.page.text
    api.clock.wait(hours=12)
    await browser.open("/account")
    assert "held back" not in browser.page.text
    await browser.open("/account/restrictions")
    assert "Nothing is held back on your account." in browser.page.text


@pytest.mark.row("R11")
@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=14), "14 days"),
        (timedelta(days=2, hours=3, seconds=1), "2 days and 4 hours"),
        (timedelta(days=1, seconds=1), "1 day and 1 hour"),
        (timedelta(days=1), "24 hours"),
        (timedelta(hours=3, minutes=7), "3 hours and 7 minutes"),
        (timedelta(seconds=61), "2 minutes"),
        (timedelta(seconds=1), "1 minute"),
        (timedelta(0), "1 minute"),
    ],
)
def test_the_countdown_is_never_too_short(left: timedelta, said: str) -> None:
    assert catalogue.time_left(left, catalogue.translator("en")) == said


@pytest.mark.row("H3")
async def test_without_a_session_the_wizard_shows_the_way_and_nobody_s_account(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/secure")
    assert browser.page.heading == "Secure your account"
    assert {"/undo", "/forgot", "/sign-in?next=/secure"} <= set(browser.page.links.values())
    assert not re.search("anna|berg", browser.page.html, re.IGNORECASE)
    await browser.open("/secure/next")
    assert browser.page.path.startswith("/sign-in")
    await browser.open("/sign-in?next=/secure")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert (browser.page.path, browser.page.heading) == ("/secure", "Was all of this you?")


@pytest.mark.row("H3")
async def test_orders_are_ticked_and_the_shop_is_told(api: Api) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    async with api.parts.services.store.transaction() as tx:
        account_id = (await tx.accounts.find_by_key(f"email:{ANNA}")).account_id
    title = '"><script>alert(1)</script>'
    assert (await report(api, **order(account_id, reference='a"b<c', at="2030-05-17T12:00:30Z", title=title))).status == 200
    await anna.open("/secure")
    assert "<script>alert" not in anna.page.html
    assert title in anna.page.text
    await anna.fill(form="/secure/orders")
    assert anna.page.status == 422
    assert "Choose what was not yours." in anna.page.text
    csrf = anna.page.form("/secure/orders").fields["csrf"]
    await anna.send("/secure/orders", {"csrf": csrf, "order_0": 'a"b<c'})
    assert "The shop is told" in anna.page.text
    assert b'a\\"b<c' in bytes((await api.rows("shop_event"))["shop_event"][0][4])  # type: ignore[call-overload]
    await anna.send("/secure/orders", {"csrf": csrf, "order_0": "of somebody else"})
    assert anna.page.status == 422
    assert "Your account has no such order" in anna.page.text


@pytest.mark.row("H3")
async def test_from_the_wizard_to_undone_and_locked(api: Api) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    await anna.open("/account/addresses")
    await anna.fill(form="/account/addresses", email="thief@example.com")
    await anna.fill(answer=(await api.newest("thief@example.com")).code)
    await anna.open("/account/security")
    assert "/secure" in anna.page.links.values()
    await anna.open("/secure")
    assert "An e-mail address was added" in anna.page.text
    await anna.press("No: something was not me")
    assert "An e-mail address was added" not in anna.page.text, "a session alone is no proof"
    flow = anna.page.path
    await anna.fill(form=f"{flow}/send")
    await anna.fill(answer=(await api.newest(ANNA)).code)
    assert anna.page.heading == "What was not you?"
    assert "Firefox" in anna.page.text, "who signed in, and from where"
    form = anna.page.form(anna.page.path)
    await anna.send(anna.page.path, {"csrf": form.fields["csrf"], "since": "everything", "password_known": "yes"})
    assert anna.page.heading == "The account is locked"
    assert await locked_out(api)
    async with api.parts.services.store.transaction() as tx:
        assert [a.value for a in (await tx.accounts.find_by_key(f"email:{ANNA}")).emails] == [ANNA]
    anna = await recovered(api)
    await anna.open("/secure")
    assert "Some changes were undone" in anna.page.text or "undone" in anna.page.text
    await anna.follow("Yes, all of it was me")
    assert {"/account/security/password", "/account/security/methods"} <= set(anna.page.links.values())


async def locked_out(api: Api) -> bool:
    browser = new_browser(api)
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    return not browser.cookie("session")
