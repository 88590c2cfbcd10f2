"""``make bench``: Sparekey beside the limit of this machine and, where they are installed, its peers. Everything in turns, so that
other work on the machine touches all alike; what counts are the ratios of one round, not the figures of one day.
"""

import signal
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from bench import hashes
from bench.databases import Cluster, Kind, Place
from bench.load import Figures, Request, median, once, side_by_side, wrk
from bench.machine import FOLDER, Server
from bench.peers.allauth.peer import Allauth
from bench.peers.bare import Bare
from bench.peers.betterauth.peer import BetterAuth
from bench.peers.fastapiusers.peer import FastapiUsers
from bench.peers.oidcprovider.peer import OidcProvider
from bench.peers.ours.peer import Ours, spread
from bench.peers.peer import PasswordPeer, Peer, email

Step = Literal["check", "signin", "reset", "beside", "cold", "accounts"]
STEPS: tuple[Step, ...] = ("check", "signin", "reset", "beside", "cold", "accounts")
KINDS: tuple[Kind, ...] = ("sqlite", "postgres")

CHECK_CONNECTIONS = 32
SIGN_IN_CONNECTIONS = 8
"""Enough that a core never waits for the next request."""
QUEUE_FULL = 128
"""As many as the queue of hashes holds on two cores."""
TOO_MANY = 256
"""More than that, so that some are refused; each asks again at once, which no honest client does."""
NODE_WARMS_UP = 5.0
"""Seconds until Node has compiled what it runs most; with one it would look half as fast."""

console = Console(width=max(Console().width, 140))
OURS = Ours()


@dataclass
class Line:
    """One row of the table. ``beside``: how many times ours is as fast as this one, the median of the rounds."""

    server: str
    figures: Figures
    beside: float | None = None
    goal: float | None = None
    note: str = ""


