"""No page is without a look: a new template that no browser test opens before axe's eyes is found here."""

import ast
import re
from pathlib import Path

import pytest

from sparekey.web.pages.render import TEMPLATES
from tests.browser.looked_at import LOOKED_AT

PAGE = re.compile(r"{%-? extends ")
BASES = {"account_base.html", "console_base.html", "flow_base.html"}
"""Others are made of them; no page is one of them alone."""


def pages() -> set[str]:
    return {path.name for path in TEMPLATES.glob("*.html") if PAGE.search(path.read_text(encoding="utf-8"))} - BASES


def looks() -> list[re.Pattern[str]]:
    """The names of all looks that the tests take; what a name is put together from stands for anything."""
    found = []
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(func=ast.Name(id="look"), args=[_, ast.Constant(value=str(name))]):
                    found.append(re.compile(re.escape(name)))
                case ast.Call(func=ast.Name(id="look"), args=[_, ast.JoinedStr(values=parts)]):
                    found.append(re.compile("".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in parts)))
                case _:
                    """No look."""
    return found


@pytest.mark.row("I10")
def test_every_page_is_looked_at() -> None:
    assert pages() == set(LOOKED_AT)
    taken = looks()
    assert [name for name in LOOKED_AT.values() if not any(look.fullmatch(name) for look in taken)] == []


def test_no_two_looks_have_one_name() -> None:
    """A name is looked at once in a run: under the name of another, a page would never be."""
    taken = [look.pattern for look in looks() if ".+" not in look.pattern]
    assert [name for name in taken if taken.count(name) > 1] == []
