"""A person at a browser: reads what is on the page, types into fields by their labels, presses buttons by their words, reads mail.

Whatever a person would never see but a maintainer must is kept in ``complaints``: errors of the script, what the content
security policy refused, and requests to any other site.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Request, expect

PASSWORD = "correct horse battery staple"
ANOTHER = "seven grey herons on one leg"
THIRD = "a kettle sings about the rain"

SECONDS_FOR_MAIL = 20
FAILED_ANSWER = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d")
"""Chromium writes this for every answer that is not 200; a test that provokes one looks at the page itself."""


@dataclass
class Mail:
    """A message, open in a tab of its own."""

    tab: Page
    text: str

    @property
    def code(self) -> str:
        """As it stands there: in groups, to be typed like that."""
        found = re.search(r"^ {4}([0-9A-Z][0-9A-Z ]+)$", self.text, re.MULTILINE)
        assert found, f"no code in {self.text!r}"
        return found[1]

    @property
    def link(self) -> Locator:
        return self.tab.locator(".letter a[href*='/l/']")


@dataclass
class Person:
    """``site``: scheme and host. ``read``: the messages that anybody has opened so far; each is read once."""

    site: str
    context: BrowserContext
    page: Page
    read: set[str]
    complaints: list[str] = field(default_factory=list)

    # ---------------------------------------------------------------- looking

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    async def sees(self, *texts: str) -> None:
        """Each of these is on the page, to be seen."""
        for text in texts:
            await expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    async def sees_not(self, text: str) -> None:
        await expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0)

    async def is_at(self, heading: str) -> None:
        """The page has this heading."""
        await expect(self.page.locator("h1")).to_have_text(heading)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def button(self, words: str) -> Locator:
        """A button, or a link that looks like one, in the page itself."""
        return self.page.get_by_role("button", name=words, exact=True)

    def link(self, words: str) -> Locator:
        return self.page.get_by_role("link", name=words, exact=True)

    # ---------------------------------------------------------------- acting

    async def open(self, path: str) -> None:
        await self.page.goto(self.site + path)

    async def type(self, label: str, text: str) -> None:
        await self.field(label).fill(text)

    async def press(self, words: str) -> None:
        """A button that leads to a page, be it the same one again."""
        async with self.page.expect_navigation():
            await self.button(words).click()

    async def follow(self, words: str) -> None:
        async with self.page.expect_navigation():
            await self.link(words).first.click()

    async def mail(self, to: str, subject: str) -> Mail:
        """Opens the mailbox in another tab, waits for a message that was not read yet, and clicks it."""
        tab = await self.context.new_page()
        until = time.monotonic() + SECONDS_FOR_MAIL
        while True:
            await tab.goto(f"{self.site}/dev/mail")
            found = tab.locator("a.way").filter(has=tab.locator("b", has_text=re.compile(f"^{re.escape(subject)}$")))
            found = found.filter(has=tab.locator("bdi", has_text=re.compile(f"^{re.escape(to)}$")))
            # The newest is on top.
            links = [await one.get_attribute("href") or "" for one in await found.all()]
            fresh = [n for n, link in enumerate(links) if link not in self.read]
            if fresh:
                self.read.update(links)
                await found.nth(fresh[0]).click()
                await tab.wait_for_url("**/dev/mail/*")
                return Mail(tab, await tab.locator(".letter").text_content() or "")
            if time.monotonic() > until:
                raise TimeoutError(f"no new message {subject!r} to {to}")
            await asyncio.sleep(0.1)

    # ---------------------------------------------------------------- whole ways

    async def sign_up(self, email: str, name: str = "Anna Berg", password: str = PASSWORD) -> None:
        """To the page where the code is asked for."""
        await self.open("/sign-up")
        await self.type("Your name", name)
        await self.type("E-mail", email)
        await self.type("Password", password)
        await self.press("Continue")
        await self.is_at("Look at your mail")

    async def confirm(self, email: str) -> None:
        """From there into the new account."""
        mail = await self.mail(email, "Confirm your address for Sparekey")
        await mail.tab.close()
        await self.type("Code from the message", mail.code)
        await self.press("Continue")
        await self.is_at("Your account is ready")

    async def sign_in(self, identifier: str, password: str = PASSWORD) -> None:
        await self.open("/sign-in")
        await self.type("E-mail, phone or user name", identifier)
        await self.type("Password", password)
        await self.press("Sign in")


async def new_person(chromium: Browser, site: str, read: set[str], **options: object) -> Person:
    """A person with a browser of their own. ``options``: of Playwright's ``new_context``."""
    given = {"viewport": {"width": 360, "height": 760}, "reduced_motion": "reduce", "locale": "en-GB", **options}
    context = await chromium.new_context(**given)  # type: ignore[arg-type]  # the names are Playwright's
    context.set_default_timeout(15_000)
    person = Person(site, context, await context.new_page(), read)

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not FAILED_ANSWER.match(message.text):
            person.complaints.append(f"{message.type} on {message.location.get('url')}: {message.text}")

    def watch(request: Request) -> None:
        if not request.url.startswith((site, "data:", "blob:")):
            person.complaints.append(f"a request to another site: {request.url}")

    def stumble(error: Error) -> None:
        person.complaints.append(f"the script failed: {error}")

    context.on("console", listen)
    context.on("request", watch)
    context.on("weberror", lambda e: stumble(e.error))
    return person


def posts(person: Person) -> list[str]:
    """The addresses of all forms that are sent from now on."""
    sent: list[str] = []

    def watch(request: Request) -> None:
        if request.method == "POST" and request.is_navigation_request():
            sent.append(request.url)

    person.context.on("request", watch)
    return sent
