"""The human check at a browser (S5): by pointer, by keyboard alone, without scripts, and looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import later
from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import PASSWORD, Person
from tests.server import Site

pytestmark = pytest.mark.row("S5")

LABEL = "Slide to verify that you are a person"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[MovingSite]:
    """With all limits on, for the check is asked by them."""
    folder = tmp_path_factory.mktemp("site")
    ahead = folder / "ahead"
    with Site(folder, "", migrated_sqlite, program=later.program(ahead)) as found:
        yield MovingSite(found, ahead)


@pytest.fixture
async def name(people: MakePerson, email: str) -> str:
    """The address of an account, made in another browser."""
    owner = await people()
    await owner.sign_up(email)
    await owner.confirm(email)
    return email


async def guess(person: Person, name: str, times: int = 5) -> None:
    await person.open("/sign-in")
    for _ in range(times):
        await person.type("E-mail, phone or user name", name)
        await person.type("Password", "not this one, no, not this")
        await person.press("Sign in")


async def test_by_keyboard_alone(person: Person, name: str) -> None:
    await person.open("/sign-in")
    await expect(person.page.locator("[data-human]")).to_have_count(0)
    await guess(person, name)
    knob = person.field(LABEL)
    await expect(knob).to_be_visible()
    assert await knob.evaluate("e => e.matches('input[type=range]')"), "a real slider, for those who hear the page"
    await person.type("Password", PASSWORD)
    await person.page.keyboard.press("Enter")
    await person.sees("First slide the knob all the way.")
    await expect(knob).to_be_focused()
    for _ in range(10):
        await person.page.keyboard.press("ArrowRight")
    await person.sees("Done. You can go on.")
    await person.press("Sign in")
    assert person.path == "/account"


async def test_by_pointer_and_a_press_before_it_is_done(person: Person, name: str) -> None:
    await guess(person, name)
    knob = person.field(LABEL)
    await person.type("Password", PASSWORD)
    await knob.scroll_into_view_if_needed()
    box = await knob.bounding_box()
    assert box
    mouse, y = person.page.mouse, box["y"] + box["height"] / 2
    await mouse.move(box["x"] + 8, y)
    await mouse.down()
    await mouse.move(box["x"] + box["width"] / 2, y, steps=5)
    await expect(knob).to_have_value("50")
    await mouse.up()
    await expect(knob).to_have_value("0")
    await mouse.move(box["x"] + 8, y)
    await mouse.down()
    await mouse.move(box["x"] + box["width"] + 20, y, steps=8)
    await mouse.up()
    async with person.page.expect_navigation():
        await person.button("Sign in").click()
    assert person.path == "/account"


async def test_without_a_script_it_takes_a_minute(people: MakePerson, site: MovingSite, name: str) -> None:
    person = await people(java_script_enabled=False)
    await guess(person, name)
    await person.sees("press the button when 60 seconds have passed")
    await person.type("Password", PASSWORD)
    await person.press("Sign in")
    await person.sees("The minute is not over yet.")
    await expect(person.field("E-mail, phone or user name")).to_have_value(name)
    site.wait(minutes=1.1)
    await person.type("Password", PASSWORD)
    await person.press("Sign in")
    assert person.path == "/account"


async def test_an_old_ticket_or_that_of_another_browser_is_none(people: MakePerson, site: MovingSite, name: str) -> None:
    person, other = await people(java_script_enabled=False), await people(java_script_enabled=False)
    await guess(person, name)
    ticket = await person.page.locator("[name=human_ticket]").get_attribute("value")
    site.wait(minutes=1.1)
    await guess(other, name, 1)
    html = "e => e.outerHTML"
    assert ticket
    assert ticket not in await other.page.locator("[data-human]").evaluate(html)
    site.wait(minutes=11)
    await person.type("Password", PASSWORD)
    await person.press("Sign in")
    await person.sees("Please show once that you are a person", "60 seconds")


async def test_looked_at(person: Person, name: str) -> None:
    await guess(person, name)
    await look(person, "human-check")
    await person.type("Password", "not this one, no, not this")
    await person.field(LABEL).focus()
    await person.page.keyboard.press("End")
    await person.sees("Done. You can go on.")
    await look(person, "human-check-done")
