"""One contract, four providers: OpenID Connect (a stand-in and a real process), Facebook, VK. And all the ways in which they go wrong."""

import base64
import dataclasses
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from sparekey.adapters.clock import SystemClock
from sparekey.adapters.social.facebook import Facebook
from sparekey.adapters.social.openid import KEYS_ASKED_AGAIN, OpenIdProvider, google
from sparekey.adapters.social.vk import Vk
from sparekey.domain.values import replace
from sparekey.use_cases.ports_of_delivery import Refused, TryLater
from sparekey.use_cases.ports_of_social import SocialAnswer, SocialIdentity, SocialProvider
from tests.delivery.memory import TurnedClock
from tests.social import real
from tests.social.stand_ins import (
    CLIENT_ID,
    CLIENT_SECRET,
    OTHER_KEYS,
    FacebookStandIn,
    OpenIdStandIn,
    Person,
    StandIn,
    VkStandIn,
    allow,
    running,
    unsigned,
)

pytestmark = pytest.mark.row("I5")

REDIRECT = "https://id.shop.example/social/x/callback"
STATE = "0199f0c0ffee" + "0" * 52
NONCE = "nonce-of-this-visit"
VERIFIER = "verifier-of-this-visit-0123456789-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def openid_client(client: httpx2.AsyncClient, stand_in: OpenIdStandIn, clock: SystemClock | TurnedClock | None = None) -> OpenIdProvider:
    return OpenIdProvider(
        client,
        clock or SystemClock(),
        name="oidc",
        title="Example",
        issuer=stand_in.url,
        client_id=stand_in.client_id,
        client_secret=stand_in.client_secret,
    )


@dataclass
class Pair:
    """A provider and the client of it."""

    ask: SocialProvider
    stand_in: StandIn
    first: str
    """Where the code is exchanged."""
    last: str
    """Where the person is asked for; empty where the first says all."""


@pytest.fixture(params=["openid", "openid-userinfo", "facebook", "vk"])
async def pair(request: pytest.FixtureRequest, client: httpx2.AsyncClient) -> AsyncIterator[Pair]:
    match request.param:
        case "facebook":
            async with running(FacebookStandIn()) as fb:
                ask = Facebook(client, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, dialog=fb.url, graph=fb.url)
                yield Pair(ask, fb, "/v23.0/oauth/access_token", "/v23.0/me")
        case "vk":
            async with running(VkStandIn()) as vk:
                yield Pair(Vk(client, client_id=CLIENT_ID, url=vk.url), vk, "/oauth2/auth", "/oauth2/user_info")
        case _:
            async with running(OpenIdStandIn(claims_in_token=request.param == "openid")) as op:
                yield Pair(openid_client(client, op), op, "/token", "" if op.claims_in_token else "/userinfo")


async def visit(ask: SocialProvider, browser: Callable[[str], Awaitable[dict[str, str]]] = allow) -> SocialAnswer:
    """Through the provider and back."""
    url = await ask.authorization_url(state=STATE, nonce=NONCE, code_challenge=CHALLENGE, redirect_uri=REDIRECT)
    back = await browser(url)
    assert back["state"] == STATE
    return SocialAnswer(back["code"], back["state"], back.get("iss", ""), back.get("device_id", ""))


async def identify(
    ask: SocialProvider, answer: SocialAnswer, *, nonce: str = NONCE, verifier: str = VERIFIER, redirect: str = REDIRECT
) -> SocialIdentity:
    return await ask.identify(answer, nonce=nonce, code_verifier=verifier, redirect_uri=redirect)


# ---------------------------------------------------------------- what all must do


async def test_it_says_who_came(pair: Pair) -> None:
    person = pair.stand_in.person
    told = await identify(pair.ask, await visit(pair.ask))
    assert (told.subject, told.email, told.name) == (person.subject, person.email, person.name)
    assert told.email_verified is isinstance(pair.stand_in, OpenIdStandIn)
    assert told.issuer == {"facebook": "https://www.facebook.com", "vk": "https://id.vk.com"}.get(pair.ask.name, pair.stand_in.url)


async def test_two_people_are_two(pair: Pair) -> None:
    one = await identify(pair.ask, await visit(pair.ask))
    pair.stand_in.person = Person(subject="20769150350006150715113082367")
    other = await identify(pair.ask, await visit(pair.ask))
    assert (one.issuer, one.email) == (other.issuer, other.email)
    assert one.subject != other.subject


async def test_a_person_may_have_no_address(pair: Pair) -> None:
    pair.stand_in.person = Person(email="", verified=True)
    told = await identify(pair.ask, await visit(pair.ask))
    assert (told.email, told.email_verified) == ("", False)


