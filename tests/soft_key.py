"""A security key made of software, for tests: it answers as a browser with a key would, or lies where it is told to."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

from sparekey.domain.values import Struct, field

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(of: str) -> bytes:
    return urlsafe_b64decode(of + "=" * (-len(of) % 4))


class SoftKey(Struct):
    """``flags``: what it says of itself besides being touched. ``counts``: whether its signature counter grows."""

    origin: str
    flags: int = UV
    counts: bool = True
    counter: int = 0
    user_id: bytes = b""
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(
        self,
        options: Mapping[str, Any],
        *,
        client: Mapping[str, Any] | None = None,
        rp_id: str = "",
        fmt: str = "none",
        statement: Mapping[str, Any] | None = None,
        cose: Mapping[int, Any] | None = None,
    ) -> dict[str, Any]:
        """What ``navigator.credentials.create()`` gives for ``options``. ``client``, ``cose``: members of the client data and of
        the public key to say otherwise."""
        self.user_id = raw(options["user"]["id"])
        point = self.private.public_key().public_numbers()
        es256 = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        public = {**es256, **(cose or {})}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor.encode(public)
        data = self._data(rp_id or options["rp"]["id"], AT) + attested
        attestation = cbor.encode({"fmt": fmt, "attStmt": statement or {}, "authData": data})
        return {
            "id": text(self.credential_id),
            "rawId": text(self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(self._client_data("webauthn.create", options, client)),
                "attestationObject": text(attestation),
                "transports": ["usb"],
            },
        }

    def get(
        self, options: Mapping[str, Any], *, client: Mapping[str, Any] | None = None, rp_id: str = "", handle: bytes | None = None
    ) -> dict[str, Any]:
        """What ``navigator.credentials.get()`` gives for ``options``. ``handle``: whose key it says it is."""
        data = self._data(rp_id or options["rpId"], 0)
        client_data = self._client_data("webauthn.get", options, client)
        signature = self.private.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return {
            "id": text(self.credential_id),
            "rawId": text(self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(client_data),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": text(self.user_id if handle is None else handle),
            },
        }

    def _data(self, rp_id: str, more: int) -> bytes:
        if self.counts:
            self.counter += 1
        flags = UP | self.flags | more
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client_data(self, kind: str, options: Mapping[str, Any], says: Mapping[str, Any] | None) -> bytes:
        data = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False, **(says or {})}
        return json.dumps(data).encode()
