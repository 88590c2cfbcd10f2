"""A passkey or security key (WebAuthn Level 3): what a browser is asked for, and when its answer is right; no I/O and no policy.

fido2 reads the CBOR and verifies signatures; every rule of the specification that concerns us is a line in ``check_registration``
(section 7.1) or ``check`` (section 7.2), in the specification's order. What each vector of the specification comes to, and why:
``docs/webauthn.md``.

We ask for attestation "none" and trust no other: a statement of a known format is read and given no weight.
"""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData
from msgspec import Meta

from sparekey.domain.values import Struct

DIALOG_LASTS: Final = timedelta(minutes=5)
"""How long the browser waits for a key: 5 minutes at least, for people who are slow with one (WebAuthn Level 3, 15.1)."""

ALGORITHMS: Final = (-8, -7, -53, -35, -36, -257)
"""EdDSA (Ed25519), ES256, Ed448, ES384, ES512, RS256: what we ask for, best first. All others are refused (7.1)."""

FORMATS: Final = frozenset({"none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "compound"})
"""The registered names of attestation statement formats (RFC 8809). Another name is no statement that anybody could read."""

LONGEST_ID: Final = 1023
"""Bytes of a credential id (7.1)."""

TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
"""How a browser may reach a key (5.8.4); hints that it told us and is told again."""

_BASE64URL = r"^[A-Za-z0-9_-]*$(?!\n)"
"""Without padding, as ``toJSON()`` writes it; the end of the text in Python too, where ``$`` alone lets a line break pass."""


def _bytes_of_at_most(count: int, what: str) -> Meta:
    return Meta(max_length=-(-count * 4 // 3), pattern=_BASE64URL, description=f"{what}; base64url.")


# ---------------------------------------------------------------- what a browser answers: PublicKeyCredential.toJSON()


class RegistrationResponse(msgspec.Struct, frozen=True):
    """``AuthenticatorAttestationResponseJSON``."""

    client_data: Annotated[str, _bytes_of_at_most(4096, "clientDataJSON")] = msgspec.field(name="clientDataJSON")
    attestation: Annotated[str, _bytes_of_at_most(16_384, "attestationObject")] = msgspec.field(name="attestationObject")
    transports: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=16)] = []


class Registration(msgspec.Struct, frozen=True):
    """``RegistrationResponseJSON`` (WebAuthn Level 3, 5.1): what ``navigator.credentials.create()`` gave. Other members are not read."""

    id: Annotated[str, _bytes_of_at_most(LONGEST_ID, "Id of the credential")]
    type: Literal["public-key"]
    response: RegistrationResponse


class AssertionResponse(msgspec.Struct, frozen=True):
    """``AuthenticatorAssertionResponseJSON``."""

    client_data: Annotated[str, _bytes_of_at_most(4096, "clientDataJSON")] = msgspec.field(name="clientDataJSON")
    authenticator_data: Annotated[str, _bytes_of_at_most(4096, "authenticatorData")] = msgspec.field(name="authenticatorData")
    signature: Annotated[str, _bytes_of_at_most(1024, "signature")]
    user_handle: Annotated[str, _bytes_of_at_most(64, "userHandle")] | None = msgspec.field(name="userHandle", default=None)


class Assertion(msgspec.Struct, frozen=True):
    """``AuthenticationResponseJSON`` (WebAuthn Level 3, 5.1): what ``navigator.credentials.get()`` gave. Other members are not read."""

    id: Annotated[str, _bytes_of_at_most(LONGEST_ID, "Id of the credential")]
    type: Literal["public-key"]
    response: AssertionResponse

    @property
    def credential_id(self) -> bytes:
        """Empty where the id is no base64url, which is the id of no credential."""
        return _from_base64url(self.id) or b""

    @property
    def challenge(self) -> bytes:
        """The question that it says it answers; empty where that cannot be read."""
        try:
            data = msgspec.json.decode(_from_base64url(self.response.client_data) or b"", type=_ClientData)
        except (msgspec.DecodeError, RecursionError):
            return b""
        return _from_base64url(data.challenge) or b""


# ---------------------------------------------------------------- what we ask for, what we keep, how we judge


class RelyingParty(Struct, frozen=True):
    """``rp_id``: the host name that credentials are bound to. ``origins``: from where answers may come, each scheme, host and port."""

    rp_id: str
    name: str
    origins: frozenset[str]


class Credential(Struct, frozen=True):
    """What is kept of a key. ``public_key``: COSE, as the key gave it. ``aaguid``: the model as the key says, 32 hex digits, not proven."""

    credential_id: bytes
    public_key: bytes
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    aaguid: str

    def packed(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Credential":
        return msgspec.msgpack.decode(packed, type=cls)


class Registered(Struct, frozen=True):
    """``counter``: the signature counter at which the key begins."""

    credential: Credential
    counter: int


class Right(Struct, frozen=True):
    """The key answered. ``counter``: to be stored. ``user_verified``: whether the key was unlocked by PIN or finger."""

    counter: int
    user_verified: bool


class Wrong(Struct, frozen=True):
    """``reason``: a stable name for the audit log; docs/webauthn.md says what each means."""

    reason: str


Options = dict[str, Any]
"""JSON for ``PublicKeyCredential.parseCreationOptionsFromJSON`` or ``parseRequestOptionsFromJSON``."""


def ask_to_register(
    site: RelyingParty, *, challenge: bytes, user_id: str, user_name: str, shown_name: str, known: Iterable[Credential], verified: bool
) -> Options:
    """What to ask for to enrol a key.

    ``user_id``: says whose key it is, and nothing about the person (14.6.1). ``known``: the keys of the account, so that none
    is enrolled twice. ``verified``: a passkey (stays on the key, unlocked by its owner); otherwise a plain security key, of any age.
    """
    return {
        "rp": {"id": site.rp_id, "name": site.name},
        "user": {"id": _to_base64url(user_id.encode()), "name": user_name, "displayName": shown_name},
        "challenge": _to_base64url(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "timeout": _milliseconds(DIALOG_LASTS),
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {
            "residentKey": "required" if verified else "discouraged",
            "requireResidentKey": verified,
            "userVerification": "required" if verified else "discouraged",
        },
        "attestation": "none",
    }


def ask(site: RelyingParty, *, challenge: bytes, known: Iterable[Credential], verified: bool) -> Options:
    """What to ask for to prove a key. ``known``: the keys that may answer; none, to let any passkey of this site answer."""
    return {
        "rpId": site.rp_id,
        "challenge": _to_base64url(challenge),
        "timeout": _milliseconds(DIALOG_LASTS),
        "allowCredentials": _descriptors(known),
        "userVerification": "required" if verified else "discouraged",
    }


def check_registration(answer: Registration, site: RelyingParty, *, challenge: bytes, verified: bool) -> Registered | Wrong:
    """Judge a new key (WebAuthn Level 3, 7.1). ``verified``: refuse one that was not unlocked by its owner.

    Whether the credential id is already somebody's is for the store to say.
    """
    raw = _from_base64url(answer.response.attestation)
    client_data = _from_base64url(answer.response.client_data)
    if raw is None or client_data is None:
        return Wrong("malformed")
    if wrong := _wrong_client_data(client_data, "webauthn.create", site, challenge):
        return wrong
    try:
        attestation = AttestationObject(raw)
    except _UNREADABLE:
        return Wrong("malformed")
    data, key = attestation.auth_data, attestation.auth_data.credential_data
    if wrong := _wrong_authenticator_data(data, site, verified=verified):
        return wrong
    if key is None:
        return Wrong("no_credential")
    if attestation.fmt not in FORMATS:
        return Wrong("unknown_attestation")
    if attestation.fmt == "none" and attestation.att_stmt != {}:
        return Wrong("malformed")
    if wrong := _wrong_key(key):
        return wrong
    credential = Credential(
        credential_id=key.credential_id,
        public_key=cbor.encode(key.public_key),
        user_verified=data.is_user_verified(),
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
        transports=tuple(sorted(TRANSPORTS.intersection(answer.response.transports))),
        aaguid=key.aaguid.hex(),
    )
    return Registered(credential, data.counter)


def check(
    answer: Assertion, site: RelyingParty, credential: Credential, *, user_id: str, counter: int, challenge: bytes, verified: bool
) -> Right | Wrong:
    """Judge an answer of ``credential`` (WebAuthn Level 3, 7.2). ``user_id``: whose key it is. ``counter``: as stored; the caller
    stores the new one in the same transaction. ``verified``: refuse an answer of a key that was not unlocked by its owner.
    """
    raw, client_data, signature = (
        _from_base64url(text) for text in (answer.response.authenticator_data, answer.response.client_data, answer.response.signature)
    )
    if raw is None or client_data is None or signature is None:
        return Wrong("malformed")
    handle = answer.response.user_handle
    if not hmac.compare_digest(answer.credential_id, credential.credential_id):
        return Wrong("another_credential")
    if handle and _from_base64url(handle) != user_id.encode():
        return Wrong("another_account")
    if wrong := _wrong_client_data(client_data, "webauthn.get", site, challenge):
        return wrong
    try:
        data = AuthenticatorData(raw)
    except _UNREADABLE:
        return Wrong("malformed")
    if wrong := _wrong_authenticator_data(data, site, verified=verified):
        return wrong
    if data.is_backup_eligible() != credential.backup_eligible:
        return Wrong("backup_flags")
    if not _signed(CoseKey.parse(cbor.decode_from(credential.public_key)[0]), raw + hashlib.sha256(client_data).digest(), signature):
        return Wrong("bad_signature")
    # 0 and 0: a key that does not count. Else a counter that does not grow means that there are two of it (6.1.1).
    if (data.counter or counter) and data.counter <= counter:
        return Wrong("cloned")
    return Right(data.counter, data.is_user_verified())


# ---------------------------------------------------------------- the rules


class _ClientData(msgspec.Struct, frozen=True):
    """``CollectedClientData``. Members that we do not know are allowed (5.8.1)."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = msgspec.field(name="crossOrigin", default=False)
    top_origin: str | None = msgspec.field(name="topOrigin", default=None)


_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError, struct.error)
"""What reading CBOR that is not as it should be may raise."""


def _wrong_client_data(raw: bytes, kind: str, site: RelyingParty, challenge: bytes) -> Wrong | None:
    try:
        data = msgspec.json.decode(raw, type=_ClientData)
    except (msgspec.DecodeError, RecursionError):
        return Wrong("malformed")
    if data.type != kind:
        return Wrong("another_ceremony")
    if not hmac.compare_digest(data.challenge.encode(), _to_base64url(challenge).encode()):
        return Wrong("another_challenge")
    if data.origin not in site.origins:
        return Wrong("another_origin")
    if data.cross_origin or data.top_origin is not None:
        return Wrong("cross_origin")  # our pages are never framed by other sites
    return None


def _wrong_authenticator_data(data: AuthenticatorData, site: RelyingParty, *, verified: bool) -> Wrong | None:
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(site.rp_id.encode()).digest()):
        return Wrong("another_site")
    if not data.is_user_present():
        return Wrong("nobody_present")
    if verified and not data.is_user_verified():
        return Wrong("not_verified")
    if data.is_backed_up() and not data.is_backup_eligible():
        return Wrong("backup_flags")
    return None


def _wrong_key(key: AttestedCredentialData) -> Wrong | None:
    if not 0 < len(key.credential_id) <= LONGEST_ID:
        return Wrong("malformed")
    if key.public_key.get(3) not in ALGORITHMS:
        return Wrong("algorithm_not_offered")
    try:
        key.public_key.verify(b"", b"")
    except InvalidSignature:
        return None  # a key with which one can verify, and this is no signature
    except (*_UNREADABLE, UnsupportedAlgorithm):
        pass
    return Wrong("bad_key")


def _signed(key: CoseKey, signed: bytes, signature: bytes) -> bool:
    try:
        key.verify(signed, signature)
    except (InvalidSignature, *_UNREADABLE, UnsupportedAlgorithm):
        return False
    return True


def _descriptors(known: Iterable[Credential]) -> list[dict[str, Any]]:
    return [{"type": "public-key", "id": _to_base64url(c.credential_id), "transports": list(c.transports)} for c in known]


def _milliseconds(lasts: timedelta) -> int:
    return int(lasts.total_seconds() * 1000)


def _to_base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes | None:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
