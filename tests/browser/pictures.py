"""Draws the picture of the README anew, from the real pages: ``python -m tests.browser.pictures``."""

import asyncio
import tempfile
from base64 import b64encode
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from sparekey.adapters.sql import migrate
from tests.browser.conftest import CHROMIUM, QUIET, address_of
from tests.browser.person import Person, new_person
from tests.server import ROOT, Site

PICTURE = ROOT / "docs" / "pictures" / "road.png"
WIDTH, HEIGHT = 1200, 720
PHONE = {"width": 360, "height": 660}

SHEET = """<!doctype html><style>
  body { margin: 0; width: 1200px; height: 720px; background: #e6f0ec }
  body { display: flex; justify-content: center; align-items: center; gap: 30px }
  img { width: 360px; height: 660px; border-radius: 22px; box-shadow: 0 2px 6px #0a453f30, 0 14px 34px #0a453f26 }
</style>"""


async def draw() -> None:
    with tempfile.TemporaryDirectory() as folder:
        migrated = Path(folder) / "migrated.db"
        migrate.upgrade(f"sqlite:///{migrated}")
        with Site(Path(folder) / "site", "", migrated) as site:
            async with async_playwright() as playwright:
                chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                await _join(chromium, await _walk(await _anna(chromium, address_of(site))))


async def _anna(chromium: Browser, site: str) -> Person:
    return await new_person(chromium, site, set(), viewport=PHONE, device_scale_factor=2, color_scheme="light", locale="en-US")


async def _walk(anna: Person) -> list[bytes]:
    """Three pages of the road: signing up, the code from the mail, the account."""
    await anna.open("/sign-up")
    await anna.type("Your name", "Anna Berg")
    await anna.type("E-mail", "anna@example.com")
    await anna.type("Password", "violet lamp river and moss")
    await anna.page.locator("#password-meter[data-strength=high]").wait_for()
    pictures = [await _picture(anna)]
    await anna.press("Continue")
    mail = await anna.mail("anna@example.com", "Confirm your address for Sparekey")
    await anna.type("Code from the message", mail.code)
    pictures.append(await _picture(anna))
    await anna.press("Continue")
    await anna.follow("Go to your account")
    return [*pictures, await _picture(anna)]


async def _picture(anna: Person) -> bytes:
    """The page as in production: without the line that development mode puts on top."""
    await anna.page.evaluate(
        "() => { document.querySelector('.development').hidden = true; document.activeElement.blur(); scrollTo(0, 0) }"
    )
    return await anna.page.screenshot()


async def _join(chromium: Browser, pictures: list[bytes]) -> None:
    page = await chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    await page.set_content(SHEET + "".join(f'<img src="data:image/png;base64,{b64encode(p).decode()}">' for p in pictures))
    PICTURE.parent.mkdir(exist_ok=True)
    await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    asyncio.run(draw())
