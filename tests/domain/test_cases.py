"""Support cases as values: every move, and when decisions leave (C2)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.domain.accounts import NOBODY_ID, AccountId
from sparekey.domain.agents import Choice
from sparekey.domain.cases import (
    DECIDED_AFTER,
    LEAVE_AT,
    MOVES,
    OVER,
    Case,
    CaseKind,
    CaseMove,
    CaseState,
    closed,
    decided,
    leaves_at,
    moved,
    new_number,
    plain_number,
)
from sparekey.domain.errors import WrongStep

pytestmark = pytest.mark.row("C2")

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)


def case(state: CaseState = CaseState.OPEN, account_id: str = "1" * 32, opened_at: datetime = NOW) -> Case:
    return Case("c", "K7-4921-QX", CaseKind.LOST, state, AccountId(account_id), "s", "en", "anna", "a@b.example", "email:a", b"", opened_at)


@pytest.mark.parametrize(("state", "by"), list(product(CaseState, CaseMove)))
def test_what_is_in_the_table_happens_and_nothing_else_does(state: CaseState, by: CaseMove) -> None:
    if by in MOVES[state]:
        after = moved(case(state), by, NOW)
        assert after.state is MOVES[state][by]
        assert (after.closed_at is not None) is (after.state in OVER)
    else:
        with pytest.raises(WrongStep):
            moved(case(state), by, NOW)


def test_the_table_names_every_state_and_only_two_are_over() -> None:
    assert MOVES.keys() == set(CaseState)
    assert {CaseState.REFUSED, CaseState.CLOSED} == OVER
    reached = {state for moves in MOVES.values() for state in moves.values()}
    assert reached == set(CaseState) - {CaseState.UNCONFIRMED}


def test_time_acts_on_what_waits_for_it_alone() -> None:
    with_time = {s for s, moves in MOVES.items() for m in moves if (c := moved(case(s), m, NOW)).state is not s and c.due_at is not None}
    assert with_time, "some"
    assert moved(case(CaseState.ASKED), CaseMove.ANSWER, NOW).due_at is None, "agents act next"
    assert moved(case(), CaseMove.ASK, NOW).due_at == NOW + timedelta(days=14)
    asked = moved(case(), CaseMove.ASK, NOW)
    assert moved(asked, CaseMove.ASK, NOW + timedelta(days=1)) == asked, "asking again gives no less time"


times = st.datetimes(datetime(2029, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone comes beside


@given(times, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_a_decision_leaves_at_a_fixed_hour_a_day_after_the_opening_or_later(opened_at: datetime, later: timedelta) -> None:
    now = opened_at + later
    at = leaves_at(case(opened_at=opened_at), now)
    assert at.time() in LEAVE_AT
    assert at >= max(now, opened_at + DECIDED_AFTER)
    assert at - max(now, opened_at + DECIDED_AFTER) <= timedelta(hours=12), "and no later than the next one"


@given(times, st.timedeltas(timedelta(0), timedelta(hours=23)), st.timedeltas(timedelta(0), timedelta(hours=23)))
def test_a_quick_decision_and_a_slow_one_of_the_first_day_leave_together(opened_at: datetime, one: timedelta, two: timedelta) -> None:
    assert leaves_at(case(opened_at=opened_at), opened_at + one) == leaves_at(case(opened_at=opened_at), opened_at + two)


def test_nobody_gets_an_account_that_does_not_exist() -> None:
    with pytest.raises(WrongStep):
        decided(case(account_id=NOBODY_ID), Choice.APPROVE, NOW)
    refused = decided(case(account_id=NOBODY_ID), Choice.REFUSE, NOW)
    assert (refused.state, refused.decision, refused.decided_at) == (CaseState.DECIDED, Choice.REFUSE, NOW)


def test_a_decision_is_taken_once() -> None:
    for choice, again in product(Choice, Choice):
        with pytest.raises(WrongStep):
            decided(decided(case(), choice, NOW), again, NOW)


def test_a_closed_case_says_why() -> None:
    assert (closed(case(), "withdrawn", NOW).ended, closed(case(), "withdrawn", NOW).closed_at) == ("withdrawn", NOW)


@given(st.randoms())
def test_numbers_are_read_back_however_they_are_typed(chance: st.DataObject) -> None:
    number = new_number(chance.randrange)  # type: ignore[attr-defined]
    assert len(number) == 10
    for typed in (number, number.lower(), number.replace("-", " "), f" {number.replace('-', '')} "):
        assert plain_number(typed) == number
