"""Texts: the Twilio-style interface, the signed webhook, and the phone of development, over real sockets."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest

from sparekey.adapters.sms.phone import DevPhone
from sparekey.adapters.sms.twilio import DeliveryState, TwilioDelivery, is_genuine, receipt
from sparekey.adapters.sms.webhook import WebhookDelivery
from sparekey.adapters.standard_webhooks import read_secret
from sparekey.domain.errors import BadSettings
from sparekey.use_cases.ports_of_delivery import Delivery, NoSuchRecipient, Refused, TryLater
from tests.delivery.conftest import HttpServer
from tests.delivery.memory import TurnedClock

pytestmark = [pytest.mark.row("R14")]

ID = "0199f0c0ffee" + "0" * 20
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TEXT = "Лавка: 493027 is your code. 您好\n\n@id.shop.example #493027"


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield client


def twilio(client: httpx2.AsyncClient, url: str) -> TwilioDelivery:
    return TwilioDelivery(client, url=url, account="AC1", secret="tw-canary", sender="+15550001", callback="https://id.shop.example/sms")


def webhook(client: httpx2.AsyncClient, url: str) -> WebhookDelivery:
    return WebhookDelivery(client, url=f"{url}/send", secret=SECRET, clock=TurnedClock())


BOTH = pytest.mark.parametrize("make", [twilio, webhook])
Make = Callable[[httpx2.AsyncClient, str], Delivery]


async def test_twilio_is_asked_as_its_interface_says(client: httpx2.AsyncClient, http_server: HttpServer) -> None:
    http_server.answers = [(201, b'{"sid": "SM42", "status": "queued", "code": null}')]
    assert await twilio(client, http_server.url).send("+37120000000", "", TEXT, "", ID) == "SM42"
    (request,) = http_server.requests
    assert request.line == "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"AC1:tw-canary"
    assert parse_qs(request.body.decode()) == {
        "To": ["+37120000000"],
        "From": ["+15550001"],
        "Body": [TEXT],
        "StatusCallback": ["https://id.shop.example/sms"],
    }


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ((400, b'{"code": 21211, "message": "not a phone number"}'), Refused, "400 21211"),
        ((400, b'{"code": 21610, "message": "unsubscribed"}'), Refused, "400 21610"),
        ((401, b'{"code": 20003, "message": "Authenticate"}'), TryLater, "401 20003"),
        ((404, b'{"code": 20404}'), TryLater, "404"),
        ((429, b'{"code": 20429}'), TryLater, "429"),
        ((500, b"<html>oops"), TryLater, "500"),
        ((503, b""), TryLater, "503"),
        ((200, b"<html>a hotel's sign-in page</html>"), TryLater, "200"),
        ((201, b"{}"), TryLater, "201"),
        ((302, b"{}"), TryLater, "302"),
    ],
)
async def test_twilio_a_no_for_good_is_told_from_a_no_for_now(
    answer: tuple[int, bytes], error: type[Exception], says: str, client: httpx2.AsyncClient, http_server: HttpServer
) -> None:
    http_server.answers = [answer]
    with pytest.raises(error, match=says) as refused:
        await twilio(client, http_server.url).send("+37120000000", "", TEXT, "", ID)
    assert "tw-canary" not in str(refused.value)
    assert len(http_server.requests) == 1  # a redirect is not followed: it would carry the code elsewhere


async def test_the_webhook_is_signed_as_standard_webhooks_says(client: httpx2.AsyncClient, http_server: HttpServer) -> None:
    http_server.answers = [(204, b"")]
    assert await webhook(client, http_server.url).send("+37120000000", "", TEXT, "", ID) == ID
    (request,) = http_server.requests
    assert json.loads(request.body) == {"type": "sms.send", "id": ID, "to": "+37120000000", "text": TEXT}
    assert request.headers["webhook-id"] == ID
    assert request.headers["webhook-timestamp"] == str(int(TurnedClock().now().timestamp()))
    signed = b".".join([ID.encode(), request.headers["webhook-timestamp"].encode(), request.body])
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Refused), (410, Refused), (422, Refused), (401, TryLater), (404, TryLater), (429, TryLater), (500, TryLater), (302, TryLater)],
)
async def test_webhook_a_no_for_good_is_told_from_a_no_for_now(
    status: int, error: type[Exception], client: httpx2.AsyncClient, http_server: HttpServer
) -> None:
    http_server.answers = [(status, b"")]
    with pytest.raises(error, match=str(status)):
        await webhook(client, http_server.url).send("+37120000000", "", TEXT, "", ID)


async def test_a_number_that_is_not_there_is_told_from_a_text_that_is_refused(client: httpx2.AsyncClient, http_server: HttpServer) -> None:
    for code, error in ((21211, NoSuchRecipient), (21614, NoSuchRecipient), (30007, Refused)):
        http_server.answers = [(400, b'{"code": %d, "message": "no"}' % code)]
        with pytest.raises(Refused) as caught:
            await twilio(client, http_server.url).send("+37120000001", "", "text", "", "m1")
        assert type(caught.value) is error
    for status, error in ((410, NoSuchRecipient), (422, Refused)):
        http_server.answers = [(status, b"")]
        with pytest.raises(Refused) as caught:
            await webhook(client, http_server.url).send("+37120000001", "", "text", "", "m1")
        assert type(caught.value) is error


@BOTH
async def test_a_provider_that_is_down_or_stalls_is_tried_later(
    make: Make, client: httpx2.AsyncClient, dead_port: int, stalled_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("twilio", "webhook"):
        monkeypatch.setattr(f"sparekey.adapters.sms.{module}.SECONDS", 0.3)
    for port in (dead_port, stalled_port):
        with pytest.raises(TryLater):
            await make(client, f"http://127.0.0.1:{port}").send("+37120000000", "", TEXT, "", ID)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "whsec_" + base64.b64encode(b"short").decode(), "pässword"])
def test_a_weak_webhook_secret_is_refused_at_start_and_not_repeated(secret: str) -> None:
    with pytest.raises(BadSettings, match="SPAREKEY_SMS_SECRET") as refused:
        read_secret(secret, "SPAREKEY_SMS_SECRET")
    assert len(secret) < 7 or secret not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", DeliveryState.UNDER_WAY),
        ("sent", DeliveryState.UNDER_WAY),
        ("delivered", DeliveryState.DELIVERED),
        ("undelivered", DeliveryState.FAILED),
        ("failed", DeliveryState.FAILED),
        ("a word of tomorrow", DeliveryState.UNDER_WAY),
    ],
)
def test_receipts_are_read(status: str, state: DeliveryState) -> None:
    assert receipt({"MessageStatus": status, "MessageSid": "SM42"}) is state
    assert receipt({}) is DeliveryState.UNDER_WAY


def test_a_forged_receipt_is_told_from_a_genuine_one() -> None:
    """The known answer that Twilio's own libraries test themselves with."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    params = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212", "Caller": "+14158675309"}
    genuine = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert is_genuine(url, params, genuine, "12345")
    assert not is_genuine(url, params | {"Digits": "9999"}, genuine, "12345")
    assert not is_genuine(url + "&x", params, genuine, "12345")
    assert not is_genuine(url, params, genuine, "54321")
    assert not is_genuine(url, params, "", "12345")
    assert not is_genuine(url, params, "ü", "12345")


@pytest.mark.row("O1")
async def test_the_phone_of_development_shows_the_newest_text_first(tmp_path: Path) -> None:
    clock = TurnedClock()
    phone = DevPhone(tmp_path, clock=clock)
    assert phone.list() == []
    await asyncio.gather(*(phone.send("+37120000000", "", f"text {n} 您好", "", f"{n}" * 32) for n in range(3)))
    assert [(t.to, t.text, t.at) for t in phone.list()] == [("+37120000000", f"text {n} 您好", clock.now()) for n in (2, 1, 0)]
    assert phone.clear() == 3
    assert phone.list() == []
