"""Accounts elsewhere, on real servers and several nodes at once: one answer, one exchange; one person there, one account here."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.attacks.conftest import UNLIMITED, MakeSite
from tests.attacks.test_races import AT_ONCE, Field, field_of, new_address, one
from tests.doors.api import Program
from tests.social.stand_ins import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn, allow, running
from tests.social.world import bring, details

pytestmark = pytest.mark.row("I5", "D1")


@pytest.fixture(params=["sqlite", "postgres"])
async def joined(request: pytest.FixtureRequest, make_site: MakeSite) -> AsyncIterator[tuple[Field, OpenIdStandIn]]:
    async with running(OpenIdStandIn()) as openid:
        social = {"oidc_issuer": openid.url, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
        site = make_site(request.param, **UNLIMITED, **social)
        async with field_of(site) as field:
            yield field, openid
        for node in site.all:
            node.stop()


async def come(program: Program) -> tuple[str, dict[str, str]]:
    """Up to the moment before the answer is given."""
    began = await program.start("sign_in_social", provider="oidc")
    return began.flow_id, await allow(began.said["authorization_url"])


async def test_fifty_answers_of_one_visit(joined: tuple[Field, OpenIdStandIn]) -> None:
    field, openid = joined
    program = field.program
    flow_id, back = await come(program)
    brought = {"challenge": "social", "provider": "oidc", "code": back["code"], "state": back["state"], "issuer": back["iss"]}
    token = {"Flow-Token": program.flow_tokens[flow_id]}
    answers = await field.race(f"/api/v1/flows/{flow_id}/answer", [{"answer": brought}] * AT_ONCE, [token] * AT_ONCE)
    assert one(answers).json()["finish"] == "details"
    assert len(openid.asked_at("/token")) == 1


async def test_one_person_signs_up_on_twenty_devices_at_once(joined: tuple[Field, OpenIdStandIn]) -> None:
    field, openid = joined
    openid.person = replace(openid.person, subject=new_address(), email=new_address())
    programs = [Program(field.clients[n % len(field.clients)]) for n in range(20)]
    flows = []
    for program in programs:
        flow_id, back = await come(program)
        flows.append((await bring(program, flow_id, "oidc", back)).flow_id)
    given = [details(p, f, "Anna", openid.person.email) for p, f in zip(programs, flows, strict=True)]
    answers = await asyncio.gather(*given)
    assert sorted({a.state for a in answers if a.status == 200}) == ["done"]
    assert sum(a.status == 200 for a in answers) == 1
    assert {a.problem for a in answers if a.status != 200} <= {"taken", "social_taken", "invalid_input", "stale_flow"}
    again = Program(field.clients[0])
    flow_id, back = await come(again)
    assert (await bring(again, flow_id, "oidc", back)).state == "done"
