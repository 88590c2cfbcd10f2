"""What a passkey's answer is worth: the vectors of WebAuthn Level 3, each lie that a key or page could tell, and each odd form."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.webauthn import AttestationObject
from hypothesis import given
from hypothesis import strategies as st

from sparekey.challenges import webauthn
from sparekey.challenges.webauthn import Assertion, Credential, Registered, Registration, RelyingParty, Right, Wrong
from tests.soft_key import BE, BS, UV, SoftKey, raw, text

VECTORS = json.loads((Path(__file__).parent / "vectors" / "webauthn_l3_vectors.json").read_text())
CASES = {c["id"].removeprefix("sctn-test-vectors-"): c for c in VECTORS["cases"] if c["registration"]}
PAGE = Path(__file__).parents[2] / "docs" / "webauthn.md"
OF_W3C = RelyingParty("example.org", "Example", frozenset({"https://example.org"}))

ORIGIN = "https://accounts.shop.test"
SITE = RelyingParty("shop.test", "Shop", frozenset({ORIGIN}))
CHALLENGE, ANOTHER = bytes(range(32)), bytes(32)
ANNA = "0198c0ffee"


# ---------------------------------------------------------------- the vectors


def base64url(hexadecimal: str) -> str:
    return urlsafe_b64encode(bytes.fromhex(hexadecimal)).rstrip(b"=").decode()


def registration_of(case: Mapping[str, Any]) -> Registration:
    said = case["registration"]
    response = {"clientDataJSON": base64url(said["clientDataJSON"]), "attestationObject": base64url(said["attestationObject"])}
    return registration({"id": base64url(said["credential_id"]), "type": "public-key", "response": response})


def assertion_of(case: Mapping[str, Any]) -> Assertion:
    said = case["authentication"]
    response = {
        "clientDataJSON": base64url(said["clientDataJSON"]),
        "authenticatorData": base64url(said["authenticatorData"]),
        "signature": base64url(said["signature"]),
    }
    return assertion({"id": base64url(case["registration"]["credential_id"]), "type": "public-key", "response": response})


def judged(case: Mapping[str, Any], *, verified: bool) -> tuple[str, str]:
    """What we say of a vector's registration and of its authentication: right, or why not."""
    challenge = bytes.fromhex(case["registration"]["challenge"])
    registered = webauthn.check_registration(registration_of(case), OF_W3C, challenge=challenge, verified=verified)
    data = AttestationObject(bytes.fromhex(case["registration"]["attestationObject"])).auth_data
    assert data.credential_data is not None
    as_stored = Credential(
        data.credential_data.credential_id,
        cbor.encode(data.credential_data.public_key),
        user_verified=data.is_user_verified(),
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
        transports=(),
        aaguid=case["registration"]["aaguid"],
    )
    if isinstance(registered, Registered):
        assert registered.credential == as_stored
    answered = webauthn.check(
        assertion_of(case),
        OF_W3C,
        as_stored,
        user_id=ANNA,
        counter=0,
        challenge=bytes.fromhex(case["authentication"]["challenge"]),
        verified=verified,
    )
    return tuple(one.reason if isinstance(one, Wrong) else "right" for one in (registered, answered))  # type: ignore[return-value]


def by_the_specification(client_data: str, flags: int, *, verified: bool) -> str:
    """What Level 3 says of a vector, whose signature is right: read from the raw bytes, apart from the code that is tested."""
    if b'"crossOrigin":true' in bytes.fromhex(client_data):
        return "cross_origin"  # steps 7.1-10 and 7.2-13: we expect no frame
    return "not_verified" if verified and not flags & UV else "right"


def expected(case: Mapping[str, Any], *, verified: bool) -> tuple[str, str]:
    new, used = case["registration"], case["authentication"]
    new_flags = AttestationObject(bytes.fromhex(new["attestationObject"])).auth_data[32]
    return (
        by_the_specification(new["clientDataJSON"], new_flags, verified=verified),
        by_the_specification(used["clientDataJSON"], bytes.fromhex(used["authenticatorData"])[32], verified=verified),
    )


def table() -> Iterator[tuple[str, list[str]]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.split("|")[1:-1]]
        if len(cells) == 6 and cells[0] in CASES:
            yield cells[0], cells[1:]


@pytest.mark.row("F4")
def test_there_are_fifteen_vectors_and_the_page_tells_of_each() -> None:
    assert len(CASES) == 15
    assert [name for name, _ in table()] == list(CASES)


