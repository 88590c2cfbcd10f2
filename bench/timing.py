"""Can a clock tell a known name from an unknown one? (mission.md, D3)

A real server on this machine, one connection, one request at a time: an attacker as near as one can be. For each route, pairs of
one known and one unknown name in random order: the known one of a pool, the unknown one always new. Printed: the
difference of the means with its 95 % interval, and the AUC: how often a clock that guesses "the slower one is known" (or the
faster, whichever is better) is right. 0.5 is a coin; the goal is 0.52 at most.

``echo`` looks at what comes after the answer: the mail that is sent for the known name alone. It asks the server for nothing as
often as it can for the seconds after a recovery began, and adds up how long that took.
"""

import argparse
import asyncio
import json
import math
import random
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sparekey.adapters.sql import migrate
from sparekey.bootstrap import build
from sparekey.domain.accounts import Account, AccountId, Address, AddressKind
from sparekey.domain.audit import Event
from sparekey.domain.limits import RESEND_AFTER
from sparekey.settings import Settings
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client
from tests.postgres import Cluster
from tests.server import Node, Site

GOAL = 0.52
ECHO_SECONDS = 0.5
"""So long the echo listens: the worker begins within its pause of 0.2 s and writes a letter in less."""
ECHO_SHARE = 20
"""One echo for so many pairs: each takes a second."""
GUESSES = 8
"""Wrong passwords for one name, below the ten after which the answer is another."""
WARM_UP = 50
PASSWORD = "a passphrase that nobody has"


@dataclass(frozen=True)
class Measured:
    """Seconds of each request."""

    route: str
    known: Sequence[float]
    unknown: Sequence[float]

    def difference(self) -> tuple[float, float]:
        """Known minus unknown in seconds, and half of its 95 % interval (Welch)."""
        spread = math.sqrt(statistics.variance(self.known) / len(self.known) + statistics.variance(self.unknown) / len(self.unknown))
        return statistics.fmean(self.known) - statistics.fmean(self.unknown), 1.96 * spread

    def auc(self) -> float:
        """The Mann-Whitney statistic, folded: 0.5 to 1."""
        ranked = sorted([(t, 1) for t in self.known] + [(t, 0) for t in self.unknown])
        rank_sum, at = 0.0, 0
        while at < len(ranked):
            end = at
            while end < len(ranked) and ranked[end][0] == ranked[at][0]:
                end += 1
            rank_sum += (at + 1 + end) / 2 * sum(known for _, known in ranked[at:end])
            at = end
        n, m = len(self.known), len(self.unknown)
        auc = (rank_sum - n * (n + 1) / 2) / (n * m)
        return max(auc, 1 - auc)

    def chance(self) -> float:
        """Half of the 95 % interval of the AUC where there is no difference at all: as far from 0.5 as chance alone goes."""
        n, m = len(self.known), len(self.unknown)
        return 1.96 * math.sqrt((n + m + 1) / (12 * n * m))


