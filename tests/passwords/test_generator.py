"""P3: the generator, and its command."""

import random
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.adapters.chance import SystemChance
from sparekey.cli.passwords import app, word_list
from sparekey.domain import generator
from sparekey.domain.errors import BadSettings

KINDS = {"lower": string.ascii_lowercase, "upper": string.ascii_uppercase, "digits": string.digits, "symbols": generator.SYMBOLS}


@pytest.mark.row("P3")
@given(st.integers(8, 128), st.sets(st.sampled_from(sorted(KINDS)), min_size=1), st.integers())
def test_the_length_and_every_kind_that_was_asked_for_and_no_other(length: int, wanted: set[str], seed: int) -> None:
    password = generator.characters(random.Random(seed).randrange, length, **{kind: kind in wanted for kind in KINDS})
    assert len(password) == length
    assert {kind for kind, letters in KINDS.items() if any(c in letters for c in password)} == wanted
    assert set(password) <= set("".join(KINDS[kind] for kind in wanted))


@pytest.mark.row("P3")
def test_no_character_is_favoured() -> None:
    chance = random.Random(8)
    seen = "".join(generator.characters(chance.randrange, 8, upper=False, symbols=False) for _ in range(5_000))
    counts = [seen.count(c) for c in string.ascii_lowercase + string.digits]
    # 40,000 draws of 36. The demand for one digit at least leaves digits slightly likelier: within a quarter of the mean all the same.
    assert min(counts) > 0.75 * len(seen) / 36
    assert max(counts) < 1.25 * len(seen) / 36


@pytest.mark.row("P3")
@pytest.mark.parametrize(("length", "kinds"), [(7, {}), (129, {}), (20, dict.fromkeys(KINDS, False))])
def test_what_cannot_be_made_is_refused(length: int, kinds: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match=r"must be from|at least one"):
        generator.characters(SystemChance().below, length, **kinds)


@pytest.mark.row("P3")
def test_words_come_from_the_list() -> None:
    words = word_list()
    assert len(words) == len(set(words)) == 7776
    made = generator.words(SystemChance().below, words, 6, separator=" ").split(" ")
    assert len(made) == 6
    assert set(made) <= set(words)
    for count in (2, 25):
        with pytest.raises(ValueError, match="from 3 to"):
            generator.words(SystemChance().below, words, count)


@pytest.mark.row("P3")
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    app(["generate"], result_action="return_value")
    app(["generate", "--length", "32", "--no-symbols", "--no-upper"], result_action="return_value")
    app(["generate", "--words", "6"], result_action="return_value")
    plain, letters, words = capsys.readouterr().out.splitlines()
    assert len(plain) == 20
    assert len(letters) == 32
    assert set(letters) <= set(string.ascii_lowercase + string.digits)
    assert len(words.split("-")) >= 6
    with pytest.raises(BadSettings, match="from 8 to 128"):
        app(["generate", "--length", "4"], result_action="return_value")


def test_ids_begin_with_their_millisecond_and_sort_by_it() -> None:
    chance, now = SystemChance(), datetime(2026, 11, 22, 8, 30, 0, 123_000, tzinfo=UTC)
    ids = [chance.new_id(now + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(set(ids))
    assert all(len(i) == 32 for i in ids)
    assert int(ids[0][:12], 16) == 1_795_336_200_123
    assert chance.new_id(now) != ids[0]


@pytest.mark.row("P3")
def test_chance_of_the_system() -> None:
    chance = SystemChance()
    assert len({chance.token() for _ in range(100)}) == 100
    assert len(chance.token()) == 43, "256 bits"
    codes = [chance.digits(6) for _ in range(500)]
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert any(code.startswith("0") for code in codes)
