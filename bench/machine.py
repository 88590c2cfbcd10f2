"""Processes under test: start, wait for the first answer, weigh, end. Only what was started here is ever ended."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

FOLDER = Path(os.environ.get("BENCH_DIR") or Path(tempfile.gettempdir()) / "sparekey-bench")
"""Everything that is made goes under this one folder; the peers are installed in it by ``setup.sh``."""

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
SECONDS_TO_START = 60

# With it nothing would be kept compiled, and every start would be of a kind that nobody runs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, text: str | None = None) -> str:
    """What a program prints. Raises ``RuntimeError`` with the end of it when it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@dataclass(frozen=True)
class Command:
    """How to start a server. ``probe``: a path that answers 200 when it is up. ``port``: where it will listen."""

    argv: Sequence[object]
    env: Mapping[str, str]
    probe: str
    port: int
    cwd: Path | None = None


@dataclass
class Server:
    """``with Server(command, "name") as server``: up and answering inside, gone after."""

    command: Command
    name: str
    cold_ms: float = 0.0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        logs = FOLDER / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{self.name}.log"
        began = time.perf_counter()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(part) for part in self.command.argv],
                env={**os.environ, **self.command.env},
                cwd=self.command.cwd,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - began > SECONDS_TO_START:
                self.__exit__()
                raise RuntimeError(f"{self.name} did not start; see {log}")
            time.sleep(0.002)
        self.cold_ms = (time.perf_counter() - began) * 1000
        return self

    def __exit__(self, *error: object) -> None:
        process = self.process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what is left of our own process group
        process.wait()

    @property
    def port(self) -> int:
        return self.command.port

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.command.probe)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def megabytes(self) -> tuple[float, float]:
        """Of all processes: resident (what is shared counted in each), and proportional (what is shared counted once)."""
        sums = {"Rss:": 0, "Pss:": 0}
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    name, *rest = line.split()
                    if name in sums:
                        sums[name] += int(rest[0])
        return sums["Rss:"] / 1024, sums["Pss:"] / 1024


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(stat.read_text().rsplit(")", 1)[1].split()[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float:
    """Time that a process and all below it have spent on the processor."""
    ticks = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def program(name: str) -> str:
    """Raises ``SystemExit`` with one line when a program is not there."""
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"bench: {name} is needed; `make bench` installs it")
    return found
