"""One visit to a page: who came, in which language, and the two answers that a page gives: show something, or go on elsewhere."""

import gettext
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from sparekey.domain.errors import NotSignedIn
from sparekey.domain.values import Struct
from sparekey.messages import catalogue
from sparekey.use_cases.keep_account import read_closing
from sparekey.use_cases.ports import WhoIs
from sparekey.use_cases.read_dispute import read_dispute
from sparekey.use_cases.read_restrictions import read_restrictions
from sparekey.use_cases.running_recoveries import RecoverySeen, read_recoveries
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Opened
from sparekey.web.guard import Door, Visitor, csrf_token, door_of, keep_browser, keep_opened, network_of, visitor
from sparekey.web.pages import render
from sparekey.web.pages.views import Frame, ProviderView

LONGEST_PATH: Final = 300

HEADERS: Final[Mapping[str, str]] = {"cache-control": "no-store", "x-frame-options": "DENY"}
"""Of every page; what every answer has stands in ``web/app.py``."""


class Visit(Struct, frozen=True):
    request: Request
    door: Door
    came: Visitor
    recoveries: Sequence[RecoverySeen] = ()
    """Those that wait, on pages of the own account."""
    disputed: bool = False
    """Two sides claim the own account, on its pages."""
    closing_at: datetime | None = None
    """When the own account closes for good, on its pages."""
    quarantined_until: datetime | None = None
    """Until when some things are held back after a recovery, on pages of the own account."""

    @property
    def services(self) -> Services:
        return self.door.services

    @property
    def client(self) -> Client:
        return self.came.client

    @property
    def who(self) -> WhoIs | None:
        return self.came.who

    @property
    def words(self) -> gettext.NullTranslations:
        return catalogue.translator(self.client.language)

    @property
    def path(self) -> str:
        """The page that this visit is about: for a form, the page on which it stands."""
        path = self.request.url.path
        if path[2:3] == "/":
            return "/"  # the secret of a mailed link or a QR code, in an address that was spoilt: no page repeats it
        if self.request.method in {"GET", "HEAD"}:
            return local_path(f"{path}?{self.request.url.query}" if self.request.url.query else path)
        if path in PAGE_OF_FORM:
            return PAGE_OF_FORM[path]
        for stem in PAGES_WITH_FORMS_BELOW:
            if path.startswith(stem):
                return stem + path.removeprefix(stem).split("/")[0]
        return "/sign-in" if path.startswith("/social/") else path

    def providers(self) -> tuple[ProviderView, ...]:
        """At which people of this site may have accounts, in the order of their buttons."""
        return tuple(ProviderView(p.name, p.title) for p in self.services.social.providers)

    def member(self) -> WhoIs:
        """Who is signed in. Raises ``NotSignedIn``."""
        if self.who is None:
            raise NotSignedIn
        return self.who

    def show(self, template: str, *, status: int = 200, section: str = "", retry_after: int = 0, **values: object) -> HTMLResponse:
        """A page, with everything that surrounds it."""
        nonce = secrets.token_urlsafe(18)
        language = self.client.language
        frame = Frame(
            site_name=self.services.site.name,
            language=language,
            direction=render.direction(language),
            languages=render.languages(),
            nonce=nonce,
            csrf=csrf_token(self.services.sealer, self.client.holder),
            path=self.path,
            development=self.door.development,
            signed_in_as=self.who.name if self.who else "",
            section=section,
            providers=self.providers(),
            secret_question=self.services.site.secret_question,
            recovery_until=self.recoveries[0].until if self.recoveries else None,
            disputed=self.disputed,
            closing_at=self.closing_at,
            quarantined_until=self.quarantined_until,
            quarantine_left=catalogue.time_left(self.quarantined_until - self.services.clock.now(), self.words)
            if self.quarantined_until
            else "",
        )
        response = HTMLResponse(render.html(template, frame, values), status, headers={**HEADERS, "content-security-policy": policy(nonce)})
        if retry_after:
            response.headers["retry-after"] = str(retry_after)
        keep_browser(self.request, response, self.came)
        return response

    def go(self, path: str, opened: Opened | None = None) -> RedirectResponse:
        """On to another page, with the cookies of a session that was just opened."""
        response = RedirectResponse(path, 303, headers={"cache-control": "no-store"})
        keep_browser(self.request, response, self.came)
        keep_opened(self.request, response, opened)
        return response

    def to_sign_in(self) -> RedirectResponse:
        """To the sign-in page, and from there back to this one; or to what is still missing, where somebody is half signed in."""
        if self.came.held:
            return self.go("/account/second-factor")
        return self.go(f"/sign-in?next={quote(self.path)}")


async def visit(request: Request) -> Visit:
    """Raises ``StoreUnavailable`` when it cannot be found out who is signed in."""
    door, came = door_of(request), await visitor(request)
    of_account = came.who is not None and request.url.path.startswith("/account")
    recoveries = await read_recoveries(door.services, came.who.session) if of_account and came.who else ()
    disputed = await read_dispute(door.services, came.who.session) is not None if of_account and came.who else False
    closing_at = await read_closing(door.services, came.who.session) if of_account and came.who else None
    quarantined_until = (await read_restrictions(door.services, came.who.session)).until if of_account and came.who else None
    return Visit(request, door, came, recoveries, disputed, closing_at, quarantined_until)


def visit_without_store(request: Request) -> Visit:
    """For pages that must be shown when the database cannot be asked: nobody is signed in on them."""
    door = door_of(request)
    holder = door.cookies.read(request, "browser")
    language = catalogue.choose(request.headers.get("accept-language", ""), door.cookies.read(request, "language"))
    client = Client(holder=holder or door.services.chance.token(), network=network_of(request), user_agent="", language=language)
    return Visit(request, door, Visitor(client, None, fresh=not holder))


PAGE_OF_FORM: Final[Mapping[str, str]] = {
    "/sign-in/link": "/sign-in",
    "/sign-in/text": "/sign-in",
    "/sign-in/passkey": "/sign-in",
    "/account/devices/end-others": "/account/devices",
    "/account/dispute": "/account/recovery",
    "/sign-in/qr/go": "/sign-in/qr",
    "/friend/invitation": "/friend",
    "/friend/phrase": "/friend",
    "/friend/refuse": "/friend",
    "/account/security/contacts/none": "/account/security/contacts",
    "/account/security/contacts/stop": "/account/security/contacts",
    "/account/security/contacts/report": "/account/security/contacts",
    "/account/security/secret-question/remove": "/account/security/secret-question",
    "/account/security/methods/codes": "/account/security/methods",
    "/secure/orders": "/secure",
    "/secure/undo": "/secure",
}
"""The page on which a form stands, where it is sent to another address than its page has."""

PAGES_WITH_FORMS_BELOW: Final = ("/flow/", "/confirm/", "/case/", "/console/cases/", "/account/security/methods/")
"""Each of these has a page for whatever one name follows, and its forms are sent to addresses below that."""


def local_path(text: str) -> str:
    """A path of ours to go on to, or the first page: never another site, whatever a link says."""
    fine = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= LONGEST_PATH
    return text if fine and text.isascii() and text.isprintable() and "\\" not in text else "/"


def policy(nonce: str) -> str:
    """The content security policy of a page: our own script and style, and nothing from anywhere else."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
