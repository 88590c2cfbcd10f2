"""A program with second factors: what the tests of several rows do again and again."""

import base64
from dataclasses import dataclass
from datetime import datetime

from sparekey.challenges import totp
from tests.doors.api import PASSWORD, Answer, Api, Program

STEP = totp.STEP_SECONDS


@dataclass
class App:
    """An authenticator app, held to the clock of the server."""

    api: Api
    key: str

    def code(self, *, steps: int = 0, at: datetime | None = None) -> str:
        """As shown now; ``steps`` earlier or later."""
        return totp.code_at(seed(self.key), totp.step_at(at or self.api.clock.now()) + steps)

    def next_code(self) -> str:
        """Waits until a new code is shown: each works once."""
        self.api.clock.wait(seconds=STEP)
        return self.code()


def seed(key: str) -> bytes:
    return base64.b32decode(key.replace(" ", ""))


@dataclass
class Owner:
    """Somebody with an authenticator and ten backup codes, signed in. ``codes``: with their numbers, as they are typed."""

    email: str
    program: Program
    app: App
    codes: list[str]


async def call(program: Program, flow_id: str, step: str, **body: object) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/{step}", body)


async def answer(program: Program, flow_id: str, challenge: str, **given: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": challenge, **given}})


async def enrol(api: Api, program: Program, email: str) -> Owner:
    """Switch two-factor sign-in on, to the end: authenticator and backup codes."""
    began = await program.start("add_factor", factor="totp", label="My phone")
    assert began.status == 201, began
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    assert began.said["finish"] == "totp", began
    app = App(api, began.said["authenticator"]["key"])
    shown = await call(program, began.flow_id, "new-totp", code=app.code())
    assert shown.said["finish"] == "backup_codes", shown
    codes = [f"{number} {code}" for number, code in enumerate(shown.said["new_codes"], 1)]
    done = await call(program, began.flow_id, "keep-codes", code=codes[6])
    assert done.state == "done", done
    return Owner(email, program, app, codes)


async def owner_of(api: Api, email: str = "anna@example.com", *, settled: bool = True) -> Owner:
    """``settled``: 31 days have passed since. The session that is left then is a new one, whose proofs are stale."""
    owner = await enrol(api, await api.signed_up(email), email)
    if settled:
        api.clock.wait(days=31)
        await sign_in(owner)
        api.clock.wait(minutes=20)
    return owner


async def sign_in(owner: Owner, program: Program | None = None) -> Program:
    """With password and authenticator; in the owner's own program, or another one."""
    program = program or owner.program
    asked = await program.sign_in(owner.email)
    done = await answer(program, asked.flow_id, "totp", code=owner.app.next_code())
    assert done.state == "done", done
    return program
