"""Alarms and waits as a person without script walks them (H1, F10, R10)."""

import re

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.doors.second_factors import owner_of
from tests.doors.waits import (
    ANNA,
    STATUS,
    WAITING,
    begin_with_mailbox,
    begin_with_password,
    disown_token,
    letters_about,
    owner_with_two,
    pass_time,
    way_back_token,
)
from tests.pages.browser import Browser, new_browser, signed_in, signed_up


async def new_device_letter(api: Api) -> str:
    """The token of a notice of a sign-in on a new device."""
    await signed_up(api, ANNA, PASSWORD)
    api.clock.wait(minutes=5)
    await signed_in(api, ANNA, PASSWORD)
    return disown_token(await api.newest(ANNA))


@pytest.mark.row("H1", "I8")
async def test_from_the_mail_to_a_locked_account_and_back_in(api: Api, browser: Browser) -> None:
    token = await new_device_letter(api)
    await browser.open(f"/d/{token}")
    assert browser.page.path == "/disown", "the secret has left the address"
    assert browser.page.heading == "This was not you?"
    assert "Sign-in on a new device" in browser.page.text
    await browser.press("This was not me: lock the account")
    assert browser.page.heading == "The account is locked"
    assert "/forgot" in browser.page.links.values()
    assert "/thaw" not in browser.page.links.values(), "there is no password any more, so a new one is the way"
    thief = new_browser(api)
    await thief.open("/sign-in")
    await thief.fill(identifier=ANNA, password=PASSWORD)
    assert thief.page.status == 422, "whoever signed in knew the password, so it is void"
    await browser.follow("Choose a new password")
    await browser.fill(identifier=ANNA)
    await browser.fill(answer=(await api.newest(ANNA)).code)
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    assert browser.page.heading == "Your new password is set"
    await signed_in(api, ANNA, ANOTHER)
    assert all(token not in text for url, text in browser.seen if "/d/" not in url)


@pytest.mark.row("H1")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_mail_scanner_that_opens_the_link_changes_nothing(api: Api, method: str) -> None:
    token = await new_device_letter(api)
    before = await api.rows("account", "session", "flow", "notice_link", "audit_event")
    scanner = new_browser(api)
    for path in (f"/d/{token}", "/disown"):
        await scanner.open(path, method=method)
        assert scanner.page.status == 200
    assert await api.rows("account", "session", "flow", "notice_link", "audit_event") == before


@pytest.mark.row("H1")
async def test_a_press_needs_the_form_of_our_page(api: Api, browser: Browser) -> None:
    token = await new_device_letter(api)
    await browser.open(f"/d/{token}")
    await browser.send("/disown", {"csrf": "0" * 64})
    assert browser.page.status == 403
    await browser.send("/disown", browser.page.form("/language").fields, origin="https://evil.example")
    assert browser.page.status == 403
    await browser.open(f"/d/{token}")
    assert browser.page.heading == "This was not you?"


@pytest.mark.row("H1")
@pytest.mark.parametrize("path", ["/d/none", "/w/none", f"/d/{'x' * 300}"])
async def test_a_link_that_is_none_says_so(browser: Browser, path: str) -> None:
    await browser.open(path)
    assert (browser.page.status, browser.page.heading) == (404, "This link no longer works")


