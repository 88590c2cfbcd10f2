"""Secrets that we know, sent through every flow, then looked for where they must not be: the database with its log of writes, the
data folder, what the server printed, its error pages, and the mails of others (mission.md, D7).

The server runs as in production: real mail over TLS, an https origin, and no development mode.
"""

import asyncio
import base64
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from sparekey.adapters.sql.connection import Statement
from sparekey.adapters.sql.schema import metadata
from sparekey.bootstrap import database_of
from tests.attacks.conftest import NODES, MakeSite
from tests.delivery.conftest import Authority, MailServer
from tests.delivery.conftest import authority as authority  # noqa: PLC0414 - a fixture of theirs
from tests.delivery.conftest import mail_server as mail_server  # noqa: PLC0414 - a fixture of theirs
from tests.doors.api import Letter, Program
from tests.doors.cases import begin as begin_case
from tests.doors.cases import case_token
from tests.server import Site

HOST = "id.example.com"
ANNA, SECOND, NOBODY = "anna@example.com", "anna.berg@example.com", "nobody@example.com"
CONTACT = "anna@new.example"
SMTP_PASSWORD = "pass:word/ä"
SECONDS_FOR_MAIL = 20

pytestmark = pytest.mark.row("D7")


@dataclass
class Canaries:
    """``long``: too long to stand anywhere by chance. ``codes``: six digits, looked for as a whole field or word."""

    long: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def new(self, what: str) -> str:
        """A new password."""
        self.long[what] = f"canary {what} {token_hex(12)} bird"
        return self.long[what]

    def add(self, what: str, secret: str) -> None:
        assert len(secret) >= 40, what
        self.long[what] = secret

    def all_in(self, text: bytes) -> list[str]:
        """The names of those that stand in some bytes, plain or in a common dress."""
        found = [what for what, secret in self.long.items() if any(form in text for form in dresses(secret))]
        return found + [what for what, code in self.codes.items() if re.search(as_typed(code), text)]


def as_typed(code: str) -> bytes:
    """A pattern: as a whole word, also in two groups as mails show it."""
    half = len(code) // 2
    return rb"(?<![0-9A-Za-z])%b ?%b(?![0-9A-Za-z])" % (code[:half].encode(), code[half:].encode())


def dresses(secret: str) -> Iterable[bytes]:
    """A key that is no text stands for itself in latin-1."""
    yield secret.encode("utf-16-le")
    yield quote(secret).encode()
    yield quote_plus(secret).encode()
    for raw in {secret.encode(), secret.encode("latin-1", "ignore")}:
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield base64.b64encode(raw).rstrip(b"=")[:-1]
        yield base64.urlsafe_b64encode(raw).rstrip(b"=")[:-1]


@dataclass
class Walk:
    """One road through all flows, with everything secret noted, and every error answer."""

    site: Site
    mails: MailServer
    http: httpx2.AsyncClient
    canaries: Canaries = field(default_factory=Canaries)
    errors: list[tuple[str, bytes]] = field(default_factory=list)
    seen: list[EmailMessage] = field(default_factory=list)

    async def note(self, answered: httpx2.Response) -> None:
        await answered.aread()
        if answered.status_code >= 400:
            headers = repr(answered.headers.multi_items()).encode()
            self.errors.append((f"{answered.request.method} {answered.request.url.path}", headers + answered.content))

    def program(self) -> Program:
        return Program(self.http)

    def keep(self, what: str, program: Program) -> None:
        if program.session:
            self.canaries.add(f"session of {what}", program.session)
        if program.device:
            self.canaries.add(f"device of {what}", program.device)
        for number, token in enumerate(program.flow_tokens.values()):
            self.canaries.add(f"flow token {number} of {what}", token)

    async def mail(self, to: str, count: int, what: str) -> Letter:
        """The ``count``-th letter to an address, its code and link noted."""
        until = time.monotonic() + SECONDS_FOR_MAIL
        while len(found := [m for m in self.mails.letters() if m["To"] == to]) < count:
            assert time.monotonic() < until, f"no letter {count} to {to}"
            await asyncio.sleep(0.05)
        # Letters go out side by side and may overtake one another; their ids begin with the time at which they were written.
        found.sort(key=lambda m: str(m["Message-ID"]))
        body = found[count - 1].get_body(("plain",))
        assert body is not None
        letter = Letter(to, str(found[count - 1]["Subject"]), body.get_content().replace("\r\n", "\n"))
        if "/l/" in letter.text:
            self.canaries.add(f"link of {what}", letter.link)
            self.canaries.add(f"secret part of the link of {what}", letter.link[32:])
        if re.search(r"^ {4}[0-9 ]+$", letter.text, re.MULTILINE):
            self.canaries.codes[f"code of {what}"] = letter.code.replace(" ", "")
        return letter


