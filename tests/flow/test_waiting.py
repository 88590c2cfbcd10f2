"""How far a wait has come, as arithmetic (R10): whatever clocks and mail servers do, it is never over too early."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.domain.flow import waiting as module
from sparekey.domain.flow.waiting import NOTICES_APART, STEP_AT_MOST, Waiting, begin

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.row("R10")


@pytest.mark.parametrize(("hours", "days"), [(24, 1), (72, 3), (168, 7), (336, 14)])
def test_so_many_counted_notices_as_days(hours: int, days: int) -> None:
    assert begin(timedelta(hours=hours), NOW).days == days


@given(st.lists(st.timedeltas(min_value=-400 * DAY, max_value=400 * DAY), max_size=60))
def test_no_leaps_of_the_clock_credit_more_than_a_step_each(leaps: list[timedelta]) -> None:
    waiting, now = begin(7 * DAY, NOW), NOW
    for leap in leaps:
        now += leap
        before = waiting
        waiting = waiting.looked(now)
        assert timedelta(0) <= waiting.credited - before.credited <= STEP_AT_MOST
    assert waiting.credited <= len(leaps) * STEP_AT_MOST


@given(st.lists(st.timedeltas(min_value=timedelta(0), max_value=STEP_AT_MOST), max_size=40), st.timedeltas(HOUR, 59 * HOUR))
def test_two_nodes_whose_clocks_differ_credit_no_more_than_passed(steps: list[timedelta], apart: timedelta) -> None:
    """One clock is ahead by less than a step; they look in turn."""
    apart = min(apart, STEP_AT_MOST)
    waiting, now = begin(7 * DAY, NOW), NOW
    for number, passed in enumerate(steps):
        now += passed
        waiting = waiting.looked(now + apart if number % 2 else now)
    assert waiting.credited <= now + apart - NOW


@given(st.lists(st.timedeltas(min_value=timedelta(0), max_value=10 * DAY), max_size=40))
def test_notices_close_together_count_once(accepted: list[timedelta]) -> None:
    waiting = begin(14 * DAY, NOW)
    for at in sorted(accepted):
        waiting = waiting.accepted(NOW + at)
    span = max(accepted, default=timedelta(0)) - min(accepted, default=timedelta(0))
    assert waiting.counted <= span // NOTICES_APART + 1


def test_the_same_notice_is_counted_once_however_often_it_is_looked_at() -> None:
    waiting = begin(3 * DAY, NOW).accepted(NOW + HOUR)
    assert waiting.accepted(NOW + HOUR) == waiting
    assert waiting.accepted(NOW) == waiting


def walked(length: timedelta, hours: int, *, noticed: bool = True) -> Waiting:
    waiting = begin(length, NOW)
    for hour in range(hours + 1):
        now = NOW + hour * HOUR
        waiting = waiting.looked(now)
        if waiting.is_notice_due(now):
            waiting = waiting.noticed(now)
            waiting = waiting.accepted(now) if noticed else waiting
    return waiting


@pytest.mark.parametrize("days", [1, 3, 7, 14])
def test_it_is_over_after_its_length_and_not_an_hour_earlier(days: int) -> None:
    assert not walked(days * DAY, days * 24 - 1).is_over
    assert walked(days * DAY, days * 24).is_over
    assert not walked(days * DAY, days * 48, noticed=False).is_over, "nobody heard of it"


@pytest.mark.parametrize("days", [1, 3])
def test_a_notice_goes_out_at_the_start_daily_and_before_the_end(days: int) -> None:
    waiting, sent = begin(days * DAY, NOW), list[int]()
    for hour in range(days * 24):
        waiting = waiting.looked(NOW + hour * HOUR)
        if waiting.is_notice_due(NOW + hour * HOUR):
            waiting = waiting.noticed(NOW + hour * HOUR)
            sent.append(hour)
    assert sent == [*range(0, days * 24, 24), days * 24 - 4]


def test_a_dispute_leaves_the_time_of_the_wait_as_it_is() -> None:
    disputed = begin(7 * DAY, NOW).objected(NOW + HOUR)
    assert (disputed.length, disputed.days, disputed.objected_at) == (7 * DAY, 7, NOW + HOUR)
    assert disputed.objected(NOW + DAY) == disputed, "the first moment is kept"
    assert disputed.at_most(DAY).length == DAY, "more that is shown shortens it as before"
    assert disputed.won(NOW + DAY).won_at == NOW + DAY


def test_the_earliest_end_is_moved_by_what_is_missing() -> None:
    waiting = begin(3 * DAY, NOW)
    assert waiting.until(NOW) == NOW + 3 * DAY
    late = walked(3 * DAY, 100, noticed=False)
    assert late.until(NOW + 100 * HOUR) == NOW + 100 * HOUR + 3 * NOTICES_APART


def test_a_clock_that_is_believed_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on purpose: all time that passed is credited."""
    monkeypatch.setattr(module, "STEP_AT_MOST", 400 * DAY)
    assert begin(7 * DAY, NOW).looked(NOW + 30 * DAY).credited > 7 * DAY
