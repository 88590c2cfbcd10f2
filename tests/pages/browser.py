"""A browser without script, as far as our pages need one: cookies, links, forms with their unseen fields, redirects.

It remembers every address and page that it saw, so that a test can look for what must not be in them.
"""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2
from typing_extensions import override

from sparekey.web.app import Application
from tests.doors.api import Api, solved

ORIGIN = "http://localhost:8400"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

MASKED = (
    (re.compile(r'nonce="[^"]+"'), 'nonce=""'),
    (re.compile(r'name="csrf" value="[0-9a-f]{64}"'), 'name="csrf" value=""'),
    (re.compile(r"(?<=/flow/)[0-9a-f]{32}"), "F" * 32),
    (re.compile(r"(?<=challenge&#34;: &#34;)[\w-]+"), "challenge"),
)
"""What differs from answer to answer and tells nothing: nonces, CSRF tokens, flow ids, challenges for keys."""


@dataclass
class FormSeen:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Words, name, value, and an action of its own."""
    name: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = self.heading = ""
        self.texts: list[str] = []
        self.forms: list[FormSeen] = []
        self.links: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._of_form = ""
        self._button: tuple[str, str, str] | None = None
        self._outside: list[tuple[str, tuple[str, str, str, str]]] = []
        self._words: list[str] = []
        self._href = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag not in {"meta", "link", "input", "img", "br", "hr"}:
            self._open.append(tag)
        form = self.forms[-1] if self.forms and "form" in self._open else None
        match tag:
            case "form":
                self.forms.append(FormSeen(found.get("action", ""), found.get("method", "get"), name=found.get("id", "")))
            case "input" if form is not None and found.get("name") and found.get("type") not in {"radio", "checkbox"}:
                form.fields[found["name"]] = found.get("value", "")
            case "select" if form is not None:
                form.fields[found["name"]] = ""
            case "option" if form is not None and "selected" in found:
                form.fields[list(form.fields)[-1]] = found["value"]
            case "button":
                self._of_form = found.get("form", "")
                self._button, self._words = (found.get("name", ""), found.get("value", ""), found.get("formaction", "")), []
            case "a":
                self._href, self._words = found.get("href", ""), []
            case _:
                pass

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        words = " ".join("".join(self._words).split())
        if tag == "button" and self._button is not None:
            if self._of_form:
                self._outside.append((self._of_form, (words, *self._button)))
            elif self.forms:
                self.forms[-1].buttons.append((words, *self._button))
            self._button = None
        if tag == "a":
            self.links.append((words, self._href))

    def finish(self) -> None:
        """Buttons may stand before the form that they belong to."""
        for name, button in self._outside:
            next(f for f in self.forms if f.name == name).buttons.append(button)

    @override
    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title += data
        elif "script" not in self._open:
            self.texts.append(data)
        if "h1" in self._open:
            self.heading += data
        self._words.append(data)


@dataclass
class Page:
    """One answer, read."""

    url: str
    answered: httpx2.Response

    def __post_init__(self) -> None:
        self._read = _Reader()
        self._read.feed(self.answered.text)
        self._read.finish()

    @property
    def status(self) -> int:
        return self.answered.status_code

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def html(self) -> str:
        return self.answered.text

    @property
    def masked(self) -> str:
        text = self.html
        for pattern, instead in MASKED:
            text = pattern.sub(instead, text)
        return text

    @property
    def title(self) -> str:
        return " ".join(self._read.title.split())

    @property
    def heading(self) -> str:
        return " ".join(self._read.heading.split())

    @property
    def text(self) -> str:
        return " ".join("".join(self._read.texts).split())

    @property
    def tags(self) -> list[tuple[str, dict[str, str]]]:
        return self._read.tags

    @property
    def forms(self) -> list[FormSeen]:
        return self._read.forms

    @property
    def links(self) -> dict[str, str]:
        """Addresses by the words of their links."""
        return dict(self._read.links)

    def form(self, action: str = "") -> FormSeen:
        """The form that is sent to an address; without one, the form of the page itself (not of its frame)."""
        frame = {"/language", "/sign-out"}
        found = [f for f in self.forms if (f.action == action if action else f.action not in frame)]
        assert found, f"no form {action!r} on {self.url}: {self.text}"
        return found[0]

    def input(self, name: str) -> dict[str, str]:
        """The attributes of one field."""
        return next(a for tag, a in self.tags if tag in {"input", "select"} and a.get("name") == name)

    def by_id(self, wanted: str) -> str:
        """The words of the element with this id."""
        found = re.search(rf'id="{wanted}"[^>]*>(.*?)</p>', self.html, re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", "", found[1]).split()) if found else ""


@dataclass
class Browser:
    """``page``: what is open now. ``seen``: every address and text so far."""

    api: Api
    http: httpx2.AsyncClient
    page: Page = field(init=False)
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def open(self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Page:
        return await self._go(method, urljoin(ORIGIN, path), None, {"sec-fetch-site": "none", **(headers or {})})

    async def send(
        self,
        path: str,
        fields: Mapping[str, str],
        *,
        origin: str = ORIGIN,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        """A form, as it is: nothing is filled in for it."""
        content = urlencode(fields).encode() if body is None else body
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self._go("POST", urljoin(ORIGIN, path), content, {"origin": origin, **kind, **(headers or {})})

    async def fill(self, *, form: str = "", button: str = "", **typed: str) -> Page:
        """Type into a form of the open page and press its button. What is typed must have a field. The check that a person is there is
        answered as the script would."""
        on_page = self.page.form(form)
        check = re.search(r'data-human="([^"]+)"', self.page.html)
        if check and on_page.fields.get("human") == "":
            typed = {"human": solved(json.loads(html.unescape(check[1]))), **typed}
        assert typed.keys() <= on_page.fields.keys(), (typed.keys(), on_page.fields)
        _, name, value, action = next((b for b in on_page.buttons if b[0] == button), ("", "", "", "")) if button else on_page.buttons[0]
        pressed = {name: value} if name else {}
        return await self.send(action or on_page.action, {**on_page.fields, **typed, **pressed})

    async def press(self, words: str) -> Page:
        """Press the button with these words, in whichever form it stands."""
        found = [(f, b[1], b[2], b[3]) for f in self.page.forms for b in f.buttons if b[0] == words]
        assert found, f"no button {words!r} on {self.page.url}: {self.page.text}"
        form, name, value, action = found[0]
        return await self.send(action or form.action, {**form.fields, **({name: value} if name else {})})

    async def follow(self, words: str) -> Page:
        """Click the link with these words."""
        return await self.open(self.page.links[words])

    def cookie(self, name: str) -> str:
        return self.http.cookies.get(f"sparekey-{name}", default="") or ""

    async def _go(self, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> Page:
        for _ in range(6):
            answered = await self.http.request(method, url, content=content, headers=headers, follow_redirects=False)
            self.seen.append((url, answered.text))
            if answered.status_code not in {301, 302, 303, 307}:
                self.page = Page(url, answered)
                return self.page
            assert answered.status_code == 303, answered
            url = urljoin(url, answered.headers["location"])
            assert url.startswith(ORIGIN), f"led away to {url}"
            method, content = "GET", None
            headers = {k: v for k, v in headers.items() if k not in {"content-type", "origin"}}
        raise AssertionError(f"redirects without end: {url}")


def new_browser(api: Api, app: Application | None = None) -> Browser:
    """A browser that was never here. ``app``: another application than that of ``api``."""
    transport = httpx2.ASGITransport(app or api.app)
    http = httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"user-agent": AGENT, "accept-language": "en"})
    return Browser(api, http)


async def signed_up(api: Api, email: str, password: str, name: str = "Anna Berg") -> Browser:
    """A browser in which an account was just made, by the pages."""
    browser = new_browser(api)
    await browser.open("/sign-up")
    await browser.fill(name=name, email=email, password=password)
    await browser.fill(answer=(await api.newest(email)).code)
    assert browser.page.heading == "Your account is ready", browser.page.text
    return browser


async def signed_in(api: Api, email: str, password: str) -> Browser:
    """Another browser, signed in."""
    browser = new_browser(api)
    await browser.open("/sign-in")
    await browser.fill(identifier=email, password=password)
    assert browser.page.path == "/account", browser.page.text
    return browser
