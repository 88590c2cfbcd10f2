"""What must be there for each member of a list: a message's words, a setting's line in the manual, a row's test.

Who adds a message, an action, a setting, a decision or a row of the mission is told here all that is still missing.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparekey.domain.actions import Action
from sparekey.domain.messages import MessageKind
from sparekey.settings import CLASSES, PREFIX

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "sparekey"
DOCS = ROOT / "docs"

ROWS = (
    *("S1", "S3", "S6", "I1", "I7", "I9", "I10", "R1", "R3", "R14", "R15", "P1", "P2", "P3", "P4", "P5", "P6", "P7"),
    *("D1", "D2", "D3", "D5", "D7", "G1", "N3", "O1", "O2"),
    *("I5", "R6"),
    *("F1", "F5", "F7", "F9", "F11", "R4"),
    *("F6", "I4"),
    *("I6", "I8", "F8", "S5", "R5", "R12"),
    *("F10", "R10", "H1"),
    *("S2", "F2", "F3", "I3", "R2"),
    *("C3", "C5", "C6"),
    *("R7", "R9"),
    *("S4", "C1"),
    *("R11", "H3", "H4"),
    *("H2", "R13"),
)
"""What is built so far, by the mission's names; a row comes in with its first test and never leaves."""

ROW_NAME = re.compile(r"[SIFRPHCTDGNO][1-9]\d?")


def rows_marked(code: str) -> Iterator[str]:
    """The rows in the ``row`` markers of a test module, on tests, on parameters and in ``pytestmark``."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(attr="row"), args=names):
                yield from (str(name.value) for name in names if isinstance(name, ast.Constant))
            case _:
                pass


def all_rows_marked() -> set[str]:
    return {row for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__) for row in rows_marked(file.read_text())}


def test_each_row_has_a_test() -> None:
    assert set(ROWS) - all_rows_marked() == set()


def test_each_marker_names_a_row() -> None:
    assert {row for row in all_rows_marked() if not ROW_NAME.fullmatch(row)} == set()


def test_markers_are_found_wherever_they_stand() -> None:
    code = "pytestmark = pytest.mark.row('P1')\n@pytest.mark.row('P2', 'P3')\ndef test_it(): ...\n"
    assert sorted(rows_marked(code)) == ["P1", "P2", "P3"]


def test_each_message_has_its_words() -> None:
    wanted = [SOURCE / "messages" / kind / name for kind in MessageKind for name in ("subject.txt", "text.txt", "html.html")]
    assert [str(file) for file in wanted if not file.is_file()] == []


def test_each_action_has_its_policy() -> None:
    assert [action for action in Action if not (SOURCE / "domain" / "policy" / "standard" / f"{action}.toml").is_file()] == []


def test_each_setting_is_in_the_manual() -> None:
    manual = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", (DOCS / "operation.md").read_text()))
    assert {f"{PREFIX}{field.upper()}" for cls in CLASSES for field in cls.__struct_fields__} - manual == set()


def test_each_decision_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text()
    assert [page.name for page in (DOCS / "decisions").glob("*.md") if f"(decisions/{page.name})" not in index] == []


def dead_links(page: Path) -> list[str]:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    return [link for link in links if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_link_of_a_page_is_dead(page: Path) -> None:
    assert dead_links(page) == []


def test_a_dead_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md#top) [out](https://example.com) [gone](no_such.md)")
    assert dead_links(page) == ["no_such.md"]
