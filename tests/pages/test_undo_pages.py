"""Undoing as a person without script walks it (H1, H2, R13, S3)."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doors.api import PASSWORD, Api, served
from tests.doors.robbed import THIEF, account_of, add_mailbox, remove
from tests.doors.waits import ANNA, SECOND, add_second, disown_token, letters_about
from tests.pages.browser import new_browser

ON_ONE_DATABASE = ""
"""For what no database does differently."""


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(ON_ONE_DATABASE, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def robbed(api: Api) -> None:
    """Two settled mailboxes; a thief has put his own in place of the second."""
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_mailbox(api, thief, THIEF)
    assert (await remove(thief, SECOND)).state == "done"


@pytest.mark.row("H2", "R13")
async def test_the_address_that_was_taken_off_says_from_where_on_it_was_not_its_owner(api: Api) -> None:
    await robbed(api)
    browser = new_browser(api)
    await browser.open("/undo")
    await browser.fill(identifier="  ")
    assert browser.page.status == 422
    await browser.fill(identifier=SECOND)
    await browser.fill(answer=(await api.newest(SECOND)).code)
    assert (browser.page.heading, browser.page.path.startswith("/undo/")) == ("What was not you?", True)
    assert "An e-mail address was added" in browser.page.text
    assert THIEF not in browser.page.text
    choose = browser.page
    await browser.send(choose.path, {"csrf": choose.form(choose.path).fields["csrf"]})
    assert browser.page.status == 422
    assert "Choose from where on it was not you" in browser.page.text
    await browser.send(choose.path, {"csrf": choose.form(choose.path).fields["csrf"], "since": "x" * 500})
    assert browser.page.status == 422
    *_, oldest, _nothing = re.findall(r'name="since" value="(\w+)"', browser.page.html)
    await browser.send(choose.path, {"csrf": choose.form(choose.path).fields["csrf"], "since": oldest, "password_known": "yes"})
    assert browser.page.heading == "The account is locked"
    assert "The old password no longer works" in browser.page.text
    account = await account_of(api, ANNA)
    assert ({a.value for a in account.addresses}, account.password_hash) == ({ANNA, SECOND}, "")
    await browser.open(choose.path)
    assert browser.page.status == 410


@pytest.mark.row("H2")
async def test_to_lock_without_undoing_anything(api: Api) -> None:
    await api.signed_up(ANNA)
    browser = new_browser(api)
    await browser.open("/undo")
    await browser.fill(identifier=ANNA)
    await browser.fill(answer=(await api.newest(ANNA)).code)
    assert "Nothing was changed in the last 30 days" in browser.page.text
    await browser.press("Lock the account")
    assert browser.page.heading == "The account is locked"
    assert (await account_of(api, ANNA)).frozen_at is not None


@pytest.mark.row("H1", "H2")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_mail_scanner_that_opens_the_link_undoes_nothing(api: Api, method: str) -> None:
    await robbed(api)
    [letter] = await letters_about(api, SECOND, "Something changed")
    tables = ("account", "address", "change", "session", "flow", "notice_link", "audit_event", "outbox")
    before = await api.rows(*tables)
    scanner = new_browser(api)
    for path in (f"/d/{disown_token(letter)}", "/disown", "/undo", "/undo/" + "a" * 32):
        await scanner.open(path, method=method)
    assert await api.rows(*tables) == before


@pytest.mark.row("H2")
async def test_only_one_change_is_undone_by_the_page(api: Api) -> None:
    await robbed(api)
    [letter] = await letters_about(api, SECOND, "Something changed")
    browser = new_browser(api)
    await browser.open(f"/d/{disown_token(letter)}")
    await browser.press("Undo only this")
    assert browser.page.heading == "It is undone"
    assert {a.value for a in (await account_of(api, ANNA)).addresses} == {ANNA, SECOND, THIEF}


@pytest.mark.row("R13", "S3")
async def test_a_mailbox_that_is_not_mine_any_more_by_the_page(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    browser = new_browser(api)
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    address = next(a.address_id for a in (await account_of(api, ANNA)).addresses if a.value == SECOND)
    await browser.open(f"/account/addresses/{address}/remove")
    assert "This mailbox is not mine any more" in browser.page.text
    await browser.send(browser.page.path, {"csrf": browser.page.form(browser.page.path).fields["csrf"], "given_up": "yes"})
    assert browser.page.heading == "This was not enough"
    assert "takes two things that have been on the account for a while" in browser.page.text
    assert {a.value for a in (await account_of(api, ANNA)).addresses} == {ANNA, SECOND}
