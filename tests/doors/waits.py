"""A recovery that waits, hour by hour: what the tests of several rows do again and again."""

import asyncio
import re

from sparekey.worker.waits import look_at_waits
from tests.doors.api import PASSWORD, Answer, Api, Letter, Program
from tests.doors.second_factors import Owner, answer, enrol

ANNA, SECOND = "anna@example.com", "anna@second.example"


async def pass_time(api: Api, hours: float, *, mail: bool = True) -> None:
    """So many hours, in each of which a worker looks, and (with ``mail``) everything that is due is delivered."""
    for _ in range(int(hours)):
        if mail:
            await deliver(api)
        api.clock.wait(hours=1)
        await look_at_waits(api.parts.services, asyncio.Event())
    api.clock.wait(hours=hours % 1)
    await look_at_waits(api.parts.services, asyncio.Event())
    if mail:
        await deliver(api)


async def deliver(api: Api) -> None:
    while await api.parts.deliverer.deliver_due():
        pass


async def add_second(api: Api, program: Program, email: str = SECOND) -> None:
    """A second address, settled once 30 days have passed."""
    began = await program.start("add_address", email=email)
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    assert (await program.code(began.flow_id, (await api.newest(email)).code)).state == "done"


async def owner_with_two(api: Api, email: str = ANNA, second: str = SECOND) -> Owner:
    """Two addresses, an authenticator and backup codes, all settled."""
    program = await api.signed_up(email)
    await add_second(api, program, second)
    owner = await enrol(api, program, email)
    api.clock.wait(days=31)
    return owner


async def full_sign_in(api: Api, owner: Owner, password: str = PASSWORD) -> Program:
    program = api.program()
    asked = await program.sign_in(owner.email, password)
    assert (await answer(program, asked.flow_id, "totp", code=owner.app.next_code())).state == "done"
    return program


async def nothing_more(program: Program, flow_id: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/nothing-more")


async def begin_with_password(api: Api, program: Program | None = None, email: str = ANNA) -> tuple[Program, Answer]:
    """A recovery of an account with an authenticator, with nothing but the password: it waits for a week."""
    program = program or api.program()
    began = await program.start("recover", identifier=email)
    proven = await program.password(began.flow_id, PASSWORD)
    assert proven.state == "asking", proven
    waits = await nothing_more(program, began.flow_id)
    return program, waits


async def begin_with_mailbox(api: Api, program: Program | None = None, email: str = ANNA) -> tuple[Program, Answer]:
    """The same with one mailbox beside it: from an unknown device that is one thing more, and waits for a day."""
    program = program or api.program()
    began = await program.start("recover", identifier=email)
    assert (await program.code(began.flow_id, (await api.newest(email)).code)).state == "asking"
    proven = await program.password(began.flow_id, PASSWORD)
    return program, proven if proven.state == "waiting" else await nothing_more(program, began.flow_id)


def disown_token(letter: Letter) -> str:
    return _token(letter, "d")


def way_back_token(letter: Letter) -> str:
    return _token(letter, "w")


def _token(letter: Letter, under: str) -> str:
    found = re.search(rf"/{under}/([A-Za-z0-9_-]+)", letter.text)
    assert found, f"no link under /{under}/ in {letter.text!r}"
    return found[1]


async def look_at(program: Program, letter: Letter) -> Answer:
    return await program.call("POST", "/api/v1/notices/look", {"token": disown_token(letter)})


async def press(program: Program, letter: Letter, *, lock: bool = False) -> Answer:
    return await program.call("POST", "/api/v1/notices/disown", {"token": disown_token(letter), "lock": lock})


async def come_back(program: Program, letter: Letter, flow_id: str = "") -> Answer:
    """``flow_id``: of the flow whose token the program sends."""
    headers = {"Flow-Token": program.flow_tokens.get(flow_id, "")}
    return await program.call("POST", "/api/v1/waits/open", {"token": way_back_token(letter)}, headers=headers)


async def look_back(program: Program, letter: Letter, flow_id: str = "") -> Answer:
    headers = {"Flow-Token": program.flow_tokens.get(flow_id, "")}
    return await program.call("POST", "/api/v1/waits/look", {"token": way_back_token(letter)}, headers=headers)


async def letters_about(api: Api, to: str, words: str) -> list[Letter]:
    return [letter for letter in await api.letters(to) if words in letter.subject]


WAITING, STATUS, READY = "is getting back into your account", "Where your recovery", "can be opened now"