@pytest.mark.row("F4")
@pytest.mark.parametrize("name", CASES)
def test_vector_is_judged_as_the_specification_says_and_as_the_page_tells(name: str) -> None:
    key, passkey = judged(CASES[name], verified=False), judged(CASES[name], verified=True)
    assert (key, passkey) == (expected(CASES[name], verified=False), expected(CASES[name], verified=True))
    assert dict(table())[name][:4] == [*key, *passkey]


@pytest.mark.row("F4")
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("where", ["authenticatorData", "clientDataJSON", "signature"])
def test_vector_with_one_bit_changed_is_refused(name: str, where: str) -> None:
    assert judged(with_one_bit_changed(CASES[name], where), verified=False)[1] != "right"


def test_planted_were_the_signature_not_looked_at_the_changed_bit_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webauthn, "_signed", lambda *_: True)
    assert judged(with_one_bit_changed(CASES["none-es256"], "signature"), verified=False)[1] == "right"


def with_one_bit_changed(case: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    used = case["authentication"]
    altered = bytearray.fromhex(used[where])
    altered[-3 if where == "clientDataJSON" else -1] ^= 1
    return {**case, "authentication": {**used, where: altered.hex()}}


@pytest.mark.row("F4")
@pytest.mark.parametrize("name", ["none-es256-crossOrigin", "none-es256-topOrigin"])
def test_a_vector_from_a_frame_is_refused_for_the_frame_and_nothing_else(name: str) -> None:
    """Signed again with the vector's own key, in a window of its own, it is right."""
    case = CASES[name]
    assert isinstance(enrolled(key_of_vector(case), OF_W3C), Registered)
    assert enrolled(key_of_vector(case), OF_W3C, client={"crossOrigin": True}) == Wrong("cross_origin")


def key_of_vector(case: Mapping[str, Any]) -> SoftKey:
    said = case["registration"]
    private = ec.derive_private_key(int(said["credential_private_key"], 16), ec.SECP256R1())
    return SoftKey("https://example.org", flags=0, private=private, credential_id=bytes.fromhex(said["credential_id"]))


# ---------------------------------------------------------------- a key of our own, which can lie


def registration(said: object) -> Registration:
    return msgspec.convert(said, Registration)


def assertion(said: object) -> Assertion:
    return msgspec.convert(said, Assertion)


def to_register(site: RelyingParty = SITE, *, verified: bool = True) -> Any:
    return webauthn.ask_to_register(
        site, challenge=CHALLENGE, user_id=ANNA, user_name="anna@shop.test", shown_name="Anna", known=(), verified=verified
    )


def enrolled(key: SoftKey, site: RelyingParty = SITE, *, verified: bool = False, **lies: Any) -> Registered | Wrong:
    answer = registration(key.create(to_register(site), **lies))
    return webauthn.check_registration(answer, site, challenge=CHALLENGE, verified=verified)


def credential_of(key: SoftKey) -> tuple[Credential, int]:
    registered = enrolled(key)
    assert isinstance(registered, Registered)
    return registered.credential, registered.counter


def answered(
    key: SoftKey, credential: Credential, counter: int, *, verified: bool = False, user_id: str = ANNA, **lies: Any
) -> Right | Wrong:
    options: Any = webauthn.ask(SITE, challenge=CHALLENGE, known=(credential,), verified=verified)
    answer = assertion(key.get(options, **lies))
    return webauthn.check(answer, SITE, credential, user_id=user_id, counter=counter, challenge=CHALLENGE, verified=verified)


@pytest.mark.row("F4", "I2")
def test_enrolled_then_right_and_the_counter_moves_on() -> None:
    key = SoftKey(ORIGIN)
    credential, counter = credential_of(key)
    assert (counter, credential.transports, credential.user_verified) == (1, ("usb",), True)
    assert Credential.unpacked(credential.packed()) == credential
    assert answered(key, credential, counter, verified=True) == Right(counter=2, user_verified=True)


@pytest.mark.row("F4")
def test_what_is_asked_for() -> None:
    credential, _ = credential_of(SoftKey(ORIGIN))
    passkey, plain = to_register(), to_register(verified=False)
    assert passkey["authenticatorSelection"] == {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
    assert plain["authenticatorSelection"]["userVerification"] == "discouraged"
    assert (passkey["attestation"], passkey["rp"]) == ("none", {"id": "shop.test", "name": "Shop"})
    assert raw(passkey["user"]["id"]).decode() == ANNA
    assert [p["alg"] for p in passkey["pubKeyCredParams"]] == list(webauthn.ALGORITHMS)
    asked: Any = webauthn.ask(SITE, challenge=CHALLENGE, known=(credential,), verified=True)
    assert (asked["rpId"], asked["userVerification"]) == ("shop.test", "required")
    assert asked["allowCredentials"] == [{"type": "public-key", "id": text(credential.credential_id), "transports": ["usb"]}]


LIES: dict[str, list[dict[str, Any]]] = {
    "another_origin": [
        {"client": {"origin": other}}
        for other in (
            "https://shop.test",
            "https://evil.accounts.shop.test",
            f"{ORIGIN}:8443",
            f"{ORIGIN}/",
            "http://accounts.shop.test",
            "HTTPS://ACCOUNTS.SHOP.TEST",
            "null",
            "",
        )
    ],
    "another_site": [{"rp_id": "accounts.shop.test"}, {"rp_id": "test"}],
    "another_challenge": [
        {"client": {"challenge": text(ANOTHER)}},
        {"client": {"challenge": text(CHALLENGE) + "="}},
        {"client": {"challenge": ""}},
    ],
    "another_ceremony": [{"client": {"type": "payment.get"}}, {"client": {"type": ""}}],
    "cross_origin": [{"client": {"crossOrigin": True}}, {"client": {"topOrigin": "https://shop.test"}}],
    "malformed": [
        {"client": {"crossOrigin": "no"}},
        {"client": {"origin": None}},
        {"client": {"challenge": 7}},
        {"client": {"topOrigin": []}},
    ],
}


@pytest.mark.row("F4", "I2")
@pytest.mark.parametrize(("reason", "lie"), [(reason, lie) for reason, lies in LIES.items() for lie in lies])
def test_a_lie_about_the_page_is_refused(reason: str, lie: Mapping[str, Any]) -> None:
    assert enrolled(SoftKey(ORIGIN), **lie) == Wrong(reason)
    key = SoftKey(ORIGIN)
    assert answered(key, *credential_of(key), **lie) == Wrong(reason)


@pytest.mark.row("F4", "I2")
def test_the_answer_of_one_ceremony_is_no_answer_of_the_other() -> None:
    assert enrolled(SoftKey(ORIGIN), client={"type": "webauthn.get"}) == Wrong("another_ceremony")
    key = SoftKey(ORIGIN)
    assert answered(key, *credential_of(key), client={"type": "webauthn.create"}) == Wrong("another_ceremony")


@pytest.mark.row("F4", "I2")
def test_where_the_owner_must_unlock_the_key_a_touch_is_not_enough() -> None:
    assert enrolled(SoftKey(ORIGIN, flags=0), verified=True) == Wrong("not_verified")
    key = SoftKey(ORIGIN, flags=0)
    credential, counter = credential_of(key)
    assert answered(key, credential, counter) == Right(2, user_verified=False)
    assert answered(key, credential, counter, verified=True) == Wrong("not_verified")


@pytest.mark.row("F4", "I2")
def test_a_counter_that_does_not_grow_is_a_copy() -> None:
    key = SoftKey(ORIGIN)
    credential, counter = credential_of(key)
    assert answered(key, credential, counter) == Right(2, user_verified=True)
    key.counter = 1
    assert answered(key, credential, 2) == Wrong("cloned"), "the same number again"
    key.counter = 0
    assert answered(key, credential, 2) == Wrong("cloned"), "a smaller one"
    key.counts, key.counter = False, 0
    assert answered(key, credential, 2) == Wrong("cloned"), "a key that counted counts no more"


@pytest.mark.row("F4", "I2")
def test_a_key_that_never_counts_is_good() -> None:
    key = SoftKey(ORIGIN, counts=False)
    credential, counter = credential_of(key)
    assert [answered(key, credential, counter) for _ in range(2)] == [Right(0, user_verified=True)] * 2


@pytest.mark.row("F4")
def test_flags_that_cannot_be() -> None:
    assert enrolled(SoftKey(ORIGIN, flags=UV | BS)) == Wrong("backup_flags"), "backed up, though it cannot be"
    key = SoftKey(ORIGIN, flags=UV | BE)
    credential, counter = credential_of(key)
    key.flags = UV | BE | BS
    assert isinstance(answered(key, credential, counter), Right), "it was backed up since"
    key.flags = UV
    assert answered(key, credential, 2) == Wrong("backup_flags"), "whether a key can be backed up never changes"


@pytest.mark.row("F4")
def test_the_key_of_another_or_in_anothers_name() -> None:
    mine, theirs = SoftKey(ORIGIN), SoftKey(ORIGIN)
    credential, counter = credential_of(mine)
    theirs.user_id = mine.user_id
    assert answered(theirs, credential, counter) == Wrong("another_credential")
    theirs.credential_id = mine.credential_id
    assert answered(theirs, credential, counter) == Wrong("bad_signature")
    assert answered(mine, credential, counter, handle=b"somebody else") == Wrong("another_account")
    assert answered(mine, credential, counter, user_id="another") == Wrong("another_account")
    assert isinstance(answered(mine, credential, counter, handle=b""), Right), "old keys do not say whose they are"


@pytest.mark.row("F4")
@pytest.mark.parametrize("alg", [-37, -47, -257, -65535, 0, 5])
def test_a_key_of_another_algorithm_than_asked_for(alg: int) -> None:
    wanted = "bad_key" if alg == -257 else "algorithm_not_offered"
    if alg == 0:
        wanted = "malformed"
    assert enrolled(SoftKey(ORIGIN), cose={3: alg}) == Wrong(wanted)


@pytest.mark.row("F4")
@pytest.mark.parametrize("cose", [{-2: bytes(32)}, {-2: b""}, {-2: 7}, {-1: 2}, {-3: bytes(2000)}])
def test_a_key_with_which_nothing_can_be_verified(cose: Mapping[int, Any]) -> None:
    assert enrolled(SoftKey(ORIGIN), cose=cose) == Wrong("bad_key")


@pytest.mark.row("F4")
def test_attestation_is_read_and_given_no_weight() -> None:
    assert isinstance(enrolled(SoftKey(ORIGIN), fmt="packed", statement={"alg": -7, "sig": b"forged"}), Registered)
    assert enrolled(SoftKey(ORIGIN), fmt="vendor-special") == Wrong("unknown_attestation")
    assert enrolled(SoftKey(ORIGIN), fmt="none", statement={"alg": -7}) == Wrong("malformed")


@pytest.mark.row("F4")
@pytest.mark.parametrize("length", [0, 1024])
def test_ids_of_impossible_length(length: int) -> None:
    key = SoftKey(ORIGIN, credential_id=bytes(length))
    said = key.create(to_register())
    answer = registration({**said, "id": "AA"})
    assert webauthn.check_registration(answer, SITE, challenge=CHALLENGE, verified=False) == Wrong("malformed")


@pytest.mark.row("F4")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "A" * 1366),
        ("id", "ab+/"),
        ("id", "QUJD\n"),
        ("type", "password"),
        ("clientDataJSON", "A" * 6000),
        ("attestationObject", "A" * 30_000),
        ("transports", ["usb"] * 17),
        ("attestationObject", 7),
        ("attestationObject", None),
    ],
)
def test_what_no_browser_sends_is_refused_before_it_is_read(member: str, value: object) -> None:
    said = SoftKey(ORIGIN).create(to_register())
    (said["response"] if member in said["response"] else said)[member] = value
    with pytest.raises(msgspec.ValidationError):
        registration(said)


