"""The processes that hash passwords: one budget of cores, and a bounded queue before it.

Hashes are made by processes of their own. In threads of the server each would change the address space that all of them share, and
one that was set aside while it held the interpreter would keep the event loop waiting (docs/speed.md).
"""

import asyncio
import math
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from sparekey.adapters.crypto.argon2 import find_argon2
from sparekey.adapters.crypto.hashing import Name
from sparekey.domain.errors import Busy

WAITING_FOR_EACH_CORE = 64
"""How many may wait for one process. At 10 to 20 ms a hash the last one waits about a second: less than the patience of people and
proxies, enough for a burst."""

RETRY_AFTER = 2
"""Seconds after which a full queue has surely emptied."""

AT_ONCE = 4
"""So many hashes a process is given together where that many wait: what the server has to do for each of them takes a quarter less
time when it comes in a row (docs/speed.md)."""

MOST_TRIES = 2
"""Of one job: its process may have been killed by chance (the system was short of memory), or the job itself kills it."""

HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""The memory of a hash in pages of 2 MiB where the system has them: 5 to 10 % more hashes a second. Other C libraries do not look at it."""

log = structlog.get_logger(__name__)


def cores_for(workers: int) -> int:
    """The share of one of so many processes in the cores of this machine. More hashes at once than cores make each one slower (13
    to 21 % fewer a second with twice as many)."""
    return max(1, len(os.sched_getaffinity(0)) // workers)


class HashingPool:
    """Takes the jobs of ``hashing.py``, in one event loop. ``close()`` it when the server stops.

    ``cores``: how many hashes may be made at once, each by a process that is started when it is first needed. ``program``: what
    such a process runs, where not ``hashing.py``.
    """

    def __init__(self, cores: int, *, most_waiting: int | None = None, program: Sequence[str] = ()) -> None:
        self._cores = cores
        self._most = cores + (cores * WAITING_FOR_EACH_CORE if most_waiting is None else most_waiting)
        self._program = program or _program(find_argon2())
        self._waiting: deque[_Job] = deque()
        self._processes: list[_Process] = []

    def must_have_room(self) -> None:
        """Raises ``Busy`` when the queue is full at this moment."""
        if len(self._waiting) + sum(len(p.jobs) for p in self._processes) >= self._most:
            raise Busy(RETRY_AFTER)

    def close(self) -> None:
        """Ends the processes; what still waits is cancelled."""
        jobs = [*self._waiting, *(job for p in self._processes for job in p.jobs)]
        self._waiting.clear()
        while self._processes:
            self._processes.pop().end()
        for job in jobs:
            job.answer.cancel()

    async def run(self, line: str) -> str:
        """The answer to one job. Raises ``Busy`` when the queue is full."""
        self.must_have_room()
        job = _Job(line.encode("ascii"), asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._give_out()
        try:
            return await job.answer
        except asyncio.CancelledError:
            # Who leaves before his turn frees the place at once. What has begun goes on, for nobody, and keeps its core busy.
            if job in self._waiting:
                self._waiting.remove(job)
            raise

    def _give_out(self) -> None:
        """What waits to whoever is free, and to a new process while there are fewer than cores."""
        while self._waiting:
            process = next((p for p in self._processes if not p.jobs), None)
            if process is None and len(self._processes) < self._cores:
                process = self._start()
            if process is None:
                return
            process.begin(self._next())

    def _next(self) -> "list[_Job]":
        """A fair share of what waits. One whose process has died goes alone: it may be the cause, and takes nobody along."""
        jobs = [self._waiting.popleft()]
        share = min(AT_ONCE, math.ceil((1 + len(self._waiting)) / self._cores))
        while len(jobs) < share and not any(job.tries for job in (jobs[0], self._waiting[0])):
            jobs.append(self._waiting.popleft())
        return jobs

    def _start(self) -> "_Process | None":
        try:
            process = _Process(self._program, self._give_out, self._lost)
        except OSError as e:  # the system is short of processes or memory
            log.error("hashing_process_not_started", error=e.strerror)  # noqa: TRY400 - no traces in the log
            while self._waiting and not self._processes:  # nobody is left who could come to them
                _refuse(self._waiting.popleft())
            return None
        self._processes.append(process)
        return process

    def _lost(self, process: "_Process") -> None:
        """A process has ended: idle (0), or died. Its jobs go to another, first in line, unless they were tried often enough."""
        self._processes.remove(process)
        jobs, status = process.jobs, process.end()
        if status:
            log.error("hashing_process_died", status=status)
        if status == -signal.SIGILL:  # compiled for a processor that is not this one: an image that was carried elsewhere
            self._program = _program("libsodium")
        for job in reversed(jobs):
            if job.tries >= MOST_TRIES:
                _refuse(job)
            elif not job.answer.done():
                self._waiting.appendleft(job)
        self._give_out()


@dataclass(slots=True, eq=False)
class _Job:
    line: bytes
    answer: asyncio.Future[str]
    tries: int = 0


def _program(name: Name) -> Sequence[str]:
    return (sys.executable, "-P", "-m", "sparekey.adapters.crypto.hashing", name)  # -P: nothing from the folder we happen to be in


def _refuse(job: _Job) -> None:
    if not job.answer.done():
        job.answer.set_exception(Busy(RETRY_AFTER))


class _Process:
    """One hashing process, and the jobs that it is at. ``free`` is called when it has done them, ``lost`` when it has died.

    It is spoken to over a socket whose other end nobody else has. So it ends with the server, even with one that was killed.
    """

    def __init__(self, program: Sequence[str], free: Callable[[], None], lost: Callable[["_Process"], None]) -> None:
        self.jobs: Sequence[_Job] = ()
        self._free, self._lost = free, lost
        self._loop = asyncio.get_running_loop()
        self._read = b""
        # Keys and passwords of the settings are none of its business.
        environment = {"GLIBC_TUNABLES": HUGE_PAGES, **{n: v for n, v in os.environ.items() if not n.startswith("SPAREKEY_")}}
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                # A session of its own: out of reach of the terminal's Ctrl-C, and with a priority against all others (hashing.py).
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    program, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=environment, start_new_session=True
                )
            except OSError:
                self._socket.close()
                raise
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket, self._readable)

    def begin(self, jobs: Sequence[_Job]) -> None:
        self.jobs = jobs
        for job in jobs:
            job.tries += 1
        try:
            self._socket.send(b"\t".join(job.line for job in jobs) + b"\n")  # a few hundred bytes each into an empty buffer
        except OSError:
            self._loop.call_soon(self._die)

    def end(self) -> int:
        """Kills it, unless it has ended by itself. Answers how it ended (``Popen.returncode``)."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
        self._socket.close()
        self._process.kill()
        return self._process.wait()

    def _die(self) -> None:
        if self._socket.fileno() >= 0:
            self._lost(self)

    def _readable(self) -> None:
        try:
            read = self._socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read:
            self._die()
            return
        self._read += read
        if not self._read.endswith(b"\n"):
            return
        answered = deque(zip(self.jobs, self._read[:-1].decode("ascii").split("\t"), strict=True))
        self.jobs, self._read = (), b""
        self._hand_out(answered)
        self._free()

    def _hand_out(self, answered: "deque[tuple[_Job, str]]") -> None:
        """One in each turn of the loop: whoever asks for something short comes in between."""
        job, answer = answered.popleft()
        if not job.answer.done():
            job.answer.set_result(answer)
        if answered:
            self._loop.call_soon(self._hand_out, answered)
