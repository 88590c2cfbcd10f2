"""Whose role counts and whose votes decide, on values alone (C6)."""

from datetime import UTC, datetime, timedelta

import pytest

from sparekey.domain.accounts import AccountId
from sparekey.domain.agents import Agent, Choice, Vote, can_decide, decided, key_counts, placed
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.values import replace
from tests.policy.people import account

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
LONG_AGO, LATELY = NOW - timedelta(days=30), NOW - timedelta(days=6, hours=23)


def agent(name: str, by: Agent | None = None, since: datetime = LONG_AGO) -> Agent:
    return placed(AccountId(name), by, since)


def vote(of: Agent, choice: Choice = Choice.APPROVE, at: datetime = NOW) -> Vote:
    return Vote(of.account_id, choice, "shown", at)


def outcome(votes: list[Vote], *agents: Agent) -> Choice | None:
    return decided(votes, {a.account_id: a for a in agents}, NOW)


ANNA, BERT = agent("anna"), agent("bert")


@pytest.mark.row("C6")
def test_two_of_two_hands_decide_and_one_does_not() -> None:
    assert outcome([vote(ANNA)], ANNA, BERT) is None
    assert outcome([vote(ANNA), vote(BERT)], ANNA, BERT) is Choice.APPROVE
    assert outcome([vote(ANNA), vote(BERT, Choice.REFUSE)], ANNA, BERT) is None
    assert outcome([vote(ANNA, Choice.REFUSE), vote(BERT, Choice.REFUSE)], ANNA, BERT) is Choice.REFUSE


@pytest.mark.row("C6")
def test_one_agent_twice_is_one() -> None:
    assert outcome([vote(ANNA), vote(ANNA)], ANNA, BERT) is None


@pytest.mark.row("C6")
def test_all_whom_one_agent_has_put_in_place_are_one_hand_with_him() -> None:
    own = agent("own", ANNA)
    another, grandchild = agent("another", ANNA), agent("grandchild", own)
    for pair in ((ANNA, own), (own, another), (ANNA, grandchild), (another, grandchild)):
        assert outcome([vote(a) for a in pair], ANNA, own, another, grandchild) is None
    assert outcome([vote(grandchild), vote(BERT)], ANNA, own, grandchild, BERT) is Choice.APPROVE
    assert not can_decide([ANNA, own, another, grandchild], NOW)
    assert can_decide([own, BERT], NOW)


@pytest.mark.row("C6")
def test_a_placer_who_is_removed_and_placed_again_by_his_own_is_still_one_hand() -> None:
    own = agent("own", ANNA)
    again = agent("anna", own)
    assert outcome([vote(again), vote(own)], again, own) is None


@pytest.mark.row("C6")
def test_a_role_counts_after_seven_days() -> None:
    young = agent("young", since=LATELY)
    assert outcome([vote(ANNA), vote(young)], ANNA, young) is None
    assert not can_decide([ANNA, young], NOW)
    old = replace(young, since=NOW - timedelta(days=7))
    assert outcome([vote(ANNA), vote(old)], ANNA, old) is Choice.APPROVE


@pytest.mark.row("C6")
def test_a_vote_does_not_outlive_the_role() -> None:
    assert outcome([vote(ANNA), vote(BERT)], ANNA) is None
    back = agent("bert", since=NOW - timedelta(days=8))
    assert outcome([vote(ANNA), vote(BERT, at=NOW - timedelta(days=9))], ANNA, back) is None, "the role was lost in between"


@pytest.mark.row("C6")
def test_a_key_counts_after_seven_days_and_nothing_else_is_a_key() -> None:
    key = Factor("key", FactorKind.SECURITY_KEY, Thing(ThingKind.KEY, "key"), LONG_AGO)
    young = replace(key, factor_id="young", added_at=LATELY)
    app = replace(key, factor_id="app", kind=FactorKind.TOTP)
    someone = replace(account(), enrolled=(key, young, app))
    assert key_counts(someone, [(FactorKind.SECURITY_KEY, "key")], NOW)
    assert not key_counts(someone, [(FactorKind.SECURITY_KEY, "young")], NOW)
    assert not key_counts(someone, [(FactorKind.TOTP, "app")], NOW)
    assert not key_counts(someone, [(FactorKind.PASSWORD, "password")], NOW)
    assert not key_counts(replace(someone, enrolled=(replace(key, stolen=True),)), [(FactorKind.SECURITY_KEY, "key")], NOW)
