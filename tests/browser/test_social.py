"""Signing up and in with an account elsewhere, at a real OpenID provider with pages of its own (I5), and all of it looked at."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import PATIENT, address_of
from tests.browser.eyes import look
from tests.browser.person import Person, new_person
from tests.server import Site, free_port
from tests.social import real

pytestmark = pytest.mark.row("I5")


@pytest.fixture(scope="module")
def provider_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, provider_port: int) -> Iterator[Site]:
    """A site that knows the provider, and the provider."""
    settings = {
        **PATIENT,
        "oidc_issuer": f"http://127.0.0.1:{provider_port}",
        "oidc_client_id": real.CLIENT_ID,
        "oidc_client_secret": real.CLIENT_SECRET,
        "oidc_name": "Example ID",
        "vk_client_id": "1",
        "vk_url": "http://127.0.0.1:9",
    }
    with Site(tmp_path_factory.mktemp("site"), "", migrated_sqlite, settings=settings) as site:
        redirect_uri = f"{address_of(site)}/social/oidc/callback"
        with real.RealProvider(redirect_uri, "ES256", port=provider_port):
            yield site


@pytest.fixture
async def visitor(chromium: Browser, joined: Site, provider_port: int) -> AsyncIterator[Person]:
    """A person whose browser goes to our site and to the provider, and nowhere else."""
    person = await new_person(chromium, address_of(joined), set())
    yield person
    await person.context.close()
    # What the provider's own pages do, and the letters that they fetch, is not ours.
    assert [c for c in person.complaints if f":{provider_port}" not in c and "fonts.googleapis.com" not in c] == []


async def at_provider(person: Person, login: str) -> None:
    """Type a name there, and agree to what is asked."""
    await person.page.wait_for_url("**/interaction/*")
    await person.page.fill("input[name=login]", login)
    await person.page.fill("input[name=password]", "anything")
    await person.page.click("button[type=submit]")
    await person.page.wait_for_url("**/interaction/*")
    await person.page.click("button[type=submit]")


async def test_a_person_signs_up_comes_back_unlinks_and_links(visitor: Person) -> None:
    await visitor.open("/sign-in")
    await look(visitor, "social-sign-in")
    await visitor.button("Continue with Example ID").click()
    await at_provider(visitor, "anna")
    await visitor.is_at("Create an account")
    await expect(visitor.field("Your name")).to_have_value("Anna Berg")
    await expect(visitor.field("E-mail")).to_have_value("anna@example.com")
    await look(visitor, "social-details")
    await visitor.type("Your name", "")
    await visitor.press("Create the account")
    await visitor.sees("Enter your name.")
    await look(visitor, "social-details-wrong")
    await visitor.type("Your name", "Anna")
    await visitor.press("Create the account")
    await visitor.is_at("Your account is ready")
    await visitor.open("/account/security")
    await look(visitor, "social-security")
    await visitor.open("/account/security/password")
    await look(visitor, "social-first-password")
    await visitor.open("/account/security/social")
    await visitor.sees("Example ID: a•••@example.com")
    await look(visitor, "social-linked")
    await visitor.page.get_by_role("link", name="Unlink").click()
    await visitor.is_at("Unlink this account?")
    await look(visitor, "social-unlink")
    await visitor.press("Unlink")
    await visitor.sees("The account is unlinked.", "None is linked.")
    await look(visitor, "social-none")
    await visitor.button("Link Example ID").click()
    # What the session was opened with is gone, so something else is shown first.
    await visitor.is_at("How can you show it is you?")
    await visitor.page.get_by_role("button", name="A code by e-mail").click()
    mail = await visitor.mail("anna@example.com", "Your code for Sparekey")
    await mail.tab.close()
    await visitor.type("Code from the message", mail.code)
    await visitor.press("Continue")
    await visitor.is_at("Link an account")
    await look(visitor, "social-link")
    await visitor.button("Continue with Example ID").click()
    await visitor.page.wait_for_url(lambda url: url.endswith("/account/security/social?done=social_linked"))
    await visitor.sees("The account is linked.")
    await visitor.press("Sign out")
    await visitor.open("/account/devices")
    await visitor.button("Continue with Example ID").click()
    await visitor.page.wait_for_url("**/account/devices")
    await visitor.is_at("Your devices")


@pytest.mark.row("R6")
async def test_an_unverified_address_gets_a_code_and_the_lost_account_elsewhere_is_got_over(visitor: Person) -> None:
    await visitor.open("/sign-up")
    await look(visitor, "social-sign-up")
    await visitor.button("Continue with Example ID").click()
    await at_provider(visitor, "boris")
    await visitor.is_at("Create an account")
    await visitor.press("Create the account")
    await visitor.is_at("Look at your mail")
    await visitor.confirm("boris@example.com")
    await visitor.press("Sign out")
    await visitor.open("/forgot")
    await visitor.type("E-mail, phone or user name", "boris@example.com")
    await visitor.press("Continue")
    await visitor.is_at("Look at your mail")
    flow = visitor.path
    await visitor.open(f"{flow}?way=social")
    await visitor.is_at("Show it is you")
    await look(visitor, "social-choose")


async def test_a_provider_that_is_down(visitor: Person) -> None:
    await visitor.open("/sign-in")
    # No content: the browser stays where it is, on the page between the two sites.
    await visitor.page.route("**/authorize**", lambda route: route.fulfill(status=204))
    async with visitor.page.expect_request("**/authorize**") as going:
        await visitor.button("Continue with VK").click()
    await visitor.is_at("On to VK")
    await look(visitor, "social-away")
    state = (await going.value).url.partition("state=")[2].partition("&")[0]
    await visitor.open(f"/social/vk/callback?code=x&device_id=y&state={state}")
    await visitor.is_at("VK does not answer")
    await look(visitor, "social-silent")
    visitor.complaints.clear()
