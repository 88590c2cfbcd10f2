"""The server that is killed, and the one that starts after it and looks at what is left."""

import asyncio
import json
import os
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from signal import SIGKILL

import httpx2
from typing_extensions import override

from sparekey.adapters.clock import SystemClock
from sparekey.bootstrap import Parts, build, build_app
from sparekey.settings import Settings, read_settings
from sparekey.use_cases.verify_audit import verify_chains, verify_presence
from tests.attacks.crash.killer import killer
from tests.attacks.crash.scenario import Facts
from tests.attacks.crash.scenarios import SCENARIOS
from tests.doors.api import CHEAP, Api, HashingHere, Lifespan, Program


class Later(SystemClock):
    """The machine's clock, put forward: after the lease of what a dead worker held."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    @override
    def now(self) -> datetime:
        return super().now() + self._by


@dataclass(frozen=True)
class Built:
    """A server that is not open yet: made once, copied by each fork."""

    settings: Settings
    clock: Later
    parts: Parts


def built(later: timedelta) -> Built:
    settings, clock = read_settings(os.environ), Later(later)
    return Built(settings, clock, build(settings, clock=clock, hashing=HashingHere(), cost=CHEAP))


@asynccontextmanager
async def server(of: Built) -> AsyncIterator[Api]:
    settings, clock, parts = of.settings, of.clock, of.parts
    app = build_app(settings, parts)
    async with Lifespan(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=settings.base_url) as http:
        yield Api(app, parts, settings, clock, http)  # type: ignore[arg-type]


async def be_killed(first: Built, job: Facts, out: int) -> None:
    """Everything up to the step, the facts, then the step. Where it ends alive, the process is killed before it can say so."""
    scenario = SCENARIOS[job["scenario"]]
    async with server(first) as api:
        program, facts = api.program(), {"email": job["email"], "second": f"second-{job['email']}"}
        await scenario.prepare(api, program, facts)
        told = {"facts": facts, "program": [program.session, program.device, program.flow_tokens]}
        os.write(out, json.dumps(told).encode() + b"\n")
        killer.arm(job["at"])
        await scenario.step(api, program, facts)
        os.write(out, b"done\n")
        os.kill(os.getpid(), SIGKILL)


async def look_after(second: Built, job: Facts, told: Facts, out: int) -> None:
    """A new server over what is left. After the lease of a dead worker, so that it takes up its messages."""
    scenario = SCENARIOS[job["scenario"]]
    async with server(second) as api:
        session, device, flow_tokens = told["program"]
        program = Program(api.http, session=session, device=device, flow_tokens=flow_tokens)
        try:
            await no_broken_chain(api)
            await scenario.check(api, program, told["facts"])
            await no_broken_chain(api)
        except Exception:  # noqa: BLE001 - whatever is wrong is the answer
            os.write(out, json.dumps({"wrong": traceback.format_exc(limit=-1)}).encode() + b"\n")


async def no_broken_chain(api: Api) -> None:
    found = [f async for _, page in verify_chains(api.parts.services.store, api.parts.services.sealer) for f in page]
    found += [f async for page in verify_presence(api.parts.services.store) for f in page]
    assert not found, f"the audit log is not whole: {found}"


def forked(run: Callable[[int], Awaitable[None]]) -> list[str]:
    """What a child said until it ended, however it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            asyncio.run(run(writing))  # type: ignore[arg-type]
        except BaseException as e:  # noqa: BLE001 - a child never returns
            os.write(writing, json.dumps({"wrong": f"broke: {type(e).__name__}: {e}"}).encode() + b"\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        lines = said.read().splitlines()
    os.waitpid(child, 0)
    return lines


def do(first: Built, late: Built, job: Facts) -> Facts:
    """``done``: the step ended before its N-th write. ``wrong``: what is broken after it, or empty."""
    lines = forked(lambda out: be_killed(first, job, out))
    told = json.loads(lines[0]) if lines else {"wrong": "the first server said nothing"}
    if "wrong" in told:
        return {"done": True, "wrong": told["wrong"]}
    if broke := next((line for line in lines[1:] if "wrong" in line), ""):
        return {"done": True, "wrong": f"the step: {broke}"}
    second = late if job["scenario"] == "delivery" else first
    after = forked(lambda out: look_after(second, job, told, out))
    return {"done": "done" in lines, "wrong": json.loads(after[0])["wrong"] if after else ""}
