"""Fifty at once with one code of an authenticator, or one backup code: exactly one succeeds (mission.md, F1 and F5)."""

import asyncio
import base64
from datetime import UTC, datetime

import pytest

from sparekey.challenges import totp
from tests.attacks.conftest import UNLIMITED, MakeSite
from tests.attacks.test_races import AT_ONCE, Field, field_of, new_address, one, same
from tests.doors.api import Program
from tests.server import Site

pytestmark = pytest.mark.row("F1", "F5")

FLOWS = 5
"""So many flows share the tries: the code is one, whichever of them it is given to."""


async def with_second_factor(field: Field, email: str) -> tuple[bytes, list[str]]:
    """The seed and the backup codes of a new account, made through the doors in the time of the machine."""
    program = await field.signed_up(email)
    began = await program.start("add_factor", factor="totp")
    seed = base64.b32decode(began.said["authenticator"]["key"].replace(" ", ""))
    path = f"/api/v1/flows/{began.flow_id}"
    shown = await program.call("POST", f"{path}/new-totp", {"code": code(seed)})
    codes = [f"{n} {c}" for n, c in enumerate(shown.said["new_codes"], 1)]
    kept = await program.call("POST", f"{path}/keep-codes", {"code": codes[0]})
    assert kept.state == "done", kept
    return seed, codes


def code(seed: bytes, steps: int = 0) -> str:
    return totp.code_at(seed, totp.step_at(datetime.now(UTC)) + steps)


async def at_second_step(field: Field, email: str) -> Program:
    program = field.program
    assert (await program.sign_in(email)).state == "asking"
    return program


async def race(field: Field, email: str, body: object) -> None:
    """Give one answer in several flows, many times each, all at once: one session more than before."""
    programs = await asyncio.gather(*(at_second_step(field, email) for _ in range(FLOWS)))
    await asyncio.gather(*(c.get("/health/live") for c in field.clients for _ in range(AT_ONCE)))
    answers = await asyncio.gather(
        *(
            field.clients[n % len(field.clients)].post(f"/api/v1/flows/{flow_id}/answer", json=body, headers={"Flow-Token": token})
            for program in programs
            for flow_id, token in program.flow_tokens.items()
            for n in range(AT_ONCE // FLOWS)
        )
    )
    assert one(answers).json()["session"]


async def spend_one_step(field: Field) -> None:
    email = new_address()
    seed, _ = await with_second_factor(field, email)
    await race(field, email, {"answer": {"challenge": "totp", "code": code(seed, 1)}})


async def spend_one_backup_code(field: Field) -> None:
    email = new_address()
    _, codes = await with_second_factor(field, email)
    await race(field, email, {"answer": {"challenge": "backup_code", "code": codes[4]}})


async def test_one_time_step(site: Site) -> None:
    async with field_of(site) as field:
        await spend_one_step(field)


async def test_one_backup_code(site: Site) -> None:
    async with field_of(site) as field:
        await spend_one_backup_code(field)


async def test_an_authenticator_is_added_once(site: Site) -> None:
    """Fifty first codes, then a few at once that say the codes are kept: one factor, one set."""
    async with field_of(site) as field:
        email = new_address()
        program = await field.signed_up(email)
        began = await program.start("add_factor", factor="totp")
        seed = base64.b32decode(began.said["authenticator"]["key"].replace(" ", ""))
        token = {"Flow-Token": program.flow_tokens[began.flow_id], "Authorization": f"Bearer {program.session}"}
        path = f"/api/v1/flows/{began.flow_id}"
        shown = one(await field.race(f"{path}/new-totp", same({"code": code(seed)}), [token] * AT_ONCE)).json()["new_codes"]
        body = {"code": f"1 {shown[0]}"}
        kept = await asyncio.gather(*(field.clients[0].post(f"{path}/keep-codes", json=body, headers=token) for _ in range(4)))
        assert sorted({a.status_code for a in kept} - {200}) in ([], [410], [503], [410, 503])
        assert [a.status_code for a in kept].count(200) == 1
        found = await program.read("account/methods")
        assert (len(found["methods"]), found["backup_codes_left"]) == (1, 10)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_codes_that_are_not_spent_are_caught(kind: str, make_site: MakeSite) -> None:
    site = make_site(kind, bug="nothing_is_spent", **UNLIMITED)
    async with field_of(site) as field:
        with pytest.raises(AssertionError, match="of 50 succeeded"):
            await spend_one_step(field)
        with pytest.raises(AssertionError, match="of 50 succeeded"):
            await spend_one_backup_code(field)
    for node in site.all:
        node.stop()
