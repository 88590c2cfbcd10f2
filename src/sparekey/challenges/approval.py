"""Approval on an enrolled phone: what its key says, and when that is right. No I/O and no policy.

Each word of a phone is a compact JWS (RFC 7515) under ES256, by a P-256 key that its browser made and gives to nobody, the page
itself included (Web Cryptography, ``extractable: false``). ``kid`` is the key's thumbprint (RFC 7638). The payload names what is said,
a challenge of ours that is good once, and for an answer the question and the number: so nothing can be said twice, elsewhere, or of
another question.
"""

import binascii
from typing import Annotated, Literal

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sparekey.domain.values import Struct

ALGORITHM = "ES256"


class Enrol(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="enrol", tag_field="says"):
    """The key is here: proof of possession."""

    challenge: str


class Poll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="poll", tag_field="says"):
    """What am I asked?"""

    challenge: str


class Approve(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="approve", tag_field="says"):
    """It is me, and the other screen shows such a number."""

    challenge: str
    prompt_id: str
    number: str


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="refuse", tag_field="says"):
    """It was not me who asked."""

    challenge: str
    prompt_id: str


Said = Enrol | Poll | Approve | Refuse


Coordinate = Annotated[str, msgspec.Meta(min_length=43, max_length=43, pattern=r"^[A-Za-z0-9_-]{43}$")]


class PublicKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key as a browser exports it (RFC 7517), without what is not needed."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate


class PhoneKey(Struct, frozen=True):
    """``thumbprint``: by which the key is found (RFC 7638). ``packed``: the public key as it is kept."""

    thumbprint: str
    packed: bytes


class Wrong(Struct, frozen=True):
    """``reason``: for the audit log; the phone hears none."""

    reason: str


_encode = msgspec.json.Encoder().encode
_decode_key = msgspec.json.Decoder(PublicKey).decode
_decode = msgspec.json.Decoder(Said).decode


def phone_key(public: PublicKey) -> PhoneKey | Wrong:
    """A public key, if it is one: a point on the curve."""
    try:
        key = _imported(public)
    except (ValueError, binascii.Error, JoseError):
        return Wrong("no_key")
    return PhoneKey(key.thumbprint(), _encode(public))


def signer_of(signed: str) -> str:
    """Whose word it claims to be: the thumbprint of a key; empty when it is no JWS. Nothing is believed by that."""
    try:
        kid = jws.extract_compact(signed.encode()).headers().get("kid", "")
    except (JoseError, ValueError):
        return ""
    return kid if isinstance(kid, str) else ""


def check(signed: str, packed: bytes) -> Said | Wrong:
    """What the phone with this key says. ``packed``: of ``PhoneKey``. Whether the challenge is a good one is asked by the caller."""
    try:
        found = jws.deserialize_compact(signed, _imported(_decode_key(packed)), algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        return Wrong("signature")
    try:
        said: Said = _decode(found.payload)
    except msgspec.DecodeError:
        return Wrong("payload")
    return said


def _imported(public: PublicKey) -> ECKey:
    return ECKey.import_key({"kty": public.kty, "crv": public.crv, "x": public.x, "y": public.y})