@pytest.mark.row("F10")
async def test_a_code_that_nobody_asked_for_is_stopped(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    sender = new_browser(api)
    await sender.open("/forgot")
    await sender.fill(identifier=ANNA)
    before = sender.page.masked
    letter = await api.newest(ANNA)
    await browser.open(f"/d/{disown_token(letter)}")
    await browser.press("I did not ask for this: stop it")
    assert browser.page.heading == "It is stopped"
    await sender.open(sender.page.path)
    assert sender.page.masked == before
    await sender.fill(answer=letter.code)
    assert sender.page.status == 422
    await browser.press("Lock the account")
    assert browser.page.heading == "The account is locked"


@pytest.mark.row("R10")
async def test_the_way_back_by_mail(api: Api, browser: Browser) -> None:
    await owner_with_two(api)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    await browser.fill(answer=(await api.newest(ANNA)).code)
    flow = browser.page.path
    await browser.open(f"{flow}?way=password")
    await browser.fill(answer=PASSWORD)
    if "I have no other way" in {b[0] for f in browser.page.forms for b in f.buttons}:
        await browser.press("I have no other way")
    assert browser.page.heading == "Now there is a waiting time"
    assert "0 of 1" in browser.page.text
    [letter] = await letters_about(api, ANNA, STATUS)
    phone = new_browser(api)
    await phone.open(f"/w/{way_back_token(letter)}")
    assert (phone.page.path, phone.page.heading) == ("/wait", "Your recovery")
    await browser.open(flow)
    assert browser.page.heading == "Now there is a waiting time", "looking takes nothing away"
    assert "0 of 1" in phone.page.text
    assert "You began in another browser" in phone.page.text
    await phone.press("Go on here")
    assert phone.page.path != flow
    assert "Show here what you have shown in the other browser" in phone.page.text
    await phone.open(flow)
    assert phone.page.status == 404, "the mail alone takes nothing"
    await browser.open(f"/w/{way_back_token(letter)}")
    await browser.press("Yes, go on")
    assert browser.page.path == flow, "its own browser is led there"
    await phone.open(f"/w/{way_back_token(letter)}")
    await phone.press("Go on here")
    await phone.open(f"{phone.page.path}?way=password")
    await phone.fill(answer=PASSWORD)
    assert (phone.page.path, phone.page.heading) == (flow, "Now there is a waiting time")
    await browser.open(flow)
    assert browser.page.status == 404
    await pass_time(api, 25)
    await phone.open(flow)
    await phone.fill(password=ANOTHER, password_again=ANOTHER)
    assert phone.page.heading == "Your new password is set"


@pytest.mark.row("R10", "D2")
async def test_the_way_back_begins_no_more_flows_than_mails_would(api: Api) -> None:
    """Each has its own tries at a password, so a link that works for weeks must not give more of them than mails with codes."""
    await owner_with_two(api)
    await begin_with_mailbox(api)
    [letter] = await letters_about(api, ANNA, STATUS)
    thief = new_browser(api)
    for _ in range(10):
        await thief.open(f"/w/{way_back_token(letter)}")
        await thief.press("Go on here")
        if thief.page.status == 429:
            break
    assert (thief.page.status, thief.page.heading) == (429, "Your recovery")
    assert "0 of 1" in thief.page.text


@pytest.mark.row("R10")
async def test_a_banner_leads_to_stopping_and_objecting(api: Api) -> None:
    owner = await owner_of(api)
    thief, waits = await begin_with_password(api)
    home = new_browser(api)
    await home.open("/sign-in")
    await home.fill(identifier=ANNA, password=PASSWORD)
    await home.open(f"{home.page.path}?way=totp")
    await home.fill(answer=owner.app.next_code())
    assert home.page.path == "/account"
    assert "Somebody asked to get back into your account" in home.page.text
    await home.follow("If this is not you: stop it")
    await home.press("I cannot show all of that now, but I object")
    await home.press("I have no other way")
    assert "Your objection is noted" in home.page.text, "a living session alone weighs nothing"
    await home.press("I cannot show all of that now, but I object")
    await home.open(f"{home.page.path}?way=password")
    await home.fill(answer=PASSWORD)
    assert home.page.heading == "Two sides claim your account"
    assert "1 thing" in home.page.text
    assert (await thief.show(waits.flow_id)).said["wait_days"] == 7
    await home.open("/account")
    assert "Two sides claim this account" in home.page.text
    await home.open("/account/recovery")
    await home.press("Stop it")
    await home.fill(answer=PASSWORD)
    await home.fill(answer=owner.app.next_code())
    assert (home.page.path, home.page.heading) == ("/account/recovery", "It is stopped")
    assert (await thief.show(waits.flow_id)).said["ended"] == "cancelled"
    await home.open("/account")
    assert "Somebody asked to get back" not in home.page.text
    assert "Two sides" not in home.page.text


@pytest.mark.row("R16")
async def test_from_the_mail_to_the_dispute_and_more(api: Api) -> None:
    """Nobody is signed in: the link, one button, and one thing after another; the recovering side sees who is ahead."""
    owner = await owner_of(api)
    thief = new_browser(api)
    await thief.open("/forgot")
    await thief.fill(identifier=ANNA)
    await thief.open(f"{thief.page.path}?way=password")
    await thief.fill(answer=PASSWORD)
    await thief.press("I have no other way")
    assert thief.page.heading == "Now there is a waiting time"
    waits = thief.page.path
    [letter] = await letters_about(api, ANNA, WAITING)
    person = new_browser(api)
    await person.open(f"/d/{disown_token(letter)}")
    assert "until then" in person.page.text.lower()
    await person.press("This was not me: object")
    assert person.page.heading == "You objected"
    await person.follow("Show more")
    assert (person.page.path, person.page.heading) == ("/dispute", "Two sides claim the account")
    assert "has shown as much" in person.page.text
    await person.press("Show one more thing")
    await person.open(f"{person.page.path}?way=totp")
    await person.fill(answer="000000")
    assert person.page.status == 422
    await person.fill(answer=owner.app.next_code())
    assert (person.page.path, "2 things" in person.page.text) == ("/dispute", True)
    assert "has shown less" in person.page.text
    await thief.open(waits)
    assert thief.page.heading == "Somebody else claims this account, too"
    assert "has shown more" in thief.page.text
    await pass_time(api, 74)
    await thief.open(waits)
    assert thief.page.heading == "The other side has shown more"
    await person.open("/dispute")
    assert (person.page.status, person.page.heading) == (404, "Nothing is disputed here")


@pytest.mark.row("R16", "D1")
async def test_the_link_begins_no_more_tries_than_mails_would(api: Api) -> None:
    await owner_of(api)
    await begin_with_password(api)
    thief = new_browser(api)
    await thief.open(f"/d/{disown_token((await letters_about(api, ANNA, WAITING))[0])}")
    await thief.press("This was not me: object")
    for _ in range(10):
        await thief.open("/dispute")
        await thief.press("Show one more thing")
        if thief.page.status == 429:
            break
    assert (thief.page.status, thief.page.heading) == (429, "Two sides claim the account")


@pytest.mark.row("R16", "C2")
async def test_a_tie_leads_to_a_case(api: Api) -> None:
    await owner_of(api)
    loser = new_browser(api)
    await loser.open("/forgot")
    await loser.fill(identifier=ANNA)
    await loser.open(f"{loser.page.path}?way=password")
    await loser.fill(answer=PASSWORD)
    await loser.press("I have no other way")
    waits = loser.page.path
    person = new_browser(api)
    await person.open(f"/d/{disown_token((await letters_about(api, ANNA, WAITING))[0])}")
    await person.press("This was not me: object")
    await pass_time(api, 74)
    await loser.open(waits)
    assert loser.page.heading == "Both sides have shown as much"
    await loser.follow("Open a case, so that people look at it")
    assert loser.page.path.startswith("/help/case")
    await person.open("/dispute")
    assert "people look at it" in person.page.text


@pytest.mark.row("H1")
async def test_thawing_by_the_page(api: Api, browser: Browser) -> None:
    owner = await signed_up(api, ANNA, PASSWORD)
    await owner.open("/account/details")
    await owner.fill(form="/account/details", name="Eve")
    [letter] = await letters_about(api, ANNA, "details")
    await browser.open(f"/d/{disown_token(letter)}")
    assert "Name, user name or language was changed" in browser.page.text
    thief = new_browser(api)
    await browser.press("This was not me: undo it and lock the account")
    assert browser.page.heading == "The account is locked"
    await thief.open("/sign-in")
    await thief.fill(identifier=ANNA, password=PASSWORD)
    assert (thief.page.status, thief.page.heading) == (410, "This account is locked")
    await browser.follow("Unlock without a new password")
    await browser.fill(identifier="  ")
    assert browser.page.status == 422
    await browser.fill(identifier=ANNA)
    await browser.fill(answer=(await api.newest(ANNA)).code)
    assert browser.page.status in {200, 410}, "one mailbox is not two things; the page leads on"


@pytest.mark.row("R10", "S4", "I9")
async def test_of_two_alarms_the_graver_has_the_button_and_the_other_a_line(api: Api) -> None:
    owner = await owner_of(api)
    await begin_with_password(api)
    home = new_browser(api)
    await home.open("/sign-in")
    await home.fill(identifier=ANNA, password=PASSWORD)
    await home.open(f"{home.page.path}?way=totp")
    await home.fill(answer=owner.app.next_code())
    await home.open("/account/close")
    await home.press("Close the account")
    await home.open("/account")
    box = re.findall(r'<div class="note warm".*?</div>', home.page.html, re.DOTALL)
    assert len(box) == 1
    assert box[0].index("Somebody asked to get back into your account") < box[0].index("This account closes for good")
    assert re.findall(r'class="button" href="([^"]*)"', box[0]) == ["/account/recovery"]
    await home.follow("Keep the account")
    assert home.page.path == "/account/close"
    assert "Somebody asked to get back into your account" in home.page.text
