"""What holds for every page: no foreign code, no secrets, a language, a title, a way by keyboard."""

import re
from pathlib import Path

import pytest

from sparekey.bootstrap import build, build_app
from sparekey.messages.catalogue import LANGUAGES
from sparekey.settings import read_settings
from sparekey.web.pages.visit import local_path
from tests.doors.api import ANOTHER, CHEAP, PASSWORD, Api, HashingHere
from tests.pages.browser import Browser, Page, new_browser, signed_up

ANNA = "anna@example.com"

OPEN = (
    "/",
    "/sign-up",
    "/sign-in",
    "/forgot",
    "/signed-out",
    "/sign-in/qr",
    "/approve",
    "/approve/offline",
    "/secure",
    "/link",
    "/friend",
    "/nowhere",
    "/dev/mail",
    "/dev/phone",
)
OWN = (
    "/account",
    "/account/details",
    "/account/addresses",
    "/account/security",
    "/account/security/password",
    "/account/security/phone",
    "/account/security/contacts",
    "/account/security/contacts/edit",
    "/account/devices",
    "/account/activity",
    "/account/messages",
    "/account/restrictions",
    "/secure/next",
)


@pytest.fixture
async def anna(api: Api) -> Browser:
    return await signed_up(api, ANNA, PASSWORD)


def check_frame(page: Page) -> None:
    """What every page must have, and must not have."""
    headers = page.answered.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    nonce = re.fullmatch(r"'nonce-([A-Za-z0-9_-]{20,})'", policy["script-src"])
    assert nonce
    assert policy["style-src"] == policy["script-src"]
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    for tag, attrs in page.tags:
        assert "style" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "href", "action", "formaction"):
            address = attrs.get(name, "")
            assert not address.startswith(("http:", "//", "https:", "javascript:", "data:")) or page.path.startswith("/dev/mail/"), address
        if tag == "script":
            assert attrs["nonce"] == nonce[1]
            assert attrs["src"].startswith("/static/")
        if tag in {"input", "select"} and attrs.get("type") != "hidden" and "hidden" not in attrs:
            label = any(a.get("for") == attrs.get("id") for t, a in page.tags if t == "label")
            assert label or attrs.get("type") in {"radio", "checkbox", "range"}, f"{attrs} has no label"
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    described = {i for _, a in page.tags for i in a.get("aria-describedby", "").split()}
    assert described <= set(ids)
    assert page.heading
    assert page.title.endswith(" – Sparekey")
    assert sum(tag == "h1" for tag, _ in page.tags) == 1


async def test_every_page_is_framed(api: Api, anna: Browser) -> None:
    stranger = new_browser(api)
    for path in OPEN:
        check_frame(await stranger.open(path))
    for path in (*OWN, "/sign-in", "/forgot", "/sign-up"):
        check_frame(await anna.open(path))
        assert anna.page.path == path


@pytest.mark.row("P7")
async def test_own_pages_are_nobody_elses(browser: Browser) -> None:
    for path in OWN:
        await browser.open(path)
        assert browser.page.path == "/sign-in"
        assert browser.page.form().fields["next"] == path


async def test_looking_changes_nothing(api: Api, anna: Browser) -> None:
    await api.letters()
    before = await api.rows("account", "address", "session", "flow", "outbox", "audit_event", "device")
    for path in (*OPEN, *OWN, "/.well-known/change-password", "/.well-known/passkey-endpoints", "/flow/" + "0" * 32):
        await anna.open(path)
        await anna.open(path, method="HEAD")
    assert await api.rows("account", "address", "session", "flow", "outbox", "audit_event", "device") == before


@pytest.mark.row("P7")
async def test_the_addresses_that_password_managers_know(anna: Browser) -> None:
    await anna.open("/.well-known/change-password")
    assert anna.page.path == "/account/security/password"
    await anna.open("/.well-known/passkey-endpoints")
    keys = "http://localhost:8400/account/security/keys"
    assert anna.page.answered.json() == {"enroll": keys, "manage": keys}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_language_is_chosen_and_stays(browser: Browser, language: str) -> None:
    await browser.open("/forgot")
    await browser.send("/language", {**browser.page.form("/language").fields, "language": language})
    assert browser.page.path == "/forgot"
    await browser.open("/sign-in")
    assert ("html", {"lang": language, "dir": "ltr"}) in browser.page.tags
    await browser.send("/language", {**browser.page.form("/language").fields, "language": "xx"})
    assert browser.page.status == 400


