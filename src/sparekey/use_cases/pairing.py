"""The code with which a phone is enrolled, as the flow keeps it: sealed, so that its page can show it again."""

from datetime import datetime

import msgspec

from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.asked import Enrolling
from sparekey.domain.flow.flow import Flow
from sparekey.domain.prompts import PAIRING_LASTS
from sparekey.domain.values import Struct
from sparekey.use_cases.notify import LETTERS
from sparekey.use_cases.services import Services
from sparekey.use_cases.tokens import ids_found_by

LENGTH = 24
"""Characters: 28^24 is 115 bits. Long, because it stands in a QR code; those who cannot scan it type it in groups of four."""

FOUND_BY = "phone.pairing"
_SEALED = "flow.pairing"

_encode = msgspec.json.Encoder().encode


class Pairing(Struct, frozen=True):
    """``challenge``: what the new key signs. ``until``: UTC."""

    code: str
    challenge: str
    until: datetime


_decode = msgspec.json.Decoder(Pairing).decode


def new_pairing(services: Services) -> Pairing:
    chance = services.chance
    code = "".join(LETTERS[chance.below(len(LETTERS))] for _ in range(LENGTH))
    return Pairing(code, chance.token(), services.clock.now() + PAIRING_LASTS)


def kept(services: Services, flow: Flow, pairing: Pairing) -> Enrolling:
    """As the flow keeps it."""
    sealed = services.sealer.seal(_encode(pairing), f"{_SEALED}.{flow.flow_id}")
    return Enrolling(FactorKind.PHONE_APPROVAL, sealed, pairing.until)


def pairing_of(services: Services, flow: Flow) -> Pairing | None:
    """The code that the flow shows; ``None`` when it shows none, or its time is over."""
    enrolling = flow.enrolling
    if enrolling is None or enrolling.kind is not FactorKind.PHONE_APPROVAL or enrolling.proven or services.clock.now() >= enrolling.until:
        return None
    return _decode(services.sealer.open(enrolling.sealed, f"{_SEALED}.{flow.flow_id}"))


def typed_code(text: str) -> str:
    """A code as it was typed: case, spaces and dashes do not matter."""
    return "".join(c for c in text.upper() if c.isalnum())


def ids_of(services: Services, code: str) -> tuple[str, ...]:
    """By which the question of a code may be found."""
    return ids_found_by(services.sealer, typed_code(code), FOUND_BY)
