"""What the graph says of one enrolment: which single theft opens it, and how its owner gets back after each single loss.

The judges are those of ``decide``. What they say of a few things shown is the same for thousands of accounts, so it is kept by its shape;
``test_ten_thousand.py`` holds that to the graph as it is drawn from whole accounts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, unique
from functools import cached_property
from itertools import combinations
from typing import Final

from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.policy.conditions import see
from sparekey.domain.policy.decide import Standing, stands
from sparekey.domain.policy.model import ActionPolicy, Policy, Situation, Then
from sparekey.domain.policy.verdict import Allow, Delay
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.graph.enrolments import GONE, LONG_AGO, NOW, SECONDS, Enrolment, Theft, losses
from tests.policy.people import show

MOST_SHOWN: Final = 3
"""No route of the standard policies asks for more at once."""

HARMLESS: Final = frozenset(
    {"report_stolen", "object", "end_sessions", "stop_closing", "freeze", "undo", "confirm_payment", "sign_up", "work_on_cases"}
)
"""What a thief of a session may do without gaining the account (``test_properties.py`` says why)."""


@unique
class Way(IntEnum):
    """How an owner gets back, the quickest first."""

    SIGN_IN = 0  # with what is left
    RECOVER = 1  # a new password, at once
    DAY = 24  # after a wait, in hours
    THREE_DAYS = 72
    WEEK = 168
    CASE = 1000  # two agents, and a wait
    NONE = 1001


@dataclass(frozen=True)
class Back:
    """``shown``: with what, by the words of the enrolment. ``given_up``: second factors that are not lost, and must be called so, for the
    new password to sign in."""

    way: Way
    shown: frozenset[str] = frozenset()
    given_up: frozenset[str] = frozenset()


@dataclass
class Judge:
    """One policy. ``agents``: whether the site has two of them."""

    policy: Policy
    agents: bool = True
    _known: dict[object, Standing] = field(default_factory=dict)
    _misuse: dict[object, str] = field(default_factory=dict)

    # ------------------------------------------------------------ thieves

    def opened_by(self, one: Enrolment, theft: Theft) -> str:
        """The route by which the account falls to this thief, or the action that his session is good for; empty when there is none.

        A wait is open to him when he holds everybody who would hear of it.
        """
        found = (standing.route for action, waits in self._into for standing in self._reached(one, action, theft, waits=waits))
        return next(found, "") or (self._misused(one, theft) if theft.session else "")

    @cached_property
    def _into(self) -> tuple[tuple[str, bool], ...]:
        """The actions that open an account without agents, and whether one may wait for them."""
        return tuple(
            (action, any(r.then is Then.WAIT for r in rules.routes))
            for action, rules in self.policy.actions.items()
            if rules.opens_account and not all(FactorKind.SUPPORT_APPROVAL in r.all_of for r in rules.routes)
        )

    def _reached(self, one: Enrolment, action: str, theft: Theft, *, waits: bool) -> Iterator[Allow | Delay]:
        # More shown is never worse, but for the witness: one of those who hear of a wait must not be among what is shown.
        kept_for_later = one.hearing & theft.words if waits else ()
        for kept_back in (frozenset[str](), *(one.same_thing(a) for a in sorted(kept_for_later))):
            shown = theft.words - kept_back
            match self._standing(one, action, shown, known=theft.at_home):
                case Allow() as allowed:
                    yield allowed
                case Delay() as delay if one.witnesses(shown) <= theft.words:
                    yield delay
                case _:
                    pass

    def _misused(self, one: Enrolment, theft: Theft) -> str:
        key = (self._shape(one, theft.words), theft.at_home)
        if key not in self._misuse:
            proofs = tuple(_proof(one.factors[w]) for w in sorted(theft.words))
            session = show(one.account, "password" if one.password else "social", LONG_AGO)
            seen = see(self.policy, Situation(one.account, proofs, NOW, session_proofs=session, known_device=theft.at_home))
            found = (action for action, rules in self._guarded if isinstance(stands(rules, seen), Allow | Delay))
            self._misuse[key] = next(found, "")
        return self._misuse[key]

    @cached_property
    def _guarded(self) -> tuple[tuple[str, ActionPolicy], ...]:
        """Of actions that ask for the same, one."""
        found: dict[object, tuple[str, ActionPolicy]] = {}
        for action, rules in self.policy.actions.items():
            if rules.offered and not rules.opens_account and action not in HARMLESS:
                same = tuple(replace(r, name="", why="", wait=timedelta(0)) for r in rules.routes)
                found.setdefault((rules.ask, same), (action, rules))
        return tuple(found.values())

    # ------------------------------------------------------------ owners

    def way_back(self, one: Enrolment, loss: str) -> Back:
        """The best that is left to an owner on a new device who has lost this, up to and with a session that is good for everything."""
        kept = one.words - losses(one)[loss]
        if shown := self.signs_in(one, kept):
            return Back(Way.SIGN_IN, shown)
        found = min(self._recoveries(one, kept, loss), key=_easiest, default=None)
        if found is not None:
            return found
        return Back(Way.CASE if self.agents and self._approved_by_agents(one) else Way.NONE)

    def _recoveries(self, one: Enrolment, kept: frozenset[str], loss: str) -> Iterator[Back]:
        reached = [(shown, self._standing(one, "recover", shown, known=False)) for shown in sets(kept)]
        on = [(shown, s) for shown, s in reached if isinstance(s, Allow | Delay) and self._leads_on(one, shown, s, loss)]
        given_up = self._given_up(one, kept) if on else None
        if given_up is not None:
            yield from (Back(way_of(s), shown, given_up) for shown, s in on)

    @staticmethod
    def _leads_on(one: Enrolment, shown: frozenset[str], standing: Allow | Delay, loss: str) -> bool:
        """A wait ends only when somebody's server takes its notices."""
        return isinstance(standing, Allow) or loss != GONE or bool(one.witnesses(shown) - {"mailbox"})

    def _given_up(self, one: Enrolment, kept: frozenset[str]) -> frozenset[str] | None:
        """``None`` when the new password signs in with nothing that is left."""
        for more in (frozenset[str](), kept & SECONDS):
            left = one.after_recovery((one.has & SECONDS) - kept | more)
            if self.signs_in(left, (kept & left.words) | {"password"}):
                return more
        return None

    def _approved_by_agents(self, one: Enrolment) -> bool:
        case = Situation(one.account, show(one.account, "support_approval"), NOW)
        return isinstance(stands(self.policy.actions["bind_after_case"], see(self.policy, case)), Allow | Delay)

    def signs_in(self, one: Enrolment, kept: frozenset[str]) -> frozenset[str]:
        """With what somebody who has these signs in from a new device; empty when it is not enough."""
        return next((s for s in sets(kept) if isinstance(self._standing(one, "sign_in", s, known=False), Allow)), frozenset())

    # ------------------------------------------------------------ the judges, asked once for each shape

    def _standing(self, one: Enrolment, action: str, shown: frozenset[str], *, known: bool) -> Standing:
        key = (action, self._shape(one, shown), bool(one.witnesses(shown)), known)
        if key not in self._known:
            proofs = tuple(_proof(one.factors[w]) for w in sorted(shown))
            case = Situation(one.account, proofs, NOW, known_device=known)
            self._known[key] = stands(self.policy.actions[action], see(self.policy, case))
        return self._known[key]

    @staticmethod
    def _shape(one: Enrolment, shown: frozenset[str]) -> object:
        """All of an account that the judges look at when these are shown, but for the witnesses."""
        return one.facts, tuple(sorted([one.tokens[w] for w in shown])), len({one.held_as[w] for w in shown})


def _easiest(back: Back) -> tuple[object, ...]:
    """A security key is asked for once something else was shown, and names nobody."""
    return back.way, len(back.given_up), back.shown <= {"key", "key2"}, len(back.shown), sorted(back.shown)


def way_of(standing: Allow | Delay) -> Way:
    return Way(int(standing.wait.total_seconds()) // 3600) if isinstance(standing, Delay) else Way.RECOVER


def sets(words: Iterable[str]) -> Iterator[frozenset[str]]:
    """The small ones first, and what most people would show."""
    ordered = sorted(words, key=lambda w: (w != "password", w))
    for size in range(1, MOST_SHOWN + 1):
        yield from map(frozenset, combinations(ordered, size))


def _proof(factor: Factor) -> Proof:
    return Proof(factor.kind, factor.factor_id, factor.thing, NOW)
