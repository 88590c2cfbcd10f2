"""What a phone's key says, and what is not believed."""

import json

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from sparekey.challenges.approval import Approve, Enrol, PhoneKey, Poll, PublicKey, Refuse, Wrong, check, phone_key, signer_of

KEY = ECKey.generate_key("P-256")
JWK = KEY.as_dict(private=False)
PUBLIC = PublicKey("EC", "P-256", str(JWK["x"]), str(JWK["y"]))

pytestmark = pytest.mark.row("F6")


def packed() -> bytes:
    found = phone_key(PUBLIC)
    assert isinstance(found, PhoneKey)
    return found.packed


def signed(said: object, key: ECKey = KEY) -> str:
    return jws.serialize_compact({"alg": "ES256", "kid": key.thumbprint()}, json.dumps(said).encode(), key)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ({"says": "enrol", "challenge": "c"}, Enrol("c")),
        ({"says": "poll", "challenge": "c"}, Poll("c")),
        ({"says": "approve", "challenge": "c", "prompt_id": "p", "number": "471"}, Approve("c", "p", "471")),
        ({"says": "refuse", "challenge": "c", "prompt_id": "p"}, Refuse("c", "p")),
    ],
)
def test_each_word_is_heard(said: dict[str, str], heard: object) -> None:
    assert check(signed(said), packed()) == heard


def test_a_key_is_found_by_its_thumbprint() -> None:
    assert signer_of(signed({"says": "poll", "challenge": "c"})) == KEY.thumbprint()


@pytest.mark.parametrize(
    "said",
    [
        {"says": "approve", "challenge": "c", "prompt_id": "p"},  # a plain yes
        {"says": "approve", "challenge": "c", "number": "471"},
        {"says": "poll"},
        {"says": "poll", "challenge": "c", "more": "x"},
        {"says": "yes", "challenge": "c"},
        {"challenge": "c"},
        [],
        "poll",
    ],
)
def test_a_word_that_is_none_is_not_heard(said: object) -> None:
    assert check(signed(said), packed()) == Wrong("payload")


def test_another_key_is_not_heard() -> None:
    other = ECKey.generate_key("P-256")
    assert check(signed({"says": "poll", "challenge": "c"}, other), packed()) == Wrong("signature")


def test_a_changed_word_is_not_heard() -> None:
    head, _, tail = signed({"says": "poll", "challenge": "c"}).split(".")
    _, body, _ = signed({"says": "approve", "challenge": "c", "prompt_id": "p", "number": "471"}).split(".")
    assert check(f"{head}.{body}.{tail}", packed()) == Wrong("signature")


def test_other_algorithms_are_not_heard() -> None:
    """``none``, and HMAC with the public key as its secret (RFC 8725, 2.1)."""
    payload = json.dumps({"says": "poll", "challenge": "c"}).encode()
    by_mac = jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(packed()))
    unsigned = "eyJhbGciOiJub25lIn0." + by_mac.split(".")[1] + "."
    assert check(by_mac, packed()) == Wrong("signature")
    assert check(unsigned, packed()) == Wrong("signature")


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "{}", "eyJhbGciOiJFUzI1NiIsImtpZCI6MX0.e30.AAAA"])
def test_what_is_no_signature_is_nobodys(text: str) -> None:
    assert signer_of(text) == ""
    assert check(text, packed()) == Wrong("signature")


def test_a_point_beside_the_curve_is_no_key() -> None:
    assert phone_key(PublicKey("EC", "P-256", "A" * 43, "A" * 43)) == Wrong("no_key")
    assert phone_key(PublicKey("EC", "P-256", PUBLIC.y, PUBLIC.x)) == Wrong("no_key")
