"""More than ten thousand ways to have an account: none with a second factor falls to one theft, nobody is locked out by one loss.

The page in the docs, its table and its picture are what is counted here.
"""

import random
import sys

import pytest
from rich.console import Console

from sparekey.domain.accounts import AddressKind
from sparekey.domain.factors import FactorKind
from sparekey.domain.graph.draw import draw
from sparekey.domain.graph.lockout import lockouts, ways_left
from sparekey.domain.graph.takeover import lets_in
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.openings import Opening
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.domain.policy.verdict import Delay, Refer
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.graph.counted import PAGE, PICTURE, Count, counted, has_spare, picture, tables, ten_thousand, told, with_table
from tests.graph.enrolments import GONE, LAST_WEEK, NOW, Enrolment, enrolments, losses, thefts
from tests.graph.judged import Judge, Way

POLICIES = {profile: load_policy(profile, {}) for profile in ("shop", "strict")}
TEXTS = standard_texts()


@pytest.fixture(scope="module")
def count() -> Count:
    made = ten_thousand()
    console = Console(file=sys.stdout, width=170)
    for table in tables(made):
        console.print(table)
    return made


@pytest.mark.row("R12", "R15")
def test_no_single_theft_takes_over_an_account_with_a_second_factor(count: Count) -> None:
    assert count.enrolments >= 10_000
    assert count.guarded > 9_000
    assert [f"{what} opens {one} by {route}" for one, what, route in count.taken] == []


@pytest.mark.row("R10", "R12", "C6")
def test_no_single_loss_leaves_an_owner_without_a_way_back(count: Count) -> None:
    """A support case counts where two agents are; elsewhere whoever has kept the codes that a second factor comes with needs none."""
    assert [f"{one} without {loss}" for one, loss in count.locked_out] == []
    assert [f"{one} without {loss}" for one, loss in count.outside if has_spare(one)] == []


@pytest.mark.row("G3")
def test_who_is_left_outside_on_a_site_without_agents_is_told_before(count: Count) -> None:
    """The graph of the account, which its owner is shown, names the thing whose loss locks out."""
    chance = random.Random("outside")
    there = [(one, loss) for one, loss in count.outside if loss not in {GONE, "phone"}]
    for one, loss in chance.sample(there, 60):
        graph = draw(POLICIES[one.profile], one.account, NOW)
        lost = {one.factors[w].thing for w in losses(one)[loss]}
        assert any(lock.lost <= lost and not lock.support for lock in lockouts(graph, agents=False)), f"{one} without {loss}"


def test_page_and_picture_say_what_was_counted(count: Count) -> None:
    """``python -m tests.graph.counted`` brings them up to date."""
    page = PAGE.read_text()
    assert with_table(page, told(count)) == page
    assert PICTURE.read_text() == picture(count)


# ---------------------------------------------------------------- held to the graph as it is drawn


def differences(one: Enrolment, judge: Judge) -> list[str]:
    """What is said quickly of this account and differently by its graph, drawn whole."""
    found = []
    policy = POLICIES[one.profile]
    for what, theft in thefts(one).items():
        graph = draw(policy, one.account, NOW, known_device=theft.at_home)
        opened = [o.route for o in lets_in(graph, one.things(theft.words))]
        quickly = judge.opened_by(one, replace(theft, session=False))  # the graph draws the ways in, not what a session is good for
        if bool(opened) != bool(quickly):
            found.append(f"{what}: {quickly or 'nothing'}, but the graph has {opened}")
    ways = draw(policy, one.account, NOW)
    for loss, words in losses(one).items():
        lost = {one.factors[w].thing for w in words}
        left = [o for o in ways_left(ways, lost) if not o.by_agents and (loss != GONE or not o.wait or len(o.heard_by - lost) > 0)]
        back = judge.way_back(one, loss).way
        by_graph = min((_way(o) for o in left), default=Way.CASE)
        if by_graph != back:
            found.append(f"{loss}: {back.name}, but the graph has {by_graph.name}")
    return found


