"""A drawing of the states, made from the table of moves. ``python -m tests.flow.drawing`` puts it into docs/flows.md."""

from collections.abc import Mapping
from pathlib import Path

from sparekey.domain.flow.state import MOVES, Move, State

PAGE = Path(__file__).parents[2] / "docs" / "flows.md"
BEGIN, END = "```mermaid\n", "```\n"


def drawing(moves: Mapping[State, Mapping[Move, State]] = MOVES) -> str:
    """Mermaid's text: arrows from the table, moves between the same two states on one arrow."""
    lines = ["stateDiagram-v2", "    [*] --> asking"]
    for state, by_move in moves.items():
        for to in dict.fromkeys(by_move.values()):
            names = ", ".join(by.value for by, there in by_move.items() if there is to)
            lines.append(f"    {state.value} --> {to.value}: {names}")
        if not by_move:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(lines) + "\n"


def drawn(page: str) -> str:
    """The drawing that stands in a page."""
    return page.partition(BEGIN)[2].partition(END)[0]


def with_drawing(page: str, new: str) -> str:
    return page.replace(f"{BEGIN}{drawn(page)}{END}", f"{BEGIN}{new}{END}")


if __name__ == "__main__":
    PAGE.write_text(with_drawing(PAGE.read_text(), drawing()))
