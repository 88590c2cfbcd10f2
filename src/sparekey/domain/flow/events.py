"""What can happen to a flow, as values."""

from datetime import timedelta

from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct


class Started(Struct, frozen=True):
    """The flow begins; the policy says what is asked first, or that the session's proofs are enough."""


class Proven(Struct, frozen=True):
    proof: Proof


class NothingMore(Struct, frozen=True):
    """The person said "I have no other way"."""


class Postponed(Struct, frozen=True):
    """All is proven, but somebody else is told first and may object: ``wait``."""

    wait: timedelta


class TimePassed(Struct, frozen=True):
    """The wait is over: its end has come and enough notices of it were accepted."""


class Disputed(Struct, frozen=True):
    """Two sides claim the account: the recovery waits until it is weighed, also when its own wait is over."""


class Tied(Struct, frozen=True):
    """In a dispute both sides have shown as much: people look at it."""


class CarriedOut(Struct, frozen=True):
    """The action was carried out in this same transaction."""


class Ended(Struct, frozen=True):
    """``reason``: replaced, disowned, cancelled, disputed or outweighed."""

    reason: str


Event = Started | Proven | NothingMore | Postponed | TimePassed | Disputed | Tied | CarriedOut | Ended