@pytest.mark.row("F4")
@given(st.binary(max_size=400), st.binary(max_size=400), st.booleans())
def test_no_bytes_whatever_raise(one: bytes, other: bytes, whole: bool) -> None:
    """Any bytes instead of the attestation, or behind the first bytes of a good one."""
    key = SoftKey(ORIGIN)
    said = key.create(to_register())
    good = raw(said["response"]["attestationObject"])
    said["response"]["attestationObject"] = text(one if whole else good[: len(other)] + one)
    assert isinstance(webauthn.check_registration(registration(said), SITE, challenge=CHALLENGE, verified=False), Wrong | Registered)


@pytest.mark.row("F4")
@pytest.mark.parametrize("deep", [b"\x81" * 12_000, b"\xa1\x00" * 6000])
def test_nesting_without_end_is_malformed(deep: bytes) -> None:
    said = SoftKey(ORIGIN).create(to_register())
    said["response"]["attestationObject"] = text(deep)
    assert webauthn.check_registration(registration(said), SITE, challenge=CHALLENGE, verified=False) == Wrong("malformed")
    said["response"]["clientDataJSON"] = text(b"[" * 4000)
    assert webauthn.check_registration(registration(said), SITE, challenge=CHALLENGE, verified=False) == Wrong("malformed")
