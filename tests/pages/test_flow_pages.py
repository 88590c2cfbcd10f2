"""The one page of a flow: its states, and what a tired person does to it."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.pages.browser import Browser, new_browser, signed_in, signed_up

ANNA = "anna@example.com"
NOBODY = "nobody@example.com"


async def recovering(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)


@pytest.mark.row("R3")
@pytest.mark.row("D3")
async def test_before_the_first_proof_all_names_see_the_same_ways(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    pages = []
    for name in (ANNA, "abody@example.com"):
        browser = new_browser(api)
        await browser.open("/forgot")
        await browser.fill(identifier=name)
        assert "Other ways to verify" in browser.page.text
        pages.append(browser.page.masked)
    assert pages[0] == pages[1]


@pytest.mark.row("R14")
async def test_a_code_can_be_sent_again_after_a_minute(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    assert "Possible in 60 s" in browser.page.text
    assert "spam folder" in browser.page.text
    first = (await api.newest(ANNA)).code
    await browser.press("Send a new code")
    assert browser.page.status == 429
    assert int(browser.page.answered.headers["retry-after"]) <= 60
    assert "You can ask for another" in browser.page.text
    api.clock.wait(seconds=61)
    await browser.press("Send a new code")
    assert browser.page.status == 200
    assert (await api.newest(ANNA)).code != first
    await browser.fill(answer=first)
    assert browser.page.heading == "Choose a new password", "the late mail still works"


@pytest.mark.row("R1")
@pytest.mark.parametrize("wide", [False, True])
async def test_a_code_may_be_typed_with_spaces_or_in_full_width(api: Api, browser: Browser, wide: bool) -> None:
    await recovering(api, browser)
    field = browser.page.input("answer")
    assert (field["inputmode"], field["autocomplete"]) == ("numeric", "one-time-code")
    code = (await api.newest(ANNA)).code
    typed = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in code) if wide else f" {' '.join(code)} "
    await browser.fill(answer=typed)
    assert browser.page.heading == "Choose a new password"


async def test_a_wrong_code_says_so_beside_the_field(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    await browser.fill(answer="000000")
    assert browser.page.status == 422
    assert "This code is not right" in browser.page.by_id("answer-wrong")
    assert "value" not in browser.page.input("answer") or browser.page.input("answer")["value"] == ""
    await browser.fill(answer="")
    assert "Enter the code" in browser.page.by_id("answer-wrong")


@pytest.mark.row("R3")
async def test_another_way_and_then_no_other(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    await browser.open(next(href for href in browser.page.links.values() if href.endswith("?way=password")))
    assert browser.page.heading == "Your password"
    await browser.fill(answer="this is not it, sorry")
    assert "This password is not right." in browser.page.by_id("answer-wrong")
    await browser.fill(answer=PASSWORD)
    assert "Password: right" in browser.page.text
    await browser.press("I have no other way")
    assert browser.page.heading == "Now there is a waiting time"
    await browser.open(browser.page.path)
    assert browser.page.heading == "Now there is a waiting time"


@pytest.mark.row("R3")
async def test_nothing_more_at_once_ends_honestly_with_a_way_on(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    await browser.press("I have no other way")
    assert browser.page.heading == "We cannot decide this here"
    assert "Nothing was changed." in browser.page.text
    assert browser.page.links["Start again"] == "/forgot"


@pytest.mark.row("R3", "C2", "D3")
@pytest.mark.parametrize("name", [ANNA, NOBODY])
async def test_a_sign_in_for_which_nothing_is_left_leads_to_people(api: Api, browser: Browser, name: str) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/sign-in")
    await browser.fill(button="Mail me a sign-in link", identifier=name)
    await browser.press("I have no other way")
    assert browser.page.heading == "This was not enough"
    assert browser.page.links["Get back in"] == "/forgot"
    await browser.follow("Open a case, so that people look at it")
    assert "It is about the account that you named:" in browser.page.text
    await browser.send("/help/case", {**browser.page.form("/help/case").fields, "kind": "lost", "contact": "anna@elsewhere.example"})
    assert browser.page.heading == "Look at your mail"


async def test_leaving_changes_nothing(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    rows = await api.rows()
    await browser.press("Stop here and change nothing")
    assert browser.page.path == "/"
    assert await api.rows() == rows


async def test_an_expired_flow_says_so(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    form = browser.page
    api.clock.wait(hours=2)
    await browser.open(form.path)
    assert browser.page.heading == "This took too long"
    browser.page = form
    await browser.fill(answer="123456")
    assert browser.page.heading == "This took too long"


async def test_the_back_button_and_a_second_click_do_no_harm(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    code_page = browser.page
    code = (await api.newest(ANNA)).code
    await browser.fill(answer=code)
    new_password_page = browser.page
    browser.page = code_page
    await browser.fill(answer=code)
    assert browser.page.heading == "Choose a new password", "back, and the same code again"
    browser.page = new_password_page
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    browser.page = new_password_page
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    assert browser.page.heading == "Your new password is set"


async def test_a_flow_opens_in_another_tab_but_not_in_another_browser(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    path = browser.page.path
    await browser.open(path)
    assert browser.page.heading == "Look at your mail"
    stranger = new_browser(api)
    await stranger.open(path)
    real = stranger.page
    await stranger.open(f"/flow/{'0' * 32}")
    assert real.status == stranger.page.status == 404
    assert real.masked == stranger.page.masked, "one answer for another's flow and for none"


@pytest.mark.row("S3")
async def test_after_a_while_the_password_is_asked_for_again(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    api.clock.wait(minutes=20)
    await browser.open("/account/details")
    await browser.fill(name="Somebody Else")
    assert browser.page.heading == "First, show it is you"
    await browser.fill(answer="not the password at all")
    assert browser.page.status == 422
    await browser.open("/account/details")
    assert browser.page.input("name")["value"] == "Anna Berg"


@pytest.mark.row("P6")
@pytest.mark.parametrize("minutes", [0, 20])
async def test_a_wrong_current_password_changes_nothing(api: Api, minutes: int) -> None:
    """However fresh the session is: whoever finds it open does not know the password."""
    await signed_up(api, ANNA, PASSWORD)
    browser = await signed_in(api, ANNA, PASSWORD)
    api.clock.wait(minutes=minutes)
    await browser.open("/account/security/password")
    await browser.fill(current_password="not the password at all", new_password=ANOTHER, new_password_again=ANOTHER)
    assert browser.page.status == 422
    assert "This is not your current password." in browser.page.by_id("current_password-wrong")
    await browser.fill(current_password=PASSWORD, new_password=ANOTHER, new_password_again=PASSWORD)
    assert "The two passwords are not the same." in browser.page.by_id("new_password_again-wrong")
    await signed_in(api, ANNA, PASSWORD)


@pytest.mark.row("P1", "P5", "R1")
async def test_why_a_new_password_is_refused_in_a_recovery_stands_beside_its_field(api: Api, browser: Browser) -> None:
    await recovering(api, browser)
    await browser.fill(answer=(await api.newest(ANNA)).code)
    for password, why in ((PASSWORD, "You have used this password before."), ("too short", "Too short: at least 15 characters.")):
        await browser.fill(password=password, password_again=password)
        assert (browser.page.status, browser.page.heading) == (422, "Choose a new password")
        assert why in browser.page.by_id("password-wrong")
        assert "#password" in browser.page.links.values(), "the summary leads to the field"
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    assert browser.page.heading == "Your new password is set"


@pytest.mark.row("P6")
@pytest.mark.row("P5")
async def test_a_former_password_is_refused_and_the_current_one_not_asked_twice(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/security/password")
    await browser.fill(current_password=PASSWORD, new_password=PASSWORD, new_password_again=PASSWORD)
    assert browser.page.status == 422
    assert "You have used this password before." in browser.page.by_id("password-wrong")
    await browser.fill(password=ANOTHER, password_again=ANOTHER)
    assert "Your new password is set." in browser.page.text
    await browser.open("/account")
    assert browser.page.path == "/account", "the own session goes on"


@pytest.mark.row("P6")
async def test_not_remembering_leads_to_recovery_without_signing_out(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    await browser.open("/account/security/password")
    await browser.follow("I don’t remember it")
    assert browser.page.input("identifier")["value"] == ANNA
    await browser.fill()
    await browser.fill(answer=(await api.newest(ANNA)).code)
    assert browser.page.heading == "Choose a new password"
    await browser.open("/account")
    assert browser.page.path == "/account"
