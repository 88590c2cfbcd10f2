"""One question that a flow has open: a code and a link that were sent. Only hashes are kept."""

from datetime import datetime, timedelta

from sparekey.domain.factors import FactorKind, Thing
from sparekey.domain.values import Struct


class Asked(Struct, frozen=True):
    """``code_hash`` and ``link_hash``: keyed hashes, bound to the flow. Times in UTC. ``wrong``: wrong answers so far.

    ``enrolling``: the address is not yet the account's; the proof is good for enrolling it and nothing else.
    ``long``: the code carries 80 random bits instead of six digits, because six-digit ones are closed for today.
    """

    kind: FactorKind
    factor_id: str
    thing: Thing
    code_hash: bytes
    link_hash: bytes
    asked_at: datetime
    code_until: datetime
    link_until: datetime
    wrong: int = 0
    enrolling: bool = False
    long: bool = False
    message_id: str = ""
    """The message that told it, for its delivery state."""
    by_itself: bool = False
    """Nobody asked for it: it went out because a message by another channel was refused (mission.md, R14)."""


class Ceremony(Struct, frozen=True):
    """A WebAuthn challenge that waits for its answer. ``kind``: passkey or security key. ``until``: UTC.

    ``options``: what the browser is asked for, JSON. ``registering``: a new key is to be made.
    """

    kind: FactorKind
    challenge: bytes
    until: datetime
    options: str
    registering: bool = False


ENROLLED_WAITS = timedelta(minutes=30)
"""So long a factor that was shown to work waits until its backup codes are kept, on paper perhaps; the printer may be in another room."""


class Enrolling(Struct, frozen=True):
    """A factor that is being added. ``sealed``: what it will be checked with, sealed; empty where there is nothing yet. ``until``: UTC.

    ``proven``: it was shown to work; what is missing are the backup codes that the first second factor ends with (mission.md, F5).
    ``codes``: those, sealed, until one of them was typed in.
    """

    kind: FactorKind
    sealed: bytes
    until: datetime
    proven: bool = False
    codes: bytes = b""


HANDSHAKE_LASTS = timedelta(minutes=15)
"""For signing in at the provider, a forgotten password there included."""


class Handshake(Struct, frozen=True):
    """A visit to another provider (RFC 6749, 4.1; RFC 7636). ``sealed``: state, nonce and code verifier. ``until``: UTC."""

    provider: str
    sealed: bytes
    until: datetime
