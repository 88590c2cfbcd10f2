"""The table of moves: each move there is, and each there is not."""

from itertools import product

import pytest

from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.state import MOVES, OPEN, Move, State, move

TABLE = {
    ("asking", "ask"): "asking",
    ("asking", "allow"): "allowed",
    ("asking", "delay"): "waiting",
    ("asking", "refer"): "referred",
    ("asking", "deny"): "denied",
    ("asking", "end"): "ended",
    ("waiting", "ask"): "waiting",
    ("waiting", "allow"): "allowed",
    ("waiting", "delay"): "waiting",
    ("waiting", "refer"): "referred",
    ("waiting", "deny"): "denied",
    ("waiting", "ripen"): "allowed",
    ("waiting", "end"): "ended",
    ("allowed", "allow"): "allowed",
    ("allowed", "delay"): "waiting",
    ("allowed", "carry_out"): "done",
    ("allowed", "end"): "ended",
}
"""Written down a second time on purpose: whoever changes a move changes it here as well, and says why."""


@pytest.mark.parametrize(("state", "by"), list(product(State, Move)), ids=str)
def test_each_move(state: State, by: Move) -> None:
    if to := TABLE.get((state, by)):
        assert move(state, by) == to
    else:
        with pytest.raises(WrongStep):
            move(state, by)


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(MOVES) == set(State)
    assert {to for moves in MOVES.values() for to in moves.values()} == set(State)


def test_nothing_leads_out_of_an_end() -> None:
    assert {State.REFERRED, State.DENIED, State.DONE, State.ENDED} == set(State) - OPEN


def test_only_what_was_allowed_is_carried_out() -> None:
    assert [state for state, moves in MOVES.items() if Move.CARRY_OUT in moves] == [State.ALLOWED]
    assert [state for state, moves in MOVES.items() if State.DONE in moves.values()] == [State.ALLOWED]


def test_every_open_state_can_be_ended_and_has_another_way_on() -> None:
    for state in OPEN:
        assert Move.END in MOVES[state]
        assert any(to is not state for by, to in MOVES[state].items() if by is not Move.END)