async def walk(w: Walk) -> None:
    new = w.canaries.new
    owner = w.program()
    first = new("password")
    began = await owner.start("sign_up", email=ANNA, name="Anna", password=first)
    await owner.start("sign_up", email=ANNA, name="Anna", password=new("password-short")[:3])
    await owner.code(began.flow_id, "000000")
    assert (await owner.code(began.flow_id, (await w.mail(ANNA, 1, "sign-up")).code)).state == "done"
    await w.mail(ANNA, 2, "welcome")

    await w.program().sign_in(ANNA, new("wrong-password"))
    await w.program().sign_in(NOBODY, new("password-of-nobody"))
    other = w.program()
    assert (await other.sign_in(ANNA, first)).state == "done"
    await w.mail(ANNA, 3, "new device")

    adding = await owner.start("add_address", email=SECOND)
    assert (await owner.code(adding.flow_id, (await w.mail(SECOND, 1, "adding")).code)).state == "done"

    changing = await owner.start("change_password")
    if changing.state == "asking":
        changing = await owner.password(changing.flow_id, first)
    assert (await owner.finish(changing.flow_id, new("second-password"))).state == "done"

    await w.program().start("recover", identifier=NOBODY)
    lost = w.program()
    recovering = await lost.start("recover", identifier=ANNA)
    count = 6
    letter = await w.mail(ANNA, count, "recovery")
    assert (await lost.code(recovering.flow_id, letter.code)).state == "allowed", letter
    await lost.finish(recovering.flow_id, first)
    done = await lost.finish(recovering.flow_id, new("third-password"))
    assert (await lost.password(done.said["next_flow"], w.canaries.long["third-password"])).state == "done"

    await open_case(w)
    linked = w.program()
    await linked.start("sign_in", identifier=SECOND)
    for name, program in {"owner": owner, "other": other, "lost": lost, "linked": linked}.items():
        w.keep(name, program)
    await bad_requests(w)


async def open_case(w: Walk) -> None:
    """What is said in a support case is told to agents alone."""
    person, _ = await begin_case(w, ANNA, CONTACT)
    w.canaries.add("token of a case", person.token)
    assert (await person.confirm((await w.mail(CONTACT, 1, "case")).code)).state == "open"
    w.canaries.long["link of the case"] = case_token(await w.mail(CONTACT, 2, "case opened"))
    assert (await person.say(w.canaries.new("message in a case"))).status == 200
    assert (await person.state(order=w.canaries.new("order in a case"))).status == 200
    assert (await person.say("a\u202e" + w.canaries.new("message refused"))).status == 422


async def bad_requests(w: Walk) -> None:
    """With secrets in them, in every way that ends on an error page."""
    password, session = w.canaries.long["third-password"], w.canaries.long["session of lost"]
    form = {"identifier": ANNA, "password": password, "csrf": "no"}
    await w.http.post("/sign-in", data=form)
    await w.http.post("/sign-in", data=form, headers={"origin": "https://evil.example"})
    await w.http.post("/sign-up", data={"email": ANNA, "password": password})
    await w.http.post("/api/v1/flows", content=b'{"flow": {"action": "sign_in", "password": "%b"' % password.encode())
    body = {"flow": {"action": "sign_in", "identifier": [ANNA], "password": password}}
    await w.http.post("/api/v1/flows", json=body)
    await w.http.post("/api/v1/flows", json={"flow": {"action": "sign_in", "identifier": ANNA, "password": {"a": password}}})
    await w.http.post("/api/v1/flows", json={"flow": {"action": password, "identifier": ANNA}})
    await w.http.post("/api/v1/flows", json={"flow": {"action": "sign_in", "identifier": ANNA, "password": password, password: 1}})
    await w.http.post("/api/v1/passwords/check", json={"password": password, "name": "\x00"})
    await w.http.get("/api/v1/account", headers={"authorization": f"Basic {session}"})
    await w.http.get("/api/v1/account", headers={"authorization": f"Bearer {session}x"})
    await w.http.get("/nowhere", headers={"authorization": f"Bearer {session}", "referer": f"https://{HOST}/l/{session}"})
    await w.http.get(f"/l/{w.canaries.long['link of recovery']}")
    await w.http.post("/api/v1/links/open", json={"token": w.canaries.long["link of recovery"]})
    await w.http.get("/account", headers={"cookie": f"__Host-sparekey-session={session[:-1]}"})
    await w.http.get("/api/v1/session", headers={"host": "evil.example", "authorization": f"Bearer {session}"})