class Wire:
    """One connection that stays open, and nothing of a client's own work inside the measured time."""

    def __init__(self, node: Node) -> None:
        self._host = f"127.0.0.1:{node.port}"
        self._socket = socket.create_connection(("127.0.0.1", node.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, body: object, token: str = "") -> bytes:
        text = json.dumps(body).encode()
        held = f"Flow-Token: {token}\r\n" if token else ""
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n{held}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        return head.encode() + text

    def get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()

    def time(self, request: bytes) -> tuple[float, int, bytes]:
        """Seconds from the first byte out to the last byte in, the status, and the body."""
        began = time.perf_counter()
        self._socket.sendall(request)
        got = self._socket.recv(65536)
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, body = got.split(b"\r\n\r\n", 1)
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += self._more()
        return time.perf_counter() - began, int(head[9:12]), body

    def _more(self) -> bytes:
        got = self._socket.recv(65536)
        if not got:
            raise ConnectionError("the server closed the connection")
        return got


def a_name() -> str:
    return f"{secrets.token_hex(6)}@example.com"


async def make_accounts(settings: Settings, count: int) -> list[str]:
    """So many accounts as a sign-up leaves them, with one password among them."""
    parts = build(settings)
    await parts.open()
    services, names = parts.services, []
    password_hash = await services.hasher.hash(secrets.token_urlsafe())
    client = Client(holder="", network="127.0.0.1", user_agent="bench", language="en")
    try:
        for first in range(0, count, 500):
            async with services.store.transaction() as tx:
                for _ in range(min(500, count - first)):
                    now = services.clock.now()
                    name = a_name()
                    address = Address(
                        services.chance.new_id(now), AddressKind.EMAIL, name, f"email:{name}", now, main=True, with_account=True
                    )
                    account = Account(
                        account_id=AccountId(services.chance.new_id(now)),
                        name="Anna",
                        language="en",
                        created_at=now,
                        password_hash=password_hash,
                        password_set_at=now,
                        version=1,
                        shred_key=services.chance.token(),
                        addresses=(address,),
                    )
                    await tx.accounts.add(account)
                    lock = await tx.audit.lock(account.account_id)
                    await record(tx, services, lock, Event.CREATED, account, client)
                    names.append(name)
    finally:
        await parts.close()
    return names


class Attacker:
    """Measures one route after the other. ``bar``: called once for each pair."""

    def __init__(self, node: Node, known: Sequence[str], bar: Callable[[], None]) -> None:
        self._node = node
        self._wire = Wire(node)
        self._known = known
        self._bar = bar
        self._turn = 0

    def _next_known(self) -> str:
        self._turn += 1
        return self._known[self._turn % len(self._known)]

    def pairs(self, count: int, measure: Callable[[str], float], warm_up: int = WARM_UP) -> tuple[list[float], list[float]]:
        for _ in range(warm_up):
            measure(a_name())
            measure(self._next_known())
        known: list[float] = []
        unknown: list[float] = []
        for _ in range(count):
            both = [(known, self._next_known()), (unknown, a_name())]
            random.shuffle(both)
            for found, name in both:
                found.append(measure(name))
            self._bar()
        return known, unknown

    def start(self, **flow: object) -> float:
        seconds, status, body = self._wire.time(self._wire.post("/api/v1/flows", {"flow": flow}))
        wanted = 401 if flow.get("password") and flow["action"] == "sign_in" else 201
        if status != wanted:
            raise RuntimeError(f"{flow['action']}: {status} {body[:300]!r}")
        return seconds

    def recover(self, name: str) -> float:
        return self.start(action="recover", identifier=name)

    def wrong_password(self, name: str) -> float:
        return self.start(action="sign_in", identifier=name, password=PASSWORD)

    def sign_in_link(self, name: str) -> float:
        return self.start(action="sign_in", identifier=name)

    def sign_up(self, name: str) -> float:
        return self.start(action="sign_up", email=name, name="Anna", password=PASSWORD)

    def open_case(self, name: str) -> float:
        body = {"kind": "lost", "identifier": name, "contact": a_name()}
        seconds, status, answer = self._wire.time(self._wire.post("/api/v1/cases", body))
        if status != 201:
            raise RuntimeError(f"case: {status} {answer[:300]!r}")
        return seconds

    def echo(self, name: str) -> float:
        time.sleep(1.3)  # the worker is at rest again
        self.recover(name)
        nothing, total, until = self._wire.get("/health/live"), 0.0, time.perf_counter() + ECHO_SECONDS
        asked = 0
        while time.perf_counter() < until:
            total += self._wire.time(nothing)[0]
            asked += 1
        return total / asked

    def in_flows(self, count: int, path: str, body: object, status: int, wait: float) -> tuple[list[float], list[float]]:
        """Begin recoveries first, wait, and measure one request in each."""
        begun: list[tuple[bool, str, str]] = []
        for _ in range(count):
            for known in random.sample((True, False), 2):
                name = self._next_known() if known else a_name()
                _, _, answer = self._wire.time(self._wire.post("/api/v1/flows", {"flow": {"action": "recover", "identifier": name}}))
                said = json.loads(answer)
                begun.append((known, said["flow_id"], said["flow_token"]))
        time.sleep(wait)
        self._wire = Wire(self._node)  # the old one was closed as idle
        found: dict[bool, list[float]] = {True: [], False: []}
        for known, flow_id, token in begun:
            seconds, got, answer = self._wire.time(self._wire.post(path.format(flow_id), body, token))
            if got != status:
                raise RuntimeError(f"{path}: {got} {answer[:300]!r}")
            found[known].append(seconds)
            if known:
                self._bar()
        return found[True], found[False]


def measure(node: Node, known: Sequence[str], pairs: int, routes: Sequence[str], progress: Progress) -> list[Measured]:
    measured = []
    for route in routes:
        count = max(20, pairs // ECHO_SHARE) if route == "echo" else pairs
        task = progress.add_task(route, total=count)
        attacker = Attacker(node, known, lambda task=task: progress.advance(task))  # type: ignore[misc]
        resend_after = RESEND_AFTER.total_seconds() + 1
        match route:
            case "recover":
                times = attacker.pairs(count, attacker.recover)
            case "sign-in link":
                times = attacker.pairs(count, attacker.sign_in_link)
            case "wrong password":
                times = attacker.pairs(count, attacker.wrong_password)
            case "sign-up":
                times = attacker.pairs(count, attacker.sign_up)
            case "case":
                times = attacker.pairs(count, attacker.open_case)
            case "wrong code":
                times = attacker.in_flows(count, "/api/v1/flows/{}/answer", {"answer": {"challenge": "email", "code": "000000"}}, 401, 1)
            case "resend":
                times = attacker.in_flows(count, "/api/v1/flows/{}/send", {"challenge": "email"}, 200, resend_after)
            case "echo":
                times = attacker.pairs(count, attacker.echo, warm_up=1)
            case _:
                raise ValueError(route)
        measured.append(Measured(route, *times))
        progress.console.print(f"{route}: AUC {measured[-1].auc():.4f} of {count:,} pairs")
    return measured


ROUTES = ("recover", "sign-in link", "wrong password", "sign-up", "case", "wrong code", "resend", "echo")


def show(kind: str, measured: Sequence[Measured], console: Console) -> bool:
    """The table; answers whether every route is within the goal, as far as chance lets it be said."""
    table = Table(
        "route", "pairs", "median", "known − unknown", "95 % interval", "AUC", "by chance up to", "", title=f"known or unknown? {kind}"
    )
    good = True
    for m in measured:
        mean, half = m.difference()
        within = m.auc() <= max(GOAL, 0.5 + m.chance())
        good = good and within
        median = statistics.median([*m.known, *m.unknown])
        table.add_row(
            m.route,
            f"{len(m.known):,}",
            f"{median * 1e6:,.0f} µs",
            f"{mean * 1e6:+.1f} µs",
            f"± {half * 1e6:.1f} µs",
            f"{m.auc():.4f}",
            f"{0.5 + m.chance():.4f}",
            "[green]ok" if within else "[red]tells",
        )
    console.print(table)
    return good


def main() -> None:
    arguments = argparse.ArgumentParser(description="Can a clock tell a known name from an unknown one?")
    arguments.add_argument("--pairs", type=int, default=20_000)
    arguments.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    arguments.add_argument("--routes", nargs="+", choices=ROUTES, default=ROUTES)
    given = arguments.parse_args()
    console = Console()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="sparekey-timing-")))
        empty = folder / "empty.db"
        url = ""
        if given.database == "postgres":
            url = running.enter_context(Cluster()).create("timing")
            migrate.upgrade(url)
        else:
            migrate.upgrade(f"sqlite:///{empty}")
        site = Site(folder / "site", url, empty, settings={"insecure_no_volume_limits": "true"})
        site = running.enter_context(site)
        known = asyncio.run(make_accounts(site.read(), (given.pairs + WARM_UP) // GUESSES + 1))
        progress = running.enter_context(Progress(console=console, transient=True))
        measured = measure(site.all[0], known, given.pairs, given.routes, progress)
    if not show(given.database, measured, console):
        sys.exit(1)


if __name__ == "__main__":
    main()
