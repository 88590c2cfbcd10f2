"""Any OpenID Connect provider: found by its discovery document, believed by the signature and claims of its ID token.

The checks are those of OpenID Connect Core 1.0, 3.1.3.7, in the strict reading: one audience, ours. The address is taken from the ID
token, or from the userinfo endpoint where the token has none (then for the same subject).
"""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key

from sparekey.adapters.social.http import ask, refused
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import Clock
from sparekey.use_cases.ports_of_social import SocialAnswer, SocialIdentity

GOOGLE: Final = "https://accounts.google.com"

ALGORITHMS: Final = ("RS256", "ES256", "Ed25519")
"""None that is keyed with our own secret, and not ``none``. ``Ed25519`` is what ``EdDSA`` became (RFC 9864)."""

DISCOVERY_KEPT: Final = timedelta(hours=1)
KEYS_KEPT: Final = timedelta(hours=1)
KEYS_ASKED_AGAIN: Final = timedelta(seconds=30)
"""An unknown key is most often a new one, so the keys are read again; but not for every forged token."""

LEEWAY: Final = 60
"""Seconds by which our clocks may differ."""

LONGEST_SUBJECT: Final = 255
"""Characters (OpenID Connect Core 1.0, 2)."""


class _Discovery(msgspec.Struct):
    """OpenID Connect Discovery 1.0, 3; RFC 9207, 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct):
    keys: list[dict[str, str | list[str]]]


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


class _Claims(msgspec.Struct):
    """What is looked at. ``email_verified``: some providers send a word; only ``true`` itself counts."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str = ""
    azp: str | None = None
    email: str = ""
    email_verified: object = False
    name: str = ""


class _Userinfo(msgspec.Struct):
    sub: str
    email: str = ""
    email_verified: object = False
    name: str = ""


class _Read(Struct, frozen=True):
    """What was read from the provider, and when (UTC)."""

    discovery: _Discovery
    at: datetime


class _KeysRead(Struct, frozen=True):
    keys: KeySet
    at: datetime


class OpenIdProvider:
    """``client_secret``: empty for a public client. ``client``: lives as long as the process; whoever makes it closes it."""

    def __init__(
        self, client: httpx2.AsyncClient, clock: Clock, *, name: str, title: str, issuer: str, client_id: str, client_secret: str
    ) -> None:
        self.name = name
        self.title = title
        self._client = client
        self._clock = clock
        self._issuer = issuer.removesuffix("/.well-known/openid-configuration")
        self._id = client_id
        self._secret = client_secret
        self._read: _Read | None = None
        self._keys_read: _KeysRead | None = None

    async def authorization_url(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        endpoint = (await self._discovery()).authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self._id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def identify(self, answer: SocialAnswer, *, nonce: str, code_verifier: str, redirect_uri: str) -> SocialIdentity:
        found = await self._discovery()
        if answer.issuer != self._issuer and (answer.issuer or found.authorization_response_iss_parameter_supported):
            raise refused(self.name, "iss of the answer")
        tokens = await self._exchange(found, answer.code, code_verifier, redirect_uri)
        claims = await self._checked(found, tokens.id_token, nonce)
        told = _Userinfo(claims.sub, claims.email, claims.email_verified, claims.name)
        if not claims.email and found.userinfo_endpoint and tokens.access_token:
            told = await ask(self._client, self.name, found.userinfo_endpoint, _Userinfo, bearer=tokens.access_token)
            if told.sub != claims.sub:
                raise refused(self.name, "sub of userinfo")
        verified = told.email_verified is True and told.email != ""
        return SocialIdentity(claims.iss, claims.sub, told.email, verified, told.name or claims.name)

    async def _exchange(self, found: _Discovery, code: str, code_verifier: str, redirect_uri: str) -> _Tokens:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": code_verifier}
        basic = None
        if self._secret and "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            basic = (quote(self._id, safe=""), quote(self._secret, safe=""))  # RFC 6749, 2.3.1
        elif self._secret:
            form |= {"client_id": self._id, "client_secret": self._secret}
        else:
            form |= {"client_id": self._id}
        return await ask(self._client, self.name, found.token_endpoint, _Tokens, form=form, basic=basic)

    async def _checked(self, found: _Discovery, id_token: str, nonce: str) -> _Claims:
        """The claims of an ID token that is signed by the provider, for us, now, and for this visit."""
        try:
            try:
                token = jwt.decode(id_token, await self._keys(found), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                token = jwt.decode(id_token, await self._keys(found, anew=True), algorithms=ALGORITHMS)
            claims = msgspec.convert(token.claims, _Claims)
        except (JoseError, ValueError) as e:  # ValueError: what a broken token or key makes of the libraries below
            raise refused(self.name, type(e).__name__) from e
        now = self._clock.now().timestamp()
        wrong = {
            "iss": claims.iss != self._issuer,
            "aud": claims.aud not in (self._id, [self._id]),
            "azp": claims.azp not in {None, self._id},
            "exp": now >= claims.exp + LEEWAY,
            "iat": claims.iat > now + LEEWAY,
            "nonce": claims.nonce != nonce,
            "sub": not 0 < len(claims.sub) <= LONGEST_SUBJECT,
        }
        if any(wrong.values()):
            raise refused(self.name, " ".join(name for name, is_wrong in wrong.items() if is_wrong))
        return claims

    async def _discovery(self) -> _Discovery:
        now = self._clock.now()
        if self._read is not None and now - self._read.at < DISCOVERY_KEPT:
            return self._read.discovery
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await ask(self._client, self.name, url, _Discovery)
        ends = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint)
        scheme = urlsplit(self._issuer).scheme
        if found.issuer != self._issuer or any(urlsplit(e).scheme not in {"https", scheme} for e in ends if e):
            raise refused(self.name, "discovery")
        self._read = _Read(found, now)
        return found

    async def _keys(self, found: _Discovery, *, anew: bool = False) -> KeySet:
        now, kept = self._clock.now(), self._keys_read
        if kept is not None and now - kept.at < (KEYS_ASKED_AGAIN if anew else KEYS_KEPT):
            return kept.keys
        said = await ask(self._client, self.name, found.jwks_uri, _Keys)
        keys = KeySet([key for key in map(_key, said.keys) if key is not None])
        self._keys_read = _KeysRead(keys, now)
        return keys


def _key(said: dict[str, str | list[str]]) -> Key | None:
    """``None`` for a key that is not for signatures, or of a kind that we do not know: it must not hide those that we do."""
    if said.get("use", "sig") != "sig" or said.get("kty") == "oct":
        return None
    try:
        return import_key(said)
    except (JoseError, ValueError, TypeError):
        return None


def google(client: httpx2.AsyncClient, clock: Clock, *, client_id: str, client_secret: str) -> OpenIdProvider:
    """Google's accounts ("OpenID Connect", Google Identity)."""
    return OpenIdProvider(client, clock, name="google", title="Google", issuer=GOOGLE, client_id=client_id, client_secret=client_secret)
