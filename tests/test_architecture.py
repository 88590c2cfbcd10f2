"""The house is built as ARCHITECTURE.md and the import contracts in pyproject.toml say."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "sparekey"

OUTSIDE_WORLD = {"asyncio", "logging", "os", "random", "secrets", "shutil", "socket", "subprocess", "threading", "time", "uuid"}
"""Parts of the standard library through which time, chance or the machine would come into the domain."""


def paths_named(page: str) -> Iterator[str]:
    """The paths in the last column of a page's tables: what is in backticks and has no space (those are commands)."""
    for line in page.splitlines():
        if line.startswith("|"):
            yield from re.findall(r"`([\w./*{}-]*[/.][\w./*{}-]*)`", line.rstrip().rstrip("|").split("|")[-1])


def exists(path: str) -> bool:
    """Paths are seen from the root, or from ``src/sparekey``; ``*`` stands for any name."""
    return any(any(base.glob(path.rstrip("/"))) for base in (ROOT, SOURCE))


def test_every_path_in_architecture_md_exists() -> None:
    named = list(paths_named((ROOT / "ARCHITECTURE.md").read_text()))
    assert len(named) > 5
    assert [path for path in named if not exists(path)] == []


def test_a_path_that_is_gone_would_be_found() -> None:
    page = "| question | file |\n|---|---|\n| Where? | `domain/no_such_file.py` |\n| And? | `domain/*.py`; `sparekey why FLOW` |\n"
    assert [(path, exists(path)) for path in paths_named(page)] == [("domain/no_such_file.py", False), ("domain/*.py", True)]


def contracts(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo", "--config", ROOT / "pyproject.toml"],
        env={"PYTHONPATH": str(source), "COLUMNS": "200"},
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/actions.py", "import msgspec", "The domain imports the standard library, and msgspec for its values"),
        ("domain/actions.py", "import sparekey.domain.policy", "The layers of the domain"),
        ("domain/actions.py", "import sparekey.use_cases.ports", "The layers of the house"),
        ("use_cases/ports.py", "import sparekey.web", "The layers of the house"),
        ("use_cases/ports.py", "import sparekey.settings", "The layers of the house"),
        ("settings.py", "import sparekey.messages", "Settings know the domain only"),
        ("web/__init__.py", "import sqlite3", "SQL is spoken in adapters/sql alone"),
        ("domain/factors.py", "import sparekey.domain.messages", "No circles anywhere"),
    ],
)
def test_an_import_that_points_outward_is_refused(module: str, line: str, contract: str, tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "sparekey", ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    planted = tmp_path / "sparekey" / module
    planted.write_text(f"{planted.read_text()}\n{line}\n")
    assert f"{contract} BROKEN" in contracts(tmp_path).stdout


def test_imports_point_inward() -> None:
    done = contracts(ROOT / "src")
    assert done.returncode == 0, done.stdout


def test_the_domain_imports_the_standard_library_and_msgspec_for_its_values() -> None:
    """The contract "pure" names the packages of today; this holds for those of tomorrow."""
    graph = grimp.build_graph("sparekey", include_external_packages=True)
    domain = {"sparekey.domain"} | graph.find_descendants("sparekey.domain")
    foreign = {
        (module, imported)
        for module in domain
        for imported in graph.find_modules_directly_imported_by(module)
        if imported not in domain and imported not in sys.stdlib_module_names
    }
    assert foreign == {("sparekey.domain.values", "msgspec")}


def impure(code: str) -> list[str]:
    """What in a module of the domain asks for time, chance or the machine."""
    found = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names if alias.name.split(".")[0] in OUTSIDE_WORLD]
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in OUTSIDE_WORLD:
                found.append(module)
            case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today" as asked)):
                found.append(f".{asked}()")
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as asked)):
                found.append(f"{asked}()")
            case _:
                pass
    return found


def test_time_and_chance_come_into_the_domain_as_arguments() -> None:
    assert {str(file): found for file in (SOURCE / "domain").rglob("*.py") if (found := impure(file.read_text()))} == {}


@pytest.mark.parametrize("code", ["import time", "from secrets import token_bytes", "at = datetime.now(UTC)", "open('x')"])
def test_a_domain_that_asks_for_itself_would_be_found(code: str) -> None:
    assert impure(code)
