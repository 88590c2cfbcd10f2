"""What the policy answers. Five answers, each naming the route of the policy file that it came from."""

from datetime import timedelta

from sparekey.domain.factors import FactorKind
from sparekey.domain.values import Struct


class Allow(Struct, frozen=True):
    route: str


class Delay(Struct, frozen=True):
    """Allowed after a wait that is told to a witness (mission.md, R10). ``wait`` is whole days or 24-hour steps."""

    route: str
    wait: timedelta


class Refer(Struct, frozen=True):
    """Only people can help from here: a support case."""

    route: str


class Deny(Struct, frozen=True):
    """No route can be reached. ``reason`` is a stable name; the words are in ``messages``."""

    reason: str


class Ask(Struct, frozen=True):
    """More is needed. ``choices``: the kinds of proof of which any may be tried next, best first.

    Before the first proof the choices are the site's, the same for every name (mission.md, R3); after it they are what
    this account can do. ``otherwise``: what stands if the person has nothing more.
    """

    choices: tuple[FactorKind, ...]
    otherwise: "Delay | Refer | Deny"


Verdict = Allow | Ask | Delay | Refer | Deny