async def where_canaries_sing(w: Walk) -> list[str]:
    """Every place in which a secret was found."""
    found = []
    for place, text in await dumped(w.site):
        found += [f"{what} in {place}" for what in w.canaries.all_in(text)]
    found += [f"{what} in the log" for what in w.canaries.all_in(w.site.log.encode())]
    for page, text in w.errors:
        found += [f"{what} in the answer to {page}" for what in w.canaries.all_in(text)]
    for number, letter in enumerate(w.mails.letters()):
        text = "\n".join(str(part.get_content()) for part in letter.walk() if not part.is_multipart()).encode()
        text = re.sub(rb"(?<=\d) (?=\d{3}\b)", b"", text) + str(letter["Subject"]).encode()
        own = {what for what in w.canaries.all_in(text) if what.startswith(("code of", "link of", "secret part"))}
        about = {what.rsplit(" of ", 1)[1] for what in own}
        found += [f"{what} in mail {number}" for what in set(w.canaries.all_in(text)) - own]
        found += [f"{sorted(own)} in one mail"] if len(about) > 1 else []
    return found


async def dumped(site: Site) -> list[tuple[str, bytes]]:
    """Every field of every table by itself, and every file of the data folder but the keys."""
    found = []
    database = database_of(site.read())
    await database.open()
    try:
        async with database.transaction() as connection:
            for table in metadata.tables:
                for row in await connection.all(Statement(f"select * from {table}")):
                    found += [(f"table {table}", v if isinstance(v, bytes) else str(v).encode()) for v in row]
    finally:
        await database.close()
    long_only = [p for p in site.data.rglob("*") if p.is_file() and not p.name.startswith("keys.json")]
    return found + [(f"file {p.name}", without_digits(p)) for p in long_only]


def without_digits(path: Path) -> bytes:
    """Six digits stand in any file by chance; as fields they are looked for above."""
    return re.sub(rb"(?<![0-9])[0-9]{6}(?![0-9])", b"......", path.read_bytes())


@pytest.fixture
def production(
    authority: Authority, mail_server: Callable[[str], MailServer], make_site: MakeSite
) -> Callable[..., tuple[Site, MailServer]]:
    def make(kind: str, bug: str = "") -> tuple[Site, MailServer]:
        mails = mail_server("starttls")
        site = make_site(
            kind,
            bug=bug,
            mode="production",
            base_url=f"https://{HOST}",
            smtp=f"smtp://site:{quote(SMTP_PASSWORD, safe='')}@127.0.0.1:{mails.port}",
            smtp_ca_file=authority.ca_file,
            mail_from="no-reply@example.com",
        )
        return site, mails

    return make


async def walked(site: Site, mails: MailServer) -> list[str]:
    async with site.client() as http:
        http.headers["host"] = HOST
        w = Walk(site, mails, http)
        http.event_hooks["response"].append(w.note)
        w.canaries.long["password of the mail server"] = SMTP_PASSWORD
        await walk(w)
        found = await where_canaries_sing(w)
    assert len(w.errors) >= 15, "too few error pages to speak of"
    assert len(w.canaries.long) >= 20
    assert len(w.canaries.codes) >= 3
    for node in site.all:
        node.stop()
    return found


@pytest.mark.parametrize("kind", NODES)
async def test_no_secret_stands_where_it_must_not(kind: str, production: Callable[..., tuple[Site, MailServer]]) -> None:
    assert await walked(*production(kind)) == []


@pytest.mark.parametrize(("bug", "place"), [("leaky_store", "in table outbox"), ("leaky_log", "in the log")])
async def test_a_planted_leak_is_found(bug: str, place: str, production: Callable[..., tuple[Site, MailServer]]) -> None:
    found = await walked(*production("sqlite", bug))
    assert [f for f in found if f.endswith(place)], found
