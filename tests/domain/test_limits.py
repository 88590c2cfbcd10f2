"""What the limits say, as data and in the manual."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sparekey.domain.factors import FactorKind
from sparekey.domain.limits import GUESSES_A_DAY, GUESSES_IN_A_ROW, VOLUME_LIMITS, is_closed, lane, seconds_to_next_day

MANUAL = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()


def in_words(window: timedelta) -> str:
    if window == timedelta(days=1):
        return "1 day"
    return "1 hour" if window == timedelta(hours=1) else f"{window // timedelta(minutes=1)} minutes"


@pytest.mark.row("D1")
def test_the_manual_says_the_numbers_of_the_code() -> None:
    rows = {f"| `{v.name}` | {v.most:,} | {in_words(v.window)} |" for v in VOLUME_LIMITS.values()}
    assert rows == {line for line in MANUAL.splitlines() if line.startswith("| `")}
    assert f"{GUESSES_A_DAY} wrong answers a day, {GUESSES_IN_A_ROW} in a row" in MANUAL


@pytest.mark.row("D1")
def test_the_tenth_guess_of_a_day_is_taken_and_the_eleventh_is_not() -> None:
    assert not is_closed(GUESSES_A_DAY, GUESSES_A_DAY)
    assert is_closed(GUESSES_A_DAY + 1, 1)
    assert is_closed(1, GUESSES_IN_A_ROW + 1)


@pytest.mark.row("D2")
def test_known_devices_and_flows_with_another_proof_have_lanes_of_their_own() -> None:
    kind = FactorKind.PASSWORD
    lanes = {
        lane(kind, "", ""),
        lane(kind, "device-1", ""),
        lane(kind, "device-2", ""),
        lane(kind, "device-1", "flow-1"),
        lane(kind, "", "flow-1"),
    }
    assert len(lanes) == 5
    assert lane(kind, "", "") != lane(FactorKind.EMAIL, "", "")


def test_a_closed_lane_opens_with_the_next_day() -> None:
    assert seconds_to_next_day(datetime(2026, 1, 31, 23, 59, 58, tzinfo=UTC)) == 3
