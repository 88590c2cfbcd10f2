"""The service is down for work, or too busy: a clear page, and nothing typed is lost (I10)."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import pytest

from sparekey.bootstrap import build_app
from sparekey.domain.errors import Busy, StoreUnavailable
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Transaction, WhoIs
from sparekey.use_cases.who_is import SessionChecks
from sparekey.web.app import Application
from tests.doors.api import PASSWORD, Api
from tests.pages.browser import new_browser

ANNA = "anna@example.com"
pytestmark = pytest.mark.row("I10")


class Down:
    """A database that does not answer."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        raise StoreUnavailable

    async def session_by_token(self, token_hash: bytes) -> WhoIs | None:
        raise StoreUnavailable(len(token_hash))

    async def sessions_seen(self, seen: Mapping[str, datetime]) -> None:
        raise StoreUnavailable(len(seen))

    async def prune(self, now: datetime, most: int) -> dict[str, int]:
        raise StoreUnavailable(now, most)

    async def is_ready(self) -> bool:
        return False


class Full:
    """A queue of hashes with no place left."""

    async def hash(self, password: str) -> str:
        raise Busy(len(password) % 2 + 2)

    async def verify(self, stored: str, password: str) -> bool:
        raise Busy(len(stored) % 2 + len(password) % 2 + 2)

    def needs_rehash(self, stored: str) -> bool:
        return not stored

    def must_have_room(self) -> None:
        raise Busy(2)


def down(api: Api) -> Application:
    store = Down()
    services = replace(api.parts.services, store=store)
    parts = replace(api.parts, services=services, checks=SessionChecks(store, api.clock, services.policy.sessions))
    return build_app(api.settings, parts)


@pytest.mark.parametrize("signed_in", [False, True])
async def test_what_was_typed_is_kept_while_the_database_is_down(api: Api, signed_in: bool) -> None:
    before = new_browser(api)
    await before.open("/sign-up")
    browser = new_browser(api, down(api))
    browser.http.cookies.update(before.http.cookies)
    if signed_in:
        browser.http.cookies.set("sparekey-session", "x" * 43)
    page = await browser.send("/sign-up", {**before.page.form().fields, "name": "Anna <Berg>", "email": ANNA, "password": PASSWORD})
    assert page.status == 503
    assert page.heading == "We are working on the service"
    assert page.answered.headers["retry-after"] == "5"
    assert "Try again in 5 seconds." in page.text
    form = page.form("/sign-up")
    assert form.fields["name"] == "Anna <Berg>"
    assert form.fields["email"] == ANNA
    assert PASSWORD not in page.html
    # Up again: the same page sends the form.
    before.page = page
    await before.fill(form="/sign-up", password=PASSWORD)
    assert before.page.heading == "Look at your mail"


async def test_a_form_of_another_site_is_not_kept_while_the_database_is_down(api: Api) -> None:
    browser = new_browser(api, down(api))
    browser.http.cookies.set("sparekey-session", "x" * 43)
    page = await browser.send("/account/addresses", {"email": "mallory@evil.example", "csrf": "0" * 64}, origin="https://evil.example")
    assert page.status == 503
    assert "mallory" not in page.html


async def test_pages_say_when_to_come_back(api: Api) -> None:
    browser = new_browser(api, down(api))
    browser.http.cookies.set("sparekey-session", "x" * 43)
    page = await browser.open("/account")
    assert (page.status, page.heading) == (503, "We are working on the service")
    await new_browser(api, down(api)).open("/sign-in")


async def test_too_many_sign_ins_at_once_keep_the_form(api: Api) -> None:
    parts = replace(api.parts, services=replace(api.parts.services, hasher=Full()))
    browser = new_browser(api, build_app(api.settings, parts))
    for path, typed in (("/sign-in", {"identifier": ANNA}), ("/sign-up", {"name": "Anna", "email": ANNA})):
        await browser.open(path)
        page = await browser.fill(**typed, password=PASSWORD)
        assert page.status == 503
        assert int(page.answered.headers["retry-after"]) >= 2
        assert all(page.input(name)["value"] == value for name, value in typed.items())
        assert PASSWORD not in page.html
