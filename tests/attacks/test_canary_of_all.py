"""Every other kind of secret that people, devices and neighbours hold, walked through one server in this process, then looked for where it
must not be (mission.md, D7): test_canary.py does the same with real processes and real mail for what everybody has.

What is secret is not listed by hand: all that an answer hands out under a secret's name, and all codes and links in letters and texts,
are noted as they pass. The list of kinds at the end says whether one was forgotten.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from sparekey.adapters.crypto.keys import keys_path, read_keys_file
from sparekey.adapters.crypto.sealer import RingSealer
from sparekey.adapters.sql.connection import Statement
from sparekey.adapters.sql.schema import metadata
from tests.attacks.test_canary import Canaries, without_digits
from tests.delivery.conftest import HttpServer
from tests.delivery.conftest import http_server as http_server  # noqa: PLC0414 - a fixture of theirs
from tests.doors.api import Api, Letter, served
from tests.doors.friends import BORIS, newest, recover, type_phrase, with_friends
from tests.doors.robbed import shown
from tests.doors.second_factors import Owner, answer, seed
from tests.doors.test_closing import keep_token
from tests.doors.test_qr_sign_in import approve, computer, scan
from tests.doors.waits import ANNA, begin_with_mailbox, full_sign_in, look_back, owner_with_two, press
from tests.soft_phone import phone_owner

BEA, CLEO, NUMBER = "bea@example.com", "cleo@example.com", "+37120000001"

HANDED_OUT = {
    *("token", "device_token", "remembered_token", "flow_token", "holder_token"),
    *("key", "new_codes", "phrase", "code"),
}
"""What answers call their secrets."""

KINDS = {
    *HANDED_OUT,
    *("letter l", "letter d", "letter w", "letter f", "letter k", "letter code", "text code"),
    *("seed", "secret answer", "key ring", "shop", "webhook", "texts", "provider"),
}

pytestmark = pytest.mark.row("D7")


@dataclass
class Walk:
    """``errors``: every answer that refuses something, as a stranger may see it."""

    api: Api
    operator: HttpServer
    canaries: Canaries = field(default_factory=Canaries)
    kinds: set[str] = field(default_factory=set)
    errors: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, kind: str, secret: str) -> None:
        assert len(secret) >= 10, (kind, secret)
        self.kinds.add(kind)
        self.canaries.long[f"{kind} {len(self.canaries.long)}"] = secret

    def add_code(self, kind: str, code: str) -> None:
        self.kinds.add(kind)
        code = code.replace(" ", "")
        if code.isdigit():
            self.canaries.codes[f"{kind} {len(self.canaries.codes)}"] = code
        else:
            self.add(kind, code)

    def new(self, kind: str) -> str:
        self.add(kind, made := f"canary{token_hex(20)}")
        return made

    async def note(self, answered: httpx2.Response) -> None:
        await answered.aread()
        if answered.status_code >= 400:
            headers = repr(answered.headers.multi_items()).encode()
            self.errors.append((f"{answered.request.method} {answered.request.url.path}", headers + answered.content))
        elif answered.headers.get("content-type") == "application/json":
            self._note_in(answered.json())

    def _note_in(self, said: Any) -> None:
        match said:
            case list():
                for one in said:
                    self._note_in(one)
            case dict():
                for name, value in said.items():
                    for secret in [value] if isinstance(value, str) else value if name == "new_codes" else []:
                        if name in HANDED_OUT and secret and secret not in self.canaries.long.values():
                            self.add(name, secret)
                    self._note_in(value)
            case _:
                """Nothing that could hold a secret."""

    def note_letter(self, letter: Letter) -> None:
        for kind, token in re.findall(r"/([a-z])/([A-Za-z0-9_-]{16,})", letter.text):
            if token not in self.canaries.long.values():
                self.add(f"letter {kind}", token)
                if kind == "l":
                    self.add("letter l", token[32:])
        if re.search(r"^ {4}[0-9A-Z][0-9A-Z ]+$", letter.text, re.MULTILINE):
            self.add_code("letter code", letter.code)

    async def text_code(self) -> str:
        """Of the newest text that the operator was given."""
        await self.api.letters()
        found = re.search(r"#([0-9A-Z]+)$", json.loads(self.operator.requests[-1].body)["text"])
        assert found
        self.add_code("text code", found[1])
        return found[1]


async def walk(w: Walk) -> None:
    owner = await owner_with_two(w.api)
    w.add("seed", seed(owner.app.key).decode("latin-1"))
    owner.program = await full_sign_in(w.api, owner)
    await second_factors(w, owner)
    await friends_and_closing(w)
    await phones(w)
    await neighbours(w)
    _, waits = await begin_with_mailbox(w.api)
    assert waits.state == "waiting", waits
    letters = await w.api.letters()
    for letter in letters:
        w.note_letter(letter)
    await bad_requests(w)
    await press(w.api.program(), next(m for m in reversed(letters) if m.to == ANNA and "/d/" in m.text))
    await look_back(w.api.program(), next(m for m in reversed(letters) if "/w/" in m.text))


async def second_factors(w: Walk, owner: Owner) -> None:
    program = w.api.program()
    asked = await program.sign_in(ANNA)
    assert (await answer(program, asked.flow_id, "totp", code="000000")).status == 401
    given = {"answer": {"challenge": "totp", "code": owner.app.next_code()}, "remember_device": True}
    assert (await program.call("POST", f"/api/v1/flows/{asked.flow_id}/answer", given)).state == "done"
    by_paper = w.api.program()
    asked = await by_paper.sign_in(ANNA)
    assert (await answer(by_paper, asked.flow_id, "backup_code", code=owner.codes[1])).state == "done"
    assert (await answer(by_paper, asked.flow_id, "backup_code", code=owner.codes[1])).status == 410
    began = await owner.program.start("set_secret_answer", question="first_pet", answer=w.new("secret answer"))
    assert (await shown(owner.program, began, app=owner)).state == "done"
    began = await shown(owner.program, await owner.program.start("add_address", phone=NUMBER), app=owner)
    assert (await answer(owner.program, began.flow_id, "sms", code="000000")).status == 401
    assert (await answer(owner.program, began.flow_id, "sms", code=await w.text_code())).state == "done"


async def friends_and_closing(w: Walk) -> None:
    bea = await w.api.signed_up(BEA)
    await with_friends(w.api, bea)
    _, _, phrase = await recover(w.api, BEA)
    link = await newest(w.api, BORIS)
    assert (await type_phrase(w.api, link, "no such words here")).status == 401
    assert (await type_phrase(w.api, link, phrase)).status == 204
    assert (await bea.sign_in(BEA)).state == "done"
    assert (await bea.start("close_account")).state == "waiting"
    letter = next(m for m in reversed(await w.api.letters(BEA)) if "/k/" in m.text)
    assert (await w.api.program().call("POST", "/api/v1/closing/stop", {"token": keep_token(letter)})).status == 200


async def phones(w: Walk) -> None:
    cleo = await phone_owner(w.api, CLEO)
    screen = await computer(w.api)
    began = await scan(cleo.program, screen.token)
    await approve(cleo.program, began.flow_id, "00" if screen.number != "00" else "11")


async def neighbours(w: Walk) -> None:
    """The shop beside us, and a provider that answers nonsense."""
    account_id = "0" * 32
    for secret in (w.canaries.long[next(name for name in w.canaries.long if name.startswith("shop"))], "another"):
        headers = {"Authorization": f"Bearer {secret}"}
        await w.api.program().call("GET", f"/api/v1/shop/accounts/{account_id}/restrictions", headers=headers)
        await w.api.program().call("POST", "/api/v1/shop/activity", {"account_id": secret}, headers=headers)
    failed = await w.api.program().start("sign_in_social", provider="oidc")
    assert failed.status >= 400


async def bad_requests(w: Walk) -> None:
    """One secret of each kind where it does not belong, in every way that ends on an error page."""
    of_kind = {name.rsplit(" ", 1)[0]: secret for name, secret in w.canaries.long.items() if secret.isascii() and secret.isprintable()}
    for kind, secret in of_kind.items():
        await w.api.http.get("/api/v1/account", headers={"authorization": f"Bearer {secret}", "device-token": secret})
        await w.api.http.post("/api/v1/flows", json={"flow": {"action": secret, secret: 1}})
        await w.api.http.post("/api/v1/links/look", json={"token": [secret]})
        await w.api.http.post("/sign-in", data={"identifier": ANNA, "password": secret, "csrf": secret})
        if kind.startswith("letter ") and len(kind) == len("letter l"):
            await w.api.http.post("/api/v1/notices/disown", json={"token": f"{secret}x"})
            await w.api.http.get(f"/{kind[-1]}/{secret}/more")


async def where_canaries_sing(w: Walk, log: str) -> list[str]:
    found = []
    async with w.api.parts.database.transaction() as connection:
        for table in metadata.tables:
            rows = await connection.all(Statement(f"select * from {table}"))
            fields = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)
            found += [f"{what} in table {table}" for what in w.canaries.all_in(fields)]
    found += [
        f"{what} in file {name}" for name, content in files_of(Path(w.api.settings.storage.data)) for what in w.canaries.all_in(content)
    ]
    found += [f"{what} in the log" for what in w.canaries.all_in(log.encode())]
    for page, text in w.errors:
        found += [f"{what} in the answer to {page}" for what in w.canaries.all_in(text)]
    for number, letter in enumerate(await w.api.letters()):
        told = set(w.canaries.all_in(re.sub(r"(?<=\d) (?=\d{3}\b)", "", f"{letter.subject}\n{letter.text}").encode()))
        own = {what for what in told if what.startswith("letter ")}
        found += [f"{what} in mail {number}" for what in told - own]
        found += [f"{sorted(own)} in one mail" for kind in "ldwfk" if len({what for what in own if what.startswith(f"letter {kind} ")}) > 2]
    return found


def files_of(data: Path) -> Iterator[tuple[str, bytes]]:
    """Of the data folder, but the keys and the mailbox of development, which is there to be read."""
    for path in data.rglob("*"):
        if path.is_file() and not path.name.startswith("keys.json") and data / "dev" not in path.parents:
            yield path.name, without_digits(path)


@asynccontextmanager
async def walked(url: str, data_dir: Path, migrated_sqlite: Path, operator: HttpServer) -> AsyncIterator[Walk]:
    secrets = {kind: f"canary-{kind}-{token_hex(20)}" for kind in ("shop", "provider")}
    secrets |= {kind: f"whsec_{token_hex(24)}" for kind in ("webhook", "texts")}
    given = {
        "shop_secret": secrets["shop"],
        "shop_webhook": f"{operator.url}/shop",
        "shop_webhook_secret": secrets["webhook"],
        "sms": "webhook",
        "sms_url": f"{operator.url}/sms",
        "sms_secret": secrets["texts"],
        "oidc_issuer": operator.url,
        "oidc_client_id": "sparekey",
        "oidc_client_secret": secrets["provider"],
        "secret_question": "on",
        "insecure_no_volume_limits": "true",
    }
    async with served(url, data_dir, migrated_sqlite, **given) as api:
        w = Walk(api, operator)
        for kind, secret in secrets.items():
            w.add(kind, secret.removeprefix("whsec_"))
        for key in read_keys_file(keys_path(api.settings.storage)):
            w.add("key ring", key.secret.decode("latin-1"))
        api.http.event_hooks["response"].append(w.note)
        await walk(w)
        yield w


async def test_no_secret_of_any_kind_stands_where_it_must_not(
    database_url: str, data_dir: Path, migrated_sqlite: Path, http_server: HttpServer, capfd: pytest.CaptureFixture[str]
) -> None:
    async with walked(database_url, data_dir, migrated_sqlite, http_server) as w:
        log = "".join(capfd.readouterr())
        assert await where_canaries_sing(w, log) == []
    assert w.kinds == KINDS
    assert len(w.errors) >= 80
    assert "message.delivered" in log, "no log to speak of"


def open_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    """What must be read again lies open."""
    monkeypatch.setattr(RingSealer, "seal", lambda self, text, purpose: text)
    monkeypatch.setattr(RingSealer, "open", lambda self, sealed, purpose: sealed)


def all_requests_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """To find out why people cannot sign in."""
    true = Request.body

    async def body(self: Request) -> bytes:
        print(read := await true(self), self.headers)  # noqa: T201 - the bug
        return read

    monkeypatch.setattr(Request, "body", body)


@pytest.mark.parametrize(
    ("plant", "kinds"),
    [
        (open_seals, {"seed", *(f"letter {kind}" for kind in "ldwfk")}),
        (all_requests_in_the_log, {"token", "new_codes", "phrase", "secret answer", "letter code", "text code", "shop"}),
    ],
)
async def test_a_planted_leak_of_every_kind_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    kinds: set[str],
    data_dir: Path,
    migrated_sqlite: Path,
    http_server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    plant(monkeypatch)
    async with walked("", data_dir, migrated_sqlite, http_server) as w:
        found = {what.split(" in ")[0].rsplit(" ", 1)[0] for what in await where_canaries_sing(w, "".join(capfd.readouterr()))}
    assert kinds <= found