async def test_a_code_is_good_once(pair: Pair) -> None:
    answer = await visit(pair.ask)
    await identify(pair.ask, answer)
    with pytest.raises(Refused):
        await identify(pair.ask, answer)


@pytest.mark.parametrize("wrong", [{"verifier": "v" * 43}, {"redirect": "https://evil.example/cb"}])
async def test_a_code_of_another_visit_is_refused(wrong: dict[str, str], pair: Pair) -> None:
    answer = await visit(pair.ask)
    with pytest.raises(Refused):
        await identify(pair.ask, answer, **wrong)


async def test_no_secret_and_no_token_stands_in_an_address(pair: Pair) -> None:
    await identify(pair.ask, await visit(pair.ask))
    said = [value for asked in pair.stand_in.asked for value in asked.query.values()]
    assert not [value for value in said if CLIENT_SECRET in value or value.startswith(("token.", VERIFIER))]


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (500, b"<html>oops", TryLater),
        (503, b"", TryLater),
        (429, b"{}", TryLater),
        (200, b"<html>a hotel's sign-in page</html>", TryLater),
        (200, b"[]", TryLater),
        (200, b"{}", TryLater),
        (200, b'{"access_token": 7, "sub": 7, "id": 7, "user": 7, "user_id": {}}', TryLater),
        (200, b'{"pad": "' + b"x" * 300_000 + b'"}', TryLater),
        (302, b"{}", TryLater),
        (400, b'{"error": "invalid_grant"}', Refused),
        (401, b'{"error": {"type": "OAuthException", "code": 190}}', Refused),
        (200, b'{"error": "invalid_token"}', Refused),
        (403, b"no", Refused),
    ],
)
async def test_it_answers_wrongly(status: int, content: bytes, error: type[Exception], pair: Pair) -> None:
    answer = await visit(pair.ask)
    for path in filter(None, (pair.first, pair.last)):
        pair.stand_in.broken = {path: (status, content)}
        with pytest.raises(error) as raised:
            await identify(pair.ask, answer)
        assert len(str(raised.value)) < 120
        pair.stand_in.broken = {}
        answer = await visit(pair.ask)
    assert (await identify(pair.ask, answer)).subject == pair.stand_in.person.subject


