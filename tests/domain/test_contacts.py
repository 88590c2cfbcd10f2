"""Recovery contacts as values (R7), and the secret question (R9)."""

from datetime import UTC, datetime

import pytest

from sparekey.domain.accounts import AccountId
from sparekey.domain.contacts import (
    AskKind,
    AskState,
    Circle,
    Contact,
    ContactAsk,
    ContactState,
    Friend,
    answered,
    check_circle,
    normal_phrase,
)
from sparekey.domain.errors import InvalidInput
from sparekey.domain.secret_question import check_answer, normal_answer
from sparekey.domain.values import replace

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)


def friends(*names: str) -> list[Friend]:
    return [Friend(name, f"{name}@x.example", f"email:{name}@x.example") for name in names]


def circle(states: str, needed: int) -> Circle:
    """``states``: a letter for each friend: a, i or d."""
    of = {"a": ContactState.ACCEPTED, "i": ContactState.INVITED, "d": ContactState.DECLINED}
    contacts = tuple(Contact(str(n), friends("f")[0], "Anna", of[s], NOW) for n, s in enumerate(states))
    return Circle("c", AccountId("a"), needed, NOW, NOW, contacts)


@pytest.mark.row("R7")
@pytest.mark.parametrize(
    ("states", "needed", "ready", "hopeless"),
    [
        ("", 0, True, False),
        ("ii", 2, False, False),
        ("aai", 2, True, False),
        ("aai", 3, False, False),
        ("aad", 3, False, True),
        ("add", 2, False, True),
        ("aaddd", 2, True, False),
    ],
)
def test_a_list_takes_effect_when_enough_have_said_yes(states: str, needed: int, ready: bool, hopeless: bool) -> None:
    found = circle(states, needed)
    assert (found.is_ready, found.is_hopeless) == (ready, hopeless)


@pytest.mark.row("R7")
@pytest.mark.parametrize("n", range(2, 6))
def test_from_two_to_five_friends_two_at_least_are_needed(n: int) -> None:
    named = friends(*"abcde"[:n])
    for needed in range(-1, 8):
        if 2 <= needed <= n:
            check_circle(named, needed, (), all_needed_is_meant=True)
        else:
            with pytest.raises(InvalidInput, match="contacts_needed"):
                check_circle(named, needed, (), all_needed_is_meant=True)


@pytest.mark.row("R7")
def test_no_friends_at_all_is_a_list_too() -> None:
    check_circle((), 0, (), all_needed_is_meant=False)


@pytest.mark.row("R7")
def test_a_friend_counts_once_and_only_of_the_list_that_holds() -> None:
    ask = ContactAsk(AskKind.PHRASE, "f", AccountId("a"), "1", "w x y z", NOW, NOW, AskState.ANSWERED)
    asks = [ask, ask, replace(ask, contact_id="2", state=AskState.REFUSED), replace(ask, contact_id="9")]
    assert answered(asks, ["1", "2", "3"]) == 1


@pytest.mark.row("R7")
@pytest.mark.parametrize(
    "typed", ["four plain short words", " Four,  PLAIN short\twords. ", "four-plain-short-words", "ｆｏｕｒ plain short words"]
)
def test_however_the_words_are_typed(typed: str) -> None:
    assert normal_phrase(typed) == "four plain short words"


@pytest.mark.row("R7")
def test_other_words_stay_other_words() -> None:
    assert (
        len({normal_phrase(w) for w in ("four plain short words", "fourplain short words", "plain four short words", "", "4 plain")}) == 5
    )


@pytest.mark.row("R9")
def test_an_answer_is_compared_without_capitals_spaces_and_marks() -> None:
    assert normal_answer(" O'Brien-Straße ") == normal_answer("obrien STRASSE")
    assert check_answer("Rex!") == "rex"
    for wrong, reason in (("a b", "short"), ("  ", "short"), ("x" * 101, "long")):
        with pytest.raises(InvalidInput, match=reason):
            check_answer(wrong)
