"""Accounts elsewhere through the pages, without script: away and back, a new account, linking, and every way in which it goes wrong."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.doors.api import PASSWORD
from tests.pages.browser import Browser, new_browser, signed_in, signed_up
from tests.social.stand_ins import allow
from tests.social.world import ANNA, ANOTHER_PERSON, World

pytestmark = pytest.mark.row("I5")

WITH = "Continue with Example"


def address_away(browser: Browser) -> str:
    """Where the open page leads by itself."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', browser.page.html)
    assert found, browser.page.text
    return unescape(found[1])


async def back(browser: Browser, provider: str = "oidc", **instead: str) -> dict[str, str]:
    """To the provider that the open page leads to, and back."""
    brought = {**await allow(address_away(browser)), **instead}
    await browser.open(f"/social/{provider}/callback?{urlencode(brought)}", headers={"sec-fetch-site": "cross-site"})
    return brought


async def come(w: World, words: str = WITH, provider: str = "oidc") -> Browser:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    await browser.press(words)
    await back(browser, provider)
    return browser


async def made(w: World) -> Browser:
    browser = await come(w)
    await browser.fill(form=browser.page.form("").action, name="Anna", email=ANNA)
    return browser


async def test_a_button_for_each_provider_on_both_pages_and_none_where_none_is_set_up(w: World) -> None:
    browser = new_browser(w.api)
    for path in ("/sign-in", "/sign-up"):
        await browser.open(path)
        assert [f.action for f in browser.page.forms if f.action.startswith("/social/")] == [
            "/social/facebook",
            "/social/vk",
            "/social/oidc",
        ]


async def test_a_new_person(w: World) -> None:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    page = await browser.press(WITH)
    assert (page.status, page.heading) == (200, "On to Example")
    assert page.links["Go on"] == address_away(browser)
    await back(browser)
    assert browser.page.heading == "Create an account"
    assert [browser.page.input(name)["value"] for name in ("name", "email")] == ["Anna Berg", ANNA]
    form = browser.page.form(browser.page.path + "/details").action
    await browser.fill(form=form, name="", email=ANNA)
    assert "Enter your name." in browser.page.by_id("name-wrong")
    assert browser.page.input("email")["value"] == ANNA
    await browser.fill(form=form, name="Anna", email=ANNA)
    assert browser.page.heading == "Your account is ready"
    await browser.open("/account")
    assert browser.page.heading == "Hello, Anna"
    assert "You have none" in browser.page.text


async def test_it_goes_on_to_where_the_person_wanted(w: World) -> None:
    await made(w)
    browser = new_browser(w.api)
    await browser.open("/account/devices")
    assert browser.page.path == "/sign-in"
    await browser.press(WITH)
    await back(browser)
    assert browser.page.path == "/account/devices"


async def test_it_never_leads_to_another_site(w: World) -> None:
    await made(w)
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    await browser.send("/social/oidc", {**browser.page.form("/social/oidc").fields, "next": "https://evil.example/"})
    await back(browser)
    assert browser.page.url.startswith("http://localhost:8400/")


async def test_an_address_that_has_an_account_is_not_linked_and_the_page_says_how_to_go_on(w: World) -> None:
    await signed_up(w.api, ANNA, PASSWORD)
    browser = await come(w)
    assert browser.page.heading == "You have an account here already"
    assert browser.page.links["Sign in"] == "/sign-in?next=/account/security/social"
    assert browser.cookie("session") == ""


async def test_link_and_unlink(w: World) -> None:
    browser = await signed_up(w.api, ANNA, PASSWORD)
    await browser.open("/account/security")
    await browser.open("/account/security/social")
    assert "None is linked." in browser.page.text
    await browser.press("Link Example")
    await back(browser)
    assert browser.page.path == "/account/security/social"
    assert "The account is linked." in browser.page.text
    assert "Example: a•••@example.com" in browser.page.text
    other = await come(w)
    assert other.page.path == "/account"
    unlink = next(href for words, href in browser.page.links.items() if words.startswith("Unlink"))
    await browser.open(unlink)
    assert browser.page.heading == "Unlink this account?"
    await browser.press("Unlink")
    assert "The account is unlinked." in browser.page.text
    assert (await come(w)).page.heading == "You have an account here already"


async def test_linking_asks_for_a_fresh_proof_first(w: World) -> None:
    await signed_up(w.api, ANNA, PASSWORD)
    browser = await signed_in(w.api, ANNA, PASSWORD)
    w.api.clock.wait(minutes=20)
    await browser.open("/account/security/social")
    await browser.press("Link VK")
    assert "First, show it is you" in browser.page.heading
    await browser.fill(form=f"{browser.page.path}/answer", answer=PASSWORD)
    assert browser.page.heading == "Link an account"
    await browser.press("Continue with VK")
    await back(browser, "vk")
    assert "The account is linked." in browser.page.text


