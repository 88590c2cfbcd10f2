"""A proof: one challenge met, with which factor, when. No secret in it, never changed."""

from datetime import datetime

from sparekey.domain.factors import FactorKind, Thing
from sparekey.domain.values import Struct


class Proof(Struct, frozen=True):
    """``at``: UTC. ``enrolling``: won while enrolling the factor, hence good for nothing but enrolling it."""

    kind: FactorKind
    factor_id: str
    thing: Thing
    at: datetime
    enrolling: bool = False
