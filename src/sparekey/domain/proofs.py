"""A proof: one challenge met, with which factor, when. No secret in it, never changed."""

from dataclasses import dataclass
from datetime import datetime

from sparekey.domain.factors import FactorKind, Thing


@dataclass(frozen=True, slots=True)
class Proof:
    """``at``: UTC. ``enrolling``: won while enrolling the factor, hence good for nothing but enrolling it."""

    kind: FactorKind
    factor_id: str
    thing: Thing
    at: datetime
    enrolling: bool = False