async def test_one_that_is_linked_to_another_account_is_refused(w: World) -> None:
    await made(w)
    browser = await signed_up(w.api, "boris@example.com", PASSWORD)
    await browser.open("/account/security/social")
    await browser.press("Link Example")
    await back(browser)
    assert browser.page.heading == "That account is linked already"
    await browser.open("/account/security/social")
    assert "None is linked." in browser.page.text


@pytest.mark.row("R6")
async def test_another_way_to_verify_in_recovery(w: World) -> None:
    await made(w)
    browser = new_browser(w.api)
    await browser.open("/forgot")
    await browser.fill(identifier=ANNA)
    flow = browser.page.path
    await browser.open(f"{flow}?way=social")
    assert [b[0] for b in browser.page.form(f"{flow}/social").buttons] == ["Continue with Facebook", "Continue with VK", WITH]
    w.openid.person = ANOTHER_PERSON
    await browser.press(WITH)
    await back(browser)
    assert "The account that you came back with is not linked to this one." in browser.page.text
    assert browser.page.path == flow


async def test_whoever_stops_at_the_provider_is_led_on(w: World) -> None:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    await browser.press(WITH)
    state = (await allow(address_away(browser)))["state"]
    page = await browser.open(f"/social/oidc/callback?{urlencode({'error': 'access_denied', 'state': state})}")
    assert (page.status, page.heading) == (200, "You stopped at Example")
    await browser.press("Try again with Example")
    await back(browser)
    assert browser.page.heading == "Create an account"


@pytest.mark.parametrize(
    ("broken", "status", "heading"),
    [((500, b"oops"), 503, "Example does not answer"), ((400, b'{"error": "invalid_grant"}'), 401, "Example did not confirm you")],
)
async def test_a_provider_that_fails_is_told_of_plainly(broken: tuple[int, bytes], status: int, heading: str, w: World) -> None:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    await browser.press(WITH)
    w.openid.broken = {"/token": broken}
    await back(browser)
    assert (browser.page.status, browser.page.heading) == (status, heading)
    assert "Nothing was changed." in browser.page.text
    w.openid.broken = {}
    await browser.press("Try again with Example")
    await back(browser)
    assert browser.page.heading == "Create an account"


async def test_a_provider_that_is_down_when_one_sets_out(w: World) -> None:
    w.openid.broken = {"/.well-known/openid-configuration": (500, b"")}
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    page = await browser.press(WITH)
    assert (page.status, page.heading) == (503, "Example does not answer")


async def test_coming_back_twice_shows_where_one_stands(w: World) -> None:
    browser = await made(w)
    again = new_browser(w.api)
    await again.open("/sign-in")
    await again.press(WITH)
    brought = await back(again)
    assert again.page.path == "/account"
    await again.open(f"/social/oidc/callback?{urlencode(brought)}")
    assert again.page.heading == "This is done already"
    assert browser.cookie("session") != again.cookie("session")


@pytest.mark.parametrize(
    "query", ["", "code=x", "state=x&code=y", "code=x&state=" + "0" * 75, "state=" + "a" * 5000 + "&code=x", "code=%00&state=%ff"]
)
async def test_coming_back_from_nowhere(query: str, w: World) -> None:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    page = await browser.open(f"/social/oidc/callback?{query}")
    assert (page.status, page.heading) == (404, "This cannot go on here")
    assert w.openid.asked == []


async def test_login_csrf_an_answer_of_another_browser_signs_nobody_in(w: World) -> None:
    await made(w)
    thief, victim = new_browser(w.api), new_browser(w.api)
    await thief.open("/sign-in")
    await thief.press(WITH)
    brought = await allow(address_away(thief))
    await victim.open("/sign-in")
    await victim.open(f"/social/oidc/callback?{urlencode(brought)}", headers={"sec-fetch-site": "cross-site"})
    assert victim.page.heading == "This cannot go on here"
    assert victim.cookie("session") == ""


@pytest.mark.parametrize("provider", ["google", "nobody", "..", "%2e%2e"])
async def test_a_provider_that_is_not_set_up(provider: str, w: World) -> None:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    page = await browser.open(f"/social/{provider}/callback?code=x&state=y")
    assert page.status == 404


async def test_a_form_of_another_site_does_not_set_out(w: World) -> None:
    browser = new_browser(w.api)
    await browser.open("/sign-in")
    fields = browser.page.form("/social/oidc").fields
    page = await browser.send("/social/oidc", fields, origin="https://evil.example")
    assert page.status == 403
    assert w.openid.asked == []


async def test_nothing_that_is_secret_stands_on_a_page_or_in_an_address_of_ours(w: World) -> None:
    browser = await made(w)
    kept = "".join(url + text for url, text in browser.seen)
    for visit in w.openid.visits.values():
        assert visit.token not in kept
    assert "s3cret" not in kept
