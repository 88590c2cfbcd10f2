"""Fifty at once with one answer of a key: one success, on one node and on four (I2, F4). The keys here do not count, as most passkeys do
not, so that nothing but the spent challenge stands between.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.attacks.conftest import UNLIMITED, MakeSite
from tests.attacks.test_races import AT_ONCE, Field, field_of, new_address, same
from tests.doors.api import PASSWORD, Program
from tests.server import Site
from tests.soft_key import UV, SoftKey

Race = Callable[[Field], Awaitable[int]]


ORIGIN = "http://localhost:8400"
"""Of all nodes: people come by one address, whichever node answers."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def one_site(request: pytest.FixtureRequest, make_site: MakeSite) -> Iterator[Site]:
    site = make_site(request.param, base_url=ORIGIN, **UNLIMITED)
    yield site
    for node in site.all:
        node.stop()


async def with_key(field: Field, kind: str, flags: int) -> tuple[str, SoftKey]:
    """A new account with one key; its address, and the key."""
    email = new_address()
    program = await field.signed_up(email)
    key = SoftKey(ORIGIN, flags=flags, counts=False)
    began = await program.start("add_factor", factor=kind)
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    shown = await step(program, began.flow_id, "new-key", {"credential": key.create(began.said["key_options"])})
    done = await step(program, began.flow_id, "keep-codes", {"code": f"1 {shown['new_codes'][0]}"})
    assert done["state"] == "done"
    return email, key


async def step(program: Program, flow_id: str, name: str, body: object) -> dict[str, Any]:
    answered = await program.call("POST", f"/api/v1/flows/{flow_id}/{name}", body)
    assert answered.status == 200, answered
    said: dict[str, Any] = answered.said
    return said


async def sign_in(field: Field) -> int:
    """Fifty sign-ins with one answer of a passkey; how many of them succeeded."""
    _, key = await with_key(field, "passkey", UV)
    options = (await field.program.read("passkeys/options"))["options"]
    body = {"flow": {"action": "sign_in_passkey", "credential": key.get(options)}}
    answers = await field.race("/api/v1/flows", same(body), [{}] * AT_ONCE)
    assert {a.status_code for a in answers} <= {201, 401}, {a.text for a in answers}
    return sum(a.status_code == 201 for a in answers)


async def in_a_flow(field: Field) -> int:
    """Fifty times the same answer of a security key after the password; how many of them succeeded."""
    email, key = await with_key(field, "security_key", 0)
    program = field.program
    began = await program.sign_in(email)
    asked = await step(program, began.flow_id, "send", {"challenge": "security_key"})
    body = {"answer": {"challenge": "security_key", "credential": key.get(asked["key_options"])}}
    token = {"Flow-Token": program.flow_tokens[began.flow_id]}
    answers = await field.race(f"/api/v1/flows/{began.flow_id}/answer", same(body), [token] * AT_ONCE)
    assert {a.status_code for a in answers} <= {200, 401, 409, 410}, {a.text for a in answers}
    return sum(a.status_code == 200 for a in answers)


@pytest.mark.row("I2", "F4")
@pytest.mark.parametrize("race", [sign_in, in_a_flow], ids=lambda race: race.__name__)
async def test_one_answer_of_a_key_is_one_success(race: Race, one_site: Site) -> None:
    async with field_of(one_site) as field:
        assert await race(field) == 1


@pytest.mark.parametrize(("bug", "race"), [("unspent_challenges", sign_in), ("check_then_act", in_a_flow)], ids=["sign_in", "in_a_flow"])
async def test_a_planted_bug_is_caught(bug: str, race: Race, make_site: MakeSite) -> None:
    site = make_site("postgres", bug=bug, base_url=ORIGIN, **UNLIMITED)
    async with field_of(site) as field:
        assert await race(field) > 1
    for node in site.all:
        node.stop()
