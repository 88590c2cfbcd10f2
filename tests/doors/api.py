"""The JSON door as programs use it: the whole application, driven through ASGI, with mail read from the mailbox of development.

Every answer is held against the OpenAPI document as it comes in.
"""

import asyncio
import base64
import hashlib
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from json import dumps
from pathlib import Path
from typing import Any, Self

import httpx2
import jsonschema_rs

from sparekey.adapters.crypto.argon2 import Cost, find_argon2
from sparekey.adapters.crypto.hashing import answer, argon2_of
from sparekey.adapters.sql.connection import Statement
from sparekey.bootstrap import SQLITE_FILE, Parts, build, build_app, dev_mailbox, key_ring, prepare_data_dir
from sparekey.settings import Settings, read_settings
from sparekey.web.api.openapi import openapi
from sparekey.web.app import Application

PASSWORD = "correct horse battery staple"
ANOTHER = "seven grey herons on one leg"
THIRD = "a kettle sings about the rain"

CHEAP = Cost(memory_kib=8, passes=1)
"""What libsodium allows at least: the tests here are about what happens, not about what a guess costs."""

OF_ACCOUNTS = ("account", "address", "former_password", "session", "device")
"""The tables in which an account lives. What bad input must not change."""


class Clock:
    """Moves a millisecond with each look, so that no two things happen at once, and further when told to."""

    def __init__(self) -> None:
        self._now = datetime(2030, 5, 17, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now

    def wait(self, **time: float) -> None:
        self._now += timedelta(**time)


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str

    @property
    def code(self) -> str:
        """As it stands there: in groups, to be typed like that."""
        found = re.search(r"^ {4}([0-9A-Z][0-9A-Z ]+)$", self.text, re.MULTILINE)
        assert found, f"no code in {self.text!r}"
        return found[1]

    @property
    def link(self) -> str:
        """The token: what stands behind ``/l/``."""
        found = re.search(r"/l/(\S+)", self.text)
        assert found, f"no link in {self.text!r}"
        return found[1]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx2.Headers
    said: Any

    @property
    def flow_id(self) -> str:
        found: str = self.said["flow_id"]
        return found

    @property
    def state(self) -> str:
        found: str = self.said["state"]
        return found

    @property
    def problem(self) -> str:
        """The stable name of what went wrong; raises for an answer that is no problem."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.said["status"] == self.status, self
        assert self.said["title"], self
        found: str = self.said["type"].removeprefix("urn:sparekey:problem:")
        return found

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Field and reason of each thing that is wrong."""
        assert all(e["message"] for e in self.said["errors"]), self
        return [(e["field"], e["reason"]) for e in self.said["errors"]]


@dataclass
class Program:
    """One program on one device: keeps what it is given, and sends it where it belongs. ``is_person``: it solves what is asked for to show
    that a person is there."""

    http: httpx2.AsyncClient
    session: str = ""
    device: str = ""
    remembered: str = ""
    is_person: bool = True
    flow_tokens: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, json: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """One request with the tokens that belong to it. Holds the answer against the document."""
        flow_id = path.split("/")[4] if path.startswith("/api/v1/flows/") else ""
        sent = {
            "Authorization": f"Bearer {self.session}" if self.session else "",
            "Device-Token": self.device,
            "Remembered-Token": self.remembered,
            "Flow-Token": self.flow_tokens.get(flow_id, ""),
            **(headers or {}),
        }
        body = None if json is None else dumps(json)
        if body is not None:
            sent = {"Content-Type": "application/json", **sent}
        answered = await self.http.request(method, path, headers=encoded({k: v for k, v in sent.items() if v}), content=body)
        answer = read(answered)
        if answer.status == 428 and self.is_person and isinstance(json, dict):
            return await self.call(method, path, {**json, "human": solved(answer.said["challenge"])}, headers=headers)
        if answer.status < 300 and isinstance(answer.said, dict):
            self._keep(answer.said)
        return answer

    def _keep(self, said: dict[str, Any]) -> None:
        if said.get("flow_token"):
            self.flow_tokens[said["flow_id"]] = said["flow_token"]
        if said.get("next_flow"):
            self.flow_tokens[said["next_flow"]] = self.flow_tokens[said["flow_id"]]
        if opened := said.get("session"):
            self.session = opened["token"]
            self.device = opened["device_token"] or self.device
            self.remembered = opened.get("remembered_token") or self.remembered

    async def start(self, action: str, **given: object) -> Answer:
        return await self.call("POST", "/api/v1/flows", {"flow": {"action": action, **given}})

    async def show(self, flow_id: str) -> Answer:
        return await self.call("GET", f"/api/v1/flows/{flow_id}")

    async def code(self, flow_id: str, code: str) -> Answer:
        return await self.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": "email", "code": code}})

    async def password(self, flow_id: str, password: str) -> Answer:
        return await self.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": "password", "password": password}})

    async def send(self, flow_id: str) -> Answer:
        return await self.call("POST", f"/api/v1/flows/{flow_id}/send", {"challenge": "email"})

    async def finish(self, flow_id: str, password: str, **given: str) -> Answer:
        return await self.call("POST", f"/api/v1/flows/{flow_id}/finish", {"password": password, **given})

    async def leave(self, flow_id: str) -> Answer:
        return await self.call("DELETE", f"/api/v1/flows/{flow_id}")

    async def look(self, link: str) -> Answer:
        return await self.call("POST", "/api/v1/links/look", {"token": link})

    async def open(self, link: str) -> Answer:
        """With the token of the flow that the link is of, where this program began it."""
        flow_token = self.flow_tokens.get(link[:32], "")
        return await self.call("POST", "/api/v1/links/open", {"token": link}, headers={"Flow-Token": flow_token})

    async def sign_in(self, identifier: str, password: str = PASSWORD) -> Answer:
        return await self.start("sign_in", identifier=identifier, password=password)

    async def read(self, path: str) -> Any:
        answer = await self.call("GET", f"/api/v1/{path}")
        assert answer.status == 200, answer
        return answer.said

    async def is_signed_in(self) -> bool:
        return (await self.call("GET", "/api/v1/session")).status == 200


@dataclass
class Api:
    """One server of its own, with its clock, database and mailbox."""

    app: Application
    parts: Parts
    settings: Settings
    clock: Clock
    http: httpx2.AsyncClient

    def program(self) -> Program:
        return Program(self.http)

    async def letters(self, to: str = "") -> list[Letter]:
        """Everything that was sent so far, the oldest first; ``to``: to this address alone."""
        while await self.parts.deliverer.deliver_due():
            pass
        found = reversed(dev_mailbox(self.settings, self.clock).list())
        return [Letter(mail.to, mail.subject, mail.text) for mail in found if mail.to == to or not to]

    async def newest(self, to: str) -> Letter:
        return (await self.letters(to))[-1]

    async def about(self, to: str) -> list[str]:
        """The subjects of the letters to an address."""
        return [letter.subject for letter in await self.letters(to)]

    async def signed_up(self, email: str, password: str = PASSWORD, name: str = "Anna") -> Program:
        """A program in whose session this new account is."""
        program = self.program()
        began = await program.start("sign_up", email=email, name=name, password=password)
        done = await program.code(began.flow_id, (await self.newest(email)).code)
        assert done.state == "done", done
        return program

    async def rows(self, *tables: str) -> dict[str, list[tuple[object, ...]]]:
        """All rows of some tables, by default of those in which accounts live."""
        async with self.parts.database.transaction() as connection:
            return {
                t: [tuple(r) for r in await connection.all(Statement(f"select * from {t} order by 1, 2"))] for t in tables or OF_ACCOUNTS
            }


class HashingHere:
    """Hashes where it is asked: the jobs of a hashing process, without the tenth of a second that its start takes."""

    def __init__(self) -> None:
        self._argon2 = argon2_of(find_argon2())

    async def run(self, line: str) -> str:
        return answer(self._argon2, line)

    def must_have_room(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """Nothing was opened."""


@asynccontextmanager
async def served(database_url: str, data_dir: Path, migrated_sqlite: Path, **settings: str) -> AsyncIterator[Api]:
    """The application, opened and closed as a server does it. Messages are delivered when a test reads its mail."""
    given = {"database": database_url, "data": str(data_dir), "worker": "apart", **settings}
    read_in = read_settings({f"SPAREKEY_{name.upper()}": value for name, value in given.items()})
    prepare_data_dir(read_in)
    key_ring(read_in)
    shutil.copy(migrated_sqlite, data_dir / SQLITE_FILE)
    clock = Clock()
    parts = build(read_in, clock=clock, hashing=HashingHere(), cost=CHEAP, rounds=1)
    app = build_app(read_in, parts)
    async with Lifespan(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=read_in.base_url) as http:
        yield Api(app, parts, read_in, clock, http)


class Lifespan:
    """The two ends of a server's life, as ASGI has them."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._life = asyncio.create_task(self._app({"type": "lifespan"}, self._told.get, self._said.put))  # type: ignore[arg-type]
        await self._turn("startup")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._turn("shutdown")
        await self._life

    async def _turn(self, to: str) -> None:
        await self._told.put({"type": f"lifespan.{to}"})
        said = await self._said.get()
        assert said["type"] == f"lifespan.{to}.complete", said


def solved(challenge: dict[str, Any]) -> str:
    """The answer to a proof of work, as ``docs/human-check.md`` says: the first number whose key begins as it must."""
    p = challenge["parameters"]
    for counter in range(2**32):
        password = bytes.fromhex(p["nonce"]) + counter.to_bytes(4)
        key = hashlib.pbkdf2_hmac("sha256", password, bytes.fromhex(p["salt"]), p["cost"], p["keyLength"]).hex()
        if key.startswith(p["keyPrefix"]):
            found = {"challenge": challenge, "solution": {"counter": counter, "derivedKey": key}}
            return base64.b64encode(dumps(found).encode()).decode()
    raise AssertionError("no solution")


def encoded(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Any character that a header can carry: HTTP's are bytes."""
    return {name.encode("latin-1"): value.encode("latin-1", "replace") for name, value in headers.items()}


def read(answered: httpx2.Response) -> Answer:
    """An answer, held against the OpenAPI document."""
    hold_to_document(answered)
    is_json = answered.headers.get("content-type", "").endswith("json")
    return Answer(answered.status_code, answered.headers, answered.json() if is_json else answered.text)


def hold_to_document(answered: httpx2.Response) -> None:
    """Raises when the document does not describe this answer: its status, its content type or its form."""
    method, path = answered.request.method.lower(), answered.request.url.path
    described = next((p for p in openapi()["paths"] if re.fullmatch(re.sub(r"{\w+}", "[^/]+", p), path)), None)
    operation = openapi()["paths"][described].get(method) if described else None
    if operation is None:
        return  # no such path or method: the tests of bad input look at those answers themselves
    response = operation["responses"].get(str(answered.status_code))
    assert response is not None, f"{method} {path} answers {answered.status_code}, of which the document knows nothing"
    content = response.get("content", {})
    if not content:
        assert answered.content == b""
        return
    (kind, form), *_ = content.items()
    assert answered.headers["content-type"] == kind
    _validator(form["schema"]["$ref"]).validate(answered.json())


@cache
def _validator(ref: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": ref, "components": openapi()["components"]}, validate_formats=True)
