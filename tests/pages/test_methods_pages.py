"""The pages of second factors: switching on, the chooser, changing, reporting, switching off (mission.md, F1, F5, F7, F9, R12)."""

import re

import pytest

from sparekey.challenges import totp
from sparekey.domain.masks import masked
from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.doors.second_factors import App
from tests.pages.browser import Browser, new_browser, signed_up

EMAIL = "anna@example.com"
METHODS = "/account/security/methods"


def codes_on(browser: Browser) -> list[str]:
    found = re.findall(r"<li><b>(\d+)</b> <span dir=\"ltr\">([A-Z-]+)</span></li>", browser.page.html)
    assert len(found) == 10, browser.page.text
    return [f"{number} {code}" for number, code in found]


async def switched_on(api: Api, label: str = "My phone") -> tuple[Browser, App, list[str]]:
    browser = await signed_up(api, EMAIL, PASSWORD)
    await browser.open(METHODS)
    assert "Off." in browser.page.text
    await browser.open(f"{METHODS}/totp")
    await browser.fill(label=label)
    if browser.page.heading == "First, show it is you":
        await browser.fill(answer=PASSWORD)
    assert browser.page.heading == "Scan this with your authenticator app", browser.page.text
    app = App(api, browser.page.by_id("key"))
    await browser.fill(answer=app.code())
    assert browser.page.heading == "Keep these ten backup codes", browser.page.text
    codes = codes_on(browser)
    await browser.fill(answer=codes[2])
    assert browser.page.path == METHODS, browser.page.text
    assert "It is added." in browser.page.text
    return browser, app, codes


async def at_second_step(api: Api) -> Browser:
    browser = new_browser(api)
    await browser.open("/sign-in")
    await browser.fill(identifier=EMAIL, password=PASSWORD)
    assert browser.page.heading == "Open your authenticator app", browser.page.text
    return browser


def way(browser: Browser, name: str) -> str:
    """Where a way to verify leads that is offered as a link."""
    return next(href for words, href in browser.page.links.items() if words.startswith(name))


@pytest.mark.row("F1")
async def test_switching_on_and_signing_in(api: Api) -> None:
    owner, app, _ = await switched_on(api)
    assert "My phone" in owner.page.text
    assert "10 codes are left" in owner.page.text
    browser = await at_second_step(api)
    await browser.fill(answer="000000")
    assert "This code is not right" in browser.page.text
    assert browser.page.status == 422
    await browser.fill(answer="")
    assert "Enter the code that your authenticator app shows." in browser.page.text
    await browser.fill(answer=app.next_code())
    assert browser.page.path == "/account", browser.page.text


@pytest.mark.row("F1")
async def test_the_picture_says_what_the_key_says_and_only_on_that_page(api: Api) -> None:
    browser = await signed_up(api, EMAIL, PASSWORD)
    await browser.open(f"{METHODS}/totp")
    await browser.fill(label="")
    if browser.page.heading == "First, show it is you":
        await browser.fill(answer=PASSWORD)
    key = browser.page.by_id("key").replace(" ", "")
    assert "<svg" in browser.page.html
    assert len(key) == 32
    assert not [url for url, _ in browser.seen if key in url]
    await browser.fill(answer="123")
    assert browser.page.status == 422
    assert browser.page.by_id("key").replace(" ", "") == key


@pytest.mark.row("F5")
async def test_the_codes_can_be_kept_as_a_file_and_are_gone_after(api: Api) -> None:
    browser = await signed_up(api, EMAIL, PASSWORD)
    await browser.open(f"{METHODS}/totp")
    await browser.fill(label="")
    if browser.page.heading == "First, show it is you":
        await browser.fill(answer=PASSWORD)
    app = App(api, browser.page.by_id("key"))
    await browser.fill(answer=app.code())
    codes, flow = codes_on(browser), browser.page.path
    await browser.fill(answer="1 BCDFG-HJKLM-NPQRS")
    assert "This is none of the ten codes above" in browser.page.text
    await browser.fill(answer="hello")
    assert "A backup code is its number and 15 letters" in browser.page.text
    assert codes_on(browser) == codes
    file = await browser.open(f"{flow}/codes.txt")
    assert file.answered.headers["content-type"].startswith("text/plain")
    assert file.answered.headers["cache-control"] == "no-store"
    assert all(code.split()[1] in file.html for code in codes)
    await browser.open(flow)
    await browser.fill(answer=codes[9].lower())
    assert browser.page.path == METHODS
    for path in (f"{flow}/codes.txt", flow, METHODS):
        await browser.open(path)
        assert not [code for code in codes if code.split()[1] in browser.page.html]


@pytest.mark.row("F5", "R4")
async def test_a_backup_code_instead_of_the_phone(api: Api) -> None:
    _, _, codes = await switched_on(api)
    browser = await at_second_step(api)
    await browser.follow("I don’t have my phone")
    assert browser.page.heading == "One more proof that it is you"
    await browser.open(way(browser, "A backup code"))
    await browser.fill(answer=codes[0].split()[1])
    assert "Type the number that stands in front of the code, too" in browser.page.text
    await browser.fill(answer=codes[0])
    assert browser.page.path == "/account", browser.page.text
    await browser.open(METHODS)
    assert "9 codes are left" in browser.page.text