@dataclass
class Bench:
    cluster: Cluster
    accounts: int
    seconds: float
    rounds: int
    lines: dict[str, list[Line]] = field(default_factory=dict)

    def place(self, peer: Peer, kind: Kind, count: int = 0) -> Place:
        """The database of a peer, loaded if it is not yet. The bare stack looks at ours."""
        owner: Peer = OURS if isinstance(peer, Bare) else peer
        count = count or self.accounts
        place = Place(kind, f"{owner.name}_{count}", self.cluster)
        if not place.is_loaded:
            console.print(f"[dim]loading {count:,} accounts: {owner.name}, {kind}[/]")
            place.empty()
            owner.load(place, count)
            place.loaded()
        return place

    def in_turns(
        self,
        kind: Kind,
        servers: Mapping[str, tuple[Peer, Callable[[Server], Sequence[Request]]]],
        *,
        connections: int,
        goals: Mapping[str, float],
        around: Callable[[], float] | None = None,
    ) -> list[Line]:
        """Each server in each round: started, warmed, measured, ended. The first is ours.

        ``around``: a limit that is measured before and after each of our runs and stands as a row of its own.
        """
        got: dict[str, list[Figures]] = {name: [] for name in servers}
        limits: list[float] = []
        for _ in range(self.rounds):
            for name, (peer, requests) in servers.items():
                place = self.place(peer, kind)
                with Server(peer.command(place), f"{peer.name}-{kind}") as server:
                    sent = requests(server)
                    warm = NODE_WARMS_UP if isinstance(peer, BetterAuth | OidcProvider) else 1.5
                    wrk(server, sent, connections=connections, seconds=warm)
                    before = around() if around and name == OURS.name else 0.0
                    got[name].append(wrk(server, sent, connections=connections, seconds=self.seconds, database_pid=place.pid))
                    if around and name == OURS.name:
                        limits.append((before + around()) / 2)
                console.print(f"[dim]{name}: {got[name][-1].rate:,.0f}/s[/]")
        first = next(iter(servers))
        lines = [Line(first, median(got[first]))]
        for name in list(servers)[1:]:
            beside = statistics.median(a.rate / b.rate for a, b in zip(got[first], got[name], strict=True))
            lines.append(Line(name, median(got[name]), beside, goals.get(name)))
        if limits:
            beside = statistics.median(a.rate / limit for a, limit in zip(got[first], limits, strict=True))
            lines.append(Line("pure hash limit", Figures(statistics.median(limits), 0, 0, 0), beside, goals.get("pure hash limit")))
        return lines

    # ------------------------------------------------------------ the steps

    def check(self) -> None:
        """Who is signed in? One look-up for each request, 32 connections."""
        for kind in KINDS:
            peers: list[Peer] = [OURS, Bare(), BetterAuth(), FastapiUsers()]
            peers += [OidcProvider()] if kind == "postgres" else []
            servers = {p.name: (p, _checks_of(p, self.accounts)) for p in peers if p.is_installed()}
            goals = {"bare stack": 0.6, "better-auth": 8.0, "oidc-provider": 2.5}
            self.lines[f"session check, {kind}"] = self.in_turns(kind, servers, connections=CHECK_CONNECTIONS, goals=goals)

    def signin(self) -> None:
        """Sign-in with a password, each from a device that is not known: session, device, notice and audit events are written."""
        for kind in KINDS:
            servers = {p.name: (p, _sign_ins_of(p, self.accounts)) for p in _installed(OURS, BetterAuth(), Allauth())}
            goals = {"pure hash limit": 0.8, "better-auth": 1.3}
            self.lines[f"sign-in, {kind}"] = self.in_turns(kind, servers, connections=SIGN_IN_CONNECTIONS, goals=goals, around=hashes.limit)

    def reset(self) -> None:
        """Start of a recovery, for known and for unknown addresses: flow, question, message and audit event in one transaction."""
        for kind in KINDS:
            ours = Ours(processes=2) if kind == "postgres" else OURS  # as many as the peers
            peers = _installed(ours, BetterAuth(), Allauth())
            goals = {"better-auth": 1.5, "allauth": 1.5}
            servers = {p.name: (p, _resets_of(p, self.accounts)) for p in peers}
            self.lines[f"recovery, {kind}"] = self.in_turns(kind, servers, connections=CHECK_CONNECTIONS, goals=goals)
            strangers = {f"{p.name}, unknown": (p, _resets_of(p, 0)) for p in peers}
            goals = {f"{n}, unknown": g for n, g in goals.items()}
            self.lines[f"recovery, unknown address, {kind}"] = self.in_turns(kind, strangers, connections=CHECK_CONNECTIONS, goals=goals)

    def beside(self) -> None:
        """Session checks while sign-ins fill the queue of hashes, and what happens to the sign-ins that find it full."""
        for kind in KINDS:
            place = self.place(OURS, kind)
            with Server(OURS.command(place), f"beside-{kind}") as server:
                checks, sign_ins = OURS.checks(server, self.accounts), _sign_ins_of(OURS, self.accounts)(server)
                wrk(server, checks, connections=8, seconds=1.5)
                alone = wrk(server, checks, connections=8, seconds=self.seconds)
                lines = [Line("8 checking, nobody else", alone)]
                for many in (SIGN_IN_CONNECTIONS, QUEUE_FULL, TOO_MANY):
                    kept, flood = side_by_side(
                        server, checks, sign_ins, watched_connections=8, flood_connections=many, seconds=self.seconds
                    )
                    goal = " (goal: at most 2)" if many == QUEUE_FULL else ""
                    lines += [
                        Line(f"8 checking, {many} signing in", kept, note=f"p99 {kept.p99 / alone.p99:.1f} times{goal}"),
                        Line(f"  the {many}", flood),
                    ]
                lines[-1].note = _refusal(server, sign_ins)
            self.lines[f"session checks beside sign-ins, {kind}"] = lines

    def cold(self) -> None:
        """From the command to the first answer, on a database that is there; then the memory of one worker."""
        for kind in KINDS:
            place = self.place(OURS, kind)
            starts: list[float] = []
            fresh = (0.0, 0.0)
            for _ in range(5):
                with Server(OURS.command(place), f"cold-{kind}") as server:
                    starts.append(server.cold_ms)
                    fresh = server.megabytes()
            with Server(Ours("inside").command(place), f"cold-{kind}") as server:
                wrk(server, OURS.checks(server, self.accounts), connections=CHECK_CONNECTIONS, seconds=2)
                wrk(server, _sign_ins_of(OURS, self.accounts)(server), connections=SIGN_IN_CONNECTIONS, seconds=6)
                used = server.megabytes()
            console.print(
                f"cold start, {kind}: {statistics.median(starts):.0f} ms to the first answer (goal: under 500); "
                f"resident {fresh[0]:.0f} MB, proportional {fresh[1]:.0f} MB (goal: under 100); "
                f"after a thousand sign-ins {used[0]:.0f} and {used[1]:.0f} MB"
            )

    def many(self, count: int) -> None:
        """The same with many accounts, on PostgreSQL, in turns with few."""
        loads: dict[str, tuple[int, Callable[[int], list[Request]]]] = {
            "session check": (CHECK_CONNECTIONS, lambda n: [OURS.check(i) for i in spread(min(n, 20_000), n)]),
            "sign-in": (SIGN_IN_CONNECTIONS, lambda n: [OURS.sign_in(i) for i in spread(256, n)]),
            "recovery": (CHECK_CONNECTIONS, lambda n: [OURS.reset(email(i)) for i in spread(256, n)]),
        }
        got: dict[tuple[str, int], list[Figures]] = {(what, n): [] for what in loads for n in (self.accounts, count)}
        for _ in range(self.rounds):
            for n in (count, self.accounts):
                place = self.place(OURS, "postgres", n)
                with Server(OURS.command(place), f"many-{n}") as server:
                    for what, (connections, requests) in loads.items():
                        wrk(server, requests(n), connections=connections, seconds=1.5)
                        figures = wrk(server, requests(n), connections=connections, seconds=self.seconds, database_pid=place.pid)
                        got[what, n].append(figures)
        for what in loads:
            few, all_ = got[what, self.accounts], got[what, count]
            ratio = statistics.median(a.rate / b.rate for a, b in zip(all_, few, strict=True))
            self.lines[f"{what}, postgres, more accounts"] = [
                Line(f"{count:,} accounts", median(all_)),
                Line(f"{self.accounts:,} accounts", median(few), ratio, 0.9),
            ]

    def show(self) -> None:
        for title, lines in self.lines.items():
            table = Table(title=title, title_justify="left", box=None, header_style="dim", title_style="bold")
            table.add_column("", min_width=28)
            for name in ("a second", "p50 ms", "p99 ms", "CPU µs", "database µs", "not 2xx", "ours to it", "goal"):
                table.add_column(name, justify="right")
            table.add_column("")
            for line in lines:
                f = line.figures
                table.add_row(
                    line.server,
                    f"{f.rate:,.0f}",
                    *(f"{x:.1f}" if x else "" for x in (f.p50, f.p99)),
                    *(f"{x:.0f}" if x else "" for x in (f.server_us, f.database_us)),
                    f"{f.bad:,}" if f.bad else "",
                    "" if line.beside is None else f"{line.beside:.2f}",
                    "" if line.goal is None else f"{'' if line.beside and line.beside >= line.goal else 'missed: '}{line.goal:g}",
                    line.note,
                )
            console.print(table, "")


