"""Forms that are not ours: from another site, without cookies, eaten on the way, or too much. Nothing is changed by any."""

import re
from itertools import product

import pytest
from starlette.routing import Route

from sparekey.web.routes import routes
from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.pages.browser import Browser, new_browser, signed_up

ANNA = "anna@example.com"

POSTS = sorted(
    r.path
    for r in routes(development=True)
    if isinstance(r, Route) and "POST" in (r.methods or ()) and not r.path.startswith(("/api/", "/receipts/"))
)
"""Every address that a form of ours can be sent to. Receipts come from a provider, which signs them."""

FIELDS = {
    "name": "Mallory",
    "email": "mallory@evil.example",
    "phone": "+37120000666",
    "identifier": "mallory@evil.example",
    "user_name": "mallory",
    "password": ANOTHER,
    "current_password": PASSWORD,
    "new_password": ANOTHER,
    "new_password_again": ANOTHER,
    "answer": "123456",
    "kind": "email",
    "language": "ru",
    "back": "/",
    "next": "/account",
    "factor": "totp",
    "label": "mallory",
    "number": "42",
    "provider": "google",
}
"""What any of them could want."""

OF_PEOPLE = {
    **{name: FIELDS[name] for name in ("identifier", "kind", "answer")},
    "contact": "mallory@evil.example",
    "message": "mallory",
    "text": "mallory",
    "choice": "approve",
    "sign_up": "2024-05",
    "address": "mallory@evil.example",
    "device": "mallory",
    "place": "mallory",
    "order": "mallory",
    "needed": "2",
    "name_1": "Mallory",
    "email_1": "mallory@evil.example",
    "say": "yes",
    "phrase": "mallory",
    "question": "first_pet",
    "secret_answer": "mallory",
}
"""The same for forms by which people help: cases, the console, friends. Together they would be more than a form may have."""


def wanted(path: str) -> dict[str, str]:
    with_people = ("/case/", "/help/", "/console/", "/friend/", "/account/security/contacts", "/account/security/secret")
    return OF_PEOPLE if path.startswith(with_people) else FIELDS


@pytest.fixture
async def anna(api: Api) -> Browser:
    """Signed in."""
    return await signed_up(api, ANNA, PASSWORD)


async def token(browser: Browser) -> str:
    await browser.open("/sign-up")
    return browser.page.form("/sign-up").fields["csrf"]


def filled(path: str) -> str:
    return re.sub(r"{\w+}", "0" * 32, path)


async def counted(api: Api) -> object:
    return await api.rows("account", "address", "session", "flow", "outbox")


@pytest.mark.row("I10")
async def test_csrf_from_another_origin(api: Api, anna: Browser) -> None:
    right = await token(anna)
    before = await counted(api)
    for path, (csrf, origin, site) in product(POSTS, (
        (right, "https://evil.example", "cross-site"),
        (right, "null", "cross-site"),
        (right, "http://localhost:8400.evil.example", "same-site"),
        ("0" * 64, "http://localhost:8400", "same-origin"),
        ("\u00e9", "http://localhost:8400", "same-origin"),
        (await token(new_browser(api)), "http://localhost:8400", "same-origin"),
    )):  # fmt: skip
        await anna.send(filled(path), {**wanted(path), "csrf": csrf}, origin=origin, headers={"sec-fetch-site": site})
        assert anna.page.status == 403, path
        assert anna.page.heading == "This form came from another site"
        assert "mallory" not in anna.page.html, "what another site sent does not lie ready under our button"
    assert await counted(api) == before


async def test_the_same_form_from_our_own_page_is_taken(api: Api, anna: Browser) -> None:
    """So that the test above is known to fail when nothing is checked."""
    before = await counted(api)
    await anna.send("/account/details", {**FIELDS, "csrf": await token(anna), "language": "en"}, headers={"sec-fetch-site": "same-origin"})
    assert anna.page.status == 200
    assert await counted(api) != before


