"""A PostgreSQL of the tests' own: one cluster for each test process, gone with it. Needs Debian's package ``postgresql``.

It is not made for safety (no fsync) and listens on 127.0.0.1 alone. PostgreSQL refuses to run as root, so root hands it to
an unprivileged user.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

UNPRIVILEGED = ("postgres", "nobody")
SECONDS_TO_START = 30
OWNER = "sparekey"
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3


def binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``: from PATH, else the newest that Debian installed. Raises ``FileNotFoundError``."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not installed:
        raise FileNotFoundError("no PostgreSQL here: `make test` installs it, or: apt-get install postgresql")
    return installed[-1].parent


@dataclass
class Cluster:
    """``with Cluster() as cluster: url = cluster.create("name")``."""

    port: int = 0
    folder: Path = Path()
    _user: int | None = None
    _group: int | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="sparekey-pg-", dir=memory()))
        if os.geteuid() == 0:
            nobody = _unprivileged()
            self._user, self._group = nobody.pw_uid, nobody.pw_gid
            os.chown(self.folder, self._user, self._group)
        data = self.folder / "data"
        how = ("--username", OWNER, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--no-locale")
        _run("initdb", "--pgdata", str(data), *how, **self._as_unprivileged())
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Also after ``stop``, on the same port: for tests of a database that goes away and comes back."""
        self.port = self.port or _free_port()
        quick = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "listen_addresses=127.0.0.1")
        options = [part for setting in quick for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder / "data", "-k", self.folder, "-p", str(self.port), *options],
                stdout=log,
                stderr=log,
                **self._as_unprivileged(),
            )
        until = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all connections and closes cleanly; SIGQUIT is a crash: what was not yet durable is lost."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(SECONDS_TO_START)
            self._process = None

    def url(self, name: str) -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template0") -> str:
        """A new database, a copy of ``template`` (to which nobody may be connected), and its URL."""
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Also when someone is still connected."""
        self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _sql(self, statement: str) -> None:
        """As the user that we are: changing it would copy the whole process of the tests first."""
        _run("psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", statement, self.url("postgres"))

    def _answers(self) -> bool:
        ready: list[str | Path] = [binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _as_unprivileged(self) -> dict[str, Any]:
        """What ``subprocess`` is given: in a folder that this user may enter."""
        if self._user is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self._user, "group": self._group, "extra_groups": []}


def _run(program: str, *arguments: str, **how: Any) -> None:
    done = subprocess.run([binaries() / program, *arguments], check=False, capture_output=True, text=True, **how)
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr}")


def memory() -> Path | None:
    """A folder in memory, where there is room: a new database is 300 files, there 0.03 seconds and not 0.3. Else the usual place
    for what is temporary; a cluster cannot lie in pytest's own, through which only root may pass."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM else None


def _unprivileged() -> pwd.struct_passwd:
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port
