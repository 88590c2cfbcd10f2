"""Signing in through the pages: one failure for everything, ways on after several, and back to where one wanted to go."""

from collections.abc import Awaitable, Callable

import pytest

from sparekey.bootstrap import build_app
from sparekey.domain.values import replace
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api
from tests.pages.browser import Browser, new_browser, signed_up

ANNA = "anna@example.com"
pytestmark = pytest.mark.row("I1")


@pytest.mark.row("D3")
async def test_an_unknown_name_and_a_wrong_password_look_the_same(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    answers = []
    for name in (ANNA, "nobody@example.com", "+15550100", "nobody"):
        browser = new_browser(api)
        await browser.open("/sign-in")
        page = await browser.fill(identifier=name, password="this is not the one")
        assert page.status == 422
        answers.append((page.masked.replace(f'value="{name}"', 'value=""'), sorted(page.answered.headers.keys())))
    assert all(a == answers[0] for a in answers)


async def test_after_three_failures_the_page_leads_on(api: Api, browser: Browser) -> None:
    await signed_up(api, ANNA, PASSWORD)
    await browser.open("/sign-in")
    for _ in range(2):
        await browser.fill(identifier=ANNA, password="wrong wrong wrong")
        assert "Not getting in?" not in browser.page.text
    await browser.fill(identifier=ANNA, password="wrong wrong wrong")
    assert "Not getting in?" in browser.page.text
    assert browser.page.links["Choose a new password"] == "/forgot"
    assert browser.page.input("identifier")["value"] == ANNA
    # The mailed link opens a session where it is opened.
    await browser.press("Mail me a sign-in link")
    assert browser.page.heading == "Open the link in your mail"
    assert browser.cookie("session") == ""
    phone = new_browser(api)
    await phone.open(f"/l/{(await api.newest(ANNA)).link}")
    await phone.press("Yes, go on")
    assert phone.page.path == "/account"
    assert browser.cookie("session") == ""


async def test_it_goes_on_to_where_the_person_wanted(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    browser = new_browser(api)
    await browser.open("/account/devices")
    assert browser.page.path == "/sign-in"
    await browser.fill(identifier=ANNA, password="wrong wrong wrong")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert browser.page.path == "/account/devices"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example", ""],
)
async def test_it_never_leads_to_another_site(api: Api, elsewhere: str) -> None:
    await signed_up(api, ANNA, PASSWORD)
    browser = new_browser(api)
    await browser.open("/sign-in")
    page = await browser.fill(identifier=ANNA, password=PASSWORD, next=elsewhere)
    assert page.url in {"http://localhost:8400/account", "http://localhost:8400/"}


async def test_empty_fields_are_named(browser: Browser) -> None:
    await browser.open("/sign-in")
    await browser.fill(identifier="", password=PASSWORD)
    assert "Enter your e-mail address, phone number or user name." in browser.page.by_id("identifier-wrong")
    await browser.fill(identifier=ANNA, password="")
    assert "Enter your password." in browser.page.by_id("password-wrong")
    assert browser.page.input("identifier")["value"] == ANNA


async def test_closed_guesses_say_until_when_and_show_the_other_way(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    browser = new_browser(api)
    await browser.open("/sign-in")
    for _ in range(11):
        await browser.fill(identifier=ANNA, password="wrong wrong wrong")
    assert browser.page.status == 429
    assert int(browser.page.answered.headers["retry-after"]) > 3600
    assert "Try again in" in browser.page.text
    assert "Mail me a sign-in link" in browser.page.text
    assert browser.page.input("identifier")["value"] == ANNA


@pytest.mark.row("P7")
async def test_fields_name_themselves_to_password_managers(browser: Browser) -> None:
    page = await browser.open("/sign-in")
    assert page.input("identifier")["autocomplete"] == "username webauthn"
    assert page.input("password")["autocomplete"] == "current-password"
    assert any("data-reveal" in a for tag, a in page.tags if tag == "button")


async def test_signing_out_ends_the_session_and_keeps_the_device_known(api: Api) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    session, device = browser.cookie("session"), browser.cookie("device")
    await browser.open("/account")
    await browser.press("Sign out")
    assert browser.cookie("session") == ""
    assert browser.cookie("device") == device
    browser.http.cookies.set("sparekey-session", session, domain="localhost.local", path="/")
    await browser.open("/account")
    assert browser.page.path == "/sign-in", "the old token opens nothing"


@pytest.mark.row("P4")
async def test_a_breached_password_opens_nothing_on_a_new_device_before_it_is_replaced(api: Api) -> None:
    await signed_up(api, ANNA, PASSWORD)
    parts = replace(api.parts, services=replace(api.parts.services, breached=AllBreached()))
    browser = new_browser(api, build_app(api.settings, parts))
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert browser.page.heading == "One more proof that it is you"
    assert "known from a data theft" in browser.page.text
    assert browser.cookie("session") == ""
    await browser.press("A code by e-mailWorks wherever you can read your mail")
    await browser.fill(answer=(await api.newest(ANNA)).code)
    assert browser.page.heading == "Choose a new password"
    assert "known from a data theft" in browser.page.text
    assert browser.cookie("session") == ""
    clean = new_browser(api)
    clean.http.cookies.update(browser.http.cookies)
    clean.page = browser.page
    await clean.fill(password=ANOTHER, password_again=ANOTHER)
    assert clean.page.heading == "Your new password is set"


class AllBreached:
    """Lists in which every password stands."""

    async def has(self, password: str) -> bool:
        return bool(password)


TYPED = {
    "/account/details": {"name": "Anna <Berg>", "user_name": "anna.berg", "language": "ru"},
    "/account/addresses": {"email": "anna.berg@example.com"},
    "/account/security/methods/totp": {"label": "the old phone"},
    "/account/security/password": {"current_password": PASSWORD, "new_password": ANOTHER, "new_password_again": ANOTHER},
}
"""What is typed into a form of the own account, by its address."""


@pytest.mark.row("I10")
@pytest.mark.parametrize("path", TYPED)
async def test_what_was_typed_is_kept_when_the_session_ended_meanwhile(api: Api, path: str) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    form = (await browser.open(path)).form(path)
    other = await api.program().sign_in(ANNA)
    await api.http.post("/api/v1/flows", json={"flow": {"action": "end_sessions"}}, headers=as_program(other))
    page = await browser.send(path, {**form.fields, **TYPED[path]})
    assert (page.status, page.heading) == (401, "You are not signed in any more")
    typed = {name: value for name, value in TYPED[path].items() if "password" not in name}
    assert page.form(path).fields.items() >= typed.items()
    assert PASSWORD not in page.html
    assert ANOTHER not in page.html
    await browser.open(page.links["Sign in in a new tab"])
    await browser.fill(identifier=ANNA, password=PASSWORD)
    browser.page = page
    done = await browser.press("Try again")
    assert done.status == (200 if typed else 422), done.text
    if path == "/account/details":
        assert {name: browser.page.input(name)["value"] for name in ("name", "user_name")} == {
            "name": "Anna <Berg>",
            "user_name": "anna.berg",
        }


@pytest.mark.row("I10")
async def test_what_another_site_typed_is_not_kept(api: Api) -> None:
    browser = new_browser(api)
    await browser.open("/")
    page = await browser.send("/account/details", {"name": "Mallory", "language": "en", "csrf": "0" * 64}, origin="https://evil.example")
    assert page.status == 403
    assert "Mallory" not in page.html


@pytest.mark.row("I7", "I10")
async def test_one_browser_has_one_session_whoever_signs_in(api: Api) -> None:
    """A stranger's link signs Berta in as Mallory. Her own session must not go on for a month without anybody in it."""
    berta = await signed_up(api, ANNA, PASSWORD)
    first = berta.cookie("session")
    for _ in range(3):
        await berta.open("/sign-in")
        await berta.fill(identifier=ANNA, password=PASSWORD)
    assert berta.cookie("session") != first
    page = await berta.open("/account/devices")
    assert page.text.count("Firefox") == 1, page.text
    hers = berta.cookie("session")
    await api.signed_up("mallory@example.com")
    await berta.open("/sign-in")
    await berta.fill(identifier="mallory@example.com", password=PASSWORD)
    assert berta.page.path == "/account"
    for token in (first, hers):
        assert (await api.http.get("/api/v1/session", headers={"authorization": f"Bearer {token}"})).status_code == 401
    assert (await api.http.get("/api/v1/session", headers={"authorization": f"Bearer {berta.cookie('session')}"})).status_code == 200


OUT = "You were signed out."


async def sign_out_from_elsewhere(api: Api) -> None:
    other = await api.program().sign_in(ANNA)
    await api.http.post("/api/v1/flows", json={"flow": {"action": "end_sessions"}}, headers=as_program(other))


async def change_the_password_elsewhere(api: Api) -> None:
    other = api.program()
    await other.sign_in(ANNA)
    began = await other.start("change_password")
    await other.password(began.flow_id, PASSWORD)
    assert (await other.finish(began.flow_id, ANOTHER)).state == "done"


async def let_it_expire(api: Api) -> None:
    """The browser's clock is behind, so its cookie lives on."""
    api.clock.wait(days=31)


@pytest.mark.row("I7", "I10")
@pytest.mark.parametrize("end", [sign_out_from_elsewhere, change_the_password_elsewhere, let_it_expire])
async def test_whose_session_ended_elsewhere_is_told_once_on_the_sign_in_page(api: Api, end: Callable[[Api], Awaitable[None]]) -> None:
    browser = await signed_up(api, ANNA, PASSWORD)
    ended = browser.cookie("session")
    await end(api)
    page = await browser.open("/account/devices")
    assert (page.path, page.status) == ("/sign-in", 200)
    assert OUT in page.text
    assert browser.cookie("session") == "", "of no more use, so it goes"
    assert page.form("/sign-in").fields["next"] == "/account/devices"
    assert OUT not in (await browser.open("/account/devices")).text
    refused = await api.http.get("/api/v1/account", headers={"authorization": f"Bearer {ended}"})
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:sparekey:problem:not_signed_in")


@pytest.mark.row("I7", "D3")
async def test_nobody_else_is_told_that_a_session_ended(api: Api) -> None:
    """Neither who has no session, nor who is in a living one, nor who has just signed out."""
    browser = await signed_up(api, ANNA, PASSWORD)
    await sign_out_from_elsewhere(api)
    stranger = new_browser(api)
    assert OUT not in (await stranger.open("/account/devices")).text
    assert OUT not in (await stranger.open("/sign-in")).text
    await browser.open("/sign-in")
    await browser.fill(identifier=ANNA, password=PASSWORD)
    assert OUT not in (await browser.open("/sign-in")).text
    assert browser.cookie("session"), "it lives"
    await browser.press("Sign out")
    assert OUT not in (await browser.open("/account")).text


@pytest.mark.row("I7")
async def test_signing_out_clears_what_the_browser_keeps_of_the_pages(api: Api) -> None:
    """And nothing more: the device stays known, and a phone that approves keeps its key."""
    browser = await signed_up(api, ANNA, PASSWORD)
    form = (await browser.open("/account")).form("/sign-out")
    answered = await browser.http.post("/sign-out", data=form.fields, headers={"origin": "http://localhost:8400"})
    assert answered.headers["clear-site-data"] == '"cache"'
    assert browser.cookie("session") == ""
    assert browser.cookie("device")


def as_program(opened: Answer) -> dict[str, str]:
    return {"authorization": f"Bearer {opened.said['session']['token']}"}
