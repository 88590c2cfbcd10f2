"""Providers on loopback that answer as the real ones do, and lie, stall and fail when told to.

Each is asked over real HTTP, keeps its codes as a provider does (once, for one redirect address, with PKCE), and refuses in the words
of the real one. ``lies``: what replaces the truth in the next answers.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from typing_extensions import override

CLIENT_ID = "480362"
CLIENT_SECRET = "s3cret & sp%ce"
DEVICE_ID = "device-7Yq"


@dataclass(frozen=True)
class Person:
    """Who is signed in at the provider, in the browser that comes."""

    subject: str = "10769150350006150715113082367"
    email: str = "anna@example.com"
    verified: bool = True
    name: str = "Anna Berg"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Reply:
    status: int
    said: object = None
    location: str = ""


@dataclass
class Visit:
    """A code that was given out, and what it is bound to."""

    query: dict[str, str]
    person: Person
    token: str = ""


@dataclass
class StandIn(ABC):
    """``slow``: seconds before each answer. ``broken``: path → the bytes and status that are answered there instead of the truth."""

    url: str = ""
    person: Person = field(default_factory=Person)
    lies: dict[str, object] = field(default_factory=dict)
    slow: float = 0
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    visits: dict[str, Visit] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @abstractmethod
    def answer(self, asked: Asked) -> Reply:
        """What the provider says to one request."""

    def give_code(self, query: dict[str, str], **more: str) -> Reply:
        """Send the browser back with a code."""
        code = f"code.{len(self.visits)}"
        self.visits[code] = Visit(query, self.person)
        return Reply(302, location=f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], **more})}")

    def take_code(self, form: dict[str, str]) -> Visit | None:
        """What the code stands for, once, for the one who asked (RFC 6749, 4.1.3; RFC 7636, 4.6)."""
        visit = self.visits.get(form.get("code", ""))
        if visit is None or visit.token or form.get("redirect_uri") != visit.query["redirect_uri"]:
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if challenge != visit.query["code_challenge"] or visit.query["code_challenge_method"] != "S256":
            return None
        visit.token = f"token.{form['code']}"
        return visit

    def of_token(self, token: str) -> Visit | None:
        return next((v for v in self.visits.values() if v.token and v.token == token), None)

    def asked_at(self, path: str) -> list[Asked]:
        return [a for a in self.asked if a.path == path]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.split("\r\n")
            method, target, _ = line.split(" ")
            headers = {name.lower(): value for name, _, value in (h.partition(": ") for h in rest if h)}
            body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
            url = urlsplit(target)
            asked = Asked(method, url.path, dict(parse_qsl(url.query)), headers, dict(parse_qsl(body, keep_blank_values=True)))
            self.asked.append(asked)
            if self.slow:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.over.wait(), self.slow)
            status, content = self.broken.get(asked.path, (0, b""))
            reply = Reply(status) if status else self.answer(asked)
            content = content or json.dumps(reply.said).encode()
            location = f"location: {reply.location or 'http://127.0.0.1:9/'}\r\n" if reply.status in range(300, 400) else ""
            length = f"content-type: application/json\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
            writer.write(f"HTTP/1.1 {reply.status} x\r\n{location}{length}".encode() + content)
            await writer.drain()
        except ConnectionError:
            pass  # whoever asked did not wait
        finally:
            writer.close()


@dataclass
class OpenIdStandIn(StandIn):
    """OpenID Connect Core 1.0 and Discovery 1.0. ``signs``: the key; ``shows``: the keys that are published; ``found`` and ``userinfo``:
    lies in the discovery document and at the userinfo endpoint."""

    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    signs: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "k1"}))
    algorithm: str = "RS256"
    shows: list[Key] = field(default_factory=list)
    header: dict[str, object] = field(default_factory=dict)
    claims_in_token: bool = True
    found: dict[str, object] = field(default_factory=dict)
    userinfo: dict[str, object] = field(default_factory=dict)
    now: Callable[[], float] = time.time

    @override
    def answer(self, asked: Asked) -> Reply:
        match asked.path:
            case "/.well-known/openid-configuration":
                return Reply(200, self._discovery())
            case "/authorize":
                assert "openid" in asked.query["scope"].split()
                return self.give_code(asked.query, iss=self.url)
            case "/token":
                return self._token(asked)
            case "/jwks":
                return Reply(200, {"keys": [key.as_dict(private=False) for key in self.shows or [self.signs]]})
            case "/userinfo":
                visit = self.of_token(asked.bearer)
                return Reply(200, self._about(visit.person) | self.userinfo) if visit else Reply(401, {"error": "invalid_token"})
            case _:
                return Reply(404, {})

    def _discovery(self) -> dict[str, object]:
        ends = {
            n: f"{self.url}/{p}" for n, p in {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}.items()
        }
        return {
            "issuer": self.url,
            **ends,
            "userinfo_endpoint": f"{self.url}/userinfo",
            "authorization_response_iss_parameter_supported": True,
            **self.found,
        }

    def _token(self, asked: Asked) -> Reply:
        wanted = base64.b64encode(f"{self.client_id}:s3cret%20%26%20sp%25ce".encode()).decode()
        in_body = asked.form.get("client_id") == self.client_id and asked.form.get("client_secret") == self.client_secret
        if asked.headers.get("authorization") != f"Basic {wanted}" and not in_body:
            return Reply(401, {"error": "invalid_client"})
        visit = self.take_code(asked.form)
        if visit is None:
            return Reply(400, {"error": "invalid_grant", "error_description": f"not your code: {asked.form.get('code')}"})
        return Reply(200, {"access_token": visit.token, "token_type": "Bearer", "id_token": self.id_token(visit)})

    def id_token(self, visit: Visit) -> str:
        now = int(self.now())
        claims = {"iss": self.url, "aud": self.client_id, "iat": now, "exp": now + 600, "nonce": visit.query.get("nonce")}
        claims |= self._about(visit.person) if self.claims_in_token else {"sub": visit.person.subject}
        header = {"alg": self.algorithm, "kid": self.signs.kid, **self.header}
        return jwt.encode(header, {k: v for k, v in (claims | self.lies).items() if v is not None}, self.signs, algorithms=[self.algorithm])

    @staticmethod
    def _about(person: Person) -> dict[str, object]:
        return {"sub": person.subject, "email": person.email, "email_verified": person.verified, "name": person.name}


@dataclass
class FacebookStandIn(StandIn):
    """Facebook Login, "Manually build a login flow", and the Graph API's ``/me``."""

    @override
    def answer(self, asked: Asked) -> Reply:
        match asked.path.split("/", 2)[2:]:
            case ["dialog/oauth"]:
                assert asked.query["client_id"] == CLIENT_ID
                return self.give_code(asked.query)
            case ["oauth/access_token"]:
                mine = asked.form.get("client_id") == CLIENT_ID and asked.form.get("client_secret") == CLIENT_SECRET
                visit = self.take_code(asked.form) if mine else None
                if visit is None:
                    return _graph_error("This authorization code has been used.", 100)
                return Reply(200, {"access_token": visit.token, "token_type": "bearer", "expires_in": 5183944} | self.lies)
            case ["me"]:
                proof = hmac.new(CLIENT_SECRET.encode(), asked.bearer.encode(), hashlib.sha256).hexdigest()
                visit = self.of_token(asked.bearer)
                if visit is None or not hmac.compare_digest(proof, asked.query.get("appsecret_proof", "")):
                    return _graph_error("Invalid appsecret_proof provided in the API argument", 100)
                told = {"id": visit.person.subject, "name": visit.person.name, "email": visit.person.email}
                return Reply(200, {name: told[name] for name in asked.query["fields"].split(",") if told[name]} | self.lies)
            case _:
                return _graph_error("Unknown path components", 2500)


