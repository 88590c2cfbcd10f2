"""A factor that was just proven while enrolling, with what it will be checked by."""

from sparekey.domain.factors import Factor
from sparekey.domain.values import Struct


class NewFactor(Struct, frozen=True):
    """``secret``: in clear; the store seals it. ``find_key``: what it is found by without an account, or ``None``."""

    factor: Factor
    secret: bytes
    find_key: bytes | None = None
    counter: int = 0
