"""``decide``: what the policy answers to what was proven so far. A question: it changes nothing and knows no time of its own."""

from collections.abc import Iterable
from itertools import combinations

from sparekey.domain.actions import RECOVERIES
from sparekey.domain.factors import Factor, FactorKind, things_behind
from sparekey.domain.policy.conditions import Seen, fits, rules_of, see, things_of
from sparekey.domain.policy.model import DISPUTE_DECIDED_AFTER, ActionPolicy, Closure, Policy, Route, Situation, Then
from sparekey.domain.policy.verdict import Allow, Ask, Delay, Deny, Refer, Verdict
from sparekey.domain.proofs import Proof

MORE_AT_MOST = 2
"""How many further proofs are thought of when asking "does this lead on?". No standard route needs more after the first, but for a cancel,
which takes as many as the recovery that it is about has shown."""

Standing = Allow | Delay | Refer | Deny
"""What stands with the proofs at hand, before anything more is asked for."""


def decide(policy: Policy, action: str, situation: Situation) -> Verdict:
    """The answer of the policy. Raises ``BadSettings`` for an action that it does not know.

    Of all routes that fit the best one answers: allow before a shorter wait before a longer one before support. ``Ask`` is
    answered instead as long as something better can still be reached, until the person has nothing more.
    """
    rules = rules_of(policy, action)
    if not rules.offered:
        return Deny("not_offered")
    if not situation.in_session and all(r.signed_in for r in rules.routes):
        return Deny("not_signed_in")
    if not situation.in_session and not situation.proofs:
        return _before_the_first_proof(rules, situation)
    seen = see(policy, situation)
    standing = stands(rules, seen)
    closed = withheld(rules, situation)
    if closed is not None and isinstance(standing, Allow | Delay):
        return closed
    if situation.disputed and action in RECOVERIES and isinstance(standing, Allow | Delay):
        return _in_dispute(rules, seen, standing)
    if isinstance(standing, Allow) or situation.nothing_more:
        return standing
    choices = _leading_on(rules, seen, standing)
    return Ask(choices, standing) if choices else standing


def stands(rules: ActionPolicy, seen: Seen) -> Standing:
    """The best that the proofs at hand reach by themselves."""
    return _best([r for r in rules.routes if fits(r, rules, seen)])


def rank(standing: Standing) -> tuple[int, float]:
    """Smaller is better."""
    match standing:
        case Allow():
            return (0, 0)
        case Delay(_, wait):
            return (1, wait.total_seconds())
        case Refer():
            return (2, 0)
        case Deny():
            return (3, 0)


def _leads_to(route: Route) -> Allow | Delay | Refer:
    match route.then:
        case Then.ALLOW:
            return Allow(route.name)
        case Then.WAIT:
            return Delay(route.name, route.wait)
        case Then.REFER:
            return Refer(route.name)


def _best(routes: Iterable[Route]) -> Standing:
    return min((_leads_to(r) for r in routes), key=rank, default=Deny("no_route"))


def _before_the_first_proof(rules: ActionPolicy, situation: Situation) -> Verdict:
    """The same for every name: only routes that ask for nothing at all, not even about the account, can stand (R3)."""
    standing = _best(r for r in rules.routes if not r.needs)
    if isinstance(standing, Allow) or situation.nothing_more:
        return standing
    return Ask(rules.ask, standing)


def withheld(rules: ActionPolicy, situation: Situation) -> Deny | None:
    """Why the action is not to be had now, whatever is shown; ``None`` where nothing is in the way."""
    is_so = {
        Closure.BLOCKED: situation.account.blocked_at is not None,
        Closure.FROZEN: situation.account.frozen_at is not None,
        Closure.DISPUTED: situation.disputed,
        Closure.QUARANTINED: situation.quarantined,
        Closure.OLDER_IN_QUARANTINE: situation.quarantined and not situation.removes_younger,
    }
    found = next((c for c in Closure if c in rules.closed_while and is_so[c]), None)
    if found is None:
        return None
    return Deny(Closure.QUARANTINED.value if found is Closure.OLDER_IN_QUARANTINE else found.value)


def _in_dispute(rules: ActionPolicy, seen: Seen, standing: Allow | Delay) -> Verdict:
    """Two sides claim the account: no recovery opens before it is decided, and everything settled that is shown weighs (R16)."""
    held = Delay(standing.route, DISPUTE_DECIDED_AFTER) if isinstance(standing, Allow) else standing
    shown = things_of(p for p in seen.proofs if not p.enrolling)
    weighs = {f.kind for f in seen.factors if f.thing in seen.settled and not shown.issuperset(things_behind(f.kind, f.thing))}
    choices = tuple(k for k in order_of_kinds(rules, seen.policy) if k in weighs)
    return held if seen.situation.nothing_more or not choices else Ask(choices, held)


def _leading_on(rules: ActionPolicy, seen: Seen, standing: Standing) -> tuple[FactorKind, ...]:
    """The kinds of which one more proof, or one beside another, reaches something better. Best first, as in the file."""
    order = order_of_kinds(rules, seen.policy)
    proofs, session_proofs, now = seen.proofs, seen.session_proofs, seen.situation.now
    shown = {(p.kind, p.thing) for p in proofs if not p.enrolling}
    left = [f for f in seen.factors if f.kind in order and (f.kind, f.thing) not in shown]
    useful: list[frozenset[Factor]] = []
    recovery = seen.situation.recovery
    most = max(MORE_AT_MOST, recovery.settled_things if recovery else 0)
    for more in (m for size in range(1, most + 1) for m in combinations(left, size)):
        if any(u < set(more) for u in useful):
            continue
        then = seen.with_proofs((*proofs, *(Proof(f.kind, f.factor_id, f.thing, now) for f in more)), session_proofs)
        if rank(stands(rules, then)) < rank(standing):
            useful.append(frozenset(more))
    kinds = {f.kind for more in useful for f in more}
    return tuple(k for k in order if k in kinds)


def order_of_kinds(rules: ActionPolicy, policy: Policy) -> tuple[FactorKind, ...]:
    """Every kind that can matter for an action, in the order in which the files name them."""
    named = (k for r in rules.routes for k in r.kinds)
    beside = (k for r in rules.routes if r.as_strong_as for k in order_of_kinds(policy.actions[r.as_strong_as], policy))
    return tuple(dict.fromkeys((*rules.ask, *named, *beside)))