@pytest.mark.row("F7", "R3")
async def test_the_chooser_says_why_not_only_after_a_first_proof(api: Api) -> None:
    await switched_on(api)
    browser = await at_second_step(api)
    await browser.follow("I don’t have my phone")
    assert "A security key: not on this account" in browser.page.text
    told = []
    for name in (EMAIL, "nobody@example.com"):
        stranger = new_browser(api)
        await stranger.open("/forgot")
        await stranger.fill(identifier=name)
        assert "not on this account" not in stranger.page.text
        told.append(sorted(stranger.page.links))
        assert "Why not another way?" not in stranger.page.text
    assert told[0] == told[1]
    assert any(words.startswith("An authenticator app") for words in told[0])


@pytest.mark.row("R12", "F7")
async def test_without_phone_and_codes_one_is_led_on_to_getting_back_in_with_what_was_shown(api: Api) -> None:
    await switched_on(api)
    api.clock.wait(days=31)
    browser = await at_second_step(api)
    await browser.follow("I don’t have my phone")
    await browser.press("I have no other way")
    assert "Password: right" in browser.page.text
    assert "Getting back in" in browser.page.title
    # The mailbox was not shown, so that it hears of the wait: shown, nobody would be left to be told.
    assert "A code by e-mail: adds nothing to what you have shown" in browser.page.text
    await browser.press("I have no other way")
    assert browser.page.heading == "Now there is a waiting time", browser.page.text
    assert not browser.cookie("session")


@pytest.mark.row("F7")
async def test_name_and_preference(api: Api) -> None:
    owner, app, _ = await switched_on(api)
    await owner.follow("Change: My phone")
    await owner.fill(form=f"{owner.page.path}/rename", label="The old phone")
    await owner.fill(answer=PASSWORD)
    await owner.fill(answer=app.next_code())
    assert "The old phone" in owner.page.text
    await owner.follow("Change: The old phone")
    await owner.fill(form=f"{owner.page.path}/prefer")
    assert "Asked first" in owner.page.text, owner.page.text


@pytest.mark.row("F9")
async def test_switching_off_asks_for_as_much_as_signing_in(api: Api) -> None:
    owner, app, _ = await switched_on(api)
    await owner.open(f"{METHODS}/off")
    await owner.press("Switch it off")
    assert owner.page.heading == "First, show it is you", owner.page.text
    await owner.fill(answer=PASSWORD)
    assert owner.page.heading == "Open your authenticator app", owner.page.text
    await owner.fill(answer=app.next_code())
    assert "It is removed." in owner.page.text
    assert "Off." in owner.page.text
    again = new_browser(api)
    await again.open("/sign-in")
    await again.fill(identifier=EMAIL, password=PASSWORD)
    assert again.page.path == "/account"


@pytest.mark.row("F9")
async def test_what_was_stolen_is_stopped_from_outside(api: Api) -> None:
    await switched_on(api)
    browser = new_browser(api)
    await browser.open("/lost")
    await browser.fill(identifier=EMAIL)
    assert browser.page.heading == "Look at your mail", browser.page.text
    await browser.fill(answer=(await api.newest(EMAIL)).code)
    assert browser.page.heading == "What was stolen?", browser.page.text
    await browser.press("My phoneAn authenticator app")
    assert browser.page.heading == "It is stopped", browser.page.text
    step = new_browser(api)
    await step.open("/sign-in")
    await step.fill(identifier=EMAIL, password=PASSWORD)
    assert step.page.heading == "Type one of your backup codes", step.page.text


@pytest.mark.row("R12")
async def test_a_lost_authenticator_goes_with_the_recovery(api: Api) -> None:
    _, _, codes = await switched_on(api)
    api.clock.wait(days=31)
    browser = new_browser(api)
    await browser.open("/forgot")
    await browser.fill(identifier=EMAIL)
    await browser.fill(answer=(await api.newest(EMAIL)).code)
    await browser.open(way(browser, "A backup code"))
    await browser.fill(answer=codes[4])
    assert browser.page.heading == "Choose a new password", browser.page.text
    form = browser.page.form()
    box = next(
        a["name"]
        for tag, a in browser.page.tags
        if tag == "input" and a.get("type") == "checkbox" and a.get("name", "").startswith("lost_")
    )
    await browser.send(form.action, {**form.fields, "password": ANOTHER, "password_again": ANOTHER, box: "yes"})
    assert browser.page.heading == "Your new password is set", browser.page.text
    await browser.open("/sign-in")
    await browser.fill(identifier=EMAIL, password=ANOTHER)
    assert browser.page.heading == "Shut the door twice?", browser.page.text
    assert any("was removed" in subject for subject in await api.about(EMAIL))


def test_the_app_of_these_tests_is_the_servers_own() -> None:
    assert totp.STEP_SECONDS == 30


@pytest.mark.row("F9", "D3")
async def test_reporting_shows_the_same_pages_for_a_name_that_nobody_has(api: Api) -> None:
    await switched_on(api)
    told = []
    for name in (EMAIL, "ben.n@example.com"):
        browser = new_browser(api)
        await browser.open("/lost")
        await browser.fill(identifier=name)
        first = browser.page
        await browser.open(f"{first.path}?way=totp")
        second = browser.page
        await browser.fill(answer="000000")
        told.append([page.masked.replace(name, "NAME").replace(masked(name), "MASKED") for page in (first, second, browser.page)])
    assert told[0] == told[1]