def _installed(*peers: PasswordPeer) -> list[PasswordPeer]:
    return [p for p in peers if p.is_installed()]


def _checks_of(peer: Peer, count: int) -> Callable[[Server], Sequence[Request]]:
    return lambda server: peer.checks(server, count)


def _sign_ins_of(peer: PasswordPeer, count: int) -> Callable[[Server], Sequence[Request]]:
    return lambda _: [peer.sign_in(i) for i in spread(256, count)]


def _resets_of(peer: PasswordPeer, count: int) -> Callable[[Server], Sequence[Request]]:
    """``count`` 0: addresses that nobody has."""
    addresses = [email(i) for i in spread(256, count)] if count else [f"stranger{i}@example.org" for i in range(256)]
    return lambda _: [peer.reset(address) for address in addresses]


def _refusal(server: Server, sign_ins: Sequence[Request]) -> str:
    """What one of too many is told."""
    with ThreadPoolExecutor(TOO_MANY) as pool:
        answers = list(pool.map(lambda r: once(server, r), sign_ins))
    refused = [a for a in answers if a.status == 503]
    others = {a.status for a in answers} - {201, 503}
    said = f"of {len(answers)} at once {len(refused)} got 503"
    if refused:
        said += f" with Retry-After {refused[0].headers['Retry-After']}"
    return said + (f"; and {others}" if others else "")


app = App(help=__doc__)


@app.default
def main(
    *,
    steps: Annotated[tuple[Step, ...], Parameter(consume_multiple=True)] = STEPS,
    accounts: int = 1000,
    many: int = 1_000_000,
    seconds: float = 4.0,
    rounds: int = 2,
) -> None:
    """Measure.

    Parameters
    ----------
    steps: any of check, signin, reset, beside, cold, accounts
    accounts: how many there are in each database
    many: how many there are for the step accounts (loaded once, then kept in BENCH_DIR)
    seconds: how long each counted run lasts
    rounds: how often all take their turn
    """
    for old in FOLDER.glob("requests-*.bin"):
        old.unlink()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started here is ended too
    with Cluster() as cluster:
        bench = Bench(cluster, accounts, seconds, rounds)
        for step in steps:
            console.rule(step)
            if step == "accounts":
                bench.many(many)
            else:
                getattr(bench, step)()
        bench.show()


if __name__ == "__main__":
    app()
