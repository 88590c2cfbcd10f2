"""Approving on a phone and signing in by QR code, on pages without script; what they show, and what they must not."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doors.api import PASSWORD, Api, served
from tests.pages.browser import ORIGIN, Browser, new_browser, signed_in, signed_up
from tests.soft_phone import SoftPhone, phone_owner

ANNA = "anna@example.com"

BY_CHANCE = (
    (re.compile(r"(?<=</span>)\d{3}(?=</p>)"), "000"),
    (re.compile(r'(?<=datetime=")[^"]+">[^<]+'), ""),
)
"""The number, and until when it is good."""


def number_of(browser: Browser) -> str:
    found = re.search(r'class="number".*?</span>(\d{3})</p>', browser.page.html)
    assert found, browser.page.text
    return found[1]


def masked(browser: Browser, name: str) -> str:
    text = browser.page.masked.replace(name[0] + "•••", "N•••")
    for pattern, instead in BY_CHANCE:
        text = pattern.sub(instead, text)
    return text


async def choose_phone(browser: Browser) -> None:
    form = next(f for f in browser.page.forms if any(b[2] == "phone_approval" for b in f.buttons))
    await browser.send(form.action, {**form.fields, "kind": "phone_approval"})


@pytest.mark.row("F6")
async def test_signing_in_with_the_phone(api: Api) -> None:
    owner = await phone_owner(api)
    browser = new_browser(api)
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    await choose_phone(browser)
    assert browser.page.heading == "Look at your phone"
    number = number_of(browser)
    await browser.press("I typed it there: continue")
    assert browser.page.status == 422
    assert "has not said yes so far" in browser.page.text
    assert number_of(browser) == number, "the same question, the same number"
    await owner.phone.approve((await owner.phone.asked())[0]["prompt_id"], number)
    await browser.open(browser.page.path.removesuffix("/answer"))
    assert browser.page.heading == "Your phone said yes"
    await browser.press("Continue")
    assert browser.page.path.startswith("/account")


@pytest.mark.row("D3", "R3", "F6")
async def test_before_the_first_proof_the_page_is_the_same_for_every_name(api: Api) -> None:
    await phone_owner(api)
    await api.signed_up("bob@example.com")
    pages = []
    for name in (ANNA, "bob@example.com", "xbody@example.com"):
        browser = new_browser(api)
        await browser.open("/forgot")
        await browser.fill(identifier=name)
        await browser.open(f"{browser.page.path}?way=other")
        await choose_phone(browser)
        assert browser.page.heading == "Look at your phone"
        pages.append(masked(browser, name))
    assert pages[0] == pages[1] == pages[2]


@pytest.mark.row("F6")
async def test_adding_a_phone(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/security/phone")
    await browser.fill(label="\u200bx\x00")
    assert browser.page.status == 422
    await browser.fill(label="My blue phone")
    assert browser.page.heading == "Add a phone that approves"
    flow = browser.page.path
    await browser.press("Show the code")
    assert "<svg" in browser.page.html
    code = next(href for href in browser.page.links.values() if href.startswith("/approve#")).removeprefix("/approve#")
    await browser.open(flow)
    assert code in browser.page.html, "the page can be loaded again"
    assert (await SoftPhone(api.program()).enrol(code)).status == 200
    await browser.open(flow)
    assert browser.page.heading == "Keep these ten backup codes"
    assert all(code not in url for url, _ in browser.seen), "the code stands in no address"


@pytest.mark.row("F6")
async def test_the_phones_page_may_run_a_worker_and_no_other_page_may(browser: Browser) -> None:
    await browser.open("/approve")
    policy = browser.page.answered.headers["content-security-policy"]
    assert "manifest-src 'self'; worker-src 'self'" in policy
    await browser.open("/sign-in")
    assert "worker-src" not in browser.page.answered.headers["content-security-policy"]
    worker = await browser.open("/approve-worker.js")
    assert worker.answered.headers["content-type"].startswith("text/javascript")
    manifest = await browser.open("/approve.webmanifest")
    assert manifest.answered.headers["content-type"].startswith("application/manifest+json")
    assert manifest.answered.json()["name"] == "Approve – Sparekey"


@pytest.mark.row("I4")
async def test_a_computer_signs_in(api: Api) -> None:
    phone = await signed_up(api, ANNA, PASSWORD)
    computer = new_browser(api)
    await computer.open("/sign-in/qr")
    await computer.press("Show the code")
    number, token = number_of(computer), computer.cookie("qr")
    assert "<svg" in computer.page.html
    await phone.open(f"/q/{token}")
    assert (phone.page.path, phone.page.heading) == ("/q", "Sign in this computer?")
    await phone.press("It stands in front of me")
    assert phone.page.heading == "Which number does the computer show?"
    assert number not in phone.page.html
    await phone.fill(number="")
    assert phone.page.status == 422
    await phone.fill(number=number)
    assert phone.page.heading == "Now look at the computer"
    await computer.follow("I did that: continue")
    assert computer.page.heading == "Sign in as a•••@example.com?"
    await computer.press("Sign in")
    assert computer.page.path == "/account"
    assert computer.cookie("device") == "", "nothing was typed here, so it is not known"
    assert [url for url, _ in computer.seen if token in url] == []
    assert [url for url, _ in phone.seen if token in url] == [f"{ORIGIN}/q/{token}"]


@pytest.mark.row("I4")
async def test_a_phone_that_is_not_signed_in_does_that_first(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    computer, phone = new_browser(api), new_browser(api)
    await computer.open("/sign-in/qr")
    await computer.press("Show the code")
    await phone.open(f"/q/{computer.cookie('qr')}")
    assert phone.page.path == "/sign-in"
    await phone.fill(identifier=ANNA, password=PASSWORD)
    assert phone.page.heading == "Sign in this computer?"


@pytest.mark.row("I4")
@pytest.mark.parametrize("token", ["x", "A" * 22, "%00", "<b>"])
async def test_a_code_that_never_was_says_that_it_is_over(api: Api, token: str) -> None:
    phone = await signed_up(api, ANNA, PASSWORD)
    await phone.open(f"/q/{token}")
    assert phone.page.status == 404
    await phone.send("/q", {"csrf": phone.page.form("/language").fields["csrf"]})
    assert phone.page.status == 404


@pytest.mark.row("I4")
async def test_the_buttons_of_another_computer_do_nothing_here(api: Api) -> None:
    """Whoever has the code, and not the browser that began, collects nothing."""
    phone = await signed_up(api, ANNA, PASSWORD)
    computer, photographer = new_browser(api), await signed_in(api, ANNA, PASSWORD)
    await computer.open("/sign-in/qr")
    await computer.press("Show the code")
    await phone.open(f"/q/{computer.cookie('qr')}")
    await phone.press("It stands in front of me")
    await phone.fill(number=number_of(computer))
    await photographer.press("Sign out") if "Sign out" in photographer.page.text else None
    photographer.http.cookies.set("sparekey-qr", computer.cookie("qr"))
    await photographer.open("/sign-in/qr")
    await photographer.send("/sign-in/qr/go", {"csrf": photographer.page.form("/language").fields["csrf"]})
    assert photographer.cookie("session") == ""
    assert photographer.page.path == "/sign-in/qr"


@pytest.fixture
async def strict(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, profile="strict") as api:
        yield api


@pytest.mark.row("I4")
async def test_strict_shows_no_such_way(strict: Api) -> None:
    browser = new_browser(strict)
    await browser.open("/sign-in")
    assert "QR" not in browser.page.text
    await browser.open("/sign-in/qr")
    assert browser.page.status == 410
    assert browser.page.heading == "This site does not offer this"
