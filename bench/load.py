"""Load: prepared requests, sent by wrk in a closed loop over connections that stay open."""

import http.client
import json
import os
import statistics
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import FOLDER, HERE, Server, cpu_seconds, program


@dataclass(frozen=True)
class Request:
    """``body``: sent as JSON when there is one."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, object] | str | None = None

    def content(self) -> tuple[dict[str, str], bytes]:
        """All headers, and the bytes of the body."""
        match self.body:
            case None:
                return dict(self.headers), b""
            case str():
                return {"Content-Type": "application/x-www-form-urlencoded", **self.headers}, self.body.encode()
            case _:
                return {"Content-Type": "application/json", **self.headers}, json.dumps(self.body).encode()

    def raw(self, port: int) -> bytes:
        headers, body = self.content()
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{k}: {v}" for k, v in headers.items())]
        if body or self.method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def cookies(self) -> str:
        pairs = (value.split(";", 1)[0] for value in self.headers.get_all("Set-Cookie") or [])
        return "; ".join(p for p in pairs if not p.endswith(('=""', "=")))


def once(server: Server, request: Request) -> Answer:
    headers, body = request.content()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(request.method, request.path, body=body or None, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Figures:
    """``rate``: answers a second. Times in milliseconds. ``bad``: answers that were not 2xx, and broken connections.
    ``server_us``, ``database_us``: microseconds of processor time for each answer."""

    rate: float
    p50: float
    p99: float
    bad: int
    server_us: float = 0.0
    database_us: float = 0.0


def wrk(server: Server, requests: Sequence[Request], *, connections: int, seconds: float, database_pid: int | None = None) -> Figures:
    before = cpu_seconds(server.process.pid), cpu_seconds(database_pid) if database_pid else 0.0
    said = _start(server, requests, connections, seconds).communicate()[0]
    after = cpu_seconds(server.process.pid), cpu_seconds(database_pid) if database_pid else 0.0
    return _figures(said, after[0] - before[0], after[1] - before[1])


def side_by_side(
    server: Server,
    watched: Sequence[Request],
    flood: Sequence[Request],
    *,
    watched_connections: int,
    flood_connections: int,
    seconds: float,
) -> tuple[Figures, Figures]:
    """Two loads at once; the flood begins first and ends last."""
    below = _start(server, flood, flood_connections, seconds + 2)
    threading.Event().wait(1.0)
    above = _start(server, watched, watched_connections, seconds)
    return _figures(above.communicate()[0]), _figures(below.communicate()[0])


def median(runs: Sequence[Figures]) -> Figures:
    def of(name: str) -> float:
        values: list[float] = [getattr(r, name) for r in runs]
        return statistics.median(values)

    return Figures(of("rate"), of("p50"), of("p99"), sum(r.bad for r in runs), of("server_us"), of("database_us"))


def _start(server: Server, requests: Sequence[Request], connections: int, seconds: float) -> subprocess.Popen[str]:
    # Named after its content's use: two loads at once must not share one.
    file: Path = FOLDER / f"requests-{connections}-{id(requests)}.bin"
    file.write_bytes(b"".join(r.raw(server.port) + b"\x1e" for r in requests))
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "-s", str(HERE / "replay.lua")]
    return subprocess.Popen(
        [program("wrk"), *options, f"http://127.0.0.1:{server.port}/"],
        env={**os.environ, "BENCH_REQUESTS": str(file)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _figures(said: str, server_seconds: float = 0.0, database_seconds: float = 0.0) -> Figures:
    if "BENCH" not in said:
        raise RuntimeError(f"wrk: {said[-500:]}")
    told = json.loads(said.split("BENCH", 1)[1].splitlines()[0])
    count = max(1, told["requests"])
    return Figures(
        rate=told["requests"] / (told["microseconds"] / 1e6),
        p50=told["p50"] / 1000,
        p99=told["p99"] / 1000,
        bad=told["not_2xx"] + told["broken"],
        server_us=server_seconds / count * 1e6,
        database_us=database_seconds / count * 1e6,
    )
