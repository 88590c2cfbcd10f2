"""Who wins a dispute, and when it is over, as arithmetic (R16)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.domain.accounts import AccountId
from sparekey.domain.disputes import (
    APPROVAL_WEIGHS,
    OVER_AFTER,
    Dispute,
    ObjectionWins,
    RecoveryWins,
    Tie,
    Unopposed,
    opened,
    weigh,
    weight,
)
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow.waiting import STEP_AT_MOST
from sparekey.domain.policy.model import DISPUTE_DECIDED_AFTER
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.domain import outcomes
from tests.policy.people import NOW, account, show

pytestmark = pytest.mark.row("R16")

SHOP = load_policy("shop", {})
APPROVED = Proof(FactorKind.SUPPORT_APPROVAL, "support_approval", Thing(ThingKind.AGENTS, "two agents"), NOW)
WEIGHTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 5), max_size=4)


def new() -> Dispute:
    return opened("d" * 32, AccountId("a" * 32), NOW)


def test_the_page_shows_who_wins() -> None:
    assert outcomes.told(outcomes.PAGE.read_text()) == outcomes.table(), "bring it up to date: python -m tests.domain.outcomes"


def test_a_rule_that_changed_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "weigh", lambda claims, objection: ObjectionWins())
    assert outcomes.told(outcomes.PAGE.read_text()) != outcomes.table()


@given(WEIGHTS, st.integers(0, 5))
def test_more_wins_and_nobody_else(claims: dict[str, int], objection: int) -> None:
    match weigh(claims, objection):
        case RecoveryWins(flow_id):
            others = [w for other, w in claims.items() if other != flow_id]
            assert all(claims[flow_id] > w for w in (*others, objection))
        case ObjectionWins():
            assert all(objection > w for w in claims.values())
        case Tie():
            everybody = (*claims.values(), objection)
            assert everybody.count(max(everybody)) >= 2
        case Unopposed():
            assert len(claims) + (objection > 0) < 2


@pytest.mark.parametrize(
    ("who", "shown", "weighs"),
    [
        ("", "email", 1),
        ("", "email password", 2),
        ("totp", "email password totp", 3),
        ("passkey", "passkey", 2),
        ("young-totp", "password totp", 1),
        ("young-second_email", "second_email", 0),
        ("stolen-totp", "totp", 0),
        ("totp", "email enrolling-totp", 1),
        ("same_mailbox", "email same_mailbox", 1),
        ("young-same_mailbox", "same_mailbox", 0),
        ("phone", "phone", 1),
        ("", "", 0),
    ],
)
def test_only_settled_things_weigh_and_each_once(who: str, shown: str, weighs: int) -> None:
    someone = account(who)
    assert weight(SHOP, someone, show(someone, shown), NOW) == weighs
    assert weight(SHOP, someone, (*show(someone, shown), APPROVED), NOW) == weighs + APPROVAL_WEIGHS


def test_a_number_that_was_not_confirmed_for_a_year_weighs_only_beside_another_thing() -> None:
    someone = account("phone")
    later = NOW + timedelta(days=400)
    assert [weight(SHOP, someone, show(someone, shown), later) for shown in ("phone", "phone email")] == [0, 2]


def test_what_left_the_account_lately_and_still_leads_to_it_weighs() -> None:
    left = account("second_email").factors()[2]
    proof = Proof(left.kind, left.factor_id, left.thing, NOW)
    assert weight(SHOP, account(), (proof,), NOW) == 0
    assert weight(SHOP, account(), (proof,), NOW, (left,)) == 1


@given(st.lists(st.timedeltas(min_value=-400 * timedelta(days=1), max_value=400 * timedelta(days=1)), max_size=60))
def test_no_leaps_of_the_clock_credit_more_than_a_step_each(leaps: list[timedelta]) -> None:
    dispute, now = new(), NOW
    for leap in leaps:
        now += leap
        before = dispute
        dispute = dispute.looked(now)
        assert timedelta(0) <= dispute.lasted - before.lasted <= STEP_AT_MOST


def test_a_new_claim_after_a_tie_gives_three_days_again_within_the_fourteen() -> None:
    dispute, now = new().with_claim("a", NOW), NOW
    for _ in range(80):
        now += timedelta(hours=1)
        dispute = dispute.looked(now)
    assert dispute.with_claim("b", now).waiting == dispute.waiting, "before the tie the time goes on"
    again = dispute.tied(now).with_claim("b", now)
    assert (again.claims, again.tied_at, again.waiting.length) == (("a", "b"), None, DISPUTE_DECIDED_AFTER)
    assert again.waiting.credited == timedelta(0)
    assert again.lasted == timedelta(hours=80)
    assert not again.is_lapsed
    assert replace(again, lasted=OVER_AFTER).is_lapsed
