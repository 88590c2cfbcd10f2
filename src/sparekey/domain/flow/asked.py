"""One question that a flow has open: a code and a link that were sent. Only hashes are kept."""

from dataclasses import dataclass
from datetime import datetime

from sparekey.domain.factors import FactorKind, Thing


@dataclass(frozen=True, slots=True)
class Asked:
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
