"""What opens an action on one account: the smallest sets of things held, found by asking the same judges as ``decide``.

The graph draws and weighs these; ``check`` reads them for every small account. No rule of the policy is repeated here.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.policy.conditions import Seen, fits, rules_of, see, things_of, witnesses
from sparekey.domain.policy.decide import Standing, order_of_kinds, rank, stands
from sparekey.domain.policy.model import ActionPolicy, Policy, Route, Situation, Then
from sparekey.domain.policy.verdict import Allow, Delay
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct

AGENTS = Thing(ThingKind.AGENTS, "two agents")


class Opening(Struct, frozen=True):
    """One way to an action. ``things``: what is shown, all of it needed. ``heard_by``: who is told while it waits."""

    action: str
    route: str
    kinds: frozenset[FactorKind]
    things: frozenset[Thing]
    wait: timedelta
    heard_by: frozenset[Thing]

    @property
    def to_a_thief(self) -> frozenset[Thing]:
        """What a thief needs: a wait of which somebody else hears does not let him in, so he must hold every witness too."""
        return self.things | self.heard_by

    @property
    def by_agents(self) -> bool:
        return AGENTS in self.things


def openings(policy: Policy, action: str, situation: Situation, *, agents: bool = True) -> tuple[Opening, ...]:
    """Every smallest way to an action for who holds the things of this account, smallest first. ``agents``: also with support.

    ``situation``: the account and its circumstances; proofs in it count as given to everyone (such as the old session of a
    stolen phone). Who needs to be signed in for the action signs in with the same things first.
    """
    rules = rules_of(policy, action)
    if not rules.offered:
        return ()
    seen = see(policy, situation)
    found: list[tuple[Opening, Standing]] = []
    for shown in _sets(_provable(rules, seen, agents=agents), most_proofs(policy, rules)):
        things = frozenset(t for f in shown for t in things_of([_proof(f, situation)]))
        known = [standing for o, standing in found if o.things <= things]
        if any(isinstance(standing, Allow) for standing in known):
            continue
        then = _acting_with(shown, rules, seen)
        standing = stands(rules, then)
        if any(rank(k) <= rank(standing) for k in known):
            continue
        kinds = frozenset(f.kind for f in shown)
        match standing:
            case Allow(route):
                found.append((Opening(action, route, kinds, things, timedelta(0), frozenset()), standing))
            case Delay(route, wait):
                found.append((Opening(action, route, kinds, things, wait, witnesses(then)), standing))
            case _:
                pass
    return tuple(o for o, _ in found)


def most_proofs(policy: Policy, rules: ActionPolicy) -> int:
    """How many proofs any route of the action can need at most."""
    return max((_most(policy, r) for r in rules.routes), default=0)


def _most(policy: Policy, route: Route) -> int:
    named = len(route.all_of) + sum(map(bool, (route.any_of, route.second, route.in_this_flow, route.enrols)))
    first = most_proofs(policy, policy.actions[route.as_strong_as or "sign_in"]) if route.as_strong_as or route.signed_in else 0
    return named + max(0, route.things - bool(named)) + first


def _provable(rules: ActionPolicy, seen: Seen, *, agents: bool) -> tuple[Factor, ...]:
    kinds = set(order_of_kinds(rules, seen.policy))
    if any(r.signed_in for r in rules.routes):
        kinds.update(order_of_kinds(seen.policy.actions["sign_in"], seen.policy))
    useful = tuple(f for f in seen.factors if f.kind in kinds)
    if not agents or FactorKind.SUPPORT_APPROVAL not in kinds:
        return useful
    return (*useful, Factor("support_approval", FactorKind.SUPPORT_APPROVAL, AGENTS, seen.situation.now))


def _sets(factors: tuple[Factor, ...], most: int) -> Iterator[tuple[Factor, ...]]:
    for size in range(min(most, len(factors)) + 1):
        yield from combinations(factors, size)


def _proof(factor: Factor, situation: Situation) -> Proof:
    return Proof(factor.kind, factor.factor_id, factor.thing, situation.now)


def _acting_with(shown: tuple[Factor, ...], rules: ActionPolicy, seen: Seen) -> Seen:
    proofs = (*seen.proofs, *(_proof(f, seen.situation) for f in shown))
    with_them = seen.with_proofs(proofs, seen.session_proofs)
    if seen.session_proofs or not any(r.signed_in for r in rules.routes):
        return with_them
    sign_in = seen.policy.actions["sign_in"]
    may = any(r.then is Then.ALLOW and fits(r, sign_in, with_them) for r in sign_in.routes)
    return seen.with_proofs(proofs, proofs) if may else with_them
