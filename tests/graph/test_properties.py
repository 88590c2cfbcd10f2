"""What must hold for every account, tried on thousands of them: the graph and ``decide`` agree, and no way is too cheap.

Each "never" has a policy with a hole beside it, in which the same question finds it.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparekey.domain.accounts import Account, address_thing, has_second_factor, has_settled_second_factor
from sparekey.domain.factors import Factor, Thing, things_behind
from sparekey.domain.graph.draw import Graph, draw
from sparekey.domain.graph.lockout import hitting, lockouts, ways_left
from sparekey.domain.graph.takeover import lets_in, single_points, takeovers
from sparekey.domain.policy.check import small_accounts, weak_ways
from sparekey.domain.policy.conditions import things_of
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.openings import AGENTS, openings
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.domain.policy.verdict import Allow, Ask, Delay, Verdict
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.policy.people import LONG_AGO, MAILBOX, NOW, account, show

SHOP, STRICT = load_policy("shop", {}), load_policy("strict", {})
BY_NAME = {"shop": SHOP, "strict": STRICT}

RECOVER = standard_texts()["recover"]
HOLED = load_policy("shop", {"recover": RECOVER + '\n[route.hole]\nwhy = "A hole."\nthen = "allow"\nall_of = ["email"]\n'})
"""One mailbox undoes the second factor, as in many products."""

EXTRAS = (
    *("second_email", "phone", "email_as_second", "same_mailbox", "sms", "totp", "passkey", "security_key", "phone_approval"),
    *("backup_code", "social", "remembered_device", "contacts", "stale_phone", "gone_email"),
)

extras = st.lists(st.tuples(st.sampled_from(("", "", "young-", "stolen-")), st.sampled_from(EXTRAS)), max_size=5, unique_by=lambda e: e[1])
people = extras.map(lambda chosen: account(_words(chosen)))
profiles = st.sampled_from(["shop", "strict"])
devices = st.booleans()

many = settings(max_examples=800, suppress_health_check=[HealthCheck.too_slow])


def by_factor(someone: Account, factors: list[Factor], *, agents: bool) -> tuple[Proof, ...]:
    proofs = tuple(Proof(f.kind, f.factor_id, f.thing, NOW) for f in factors)
    return (*proofs, *show(someone, "support_approval")) if agents else proofs


def signed_in_if_possible(policy: Policy, case: Situation) -> Situation:
    """Who can sign in with what he holds does so before an action that asks for a session."""
    may = isinstance(decide(policy, "sign_in", case), Allow)
    return replace(case, session_proofs=case.proofs) if may else case


# ---------------------------------------------------------------- the graph says what decide() does


@pytest.mark.row("G3")
@many
@given(people, profiles, devices, st.sampled_from([*sorted(SHOP.actions), "sign_in", "recover", "recover", "thaw"]), st.data())
def test_decide_allows_exactly_when_the_graph_shows_an_opening(
    someone: Account, profile: str, known: bool, action: str, data: st.DataObject
) -> None:
    held = data.draw(st.lists(st.sampled_from(someone.factors()), max_size=4, unique_by=lambda f: f.factor_id))
    agents = data.draw(st.booleans())
    policy, things = BY_NAME[profile], {t for f in held for t in things_behind(f.kind, f.thing)}
    held = [f for f in someone.factors() if {*things_behind(f.kind, f.thing)} <= things]
    assert disagreement(policy, policy, someone, action, held, known=known, agents=agents) == ""


def disagreement(drawn: Policy, asked: Policy, someone: Account, action: str, held: list[Factor], *, known: bool, agents: bool) -> str:
    """What ``decide`` under one policy and the openings drawn under another say differently; empty when they agree."""
    nobody_shows = Situation(someone, (), NOW, known_device=known)
    ways = openings(drawn, action, nobody_shows)

    def answer(factors: list[Factor], *, by_agents: bool) -> Verdict:
        proofs = by_factor(someone, factors, agents=by_agents)
        return decide(asked, action, signed_in_if_possible(asked, replace(nobody_shows, proofs=proofs, nothing_more=True)))

    for o in ways:
        those = [f for f in someone.factors() if f.kind in o.kinds and {*things_behind(f.kind, f.thing)} <= o.things]
        said = answer(those, by_agents=o.by_agents)
        if said != (Delay(o.route, o.wait) if o.wait else Allow(o.route)):
            return f"{o} is answered with {said}"
    if not held and not agents:
        return ""
    shown = things_of(by_factor(someone, held, agents=agents))
    best = min((o.wait for o in ways if o.things <= shown), default=None)
    match answer(held, by_agents=agents):
        case Allow():
            return "" if best == timedelta(0) else f"allowed, but the quickest opening is {best}"
        case Delay(_, wait):
            return "" if best is not None and timedelta(0) < best <= wait else f"a wait of {wait}, but the quickest opening is {best}"
        case _:
            return "refused, but there is an opening at once" if best == timedelta(0) else ""


def test_a_graph_of_another_policy_is_found_out() -> None:
    someone = account("totp")
    mailbox = [f for f in someone.factors() if f.thing == MAILBOX]
    assert "allowed, but" in disagreement(SHOP, HOLED, someone, "recover", mailbox, known=False, agents=False)
    assert "is answered with Refer" in disagreement(HOLED, SHOP, someone, "recover", mailbox, known=False, agents=False)


@pytest.mark.row("F7")
@many
@given(people, profiles, devices, st.sampled_from(["sign_in", "recover", "thaw"]), st.data())
def test_whoever_is_asked_for_more_has_it(someone: Account, profile: str, known: bool, action: str, data: st.DataObject) -> None:
    shown = by_factor(someone, data.draw(st.lists(st.sampled_from(someone.factors()), min_size=1, max_size=2)), agents=False)
    case, policy = Situation(someone, shown, NOW, known_device=known), BY_NAME[profile]
    verdict = decide(policy, action, case)
    if isinstance(verdict, Ask):
        assert verdict.choices
        assert set(verdict.choices) <= {f.kind for f in case.factors()}
        assert decide(policy, action, replace(case, nothing_more=True)) == verdict.otherwise


# ---------------------------------------------------------------- no way in is too cheap


@pytest.mark.row("R15")
@many
@given(people, profiles, devices)
def test_recovery_is_never_weaker_than_the_sign_in_that_it_replaces(someone: Account, profile: str, known: bool) -> None:
    assert list(weak_ways(BY_NAME[profile], Situation(someone, (), NOW, known_device=known))) == []


@pytest.mark.row("S6")
@settings(max_examples=300)
@given(extras, profiles, devices, st.sampled_from(["stale_phone", "gone_email"]))
def test_a_weak_address_opens_nothing_by_itself(chosen: list[tuple[str, str]], profile: str, known: bool, weak: str) -> None:
    someone = account(f"{_words([e for e in chosen if e[1] != weak])} {weak}")
    assert opened_by(BY_NAME[profile], someone, weak, known=known) == ()


def opened_by(policy: Policy, someone: Account, factor_id: str, *, known: bool = False) -> tuple[str, ...]:
    """The ways into the account for who has only the thing behind one address, by whatever factor, and every witness."""
    address = next(a for a in someone.addresses if a.address_id == factor_id)
    graph = draw(policy, someone, NOW, known_device=known)
    return tuple(o.route for o in graph.into_the_account() if o.things == {address_thing(address)})


def test_a_strong_address_that_opens_by_itself_is_found() -> None:
    assert opened_by(SHOP, account("phone"), "phone") == ("one_other_thing_and_wait",)


def test_a_weak_recovery_is_found() -> None:
    assert list(weak_ways(HOLED, Situation(account("totp"), (), NOW))) != []


@pytest.mark.row("R12", "R15")
@many
@given(people, profiles, devices)
def test_one_stolen_thing_never_opens_an_account_with_a_second_factor(someone: Account, profile: str, known: bool) -> None:
    if has_settled_second_factor(someone, NOW):
        assert given_away_by_one_thing(BY_NAME[profile], someone, known=known) == ()


def given_away_by_one_thing(policy: Policy, someone: Account, *, known: bool = False) -> tuple[Thing, ...]:
    graph = draw(policy, someone, NOW, known_device=known)
    assert all(lets_in(graph, [thing]) for thing in single_points(graph))
    return single_points(graph)


def test_a_mailbox_that_opens_everything_is_found() -> None:
    assert given_away_by_one_thing(HOLED, account("totp")) == (MAILBOX,)


@pytest.mark.row("R15")
@pytest.mark.parametrize("policy", [SHOP, STRICT], ids=lambda p: p.profile)
def test_no_small_account_with_a_second_factor_falls_to_one_thing_and_none_of_its_owners_is_left_without_a_way(policy: Policy) -> None:
    guarded = [someone for _, someone in small_accounts() if has_settled_second_factor(someone, NOW)]
    assert len(guarded) > 300
    for someone in guarded:
        graph = draw(policy, someone, NOW)
        assert single_points(graph) == ()
        assert all(ways_left(graph, [thing]) for thing in graph.held)


# With an old session, the things that a thief of the session does not have yet.
HARMLESS_WITH_A_SESSION = {"report_stolen", "object", "end_sessions", "stop_closing"}


@pytest.mark.row("F9", "S3", "P6")
@settings(max_examples=150)
@given(people, profiles, devices)
def test_a_stolen_session_and_one_stolen_thing_change_nothing_where_there_is_a_second_factor(
    someone: Account, profile: str, known: bool
) -> None:
    if has_settled_second_factor(someone, NOW):
        assert changed_by_one_thing(BY_NAME[profile], someone, known=known) == set()


def changed_by_one_thing(policy: Policy, someone: Account, *, known: bool = False) -> set[str]:
    session = Situation(someone, (), NOW, session_proofs=show(someone, "password", LONG_AGO), known_device=known)
    harmless = HARMLESS_WITH_A_SESSION | {"freeze", "undo", "confirm_payment", "sign_up"}
    return {
        action
        for action, rules in policy.actions.items()
        if action not in harmless and any(r.signed_in for r in rules.routes)
        for o in openings(policy, action, session, agents=False)
        if len(o.to_a_thief) < 2
    }


def test_an_action_that_trusts_the_session_is_found() -> None:
    own = standard_texts()["remove_factor"].replace('as_strong_as = "sign_in"\nas_strong_as_removed = true', "")
    assert changed_by_one_thing(load_policy("shop", {"remove_factor": own}), account("totp")) == {"remove_factor"}


@pytest.mark.row("C6")
@settings(max_examples=300)
@given(people, profiles, devices)
def test_agents_never_open_an_account_in_less_than_a_week(someone: Account, profile: str, known: bool) -> None:
    ways = [o for o in draw(BY_NAME[profile], someone, NOW, known_device=known).into_the_account() if o.by_agents]
    assert ways
    assert all(o.wait.days >= (7 if o.heard_by and len(o.things) > 1 else 14) for o in ways)


# ---------------------------------------------------------------- more factors, more ways for the owner, none for others

new_factors = st.tuples(st.sampled_from(("", "young-")), st.sampled_from(EXTRAS))


def with_more(chosen: list[tuple[str, str]], more: tuple[str, str]) -> tuple[Account, Account, frozenset[Thing]]:
    """An account, the same with one factor more, and the things that are new.

    The first second factor brings backup codes (F5), and so does the first one that is settled.
    """
    kept = [e for e in chosen if e[1] != more[1]]
    before = kept if has_settled_second_factor(account(_words(kept)), NOW) else [e for e in kept if e[1] != "backup_code"]
    first, then = account(_words(before)), account(_words([*before, more]))
    if (has_second_factor(then), has_settled_second_factor(then, NOW)) != (has_second_factor(first), has_settled_second_factor(first, NOW)):
        then = account(_words([*before, more, (more[0], "backup_code")]))
    known = {f.factor_id for f in first.factors()}
    return first, then, frozenset(t for f in then.factors() if f.factor_id not in known for t in things_behind(f.kind, f.thing))


def _words(chosen: list[tuple[str, str]]) -> str:
    return " ".join(state + name for state, name in chosen)


@pytest.mark.row("G3", "F7")
@many
@given(extras, new_factors, profiles, devices)
def test_adding_a_factor_takes_no_way_from_the_owner_and_gives_none_to_others(
    chosen: list[tuple[str, str]], more: tuple[str, str], profile: str, known: bool
) -> None:
    before, after, new = with_more(chosen, more)
    was, now = (draw(BY_NAME[profile], someone, NOW, known_device=known) for someone in (before, after))
    assert list(ways_lost(was, now, new)) == []
    assert list(ways_given(was, now, new)) == []


def ways_lost(was: Graph, now: Graph, new: frozenset[Thing]) -> Iterator[frozenset[Thing]]:
    """What opened the account before and does not open it as quickly any more, with the new things added."""
    for o in was.into_the_account():
        if not any(n.things <= o.things | new and n.wait <= o.wait for n in now.into_the_account()):
            yield o.things


def ways_given(was: Graph, now: Graph, new: frozenset[Thing]) -> Iterator[frozenset[Thing]]:
    """What opens the account now to someone who has none of the new things, and did not before."""
    before = takeovers(was)
    yield from (s for s in takeovers(now) if not s & new and not any(b <= s for b in before))


def test_a_factor_that_takes_or_gives_a_way_is_found() -> None:
    plain, guarded = (draw(SHOP, account(words), NOW) for words in ("", "totp backup_code"))
    assert {MAILBOX} in list(ways_lost(plain, guarded, frozenset()))
    assert {MAILBOX} in list(ways_given(guarded, plain, frozenset()))


# ---------------------------------------------------------------- locked out


@pytest.mark.row("G3")
@settings(max_examples=400)
@given(people, profiles, devices)
def test_a_lockout_leaves_only_support_and_nothing_in_it_is_lost_in_vain(someone: Account, profile: str, known: bool) -> None:
    graph = draw(BY_NAME[profile], someone, NOW, known_device=known)
    for lockout in lockouts(graph, agents=True):
        assert lockout.support
        assert all(o.by_agents for o in ways_left(graph, lockout.lost))
        assert all(any(not o.by_agents for o in ways_left(graph, lockout.lost - {thing})) for thing in lockout.lost)


@given(st.lists(st.frozensets(st.sampled_from([Thing(MAILBOX.kind, n) for n in "abcdef"]), min_size=1), max_size=6))
def test_the_smallest_hitting_sets_hit_all_and_are_smallest(sets: list[frozenset[Thing]]) -> None:
    hits: Callable[[frozenset[Thing]], bool] = lambda some: all(some & s for s in sets)  # noqa: E731 (a question, used twice)
    found = hitting(sets)
    assert all(hits(some) and not any(hits(some - {t}) for t in some) for some in found)
    assert AGENTS not in {t for some in found for t in some}
