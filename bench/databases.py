"""A PostgreSQL of the benchmark's own, with everything durable as in earnest, and empty databases in it or as SQLite files."""

import os
import pwd
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from bench.machine import FOLDER, free_port, run
from tests.postgres import UNPRIVILEGED, binaries

Kind = Literal["sqlite", "postgres"]
OWNER = "bench"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
"""Room in memory for a million accounts, and no checkpoint inside a run. Durability is PostgreSQL's default: every commit is on disk."""


class Cluster:
    """``with Cluster() as cluster``. Its files stay in the folder of the benchmark, so that a million accounts are loaded once."""

    def __init__(self) -> None:
        self.port = free_port()
        self._data = FOLDER / "postgres" / "data"
        self._process: subprocess.Popen[bytes] | None = None
        names = {u.pw_name: u for u in pwd.getpwall()}
        nobody = next(names[n] for n in UNPRIVILEGED if n in names) if os.geteuid() == 0 else None  # it refuses to run as root
        self._user = nobody.pw_uid if nobody else None
        self._group = nobody.pw_gid if nobody else None

    def __enter__(self) -> Self:
        folder = self._data.parent
        if not folder.exists():
            folder.mkdir(parents=True)
            if self._user is not None and self._group is not None:
                os.chown(folder, self._user, self._group)
        if not (self._data / "PG_VERSION").exists():
            self._call(
                "initdb", "--pgdata", str(self._data), "--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--no-locale"
            ).wait()
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._process = self._call("postgres", "-D", str(self._data), "-k", str(folder), "-p", str(self.port), *options)
        until = time.monotonic() + 60
        while subprocess.run([binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start; see {FOLDER / 'logs' / 'postgres.log'}")
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def url(self, name: str, scheme: str = "postgresql") -> str:
        return f"{scheme}://{OWNER}@127.0.0.1:{self.port}/{name}"

    def sql(self, name: str, text: str) -> str:
        return run("psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url(name), text=text)

    def _call(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        (FOLDER / "logs").mkdir(parents=True, exist_ok=True)
        with (FOLDER / "logs" / "postgres.log").open("ab") as log:
            return subprocess.Popen(
                [binaries() / program, *arguments],
                stdout=log,
                stderr=log,
                cwd=self._data.parent,
                user=self._user,
                group=self._group,
                extra_groups=None if self._user is None else [],
            )


class Place:
    """One database for one peer. ``name``: of the PostgreSQL database; ``file``: of the SQLite one."""

    def __init__(self, kind: Kind, name: str, cluster: Cluster) -> None:
        self.kind = kind
        self.name = re.sub(r"\W", "_", name)
        self.file = FOLDER / "data" / f"{self.name}.db"
        self.cluster = cluster

    @property
    def pid(self) -> int | None:
        return self.cluster.pid if self.kind == "postgres" else None

    @property
    def is_loaded(self) -> bool:
        return self._stamp.exists()

    @property
    def _stamp(self) -> Path:
        return FOLDER / "data" / f"{self.name}.{self.kind}.loaded"

    def empty(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._stamp.unlink(missing_ok=True)
        if self.kind == "postgres":
            self.cluster.sql("postgres", f'drop database if exists "{self.name}"')
            self.cluster.sql("postgres", f'create database "{self.name}"')
        else:
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(f"{self.file}{suffix}").unlink(missing_ok=True)

    def loaded(self) -> None:
        """Everything is in it: later runs take it as it is."""
        self._stamp.touch()

    def run(self, statements: Sequence[str]) -> None:
        """In order, then statistics for the planner."""
        if self.kind == "postgres":
            self.cluster.sql(self.name, ";\n".join([*statements, "vacuum analyze"]))
            return
        with sqlite3.connect(self.file) as connection:
            connection.execute("pragma journal_mode = wal")
            for statement in statements:
                connection.execute(statement)
            connection.execute("analyze")
        connection.close()

    def series(self, count: int) -> str:
        """A table ``g`` with the numbers from 0 as ``i``."""
        if self.kind == "postgres":
            return f"generate_series(0, {count - 1}) as g(i)"
        return f"(with recursive s(i) as (select 0 union all select i + 1 from s where i < {count - 1}) select i from s) as g"

    def keep_hashes(self, hashes: Sequence[str]) -> None:
        """A table ``bench_hash (i, h)``, for the peers' rows to be made from."""
        rows = ", ".join(f"({i}, '{h}')" for i, h in enumerate(hashes))
        self.run(["create table bench_hash (i integer primary key, h text)", f"insert into bench_hash values {rows}"])
