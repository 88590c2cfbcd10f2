"""What the commands say of themselves, and of what this installation would run with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparekey.cli.commands import app

SPAREKEY = Path(sys.executable).with_name("sparekey")


def said(*words: str, **settings: str) -> str:
    """What a command prints, on a wide screen."""
    given = {f"SPAREKEY_{name.upper()}": value for name, value in settings.items()}
    env = {**{k: v for k, v in os.environ.items() if not k.startswith("SPAREKEY_")}, "COLUMNS": "200", **given}
    return subprocess.run([SPAREKEY, *words], capture_output=True, text=True, check=True, env=env).stdout


@pytest.mark.row("O1")
def test_help_has_a_line_for_each_command() -> None:
    lines = [line.strip("│ ").split(maxsplit=1) for line in said("--help").splitlines()]
    told = {line[0]: line[1] if line[1:] else "" for line in lines if line}
    commands = [name for name in app if not name.startswith("-")]
    assert "serve" in commands
    assert [name for name in commands if not told[name]] == []
    assert told["doctor"] == "Show what this installation would run with."


@pytest.mark.row("O1")
@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({}, "the phone of development"),
        ({"sms": "webhook", "sms_url": "https://sms.example.com/send", "sms_secret": "s" * 32}, "webhook"),
        (
            {"mode": "production", "base_url": "https://id.example.com", "smtp": "smtps://mail.example.com", "mail_from": "id@example.com"},
            "none",
        ),
    ],
)
def test_doctor_says_where_texts_go(tmp_path: Path, settings: dict[str, str], texts: str) -> None:
    rows = [line.split("│")[1:3] for line in said("doctor", data=str(tmp_path), **settings).splitlines() if line.count("│") == 3]
    assert {row[0].strip(): row[1].strip() for row in rows}["text messages"] == texts