def _way(o: Opening) -> Way:
    return Way.SIGN_IN if o.action == "sign_in" else Way(int(o.wait.total_seconds()) // 3600) if o.wait else Way.RECOVER


def _sample(most: int) -> list[Enrolment]:
    return random.Random("whole").sample(enrolments(10_400), most)


def test_the_quick_count_says_what_the_whole_graph_says() -> None:
    judges = {profile: Judge(policy) for profile, policy in POLICIES.items()}
    assert [f"{one}: {d}" for one in _sample(25) for d in differences(one, judges[one.profile])] == []


@pytest.mark.soak
def test_the_quick_count_says_what_the_whole_graph_says_of_many() -> None:
    judges = {profile: Judge(policy) for profile, policy in POLICIES.items()}
    assert [f"{one}: {d}" for one in _sample(1500) for d in differences(one, judges[one.profile])] == []


def test_a_count_by_another_policy_is_found_out() -> None:
    assert [d for one in _sample(6) if one.profile == "shop" for d in differences(one, Judge(holed("mailbox")))] != []


# ---------------------------------------------------------------- planted


def holed(hole: str) -> Policy:
    """A policy that somebody has made worse."""
    match hole:
        case "mailbox":
            route = '\n[route.hole]\nwhy = "A hole."\nthen = "allow"\nall_of = ["email"]\n'
            return load_policy("shop", {"recover": TEXTS["recover"] + route})
        case "wait":
            route = '\n[route.hole]\nwhy = "A hole."\nthen = "wait"\nwait_hours = 72\nall_of = ["email"]\n'
            return load_policy("shop", {"recover": TEXTS["recover"] + route})
        case "session":
            route = '\n[route.hole]\nwhy = "A hole."\nthen = "allow"\nsigned_in = true\n'
            return load_policy("shop", {"remove_factor": TEXTS["remove_factor"] + route})
        case "hand":
            things = TEXTS["things"].replace('"device", "browser", "social"]', '"device", "browser"]')
            assert things != TEXTS["things"]
            return load_policy("shop", {"things": things})
        case _:
            assert hole == "closed"
            before, _, rest = TEXTS["recover"].partition("[route.two_things]")
            return load_policy("strict", {"recover": before + rest[rest.index("[route.two_things_and_wait]") :]})


SOME = enrolments(10_400)[::48]


@pytest.mark.parametrize(
    ("hole", "what"), [("mailbox", "mailbox"), ("wait", "mailbox"), ("session", "session"), ("hand", "unlocked phone")]
)
def test_a_hole_is_found(hole: str, what: str) -> None:
    assert what in {stolen for _, stolen, _ in counted([one for one in SOME if one.profile == "shop"], {"shop": holed(hole)}).taken}


def test_a_way_back_that_is_missing_is_found() -> None:
    outside = counted([one for one in SOME if one.profile == "strict"], {"strict": holed("closed")}).outside
    assert "password" in {loss for one, loss in outside if has_spare(one)}


@pytest.mark.row("S6", "R10")
def test_a_mailbox_that_takes_no_mail_is_nobody_who_hears_of_a_wait() -> None:
    """Its notices are never counted, so such a wait would never end: its owner is led to a case instead."""
    one = Enrolment("shop", frozenset({"number"})).account
    gone = replace(
        one, addresses=tuple(replace(a, bounced_at=LAST_WEEK) if a.main and a.kind is AddressKind.EMAIL else a for a in one.addresses)
    )
    number = next(f for f in one.factors() if f.kind is FactorKind.SMS)
    shown = (Proof(number.kind, number.factor_id, number.thing, NOW),)
    assert isinstance(decide(POLICIES["shop"], "recover", Situation(one, shown, NOW, nothing_more=True)), Delay)
    assert isinstance(decide(POLICIES["shop"], "recover", Situation(gone, shown, NOW, nothing_more=True)), Refer)
