"""``kill -9`` at every write of every flow, then a restart: no half-changed account, no lost notice, no code that is good twice."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from sparekey.bootstrap import SQLITE_FILE, key_ring, prepare_data_dir
from sparekey.settings import read_settings
from tests.attacks.crash.planted import LOST_NOTICE
from tests.attacks.crash.scenarios import SCENARIOS
from tests.postgres import MEMORY
from tests.server import ROOT

MOST_WRITES = 120

pytestmark = [pytest.mark.row("R1", "D1"), pytest.mark.row("D5")]


@dataclass
class Killed:
    """The process of ``tests.attacks.crash``."""

    process: subprocess.Popen[str]

    def do(self, scenario: str, at: int) -> tuple[bool, str]:
        """Kill a server before the write of this number (from 1), and look after it. Answers whether the step was over by then,
        and what is wrong."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"scenario": scenario, "at": at, "email": f"{token_hex(6)}@example.com"}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["done"], answer["wrong"]


@pytest.fixture
def new_killed(request: pytest.FixtureRequest, migrated_sqlite: Path, postgres_urls: Callable[[], str]) -> Iterator[Callable[[], Killed]]:
    """Starts such a process over a database of its own. In memory where there is room: what a dead process leaves to the system is
    there all the same."""
    folder = Path(tempfile.mkdtemp(prefix="sparekey-crash-", dir=MEMORY if MEMORY.is_dir() else None))
    url = "" if request.param == "sqlite" else postgres_urls()
    given = {"SPAREKEY_DATA": str(folder), "SPAREKEY_DATABASE": url, "SPAREKEY_WORKER": "apart"}
    given["SPAREKEY_INSECURE_NO_VOLUME_LIMITS"] = "true"
    settings = read_settings(given)
    prepare_data_dir(settings)
    key_ring(settings)
    if not url:
        shutil.copy(migrated_sqlite, folder / SQLITE_FILE)
    started: list[subprocess.Popen[str]] = []

    def start(*plant: str) -> Killed:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.crash", *plant],
            env={**os.environ, **given},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return Killed(process)

    yield start
    for process in started:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
    shutil.rmtree(folder)


DATABASES = ("sqlite", "postgres")
IN_TURN = [(scenario, DATABASES[n % 2]) for n, scenario in enumerate(SCENARIOS)]
THE_OTHER = [(scenario, DATABASES[n % 2 - 1]) for n, scenario in enumerate(SCENARIOS)]


@pytest.mark.parametrize(("scenario", "new_killed"), IN_TURN, indirect=["new_killed"])
def test_killed_at_each_write(scenario: str, new_killed: Callable[[], Killed]) -> None:
    """Each step on one of the databases in turn; ``make soak`` takes the other one."""
    killed_at_each_write(scenario, new_killed)


@pytest.mark.soak
@pytest.mark.parametrize(("scenario", "new_killed"), THE_OTHER, indirect=["new_killed"])
def test_killed_at_each_write_on_the_other_database(scenario: str, new_killed: Callable[[], Killed]) -> None:
    killed_at_each_write(scenario, new_killed)


def killed_at_each_write(scenario: str, new_killed: Callable[[], Killed]) -> None:
    killed, done, at = new_killed(), False, 0
    while not done:
        at += 1
        done, wrong = killed.do(scenario, at)
        assert not wrong, f"killed before write {at}: {wrong}"
        assert at < MOST_WRITES, "the step never ends"
    assert at > 3, "nothing was killed"


@pytest.mark.parametrize("new_killed", ["sqlite"], indirect=True)
def test_a_planted_lost_notice_is_found(new_killed: Callable[..., Killed]) -> None:
    killed, done, at, wrong = new_killed(LOST_NOTICE), False, 0, ""
    while not done and not wrong:
        at += 1
        done, wrong = killed.do("recovery_finish", at)
        assert at < MOST_WRITES
    assert "assert told ==" in wrong
