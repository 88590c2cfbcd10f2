"""Real servers for tests: one or more processes of ``sparekey serve`` over one database, with their log and their mailbox.

All nodes of a site share database, keys and data folder; each has a port of its own. A node runs in a process group of its own, so
that ``kill`` ends the whole of it with SIGKILL, as a power cut would.
"""

import asyncio
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx2

from sparekey.adapters.clock import SystemClock
from sparekey.adapters.mail.mailbox import DevMailbox
from sparekey.bootstrap import SQLITE_FILE, key_ring, prepare_data_dir
from sparekey.settings import Settings, read_settings
from tests.doors.api import Letter

ROOT = Path(__file__).parent.parent
SERVE: Sequence[str] = (sys.executable, "-m", "sparekey.cli.main", "serve")
SECONDS_TO_START = 30
SECONDS_FOR_MAIL = 20
AT_ONCE = 60
"""Connections that one client keeps open: more than any race needs."""


@dataclass
class Node:
    """One process of a server. ``log``: all that it prints."""

    port: int
    program: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SPAREKEY_") and k != "PYTHONDONTWRITEBYTECODE"}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.program, env={**kept, **self.environment}, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
            )

    def wait(self) -> None:
        """Until it is ready. Raises ``RuntimeError`` with its log."""
        until = time.monotonic() + SECONDS_TO_START
        while not self._is_ready():
            if self._process is None or self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL: nothing is closed, nothing is said."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, how)
            self._process.wait(SECONDS_TO_START)
        except ProcessLookupError:
            self._process.wait(SECONDS_TO_START)
        finally:
            self._process = None

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@dataclass
class Site:
    """``with Site(folder, database_url, migrated_sqlite, nodes=4) as site``. Without ``database_url``: SQLite, a copy of ``migrated``.

    ``settings``: names without prefix, as in ``SPAREKEY_…``. ``program``: what is started instead of ``sparekey serve``.
    """

    folder: Path
    database_url: str
    migrated: Path
    nodes: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = SERVE
    all: list[Node] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.read()
        prepare_data_dir(settings)
        key_ring(settings)
        if not self.database_url:
            shutil.copy(self.migrated, self.data / SQLITE_FILE)
        for number in range(self.nodes):
            port = free_port()
            environment = {**self._environment(), "SPAREKEY_PORT": str(port)}
            self.all.append(Node(port, self.program, environment, self.folder / f"node{number}.log"))
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        for node in self.all:
            node.stop()

    def start(self) -> None:
        for node in self.all:
            node.launch()
        for node in self.all:
            node.wait()

    def restart_after_kill(self) -> None:
        for node in self.all:
            node.kill()
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        """What all nodes have printed."""
        return "".join(node.log.read_text(errors="replace") for node in self.all)

    def read(self) -> Settings:
        """The settings as a command beside the server would read them."""
        return read_settings(self._environment())

    def letters(self, to: str = "") -> list[Letter]:
        """Letters in the mailbox of development, the oldest first."""
        box = DevMailbox(self.data, mail_from="", sender_name="", host="", clock=SystemClock())
        return [Letter(mail.to, mail.subject, mail.text) for mail in reversed(box.list()) if mail.to == to or not to]

    async def mail(self, to: str, number: int = 1) -> Letter:
        """The letter of this number (from 1) to an address, as soon as it is there."""
        until = time.monotonic() + SECONDS_FOR_MAIL
        while len(found := self.letters(to)) < number:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} letters, not {number}")
            await asyncio.sleep(0.02)
        return found[number - 1]

    def client(self, node: int = 0) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        return httpx2.AsyncClient(base_url=self.all[node % len(self.all)].url, limits=limits, timeout=60)

    def _environment(self) -> dict[str, str]:
        given = {"data": str(self.data), "database": self.database_url, **self.settings}
        return {f"SPAREKEY_{name.upper()}": value for name, value in given.items()}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port
