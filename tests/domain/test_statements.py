"""Statements beside facts (C5): match, near, none, and what each is worth."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sparekey.domain.accounts import SETTLED_AFTER
from sparekey.domain.cases import CaseState
from sparekey.domain.statements import WEIGHTS, About, Facts, Match, Said, judge, most_possible, older_than, total

pytestmark = pytest.mark.row("C5")

FACTS = Facts(
    sign_up=date(2024, 5, 20),
    addresses=("email:anna@old.example", "phone:+37120000001"),
    devices=("Firefox · Windows", "Safari · iPhone"),
    places=("Riga, Latvia",),
    orders=("A-1002", "A-1001"),
)


def match(about: About, said: Said, facts: Facts | None = FACTS, key: str = "") -> Match:
    return next(j.match for j in judge(said, facts, key or f"email:{said.address}") if j.about is about)


@pytest.mark.parametrize(
    ("about", "said", "expected"),
    [
        (About.SIGN_UP, Said(sign_up="2024-05"), Match.MATCH),
        (About.SIGN_UP, Said(sign_up="2024-07"), Match.NEAR),
        (About.SIGN_UP, Said(sign_up="2024-03"), Match.NEAR),
        (About.SIGN_UP, Said(sign_up="2024-08"), Match.NONE),
        (About.SIGN_UP, Said(sign_up="2023-05"), Match.NONE),
        (About.SIGN_UP, Said(), Match.UNSAID),
        (About.ADDRESS, Said(address="anna@old.example"), Match.MATCH),
        (About.ADDRESS, Said(address="anna@other.example"), Match.NEAR),
        (About.ADDRESS, Said(address="bert@old.example"), Match.NONE),
        (About.DEVICE, Said(device="firefox, on Windows"), Match.MATCH),
        (About.DEVICE, Said(device="my old iPhone"), Match.NEAR),
        (About.DEVICE, Said(device="Safari on an iPhone"), Match.MATCH),
        (About.DEVICE, Said(device="Android"), Match.NONE),
        (About.PLACE, Said(place="Riga"), Match.NEAR),
        (About.PLACE, Said(place="Riga, Latvia"), Match.MATCH),
        (About.PLACE, Said(place="Tallinn"), Match.NONE),
        (About.ORDER, Said(order="a1002"), Match.MATCH),
        (About.ORDER, Said(order="A-1001"), Match.NEAR),
        (About.ORDER, Said(order="A-1003"), Match.NONE),
        (About.SECRET, Said(secret=Match.MATCH), Match.MATCH),
        (About.SECRET, Said(), Match.UNSAID),
    ],
)
def test_what_is_said_beside_what_is_known(about: About, said: Said, expected: Match) -> None:
    assert match(about, said) is expected


def test_a_number_with_one_digit_wrong_is_near() -> None:
    assert match(About.ADDRESS, Said(address="x"), key="phone:+37120000001") is Match.MATCH
    assert match(About.ADDRESS, Said(address="x"), key="phone:+37120000002") is Match.NEAR
    assert match(About.ADDRESS, Said(address="x"), key="phone:+37120000012") is Match.NONE


def test_where_nothing_is_known_nothing_is_held_against_the_person() -> None:
    said = Said("2024-05", "a@b.example", "Firefox", "Riga", "1")
    judged = judge(said, Facts(), "email:a@b.example")
    assert {j.match for j in judged} == {Match.UNKNOWN, Match.UNSAID}
    assert most_possible(judged) == WEIGHTS[About.SECRET]


def test_for_a_name_that_nobody_has_nothing_matches() -> None:
    judged = judge(Said("2024-05", "a@b.example", "Firefox", "Riga", "1", Match.MATCH), None, "email:a@b.example")
    assert {j.match for j in judged} == {Match.NONE}
    assert total(judged) == 0


def test_weights_what_is_near_counts_half_and_the_secret_question_least() -> None:
    judged = judge(Said(sign_up="2024-05", device="iPhone", order="A-1001", secret=Match.MATCH), FACTS, "")
    assert {j.about: j.weight for j in judged} == {
        About.SIGN_UP: 3,
        About.ADDRESS: 0,
        About.DEVICE: 1,
        About.PLACE: 0,
        About.ORDER: 2,
        About.SECRET: 1,
    }
    assert total(judged) == 7
    assert WEIGHTS.keys() == set(About)
    assert min(WEIGHTS.values()) == WEIGHTS[About.SECRET]
    assert list(WEIGHTS.values()).count(WEIGHTS[About.SECRET]) == 1


def test_only_what_is_older_than_the_first_contested_change_counts() -> None:
    opened = datetime(2030, 5, 17, tzinfo=UTC)
    assert older_than(None, opened) == opened - SETTLED_AFTER
    assert older_than(opened - timedelta(days=90), opened) == opened - timedelta(days=90)
    assert older_than(opened - timedelta(days=1), opened) == opened - SETTLED_AFTER, "a contest cannot make young facts count"


def test_the_page_says_what_each_is_worth() -> None:
    page = (Path(__file__).parents[2] / "docs" / "support-cases.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d) \|", page, re.MULTILINE))
    assert {About(name): int(weight) for name, weight in rows.items()} == WEIGHTS
    assert set(re.findall(r"^\| `(\w+)` \| (?!\d)", page, re.MULTILINE)) == set(CaseState)
