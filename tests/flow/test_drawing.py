"""The drawing in docs/flows.md says what the table says."""

from sparekey.domain.flow.state import MOVES, Move, State
from tests.flow.drawing import PAGE, drawing, drawn


def test_the_page_shows_the_table() -> None:
    assert drawn(PAGE.read_text()) == drawing(), "bring it up to date: python -m tests.flow.drawing"


def test_every_state_has_a_line_on_the_page() -> None:
    assert [s for s in State if f"| `{s}` |" not in PAGE.read_text()] == []


def test_a_new_move_would_be_noticed() -> None:
    planted = {**MOVES, State.DENIED: {Move.ALLOW: State.ALLOWED}}
    assert drawing(planted) != drawn(PAGE.read_text())
