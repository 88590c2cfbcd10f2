"""Who wins, for each pair of what two sides hold, made from the rules themselves. ``python -m tests.domain.outcomes`` puts it into
docs/recovery-waits.md."""

from pathlib import Path
from typing import assert_never

from sparekey.domain.disputes import APPROVAL_WEIGHS, ObjectionWins, RecoveryWins, Tie, Unopposed, Weighed, weigh
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Policy, RunningRecovery, Situation
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.policy.verdict import Allow
from tests.policy.people import NOW, account, show

PAGE = Path(__file__).parents[2] / "docs" / "recovery-waits.md"
BEGIN, END = "<!-- outcomes -->\n", "<!-- end of outcomes -->\n"

RECOVERIES = {"one thing": 1, "two things": 2, "three things": 3, "the approval of two agents, nothing else": APPROVAL_WEIGHS}

SIGN_INS = {1: ("", "password"), 2: ("totp", "password totp")}
"""Accounts whose full sign-in shows so many settled things, and by what."""


def in_words(weighed: Weighed) -> str:
    match weighed:
        case Unopposed():
            return "goes on; noted and told"
        case RecoveryWins():
            return "after 72 h goes on to its own end"
        case ObjectionWins():
            return "after 72 h ends"
        case Tie():
            return "after 72 h goes to people"
        case _:
            assert_never(weighed)


def against_recovery(weighed: Weighed) -> str:
    match weighed:
        case RecoveryWins("other"):
            return "after 72 h ends; the other goes on"
        case Unopposed() | RecoveryWins() | ObjectionWins() | Tie():
            return in_words(weighed)
        case _:
            assert_never(weighed)


def signed_in(policy: Policy, shown: int, things: int, *, again: bool) -> str:
    """A full sign-in with so many things, after the recovery began. ``again``: one was stopped by a tie in the last 30 days."""
    who, by = SIGN_INS[things]
    someone = account(who)
    situation = Situation(someone, show(someone, by), NOW, recovery=RunningRecovery(NOW, shown), nothing_more=True)
    if not isinstance(decide(policy, "cancel_recovery", situation), Allow):
        return f"not stopped; an objection: {in_words(weigh({'recovery': shown}, things))}"
    return f"an objection: {in_words(weigh({'recovery': shown}, things))}" if again and things <= shown else "ends at once"


def table(policy: Policy | None = None) -> str:
    """Rows: what the other side has. Columns: what the recovery has shown."""
    policy = policy or load_policy("shop", {})
    others = {
        "a living session, a young factor, a young or given-up address": [in_words(weigh({"recovery": n}, 0)) for n in RECOVERIES.values()],
        **{
            f"{words}, and objects": [in_words(weigh({"recovery": n}, m)) for n in RECOVERIES.values()]
            for words, m in (("one settled thing", 1), ("two settled things", 2), ("three settled things", 3))
        },
        **{
            f"{words}, and wants to get back in": [against_recovery(weigh({"recovery": n, "other": m}, 0)) for n in RECOVERIES.values()]
            for words, m in (("one settled thing", 1), ("two settled things", 2))
        },
        **{
            f"a full sign-in with {words}": [signed_in(policy, n, m, again=again) for n in RECOVERIES.values()]
            for words, m, again in (
                ("the password alone", 1, False),
                ("password and authenticator", 2, False),
                ("password and authenticator, after a tie was stopped like that in the last 30 days", 2, True),
            )
        },
    }
    lines = [f"| the other side has ↓, the recovery has shown → | {' | '.join(RECOVERIES)} |", f"|{'---|' * (len(RECOVERIES) + 1)}"]
    return "\n".join([*lines, *(f"| {words} | {' | '.join(cells)} |" for words, cells in others.items())]) + "\n"


def told(page: str) -> str:
    """The table that stands in a page."""
    return page.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    page = PAGE.read_text()
    PAGE.write_text(page.replace(f"{BEGIN}{told(page)}{END}", f"{BEGIN}{table()}{END}"))
