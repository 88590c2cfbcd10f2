"""``sparekey policy``: tables for people, and an exit code for machines."""

from pathlib import Path

import pytest

from sparekey.cli.policy import PHRASES, SENTENCES, app, needs_of, outcome
from sparekey.domain.errors import BadSettings
from sparekey.domain.policy.check import Reason
from sparekey.domain.policy.conditions import VOCABULARY
from sparekey.domain.policy.parse import load_policy, standard_texts


def run(*words: str) -> int:
    """The exit code."""
    with pytest.raises(SystemExit) as end:
        app(words)
    return 0 if end.value.code is None else int(end.value.code)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.row("G1")
def test_show_prints_what_an_action_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "recover") == 0
    printed = capsys.readouterr().out
    assert "settled_mailbox" in printed
    assert "after 72 hours" in printed
    assert "quarantine for 7 days" in printed
    assert "a support case" in printed


def test_show_without_a_name_lists_all_actions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--profile", "strict") == 0
    printed = capsys.readouterr().out
    assert all(action in printed for action in load_policy("strict", {}).actions)
    assert "not offered" in printed


@pytest.mark.parametrize("columns", ["80", "200"])
def test_show_never_breaks_a_name(columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for action, rules in (policy := load_policy("shop", {})).actions.items():
        assert run("show", action) == 0
        printed = capsys.readouterr().out
        assert [r.name for r in rules.routes if r.name not in printed] == []
        assert "…" not in printed
    assert run("show") == 0
    printed = capsys.readouterr().out
    assert [action for action in policy.actions if action not in printed] == []


@pytest.mark.parametrize(
    ("profile", "line"),
    [("shop", "A session ends after 30 days."), ("strict", "A session ends after 24 hours, or 60 minutes without use.")],
)
def test_show_says_how_long_a_session_lasts(profile: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--profile", profile) == 0
    assert line in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("contested", "line"),
    [
        (True, "the account is locked, or reached by an address that has left it"),
        (False, "the account is neither locked nor reached by an address that has left it"),
    ],
)
def test_both_values_of_contested_are_said_as_they_are(contested: bool, line: str) -> None:
    routes = [r for r in load_policy("shop", {}).actions["recover"].routes if r.contested is contested]
    assert routes
    assert all(line in needs_of(r) for r in routes)


def test_show_of_an_unknown_action_is_refused() -> None:
    with pytest.raises(BadSettings, match="no action named link_card"):
        app(["show", "link_card"])


@pytest.mark.row("G2")
def test_check_ends_with_1_when_something_must_be_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hole = '\n[route.hole]\nwhy = "A hole."\nthen = "allow"\nall_of = ["email"]\n'
    (tmp_path / "recover.toml").write_text(standard_texts()["recover"] + hole)
    assert run("check", "--policy-dir", str(tmp_path)) == 1
    printed = capsys.readouterr().out
    assert "one stolen thing is enough: email opens an account with" in printed


@pytest.mark.row("G2")
def test_check_of_the_standard_policy_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--profile", "strict") == 0
    assert "holds together" in capsys.readouterr().out


def test_each_word_and_each_finding_can_be_said() -> None:
    assert set(PHRASES) == set(VOCABULARY)
    assert set(SENTENCES) == set(Reason)
    for profile in ("shop", "strict"):
        for rules in load_policy(profile, {}).actions.values():
            assert all(needs_of(route) and outcome(route) for route in rules.routes)