@pytest.mark.row("I10")
async def test_refused_cookies_are_explained_and_nothing_typed_is_lost(api: Api) -> None:
    browser = new_browser(api)
    await browser.open("/sign-up")
    form = browser.page.form()
    browser.http.cookies.clear()
    await browser.send("/sign-up", {**form.fields, "name": "Anna <Berg>", "email": ANNA, "password": PASSWORD})
    page = browser.page
    assert page.status == 403
    assert page.heading == "Your browser refuses our cookies"
    assert "Allow cookies for this site" in page.text
    assert page.input("name")["value"] == "Anna <Berg>"
    assert page.input("email")["value"] == ANNA
    assert page.input("password").get("value", "") == ""
    assert PASSWORD not in page.html
    # Cookies are allowed now.
    await browser.fill(form="/sign-up", password=PASSWORD)
    assert browser.page.heading == "Look at your mail"


@pytest.mark.row("I10")
async def test_a_form_eaten_by_an_extension_is_told_apart(api: Api, anna: Browser) -> None:
    before = await counted(api)
    for path in POSTS:
        await anna.send(filled(path), {})
        assert anna.page.status == 400, path
        assert anna.page.heading == "The form arrived empty"
        assert "extension" in anna.page.text
    assert await counted(api) == before


@pytest.mark.row("I10")
async def test_a_cookie_that_was_cut_off_is_no_error(api: Api, anna: Browser) -> None:
    for name in ("session", "browser", "device", "link"):
        value = anna.cookie(name) or "x" * 43
        for cut in (value[:10], "", "%00", "x" * 5000, "\x7f"):
            other = new_browser(api)
            other.http.headers["cookie"] = f"sparekey-{name}={cut}"
            for path in ("/", "/account", "/sign-in", "/link"):
                await other.open(path)
                assert other.page.status in {200, 404}, (name, cut[:20], path)


async def test_bad_bodies_get_a_clear_page(api: Api, anna: Browser) -> None:
    csrf = await token(anna)
    before = await counted(api)
    good = f"csrf={csrf}&name=A&email=a%40example.com&password={'p' * 20}"
    for body, kind, status in (
        (good + "&email=b%40example.com", "application/x-www-form-urlencoded", 400),
        (good + "&x=%ff", "application/x-www-form-urlencoded", 400),
        (good + "&" + "&".join(f"f{i}=1" for i in range(100)), "application/x-www-form-urlencoded", 400),
        ("é", "application/x-www-form-urlencoded", 400),
        (good, "text/plain", 415),
        ("{}", "application/json", 415),
        (good, "multipart/form-data; boundary=x", 415),
        (good + "&name2=" + "x" * 1_000_000, "application/x-www-form-urlencoded", 413),
    ):
        await anna.send("/sign-up", {}, body=body.encode(), headers={"content-type": kind})
        assert anna.page.status == status, body[-40:]
        assert anna.page.heading
    assert await counted(api) == before


async def test_a_wrong_method_is_one_clear_page(browser: Browser) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        await browser.open("/account/activity", method=method)
        assert browser.page.status == 405
        assert browser.page.heading == "This page cannot be opened like that"


STRANGE = (
    "\x00",
    "a\x00b@example.com",
    "\r\n\r\nSet-Cookie: a=b",
    "\u202egro.elpmaxe@anna",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "'; drop table account; --",
    "a" * 60_000,
    "\U0001f600" * 100,
    "\u0661\u0662@example.com",
    "%(name)s",
    "%",
    "\u0430nna@example.com",
)
"""Control characters, tricks with direction, markup, templates, SQL, far too much, emoji, digits and letters of other scripts."""


async def test_strange_text_is_never_an_error_of_ours(api: Api) -> None:
    for text in STRANGE:
        browser = new_browser(api)
        for path, fields in (
            ("/sign-up", {"name": text, "email": text, "password": PASSWORD}),
            ("/sign-in", {"identifier": text, "password": text}),
            ("/forgot", {"identifier": text}),
        ):
            await browser.open(path)
            await browser.fill(**fields)
            assert browser.page.status in {200, 413, 422}, (path, text[:40], browser.page.status)
            assert "<script>alert" not in browser.page.html
            assert "49" not in browser.page.text