async def test_the_language_of_the_browser_is_taken_up(browser: Browser) -> None:
    page = await browser.open("/", headers={"accept-language": "de;q=0.9, ru;q=0.8, en;q=0.5"})
    assert page.tags[0] == ("html", {"lang": "ru", "dir": "ltr"}) or ("html", {"lang": "ru", "dir": "ltr"}) in page.tags


async def test_no_secret_stands_in_any_page_or_address(api: Api, browser: Browser) -> None:
    canaries = [f"canary-one-forty-two-{n}" for n in range(3)]
    await browser.open("/sign-up")
    await browser.fill(name="Anna", email="anna@", password=canaries[0])
    await browser.fill(name="Anna", email=ANNA, password=canaries[0])
    code = (await api.newest(ANNA)).code
    await browser.fill(answer="999999")
    await browser.fill(answer=code)
    await browser.press("Sign out")
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=canaries[1])
    await browser.fill(identifier=ANNA, password=canaries[0])
    await browser.open("/account/security/password")
    await browser.fill(current_password=canaries[0], new_password=canaries[2], new_password_again=canaries[1])
    await browser.fill(current_password=canaries[0], new_password=canaries[2], new_password_again=canaries[2])
    for path in OWN:
        await browser.open(path)
    tokens = [browser.cookie(name) for name in ("session", "browser", "device")]
    assert all(tokens)
    for secret in (*canaries, "999999", code.replace(" ", ""), *tokens):
        assert [url for url, text in browser.seen if secret in url or secret in text] == [], secret


async def test_development_pages_are_absent_in_production(data_dir: Path, api: Api) -> None:
    settings = read_settings(
        {
            "SPAREKEY_MODE": "production",
            "SPAREKEY_BASE_URL": "https://id.example.com",
            "SPAREKEY_DATA": str(data_dir / "production"),
            "SPAREKEY_SMTP": "smtp://user:word@mail.example.com:587",
            "SPAREKEY_MAIL_FROM": "id@example.com",
        }
    )
    parts = build(settings, clock=api.clock, hashing=HashingHere(), cost=CHEAP)
    browser = new_browser(api, build_app(settings, parts))
    for path in ("/dev/mail", "/dev/mail/x", "/dev/phone"):
        page = await browser.open(f"https://id.example.com{path}")
        assert page.status == 404
        assert "Development mode" not in page.text
    page = await browser.open("https://id.example.com/")
    assert page.status == 200
    fields = {**page.form("/language").fields, "language": "ru"}
    chosen = await browser.http.post("https://id.example.com/language", data=fields)
    assert chosen.status_code == 303
    names = {cookie.name for cookie in browser.http.cookies.jar}
    assert names == {"__Host-sparekey-browser", "__Host-sparekey-language"}
    parts.hasher.close()


async def test_the_mailbox_of_development_shows_letters_with_links(api: Api, browser: Browser) -> None:
    await browser.open("/sign-up")
    await browser.fill(name="Anna", email=ANNA, password=ANOTHER)
    await api.letters()
    await browser.open("/dev/mail")
    await browser.open(next(href for words, href in browser.page.links.items() if ANNA in words))
    assert any("/l/" in href for href in browser.page.links.values())
    await browser.open("/dev/mail/..%2f..%2fkeys")
    assert browser.page.status == 404


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/account/devices", "/account/devices"),
        ("/flow/0?way=password", "/flow/0?way=password"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("account", "/"),
        ("", "/"),
        ("/" + "x" * 400, "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/é", "/"),
    ],
)
def test_only_our_own_paths_are_gone_on_to(text: str, path: str) -> None:
    assert local_path(text) == path
