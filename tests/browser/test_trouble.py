"""What may go wrong on the way (I10): network, second click, back button, cookies, extensions, old pages, no database."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import MakePerson, MovingSite, address_of
from tests.browser.person import ANOTHER, PASSWORD, Person, new_person, posts
from tests.postgres import Cluster
from tests.server import Site

pytestmark = pytest.mark.row("I10")


async def test_without_a_network_nothing_typed_is_lost(person: Person, site: MovingSite, email: str) -> None:
    sent = posts(person)
    await person.open("/sign-up")
    await person.type("Your name", "Anna Berg")
    await person.type("E-mail", email)
    await person.type("Password", ANOTHER)
    await person.sees("Strength: High.")
    await person.context.set_offline(True)
    await person.button("Continue").click()
    await person.sees("You are offline. Nothing is lost")
    assert await person.field("Password").input_value() == ANOTHER
    assert sent == []
    await person.context.set_offline(False)
    await person.sees("The network is back. Press the button again.")
    await person.press("Continue")
    await person.is_at("Look at your mail")


async def test_a_double_click_is_one_step(people: MakePerson, site: MovingSite, email: str) -> None:
    anna = await people()
    await anna.sign_up(email)
    sent = posts(anna)
    await anna.type("Code from the message", "000000")
    async with anna.page.expect_navigation():
        await anna.button("Continue").dblclick()
    await anna.sees("This code is not right, or it is too old.")
    assert len(sent) == 1
    await anna.confirm(email)


async def test_a_double_click_without_a_script_still_makes_one_account(people: MakePerson, site: MovingSite, email: str) -> None:
    anna = await people(java_script_enabled=False)
    await anna.sign_up(email)
    mail = await anna.mail(email, "Confirm your address for Sparekey")
    await anna.type("Code from the message", mail.code)
    await anna.button("Continue").dblclick()  # the second click cuts the first one's way short
    await anna.is_at("Your account is ready")


async def test_the_back_button_after_success(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    flow = person.path
    await person.confirm(email)
    await person.page.go_back()
    assert person.path in {flow, "/sign-up"}
    await person.open(flow)
    await person.is_at("Your account is ready")
    await person.follow("Go to your account")
    await person.is_at("Hello, Anna Berg")


async def test_the_back_button_past_a_wrong_code_shows_our_page_and_not_the_browsers(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    flow = person.path
    await person.type("Code from the message", "000000")
    await person.press("Continue")
    await person.sees("This code is not right")
    assert person.path == flow, "to load it again sends no form"
    await person.confirm(email)
    await person.page.go_back()
    await person.is_at("Your account is ready")
    await person.open("/undo")
    await person.press("Continue")
    await person.sees("Please look at this again")
    await person.follow("Help")
    await person.page.go_back()
    await person.is_at("Undo what somebody else changed")


async def test_two_tabs_of_one_flow(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    second = Person(person.site, person.context, await person.context.new_page(), person.read)
    await second.open(person.path)
    await second.is_at("Look at your mail")
    await person.confirm(email)
    await second.type("Code from the message", "123456")
    await second.press("Continue")
    await second.is_at("Your account is ready")  # where the flow stands now is the answer


@pytest.mark.row("R1", "S1")
async def test_a_flow_that_expired_and_one_of_another_browser_have_a_way_on(people: MakePerson, site: MovingSite, email: str) -> None:
    anna, other = await people(), await people()
    await anna.sign_up(email)
    await other.open(anna.path)
    await other.is_at("This cannot go on here")
    await other.follow("Start again")
    await other.is_at("Let’s get you back in")
    mail = await anna.mail(email, "Confirm your address for Sparekey")
    site.wait(minutes=61)
    await anna.type("Code from the message", mail.code)
    await anna.press("Continue")
    await anna.is_at("This took too long")
    await anna.follow("Start again")
    await anna.is_at("Create an account")
    await mail.link.click()
    letter = Person(anna.site, anna.context, mail.tab, anna.read)
    await letter.is_at("This link no longer works")
    await letter.follow("Get a new code or link")
    await letter.is_at("Let’s get you back in")


@pytest.mark.row("R1")
async def test_a_link_opened_twice(person: Person, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    mail = await person.mail(email, "Confirm your address for Sparekey")
    href = (await mail.link.get_attribute("href") or "").removeprefix(person.site)
    await mail.link.click()
    letter = Person(person.site, person.context, mail.tab, person.read)
    await letter.press("Yes, go on")
    await letter.is_at("Your account is ready")
    await letter.open(href)
    await letter.is_at("This link no longer works")
    await letter.open("/account")
    await letter.is_at("Hello, Anna Berg")


async def test_cookies_refused(people: MakePerson, site: MovingSite, email: str) -> None:
    anna = await people()

    async def without_cookies() -> None:
        await anna.context.clear_cookies()

    await anna.open("/sign-up")
    await anna.type("Your name", "Anna Berg")
    await anna.type("E-mail", email)
    await anna.type("Password", ANOTHER)
    await without_cookies()
    await anna.press("Continue")
    await anna.is_at("Your browser refuses our cookies")
    assert await anna.field("E-mail").input_value() == email
    assert await anna.field("Password").input_value() == ""
    assert ANOTHER not in await anna.page.content()
    # The cookies are allowed again.
    await anna.type("Password", ANOTHER)
    await anna.press("Try again")
    await anna.is_at("Look at your mail")
    await anna.confirm(email)


async def test_an_extension_that_eats_the_form(person: Person, site: MovingSite) -> None:
    await person.open("/sign-up")
    await person.page.evaluate("() => document.querySelector('#password').remove()")
    await person.press("Continue")
    await person.is_at("The form arrived empty")
    await person.sees("an extension of the browser or an antivirus program")
    await person.follow("Go to the first page")


async def test_another_account_than_expected(people: MakePerson, site: MovingSite, email: str) -> None:
    anna = await people()
    await anna.sign_up(email)
    await anna.confirm(email)
    await anna.open("/sign-in?next=/account/devices")
    await anna.sees("You are signed in here as Anna Berg.")
    await anna.press("Not you? Switch account")
    await anna.is_at("Sign in")
    await anna.sees_not("You are signed in here")
    await anna.type("E-mail, phone or user name", email)
    await anna.type("Password", PASSWORD)
    await anna.press("Sign in")
    await anna.is_at("Your devices")


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One that a test may stop: no other test is on it."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
async def anna_on_it(own_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Person]:
    from_start = own_cluster.create("service")
    with Site(tmp_path_factory.mktemp("site"), from_start, tmp_path_factory.getbasetemp()) as site:
        anna = await new_person(chromium, address_of(site), set())
        yield anna
        await anna.context.close()
        assert anna.complaints == []


@pytest.mark.row("O2")
async def test_while_the_database_is_away(own_cluster: Cluster, anna_on_it: Person, email: str) -> None:
    anna = anna_on_it
    await anna.open("/sign-up")
    await anna.type("Your name", "Anna Berg")
    await anna.type("E-mail", email)
    await anna.type("Password", ANOTHER)
    own_cluster.stop()
    await anna.press("Continue")
    await anna.is_at("We are working on the service")
    assert await anna.field("E-mail").input_value() == email
    assert await anna.field("Your name").input_value() == "Anna Berg"
    assert await anna.field("Password").input_value() == ""
    assert ANOTHER not in await anna.page.content()
    await anna.type("Password", ANOTHER)
    await anna.press("Try again")
    await anna.is_at("We are working on the service")
    tab = Person(anna.site, anna.context, await anna.context.new_page(), anna.read)
    await tab.open("/sign-in")
    await tab.is_at("Sign in")  # who is signed in nowhere needs no database to be shown a form
    own_cluster.start()
    await anna.type("Password", ANOTHER)
    await anna.press("Try again")
    await anna.is_at("Look at your mail")
    await anna.confirm(email)
    await anna.follow("Go to your account")
    await expect(anna.page.locator("h1")).to_have_text("Hello, Anna Berg")
