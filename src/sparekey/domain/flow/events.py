"""What can happen to a flow, as values."""

from dataclasses import dataclass
from datetime import timedelta

from sparekey.domain.proofs import Proof


@dataclass(frozen=True, slots=True)
class Started:
    """The flow begins; the policy says what is asked first, or that the session's proofs are enough."""


@dataclass(frozen=True, slots=True)
class Proven:
    proof: Proof


@dataclass(frozen=True, slots=True)
class NothingMore:
    """The person said "I have no other way"."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """All is proven, but somebody else is told first and may object: ``wait``."""

    wait: timedelta


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The wait is over: its end has come and enough notices of it were accepted."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """Two sides claim the account: the recovery waits until it is weighed, also when its own wait is over."""


@dataclass(frozen=True, slots=True)
class Tied:
    """In a dispute both sides have shown as much: people look at it."""


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """The action was carried out in this same transaction."""


@dataclass(frozen=True, slots=True)
class Ended:
    """``reason``: replaced, disowned, cancelled, disputed or outweighed."""

    reason: str


Event = Started | Proven | NothingMore | Postponed | TimePassed | Disputed | Tied | CarriedOut | Ended