async def test_it_answers_too_slowly(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await visit(pair.ask)
    monkeypatch.setattr("sparekey.adapters.social.http.SECONDS", 0.2)
    pair.stand_in.slow = 5
    with pytest.raises(TryLater):
        await identify(pair.ask, answer)


async def test_it_is_not_there(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    gone = dataclasses.replace(openid, url="http://127.0.0.1:9")
    with pytest.raises(TryLater):
        await visit(openid_client(client, gone))


async def test_what_the_provider_says_of_a_code_is_not_repeated(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    """Error descriptions hold what was sent; log and exception have the name of the error alone."""
    ask = openid_client(client, openid)
    with pytest.raises(Refused, match=r"^400 invalid_grant$"):
        await identify(ask, replace(await visit(ask), code="canary-code"))


# ---------------------------------------------------------------- OpenID Connect: the ID token


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": [CLIENT_ID, "another-client"]}, "aud"),
        ({"aud": []}, "aud"),
        ({"azp": "another-client"}, "azp"),
        ({"nonce": "of-another-visit"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"exp": 1}, "exp"),
        ({"exp": None}, "ValidationError"),
        ({"exp": "tomorrow"}, "ValidationError"),
        ({"iat": None}, "ValidationError"),
        ({"iat": time.time() + 3600}, "iat"),
        ({"sub": ""}, "sub"),
        ({"sub": None}, "ValidationError"),
        ({"sub": 7}, "ValidationError"),
        ({"sub": "s" * 256}, "sub"),
    ],
)
async def test_a_token_that_is_not_for_this_visit_is_refused(
    lie: dict[str, object], named: str, client: httpx2.AsyncClient, openid: OpenIdStandIn
) -> None:
    ask = openid_client(client, openid)
    answer = await visit(ask)
    openid.lies = lie
    with pytest.raises(Refused, match=named):
        await identify(ask, answer)


@pytest.mark.parametrize(
    "truth",
    [
        lambda now: {"aud": [CLIENT_ID]},
        lambda now: {"azp": CLIENT_ID},
        lambda now: {"exp": now - 30},
        lambda now: {"iat": now + 30},
    ],
)
async def test_what_the_specification_allows_is_believed(
    truth: Callable[[float], dict[str, object]], client: httpx2.AsyncClient, openid: OpenIdStandIn
) -> None:
    ask = openid_client(client, openid)
    openid.lies = truth(time.time())
    assert (await identify(ask, await visit(ask))).subject == openid.person.subject


@pytest.mark.parametrize("verified", [False, None, "true", 1, "yes"])
async def test_only_true_itself_vouches_for_an_address(verified: object, client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    ask = openid_client(client, openid)
    openid.lies = {"email_verified": verified}
    told = await identify(ask, await visit(ask))
    assert (told.email, told.email_verified) == (openid.person.email, False)


async def test_an_address_of_another_subject_is_refused(client: httpx2.AsyncClient) -> None:
    async with running(OpenIdStandIn(claims_in_token=False, userinfo={"sub": "somebody-else"})) as openid:
        ask = openid_client(client, openid)
        with pytest.raises(Refused, match="sub of userinfo"):
            await identify(ask, await visit(ask))


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519"])
async def test_other_signatures(algorithm: str, client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    openid.algorithm, openid.signs = algorithm, OTHER_KEYS[algorithm]()
    openid.shows = [RSAKey.generate_key(2048, {"kid": "other"}), openid.signs]
    ask = openid_client(client, openid)
    assert (await identify(ask, await visit(ask))).subject == openid.person.subject


async def test_a_token_of_a_stranger_is_refused(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    ask = openid_client(client, openid)
    answer = await visit(ask)
    openid.shows = [openid.signs]
    openid.signs = RSAKey.generate_key(2048, {"kid": "k1"})
    with pytest.raises(Refused, match="BadSignature"):
        await identify(ask, answer)


async def test_a_token_keyed_with_our_secret_is_refused(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    """Algorithm confusion: HS256 with what an attacker may know (the client's secret, or the public key)."""
    ask = openid_client(client, openid)
    answer = await visit(ask)
    openid.shows = [openid.signs]
    public = json.dumps(openid.signs.as_dict(private=False)).encode()
    for secret in (CLIENT_SECRET.encode(), public):
        openid.signs, openid.algorithm = OctKey.import_key(secret, {"kid": "k1"}), "HS256"
        with pytest.raises(Refused, match="Algorithm"):
            await identify(ask, answer)
        answer = await visit(ask)


async def test_an_unsigned_token_is_refused(client: httpx2.AsyncClient, openid: OpenIdStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = openid_client(client, openid)
    answer = await visit(ask)
    now = time.time()
    claims = {"iss": openid.url, "aud": CLIENT_ID, "sub": "x", "iat": now, "exp": now + 60, "nonce": NONCE}
    monkeypatch.setattr(openid, "id_token", lambda visit: unsigned(claims))
    with pytest.raises(Refused):
        await identify(ask, answer)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "ü.ü.ü", "." * 5])
async def test_what_is_no_token_is_refused(
    token: str, client: httpx2.AsyncClient, openid: OpenIdStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = openid_client(client, openid)
    answer = await visit(ask)
    monkeypatch.setattr(openid, "id_token", lambda visit: token)
    with pytest.raises(Refused):
        await identify(ask, answer)


async def test_keys_are_rotated(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    """A new key is found at once, and a forged one does not make us ask again and again."""
    clock = TurnedClock()
    openid.now = lambda: clock.now().timestamp()
    ask = openid_client(client, openid, clock)
    await identify(ask, await visit(ask))
    openid.signs = RSAKey.generate_key(2048, {"kid": "k2"})
    clock.turn(KEYS_ASKED_AGAIN + timedelta(seconds=1))
    assert (await identify(ask, await visit(ask))).subject == openid.person.subject
    assert len(openid.asked_at("/jwks")) == 2
    openid.shows = [openid.signs]
    openid.signs = RSAKey.generate_key(2048, {"kid": "forged"})
    for _ in range(5):
        with pytest.raises(Refused):
            await identify(ask, await visit(ask))
    assert len(openid.asked_at("/jwks")) == 2


async def test_a_key_that_nobody_understands_hides_no_other(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    keys = [{"kty": "AKP", "kid": "q1"}, {"kty": "EC", "crv": "P-000", "kid": "q2"}, openid.signs.as_dict(private=False)]
    openid.broken = {"/jwks": (200, json.dumps({"keys": keys}).encode())}
    ask = openid_client(client, openid)
    assert (await identify(ask, await visit(ask))).subject == openid.person.subject


# ---------------------------------------------------------------- OpenID Connect: mix-up, and the discovery document


@pytest.mark.parametrize("issuer", ["", "https://evil.example"])
async def test_an_answer_that_another_provider_gave_is_refused(issuer: str, client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    """Mix-up (RFC 9700, 4.4): the code is never sent anywhere."""
    ask = openid_client(client, openid)
    with pytest.raises(Refused, match="iss of the answer"):
        await identify(ask, replace(await visit(ask), issuer=issuer))
    assert openid.asked_at("/token") == []


@pytest.mark.parametrize(
    "lie", [{"issuer": "https://evil.example"}, {"token_endpoint": "ftp://127.0.0.1/token"}, {"jwks_uri": "file:///etc/passwd"}]
)
async def test_a_discovery_document_of_another_is_refused(
    lie: dict[str, object], client: httpx2.AsyncClient, openid: OpenIdStandIn
) -> None:
    openid.found = lie
    with pytest.raises(Refused, match="discovery"):
        await visit(openid_client(client, openid))


async def test_a_secret_is_sent_as_the_provider_wants_it(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    openid.found = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    ask = openid_client(client, openid)
    await identify(ask, await visit(ask))
    (asked,) = openid.asked_at("/token")
    assert "authorization" not in asked.headers
    assert asked.form["client_secret"] == CLIENT_SECRET


async def test_discovery_is_read_once_an_hour(client: httpx2.AsyncClient, openid: OpenIdStandIn) -> None:
    clock = TurnedClock()
    ask = openid_client(client, openid, clock)
    await visit(ask)
    await visit(ask)
    assert len(openid.asked_at("/.well-known/openid-configuration")) == 1
    clock.turn(timedelta(hours=1, seconds=1))
    await visit(ask)
    assert len(openid.asked_at("/.well-known/openid-configuration")) == 2


def test_google_is_one_of_them(client: httpx2.AsyncClient) -> None:
    made = google(client, SystemClock(), client_id="x", client_secret="y")
    assert (made.name, made.title) == ("google", "Google")


# ---------------------------------------------------------------- Facebook, VK


async def test_facebook_is_asked_with_a_proof_of_the_secret(client: httpx2.AsyncClient, facebook: FacebookStandIn) -> None:
    ask = Facebook(client, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, dialog=facebook.url, graph=facebook.url)
    other = Facebook(client, client_id=CLIENT_ID, client_secret="another", dialog=facebook.url, graph=facebook.url)
    with pytest.raises(Refused):
        await identify(other, await visit(ask))


@pytest.mark.parametrize("lie", [{"id": ""}, {"id": "me"}, {"id": "7" * 65}])
async def test_facebook_without_a_person_is_refused(lie: dict[str, object], client: httpx2.AsyncClient, facebook: FacebookStandIn) -> None:
    ask = Facebook(client, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, dialog=facebook.url, graph=facebook.url)
    facebook.lies = lie
    with pytest.raises(Refused):
        await identify(ask, await visit(ask))


async def test_vk_is_told_its_device_again(client: httpx2.AsyncClient, vk: VkStandIn) -> None:
    ask = Vk(client, client_id=CLIENT_ID, url=vk.url)
    answer = await visit(ask)
    for device in ("", "another"):
        with pytest.raises(Refused):
            await identify(ask, replace(answer, device_id=device))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/oauth2/auth", b'{"access_token": "t", "user_id": 7, "state": "of another visit"}'),
        ("/oauth2/auth", b'{"access_token": "t", "user_id": "me"}'),
        ("/oauth2/user_info", b'{"user": {"user_id": "9"}}'),
    ],
)
async def test_vk_that_speaks_of_another_person_or_visit_is_refused(
    path: str, said: bytes, client: httpx2.AsyncClient, vk: VkStandIn
) -> None:
    ask = Vk(client, client_id=CLIENT_ID, url=vk.url)
    answer = await visit(ask)
    vk.broken = {path: (200, said)}
    with pytest.raises(Refused):
        await identify(ask, answer)


# ---------------------------------------------------------------- a real provider


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "Ed25519"])
async def test_a_real_provider(algorithm: str, client: httpx2.AsyncClient) -> None:
    with real.RealProvider(REDIRECT, algorithm) as provider:
        ask = OpenIdProvider(
            client,
            SystemClock(),
            name="oidc",
            title="Example",
            issuer=provider.url,
            client_id=real.CLIENT_ID,
            client_secret=real.CLIENT_SECRET,
        )
        answer = await visit(ask, provider.allow)
        assert await identify(ask, answer) == SocialIdentity(
            provider.url, "anna", "anna@example.com", email_verified=True, name="Anna Berg"
        )
        with pytest.raises(Refused, match="invalid_grant"):
            await identify(ask, answer)
        with pytest.raises(Refused, match="invalid_grant"):
            await identify(ask, await visit(ask, provider.allow), verifier="v" * 43)
        with pytest.raises(Refused, match="nonce"):
            await identify(ask, await visit(ask, provider.allow), nonce="another")
        boris = await identify(ask, await visit(ask, lambda url: provider.allow(url, "boris")))
        assert (boris.subject, boris.email, boris.email_verified) == ("boris", "boris@example.com", False)
        vera = await identify(ask, await visit(ask, lambda url: provider.allow(url, "vera")))
        assert (vera.subject, vera.email, vera.email_verified) == ("vera", "", False)
