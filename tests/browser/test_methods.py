"""Second factors in a real browser, with oathtool as the authenticator app (mission.md, F1, F5, F7, F9, R4, R12)."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import PASSWORD, Person

METHODS = "/account/security/methods"

STEP = 0.5
"""Minutes: so long a code is shown."""


class Phone:
    """``oathtool`` with the key that was typed into it, beside a clock that moves with the site's."""

    def __init__(self, key: str, site: MovingSite) -> None:
        self._key = key.replace(" ", "")
        self._site = site
        self._ahead = 0.0

    def code(self) -> str:
        """The next one: each works once, so the site's clock goes on a little."""
        self._site.wait(minutes=STEP)
        self._ahead = self._site._seconds
        at = datetime.fromtimestamp(datetime.now(UTC).timestamp() + self._ahead, UTC)
        told = subprocess.run(
            ["oathtool", "--totp", "-b", "--now", at.strftime("%Y-%m-%d %H:%M:%S UTC"), self._key],
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.strip()


async def key_of(person: Person) -> str:
    await person.page.get_by_text("I cannot scan it").click()
    return (await person.page.locator("#key").inner_text()).strip()


async def codes_of(person: Person) -> list[str]:
    rows = await person.page.locator("#codes li").all_inner_texts()
    return [" ".join(row.split()) for row in rows]


async def switch_on(person: Person, site: MovingSite) -> tuple[Phone, list[str]]:
    await person.open(f"{METHODS}/totp")
    await person.type("What do you call it? (optional)", "My phone")
    await person.press("Continue")
    if await person.page.locator("h1").inner_text() == "First, show it is you":
        await person.type("Password", PASSWORD)
        await person.press("Continue")
    await person.is_at("Scan this with your authenticator app")
    phone = Phone(await key_of(person), site)
    await person.type("Code that the app shows", phone.code())
    await person.press("Continue")
    await person.is_at("Keep these ten backup codes")
    codes = await codes_of(person)
    assert len(codes) == 10
    await person.type("Number and code", codes[6])
    await person.press("Continue")
    await person.is_at("Second step at sign-in")
    return phone, codes


@pytest.mark.row("F1", "F5", "R4", "R12")
async def test_from_switching_on_to_switching_off(person: Person, people: MakePerson, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    phone, codes = await switch_on(person, site)
    await person.sees("My phone", "10 codes are left.")

    other = await people()
    await other.sign_in(email)
    await other.is_at("Open your authenticator app")
    await other.type("Code that the app shows", "000000")
    await other.press("Continue")
    await other.sees("This code is not right. Each code works once")
    await other.type("Code that the app shows", phone.code())
    await other.press("Continue")
    await expect(other.page).to_have_url(re.compile("/account"))

    third = await people()
    await third.sign_in(email)
    await third.follow("I don’t have my phone")
    await third.page.get_by_role("link", name=re.compile("^A backup code")).click()
    await third.is_at("Type one of your backup codes")
    await third.type("Number and code", codes[0])
    await third.press("Continue")
    await expect(third.page).to_have_url(re.compile("/account"))
    await third.open(METHODS)
    await third.sees("9 codes are left.")

    await person.open(f"{METHODS}/off")
    await person.press("Switch it off")
    await person.type("Password", PASSWORD)
    await person.press("Continue")
    await person.is_at("Open your authenticator app")
    await person.type("Code that the app shows", phone.code())
    await person.press("Continue")
    await person.sees("It is removed.", "Switch it on")


@pytest.mark.row("F5")
async def test_the_codes_are_saved_copied_and_printed(person: Person, site: MovingSite, email: str, tmp_path: Path) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.open(f"{METHODS}/totp")
    await person.press("Continue")
    if await person.page.locator("h1").inner_text() == "First, show it is you":
        await person.type("Password", PASSWORD)
        await person.press("Continue")
    phone = Phone(await key_of(person), site)
    await person.type("Code that the app shows", phone.code())
    await person.press("Continue")
    codes = await codes_of(person)
    async with person.page.expect_download() as started:
        await person.link("Save as a file").click()
    kept = tmp_path / "codes.txt"
    await (await started.value).save_as(kept)
    assert all(code in " ".join(kept.read_text().split()) for code in codes)
    await person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await person.button("Copy").click()
    await person.sees("Copied")
    assert (await person.page.evaluate("navigator.clipboard.readText()")).split("\n") == codes
    await person.page.emulate_media(media="print")
    await expect(person.page.locator("#codes")).to_be_visible()
    await expect(person.page.locator("form")).to_have_count(await person.page.locator("form:not(:visible)").count())
    await person.page.emulate_media(media="screen")


@pytest.mark.row("F7", "F9", "I10")
async def test_looks(person: Person, people: MakePerson, site: MovingSite, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.open(METHODS)
    await person.page.get_by_text("Which one is right for me?").click()
    await look(person, "methods-off")
    await person.open(f"{METHODS}/totp")
    await look(person, "methods-new-totp")
    await person.press("Continue")
    phone = Phone(await key_of(person), site)
    await look(person, "methods-scan")
    await person.press("Continue")
    await look(person, "methods-scan-empty")
    await person.type("Code that the app shows", phone.code())
    await person.press("Continue")
    await look(person, "methods-codes")
    codes = await codes_of(person)
    await person.type("Number and code", "hello")
    await person.press("Continue")
    await look(person, "methods-codes-wrong")
    await person.type("Number and code", codes[3])
    await person.press("Continue")
    await look(person, "methods-on")
    await person.page.get_by_role("link", name=re.compile("^Change")).first.click()
    await person.is_at("An authenticator app")
    await look(person, "method")
    await person.open(f"{METHODS}/off")
    await look(person, "methods-switch-off")

    other = await people()
    await other.sign_in(email)
    await look(other, "second-step")
    await other.follow("I don’t have my phone")
    await other.page.get_by_text("Why not another way?").click()
    await look(other, "second-step-other-ways")
    await other.page.get_by_role("link", name=re.compile("^A backup code")).click()
    await look(other, "second-step-backup-code")
    await other.open("/lost")
    await look(other, "lost")
    await other.type("E-mail, phone or user name", email)
    await other.press("Continue") if await other.button("Continue").count() else await other.press("Stop what was stolen")
    mail = await other.mail(email, "Your code for Sparekey")
    await other.type("Code from the message", mail.code)
    await other.press("Continue")
    await look(other, "stolen")
