"""Looking at a page with many eyes: axe in both widths and colour schemes, narrow screens, large letters, wide spacing, small fingers."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.async_api import Page

from tests.browser.person import Person

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
ALL_RULES: dict[str, object] = {"runOnly": list(TAGS), "rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
"""WCAG 2.2 AA and axe's good practice; none is switched off."""

COLOURS: dict[str, object] = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
"""All that can differ between two colour schemes."""

TOO_LOW = """() => [...document.querySelectorAll("button, a.button, a.link, summary, select, input")]
  .filter((e) => e.checkVisibility() && !["checkbox", "radio"].includes(e.type))
  .filter((e) => e.getBoundingClientRect().height < 44)
  .map((e) => `not 44 px high: ${e.tagName} ${e.textContent.trim() || e.id} ${e.getBoundingClientRect().height}`)"""

TOO_WIDE = """() => {
  const root = document.documentElement;
  const sticksOut = (e) => e.getBoundingClientRect().right > root.clientWidth + 0.5 && !e.closest(".unseen");
  const find = (how) => root.scrollWidth <= root.clientWidth ? [] : [
    `too wide, ${how}: ${root.scrollWidth} of ${root.clientWidth}`,
    ...[...document.body.querySelectorAll("*")]
      .filter((e) => sticksOut(e) && ![...e.children].some(sticksOut))
      .map((e) => `too wide, ${how}: ${e.outerHTML.slice(0, 100)}`),
  ];
  const wrong = find("as it is");
  if (root.clientWidth >= 640) {
    root.style.fontSize = "200%";
    wrong.push(...find("with letters twice as large"));
    root.style.fontSize = "";
  }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
  wrong.push(...find("with wide spacing"));
  document.adoptedStyleSheets = [];
  return wrong;
}"""
"""What makes the page scroll sideways (WCAG 2.2, 1.4.4, 1.4.10, 1.4.12)."""

NARROWEST, PHONE, ZOOMED, WIDE = 320, 360, 640, 1280
"""Pixels. 640 is a wide screen at 200 %."""

HEIGHT = 800

PICTURES = os.environ.get("PICTURES", "")
"""A folder: every page that is looked at is also drawn there, for a person to look at (``PICTURES=… make browser``)."""


@cache
def axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


_looked_at: set[str] = set()


async def look(person: Person, name: str) -> None:
    """Finds nothing wrong with the open page, or fails with all of it. ``name``: of the page in this state, in its picture and in the
    failure; a step of many tests is looked at in the first of them alone."""
    if name in _looked_at:
        return
    wrong = await faults(person.page, name)
    _looked_at.add(name)
    if wrong:
        pytest.fail(f"{name}, {person.page.url}:\n" + "\n".join(wrong))


async def faults(page: Page, name: str) -> list[str]:
    before = page.viewport_size
    assert before is not None
    wrong = []
    for width in (NARROWEST, PHONE, ZOOMED, WIDE):
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        found: list[str] = await page.evaluate(TOO_WIDE)
        if width in {PHONE, WIDE}:
            found += await page.evaluate(TOO_LOW)
            for scheme, rules in (("light", ALL_RULES), ("dark", COLOURS)):
                await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # literals, in a table
                found += [f"{scheme}: {violation}" for violation in await violations(page, rules)]
                if PICTURES:
                    await page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
            await page.emulate_media(color_scheme=None)
        wrong += [f"{width} px: {fault}" for fault in found]
    await page.set_viewport_size(before)
    return wrong


async def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """What axe finds. A script of the page could not load it (the content security policy); the browser's own console can."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(axe())
    found: list[dict[str, Any]] = await page.evaluate("async (rules) => (await axe.run(document, rules)).violations", rules)
    return [f"{v['id']}: {n['html'][:160]} ({n['failureSummary']})" for v in found for n in v["nodes"]]