def _graph_error(message: str, code: int) -> Reply:
    return Reply(400, {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "EJplcsCHuLu"}})


@dataclass
class VkStandIn(StandIn):
    """VK ID: OAuth 2.1, with its device id."""

    @override
    def answer(self, asked: Asked) -> Reply:
        match asked.path:
            case "/authorize":
                assert asked.query["client_id"] == CLIENT_ID
                assert len(asked.query["state"]) >= 32
                return self.give_code(asked.query, device_id=DEVICE_ID, type="code_v2", expires_in="600", ext_id="x")
            case "/oauth2/auth":
                mine = asked.form.get("client_id") == CLIENT_ID and asked.form.get("device_id") == DEVICE_ID
                visit = self.take_code(asked.form) if mine else None
                if visit is None:
                    return Reply(200, {"error": "invalid_grant", "error_description": "code is invalid or expired"})
                told = {"access_token": visit.token, "refresh_token": "r", "id_token": "i", "token_type": "Bearer", "expires_in": 3600}
                return Reply(200, told | {"user_id": int(visit.person.subject), "state": asked.form["state"], "scope": "email"} | self.lies)
            case "/oauth2/user_info":
                visit = self.of_token(asked.form.get("access_token", ""))
                if visit is None or asked.form.get("client_id") != CLIENT_ID:
                    return Reply(200, {"error": "invalid_token", "error_description": "access_token is missing or invalid"})
                first, _, last = visit.person.name.partition(" ")
                user = {"user_id": visit.person.subject, "first_name": first, "last_name": last, "sex": 1, "verified": True}
                return Reply(200, {"user": user | ({"email": visit.person.email} if visit.person.email else {}) | self.lies})
            case _:
                return Reply(404, {})


AnyStandIn = TypeVar("AnyStandIn", bound=StandIn)


@asynccontextmanager
async def running(stand_in: AnyStandIn) -> AsyncIterator[AnyStandIn]:
    """The stand-in, listening on loopback."""
    listening = await asyncio.start_server(stand_in.talk, "127.0.0.1", 0)
    stand_in.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        stand_in.over.set()
        listening.close()
        await listening.wait_closed()


async def allow(authorization_url: str) -> dict[str, str]:
    """What a browser brings back from a provider that asks nothing more."""
    async with httpx2.AsyncClient(trust_env=False) as browser:
        answered = await browser.get(authorization_url)
    assert answered.status_code == 302, answered.text
    return dict(parse_qsl(urlsplit(answered.headers["location"]).query))


OTHER_KEYS: dict[str, Callable[[], Key]] = {
    "ES256": lambda: ECKey.generate_key("P-256", {"kid": "e1"}),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519", {"kid": "o1"}),
}


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says ``alg: none``."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none", "kid": "k1"}, claims)]
    return ".".join([*parts, ""])
