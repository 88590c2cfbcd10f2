"""The vocabulary of the policy files: which words a route may use, and how each is judged.

Everything that is judged about proofs is judged here, of *things held* and not of factors: one mailbox counts once, by
however many factors it is shown. ``decide`` asks through ``fits``, and so do the graph and the check.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum, unique
from functools import cached_property
from itertools import combinations

from sparekey.domain.accounts import address_thing, has_second_factor, has_settled_second_factor, is_settled, is_weak, second_factors
from sparekey.domain.agents import ROLE
from sparekey.domain.errors import BadSettings
from sparekey.domain.factors import PHISHING_RESISTANT, Factor, FactorKind, Thing, things_behind
from sparekey.domain.policy.model import ActionPolicy, Policy, Route, Situation, Then
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace

STANDS_IN = frozenset({FactorKind.BACKUP_CODE, FactorKind.REMEMBERED_DEVICE})
"""They exist only beside a second factor and stand in for it, so they need not be chosen as one."""


@unique
class Takes(StrEnum):
    """What stands behind a word in the file."""

    YES = "true"
    YES_OR_NO = "true or false"
    NUMBER = "a whole number"
    KINDS = "a list of kinds of proof"
    ACTION = "the name of an action"


class Seen(Struct, frozen=True):
    """A situation under a policy, with what every route needs to know of it worked out once.

    ``proofs`` and ``session_proofs`` are those that are judged; at first those of the situation.
    ``settled``: a thing is as settled as the oldest factor by which it is on the account. ``weak``: things that count only beside
    another one (mission.md, S6). ``second`` and ``settled_second``:
    whether the account has such a factor.
    """

    policy: Policy
    situation: Situation
    factors: tuple[Factor, ...]
    settled: frozenset[Thing]
    weak: frozenset[Thing]
    second: bool
    settled_second: bool
    proofs: tuple[Proof, ...]
    session_proofs: tuple[Proof, ...]

    def with_proofs(self, proofs: tuple[Proof, ...], session_proofs: tuple[Proof, ...]) -> "Seen":
        """The same people in the same place, but with these things shown."""
        return replace(self, proofs=proofs, session_proofs=session_proofs)

    def is_settled(self, factor: Factor) -> bool:
        return is_settled(factor, self.situation.account.contested_at, self.situation.now)


def see(policy: Policy, situation: Situation) -> Seen:
    account, now, factors = situation.account, situation.now, situation.factors()
    return Seen(
        policy,
        situation,
        factors,
        settled=frozenset(f.thing for f in factors if is_settled(f, account.contested_at, now)),
        weak=frozenset(address_thing(a) for a in account.addresses if is_weak(a, now)),
        second=has_second_factor(account),
        settled_second=has_settled_second_factor(account, now),
        proofs=situation.proofs,
        session_proofs=situation.session_proofs,
    )


class Facts(Struct, frozen=True, dict=True):
    """What one route is judged by. Not slotted, so that what is worked out only when a word asks for it is kept."""

    route: Route
    rules: ActionPolicy
    seen: Seen

    @property
    def situation(self) -> Situation:
        return self.seen.situation

    @cached_property
    def shown(self) -> tuple[Proof, ...]:
        """The proofs that count in the route."""
        return counted(self.route, self.rules, self.seen)

    @cached_property
    def kinds(self) -> frozenset[FactorKind]:
        return frozenset(p.kind for p in self.shown)


class Word(Struct, frozen=True):
    """``takes``: what may stand behind it; the choices themselves where it is one of a few. ``holds``: the judge."""

    name: str
    takes: Takes | tuple[str, ...]
    means: str
    holds: Callable[[Facts], bool]


# ---------------------------------------------------------------- what counts


def counted(route: Route, rules: ActionPolicy, seen: Seen) -> tuple[Proof, ...]:
    """The proofs that count in a route: of this account, not won while enrolling, settled and fresh where the route says so.

    A route that names kinds for ``second`` looks at chosen second factors and at what it names besides, nothing else: another
    mailbox beside the password is no second factor.
    """
    kinds = frozenset(route.kinds if route.second else (*rules.ask, *route.kinds))
    shown = tuple(p for p in _given(route, seen) if p.kind in kinds and not p.enrolling and _is_held(p, route, seen))
    return shown if any(p.thing not in seen.weak for p in shown) else ()


def _is_held(proof: Proof, route: Route, seen: Seen) -> bool:
    """Whether the account (still) has the factor by which the thing was shown, as the route wants it."""
    if proof.kind is FactorKind.SUPPORT_APPROVAL:
        return True
    if proof.thing == seen.situation.given_up:
        return False
    if route.settled and (proof.thing not in seen.settled or not _link_is_settled(proof, seen)):
        return False
    if route.second and proof.kind not in {*route.all_of, *route.any_of} and not _is_second(proof, route, seen):
        return False
    return any(f.factor_id == proof.factor_id and f.kind is proof.kind and f.thing == proof.thing for f in seen.factors)


def _link_is_settled(proof: Proof, seen: Seen) -> bool:
    """A young link is not settled by the old mailbox that it is held as: whoever had the mailbox for an hour can have made it."""
    return proof.kind is not FactorKind.SOCIAL or any(f.factor_id == proof.factor_id and seen.is_settled(f) for f in seen.factors)


def _is_second(proof: Proof, route: Route, seen: Seen) -> bool:
    """Shown by what the owner chose as a second factor, or by what stands in for one.

    Where only settled things count the choice must be settled too: an old mailbox chosen yesterday is no old second factor.
    """
    if proof.kind in STANDS_IN:
        return True
    chosen = (f for f in second_factors(seen.situation.account) if f.kind is proof.kind and f.thing == proof.thing)
    return any(not route.settled or seen.is_settled(f) for f in chosen)


def _given(route: Route, seen: Seen) -> tuple[Proof, ...]:
    """What was shown in this flow, and what the session showed so lately that the route still takes it."""
    now = seen.situation.now
    fresh = (p for p in seen.session_proofs if (now - p.at).total_seconds() < route.fresh_minutes * 60)
    return (*seen.proofs, *fresh)


def things_of(proofs: Iterable[Proof]) -> frozenset[Thing]:
    """All that a thief must get to give these proofs."""
    return frozenset(t for p in proofs for t in things_behind(p.kind, p.thing))


def count_things(facts: Facts) -> int:
    """How many different things were shown. From an unknown device, those often lost together are one; from a known one, those that
    are lost together with the device itself.
    """
    things = tuple(things_of(facts.shown))
    if facts.route.often_lost_together == "count_each":
        return len(things)
    together = [group for group in facts.seen.policy.lost_together if group.in_hand or not facts.situation.known_device]

    def apart(a: Thing, b: Thing) -> bool:
        # Two of one kind are two, but not in one hand: a stolen phone reads every mailbox and opens every app that is on it.
        both = [group for group in together if a.kind in group.things and b.kind in group.things]
        return not any(group.in_hand for group in both) if a.kind is b.kind else not both

    sizes = range(len(things), 0, -1)
    return next((n for n in sizes for some in combinations(things, n) if all(apart(a, b) for a, b in combinations(some, 2))), 0)


def witnesses(seen: Seen) -> frozenset[Thing]:
    """The settled things, not shown in this flow, that hear of a wait (mission.md, R10). A mailbox that mail is refused from hears of
    nothing: its notices are never counted, so a wait with no other witness would never end."""
    account = seen.situation.account
    heard = frozenset(f.thing for f in account.factors() if f.kind in seen.policy.witnesses)
    gone = frozenset(address_thing(a) for a in account.addresses if a.bounced_at is not None)
    return (heard & seen.settled) - gone - things_of(seen.proofs)


def in_one_hand(facts: Facts) -> bool:
    """Whether one stolen device explains all that counts. Then it hears of a wait too, so nobody else would object."""
    kinds = {t.kind for t in things_of(facts.shown)}
    return any(group.in_hand and kinds <= group.things for group in facts.seen.policy.lost_together)


# ---------------------------------------------------------------- the judges


def _always(_: Facts) -> bool:
    """For words that say what the rest of the route looks at."""
    return True


def _second_shown(kinds: Iterable[FactorKind], facts: Facts) -> bool:
    return any(p.kind in kinds and _is_second(p, facts.route, facts.seen) for p in facts.shown)


def _breached_may_count(facts: Facts) -> bool:
    s = facts.situation
    return facts.route.breached_password == "anywhere" or s.known_device or not s.breached_password


def _allowed_alone(action: str, seen: Seen) -> bool:
    rules = seen.policy.actions[action]
    return any(r.then is Then.ALLOW and fits(r, rules, seen) for r in rules.routes)


def _as_strong(facts: Facts) -> bool:
    """The proofs of this flow and the fresh ones of the session would, by themselves, be allowed the other action."""
    return _allowed_alone(facts.route.as_strong_as, facts.seen.with_proofs(_given(facts.route, facts.seen), ()))


def _as_strong_as_removed(facts: Facts) -> bool:
    target = facts.situation.target
    if target is None:
        return True
    held = [p for p in _given(facts.route, facts.seen) if not p.enrolling and _is_held(p, facts.route, facts.seen)]
    enough = len(things_of(held)) >= len(things_behind(target.kind, target.thing))
    return enough and (target.kind not in PHISHING_RESISTANT or any(p.kind in PHISHING_RESISTANT for p in held))


def _second_if_keys(facts: Facts) -> bool:
    """Recovery of an account with a passkey or security key gets past the second prompt of signing in, as it stands (R15).

    Asked only where a settled key is on the account (reported stolen or not), and never taken back when a factor is added.
    """
    seen, account = facts.seen, facts.situation.account
    keys = (f for f in second_factors(account) if f.kind in PHISHING_RESISTANT)
    if not any(seen.is_settled(replace(f, stolen=False)) for f in keys):
        return True
    seconds = tuple(p for p in facts.shown if _is_second(p, facts.route, seen))
    firsts = (f for f in account.factors() if f.kind in {FactorKind.PASSWORD, FactorKind.SOCIAL})
    as_if = (Proof(f.kind, f.factor_id, f.thing, facts.situation.now) for f in firsts)
    return any(_allowed_alone("sign_in", seen.with_proofs((*seconds, *first), ())) for first in ((), *((p,) for p in as_if)))


def _is_contested(situation: Situation) -> bool:
    left = {f.thing for f in situation.former}
    return situation.account.frozen_at is not None or any(p.thing in left for p in situation.proofs)


def _outweighs(facts: Facts) -> bool:
    """A full sign-in made after the recovery began, with no fewer settled things than it showed (R10, cancel)."""
    recovery = facts.situation.recovery
    if recovery is None:
        return False
    since = facts.seen.with_proofs(tuple(p for p in facts.seen.proofs if p.at >= recovery.began_at), ())
    settled = counted(replace(facts.route, settled=True), facts.rules, since)
    return len(things_of(settled)) >= recovery.settled_things and _allowed_alone("sign_in", since)


WORDS: tuple[Word, ...] = (
    # What the rest of the route looks at.
    Word("signed_in", Takes.YES, "The person is signed in.", lambda f: f.situation.signed_in or bool(f.seen.session_proofs)),
    Word("fresh_minutes", Takes.NUMBER, "Proofs of the session count while they are younger than this.", _always),
    Word("settled", Takes.YES, "Only things that are settled count: 30 days on the account without objection.", _always),
    Word(
        "often_lost_together",
        ("count_as_one", "count_each"),
        "How things that one theft often takes at once are counted when they come from an unknown device; "
        "they are one thing unless the route says count_each.",
        _always,
    ),
    # The account.
    Word("agent", Takes.YES, "The account is that of an agent of support.", lambda f: f.situation.account.role == ROLE),
    Word(
        "contested",
        Takes.YES_OR_NO,
        "Whether the account is locked, because somebody said that a change was not theirs, or an address was shown that has left it.",
        lambda f: f.route.contested is _is_contested(f.situation),
    ),
    Word(
        "second_factor",
        Takes.YES_OR_NO,
        "Whether the account has a second factor at all.",
        lambda f: f.route.second_factor is f.seen.second,
    ),
    Word(
        "settled_second_factor",
        Takes.YES_OR_NO,
        "Whether the account has a second factor that is settled; a young one raises nothing.",
        lambda f: f.route.settled_second_factor is f.seen.settled_second,
    ),
    Word(
        "breached_password",
        ("anywhere", "on_known_devices"),
        "Where a password that is known to be breached is good enough for the route; anywhere unless the route says otherwise.",
        _breached_may_count,
    ),
    Word(
        "given_up",
        Takes.YES_OR_NO,
        "Whether the owner says that the address to be removed is not theirs any more; then it proves nothing here.",
        lambda f: f.route.given_up is (f.situation.given_up is not None),
    ),
    # What was shown.
    Word("all_of", Takes.KINDS, "Each of these was shown.", lambda f: f.kinds.issuperset(f.route.all_of)),
    Word("any_of", Takes.KINDS, "At least one of these was shown.", lambda f: not f.kinds.isdisjoint(f.route.any_of)),
    Word(
        "second",
        Takes.KINDS,
        "At least one of these was shown, by a factor that the owner chose as a second one (or by a backup code or remembered "
        "device, which stand in for it).",
        lambda f: _second_shown(f.route.second, f),
    ),
    Word(
        "in_this_flow",
        Takes.KINDS,
        "At least one of these was shown for this very action; a proof of the session is not enough.",
        lambda f: any(p.kind in f.route.in_this_flow and p in f.seen.proofs for p in f.shown),
    ),
    Word(
        "enrols",
        Takes.KINDS,
        "One of these was proven while it is being enrolled. Such a proof counts for nothing else.",
        lambda f: any(p.enrolling and p.kind in f.route.enrols for p in f.seen.proofs),
    ),
    Word(
        "things",
        Takes.NUMBER,
        "So many different things held were shown; a passkey is two, the key and what unlocks it.",
        lambda f: count_things(f) >= f.route.things,
    ),
    Word("as_strong_as", Takes.ACTION, "The fresh proofs would be enough to be allowed this other action.", _as_strong),
    Word(
        "as_strong_as_removed",
        Takes.YES,
        "The fresh proofs are as many things, and as safe against phishing, as the factor that is removed.",
        _as_strong_as_removed,
    ),
    Word(
        "a_second_factor_if_keys",
        Takes.YES,
        "Where the account has a settled passkey or security key: what was shown would get past the second prompt of signing in, "
        "were the password right.",
        _second_if_keys,
    ),
    Word(
        "outweighs_recovery",
        Takes.YES,
        "A full sign-in after the running recovery began, with no fewer settled things than it showed.",
        _outweighs,
    ),
    Word(
        "weighs_anew",
        Takes.YES,
        "Something was shown that was not shown before against the recoveries that wait.",
        lambda f: not things_of(f.shown) <= f.situation.weighed,
    ),
    Word("nothing_left", Takes.YES, "The person said that there is nothing more to show.", lambda f: f.situation.nothing_more),
    Word(
        "no_witness",
        Takes.YES,
        "Nobody else could hear of it: no settled address is left that was not shown.",
        lambda f: not witnesses(f.seen),
    ),
    Word(
        "witness",
        Takes.YES,
        "Someone else hears of it: a settled address is left that was not shown.",
        lambda f: bool(witnesses(f.seen)),
    ),
    Word(
        "witness_elsewhere",
        Takes.YES,
        "What was shown does not all come from one device in hand, which would hear of the wait itself.",
        lambda f: not in_one_hand(f),
    ),
)

VOCABULARY: dict[str, Word] = {w.name: w for w in WORDS}


def fits(route: Route, rules: ActionPolicy, seen: Seen) -> bool:
    """Whether everything that the route asks for is there."""
    if rules.for_agents is not None and seen.situation.account.role == ROLE and route.name not in rules.for_agents:
        return False
    facts = Facts(route, rules, seen)
    return all(VOCABULARY[word].holds(facts) for word in route.needs)


def rules_of(policy: Policy, action: str) -> ActionPolicy:
    """What the policy says of an action. Raises ``BadSettings`` for an action that it does not know."""
    if action not in policy.actions:
        raise BadSettings(f"the policy has no action named {action}")
    return policy.actions[action]
