"""What a shop asks to be confirmed (G1), in a real browser, and looked at."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.browser import later
from tests.browser.conftest import PATIENT, MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import PASSWORD, Person
from tests.doors.confirmations import PATH, SECRET, SHOP, policy_dir
from tests.server import Site

pytestmark = pytest.mark.row("G1")

SHOP_URL = "https://shop.example.com"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[MovingSite]:
    """A site beside a shop with an action of its own."""
    folder = tmp_path_factory.mktemp("site")
    ahead = folder / "ahead"
    settings = {**PATIENT, "shop_secret": SECRET, "shop_url": SHOP_URL, "policy_dir": policy_dir(folder / "policy")}
    with Site(folder, "", migrated_sqlite, settings=settings, program=later.program(ahead)) as found:
        yield MovingSite(found, ahead)


async def asked(site: MovingSite, person: Person, reference: str) -> str:
    """The page to which the shop sends this person."""
    cookies = {c["name"]: c["value"] for c in await person.context.cookies()}
    async with site.site.client(0) as http:
        session = await http.get("/api/v1/session", headers={"Authorization": f"Bearer {cookies['sparekey-session']}"})
        body = {"account_id": session.json()["account_id"], "action": "link_card", "reference": reference, "title": "Visa ending in 4242"}
        answered: httpx2.Response = await http.post(PATH, json={**body, "return_to": f"{SHOP_URL}/cards"}, headers=SHOP)
    assert answered.status_code == 201, answered.text
    return f"/confirm/{answered.json()['confirmation_id']}"


async def test_confirm_refuse_and_come_too_late(people: MakePerson, site: MovingSite, email: str) -> None:
    person = await people()
    await person.sign_up(email)
    await person.confirm(email)
    site.wait(minutes=20)
    page = await asked(site, person, "card-1")
    await person.open(page)
    await person.is_at("Did you just ask for this at Sparekey?")
    await look(person, "confirm")
    await person.press("Continue")
    await person.sees("Then it goes on: Link a card.")
    await look(person, "confirm-password")
    await person.type("Password", PASSWORD)
    await person.press("Continue")
    await person.is_at("Confirmed")
    assert person.path == page
    assert await person.link("Back to the shop").get_attribute("href") == f"{SHOP_URL}/cards"
    await look(person, "confirmed")
    await person.page.go_back()
    await person.is_at("Confirmed")
    refused, late = await asked(site, person, "card-2"), await asked(site, person, "card-3")
    await person.open(refused)
    await person.press("No, this was not me: refuse")
    await person.is_at("Refused")
    await look(person, "confirm-refused")
    await person.follow("Secure your account")
    await person.is_at("Was all of this you?")
    await person.sees("Something at the shop was refused")
    site.wait(minutes=31)
    await person.open(late)
    await person.is_at("This took too long")
    await look(person, "confirm-late")


async def test_asked_of_somebody_else(people: MakePerson, site: MovingSite, email: str) -> None:
    owner, other = await people(), await people()
    await owner.sign_up(email)
    await owner.confirm(email)
    page = await asked(site, owner, "card-1")
    await other.sign_up(f"other-{email}")
    await other.confirm(f"other-{email}")
    await other.open(page)
    await other.is_at("This is for another account")
    await look(other, "confirm-other")
    await other.press("Not you? Switch account")
    await other.type("E-mail, phone or user name", email)
    await other.type("Password", PASSWORD)
    await other.press("Sign in")
    await other.is_at("Did you just ask for this at Sparekey?")


@pytest.mark.row("N8")
@pytest.mark.parametrize("language", ["Русский", "中文"])
async def test_in_the_readers_language(person: Person, site: MovingSite, email: str, language: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.open(await asked(site, person, "card-1"))
    await person.press(language)
    await person.sees("Visa ending in 4242")
    await person.sees_not("Did you just ask")
    await look(person, f"confirm-{language}")
