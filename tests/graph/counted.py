"""Ten thousand ways to have an account, counted: which of them fall to one theft, and how their owners get back after each loss.

``python -m tests.graph.counted`` prints the tables, and puts table and picture into the documents.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from sparekey.domain.policy.model import Policy
from sparekey.domain.policy.parse import load_policy
from tests.graph.enrolments import SECONDS, Enrolment, enrolments, losses, thefts
from tests.graph.judged import Judge, Way

MOST: Final = 10_400
DOCS: Final = Path(__file__).parents[2] / "docs"
PICTURE, PAGE = DOCS / "pictures" / "ways-back.svg", DOCS / "access-graph.md"
BEGIN, END = "<!-- counted by tests/graph/counted.py -->\n", "<!-- so far -->\n"

WAYS: Final[Mapping[Way, str]] = {
    Way.SIGN_IN: "signs in with the rest",
    Way.RECOVER: "new password at once",
    Way.DAY: "after a day",
    Way.THREE_DAYS: "after three days",
    Way.WEEK: "after a week",
    Way.CASE: "support case",
    Way.NONE: "no way",
}


@dataclass
class Count:
    """``tried``, ``taken``: accounts with a second factor, by what was stolen. ``back``: the same accounts on a site with two agents, by
    profile, what was lost, and how the owner gets back. ``locked_out``: any account there, and the loss after which nothing is left;
    ``outside``: the same on a site without agents. ``given_up``: owners who must call a second factor lost that is not, of ``owners``."""

    enrolments: int = 0
    guarded: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    taken: list[tuple[Enrolment, str, str]] = field(default_factory=list)
    back: Counter[tuple[str, str, Way]] = field(default_factory=Counter)
    locked_out: list[tuple[Enrolment, str]] = field(default_factory=list)
    outside: list[tuple[Enrolment, str]] = field(default_factory=list)
    given_up: int = 0
    owners: int = 0


def counted(some: Sequence[Enrolment], policies: Mapping[str, Policy]) -> Count:
    """``policies``: by profile."""
    judges = {profile: Judge(policy) for profile, policy in policies.items()}
    count = Count(enrolments=len(some))
    for one in some:
        judge = judges[one.profile]
        if one.guarded:
            count.guarded += 1
            for what, theft in thefts(one).items():
                count.tried[what] += 1
                if route := judge.opened_by(one, theft):
                    count.taken.append((one, what, route))
        for loss in losses(one):
            back = judge.way_back(one, loss)
            count.owners += 1
            count.given_up += bool(back.given_up)
            if one.guarded:
                count.back[one.profile, loss, back.way] += 1
            if back.way is Way.NONE:
                count.locked_out.append((one, loss))
            if back.way in {Way.CASE, Way.NONE}:
                count.outside.append((one, loss))
    return count


def has_spare(one: Enrolment) -> bool:
    """Whether the account is as the server leaves it when a second factor is switched on, with paper that settled with the factor; or has
    none, but a password beside its mailbox."""
    if one.has & SECONDS:
        return "codes" in one.has and not (one.guarded and "codes" in one.young)
    return one.password


def ten_thousand() -> Count:
    return counted(enrolments(MOST), {profile: load_policy(profile, {}) for profile in ("shop", "strict")})


# ---------------------------------------------------------------- printed


def tables(count: Count) -> Iterator[Table]:
    stolen = Table("stolen", "accounts", "taken over", title=f"{count.guarded:,} accounts with a second factor, one thing stolen")
    taken = Counter(what for _, what, _ in count.taken)
    for what, tried in sorted(count.tried.items()):
        stolen.add_row(what, f"{tried:,}", str(taken[what]))
    yield stolen
    lost = Table("lost", *WAYS.values(), title="one thing lost, on a new device, on a site with two agents: shop / strict")
    for loss in dict.fromkeys(loss for _, loss, _ in count.back):
        lost.add_row(loss, *(f"{count.back['shop', loss, way]:,} / {count.back['strict', loss, way]:,}" for way in WAYS))
    yield lost
    outside = Table(
        "on a site without two agents", "left outside", title=f"{count.owners:,} times one thing lost, of {count.enrolments:,} accounts"
    )
    spared = [one for one, _ in count.outside if has_spare(one)]
    outside.add_row("with settled backup codes, or a password and no second factor", str(len(spared)))
    outside.add_row("codes used up, or renewed in the last 30 days; or no password", str(len(count.outside) - len(spared)))
    yield outside


def told(count: Count) -> str:
    """The same for the document."""
    lines = [
        f"{count.enrolments:,} accounts, {count.guarded:,} of them with a settled second factor.",
        "",
        "| one thing stolen | accounts | taken over |",
        "|---|---|---|",
    ]
    taken = Counter(what for _, what, _ in count.taken)
    lines += [f"| {what} | {tried:,} | {taken[what]} |" for what, tried in sorted(count.tried.items())]
    ways = [way for way in WAYS if any(w is way for _, _, w in count.back)] + [Way.NONE]
    lines += ["", f"| one thing lost | {' | '.join(WAYS[w] for w in dict.fromkeys(ways))} |", "|---" * (1 + len(dict.fromkeys(ways))) + "|"]
    for loss in dict.fromkeys(loss for _, loss, _ in count.back):
        cells = [f"{sum(count.back[p, loss, w] for p in ('shop', 'strict')):,}" for w in dict.fromkeys(ways)]
        lines.append(f"| {loss} | {' | '.join(cells)} |")
    spared = sum(has_spare(one) for one, _ in count.outside)
    left = len(count.outside) - spared
    lines += [
        "",
        "A support case is a way where two agents are. On a site without, nobody can decide one:",
        f"{count.owners:,} losses leave outside {spared} owners with settled backup codes, or with a password and no second factor,",
        f"and {left:,} whose codes are used up or younger than 30 days, or who have no password.",
        "",
        f"{count.given_up} owners must call a second factor lost that is not, because it is worth nothing on a new device.",
    ]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- drawn

INK: Final[Mapping[Way, tuple[str, str]]] = {
    Way.SIGN_IN: ("#2f7d5b", "#4fb286"),
    Way.RECOVER: ("#3f74b8", "#6ea3e6"),
    Way.DAY: ("#c9a227", "#e3c04f"),
    Way.THREE_DAYS: ("#d98324", "#f0a04b"),
    Way.WEEK: ("#b8562e", "#e07f55"),
    Way.CASE: ("#7a5299", "#a985c9"),
    Way.NONE: ("#b00020", "#ff5c6c"),
}
"""Each on a light and on a dark page."""

WIDTH, LABEL, ROW = 960, 230, 34


def picture(count: Count) -> str:
    """Bars of how owners get back after each loss; each twice, for shop and for strict."""
    there = [way for way in WAYS if any(w is way for _, _, w in count.back)]
    rows = list(dict.fromkeys(loss for _, loss, _ in count.back))
    height = 76 + ROW * len(rows) + 16
    dark = "".join(f".w{w.value}{{fill:{INK[w][1]}}}" for w in there)
    light = "".join(f".w{w.value}{{fill:{INK[w][0]}}}" for w in there)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d">',
        f'<title id="t">How owners get back after losing one thing</title><desc id="d">{escape(_described(count))}</desc>',
        f"<style>text{{font:14px system-ui,sans-serif;fill:#1c2430}}.s{{font-size:11px;fill:#5a6675}}{light}</style>",
        f"<style>@media(prefers-color-scheme:dark){{text{{fill:#e8edf3}}.s{{fill:#9fb0c2}}{dark}}}</style>",
    ]
    x = 0.0
    for way in there:
        parts.append(
            f'<rect class="w{way.value}" x="{x:.0f}" y="14" width="14" height="14" rx="3"/><text x="{x + 20:.0f}" y="26">{WAYS[way]}</text>'
        )
        x += 44 + 7.2 * len(WAYS[way])
    for n, loss in enumerate(rows):
        y = 60 + ROW * n
        parts.append(f'<text x="0" y="{y + 17}">{escape(loss)}</text>')
        for half, profile in enumerate(("shop", "strict")):
            parts += _bar(count, profile, loss, there, y + 14 * half)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(count: Count, profile: str, loss: str, there: Sequence[Way], y: int) -> Iterator[str]:
    numbers = [count.back[profile, loss, way] for way in there]
    if not sum(numbers):
        return
    room = WIDTH - LABEL - 60
    ends = [0, *accumulate(room * n / sum(numbers) for n in numbers)]
    for way, number, (start, end) in zip(there, numbers, pairwise(ends), strict=True):
        if number:
            yield f'<rect class="w{way.value}" x="{LABEL + start:.1f}" y="{y}" width="{max(end - start, 1.5):.1f}" height="11"/>'
    yield f'<text class="s" x="{LABEL + room + 8}" y="{y + 10}">{profile}</text>'


def _described(count: Count) -> str:
    back = sum(count.back.values())
    at_once = sum(n for (_, _, way), n in count.back.items() if way in {Way.SIGN_IN, Way.RECOVER})
    return f"Of {back:,} losses {100 * at_once / back:.1f} % end at once, the rest after a wait or a support case."


def with_table(page: str, table: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}"


def main() -> None:
    count = ten_thousand()
    console = Console(file=sys.stdout, width=160)
    for table in tables(count):
        console.print(table)
    PICTURE.write_text(picture(count))
    PAGE.write_text(with_table(PAGE.read_text(), told(count)))


if __name__ == "__main__":
    main()
