"""Backup codes as text: how they are made and read (mission.md, F5)."""

import math
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.challenges import backup_code
from sparekey.challenges.backup_code import CODES, LENGTH, LETTERS, Typed, Unreadable

pytestmark = pytest.mark.row("F5")


def test_at_least_64_bits() -> None:
    assert LENGTH * math.log2(len(set(LETTERS))) >= 64


def test_no_letter_is_mistaken_for_another_or_for_a_digit() -> None:
    assert not set(LETTERS) & set("AEIOUY0125U")
    assert LETTERS.isupper()


@given(st.integers(min_value=1, max_value=CODES), st.booleans(), st.sampled_from(["", " ", ". ", ": ", " - "]))
def test_what_is_printed_is_read_back(number: int, lower: bool, between: str) -> None:
    code = backup_code.make(secrets.randbelow)[number - 1]
    text = f"{number}{between}{backup_code.printed(code)}"
    assert backup_code.read(text.lower() if lower else text) == Typed(number, code)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    found = backup_code.read(text)
    assert isinstance(found, Unreadable) or 1 <= found.number <= CODES
