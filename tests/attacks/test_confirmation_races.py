"""Fifty at once for everything about a confirmation that may happen once: it is confirmed once, by one, and used once (G1)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from tests.attacks.conftest import NODES, UNLIMITED, MakeSite
from tests.attacks.test_races import AT_ONCE, Field, field_of, new_address, one, same
from tests.doors.api import PASSWORD, Program
from tests.doors.confirmations import BACK, LINK_CARD, ORIGIN, PATH, SECRET, SHOP
from tests.server import Site

pytestmark = pytest.mark.row("G1", "D1")

TYPED_ANEW = LINK_CARD.replace('as_strong_as = "sign_in"', 'in_this_flow = ["password"]')
"""Another action, which always asks for the password."""


@pytest.fixture(scope="module")
def policy_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "link_card.toml").write_text(LINK_CARD)
    (folder / "raise_limit.toml").write_text(TYPED_ANEW)
    return folder


def settings(policy_dir: Path) -> dict[str, str]:
    return {**UNLIMITED, "shop_secret": SECRET, "shop_url": ORIGIN, "policy_dir": str(policy_dir)}


@pytest.fixture(scope="module", params=NODES)
def site(request: pytest.FixtureRequest, make_site: MakeSite, policy_dir: Path) -> Iterator[Site]:
    made = make_site(request.param, **settings(policy_dir))
    yield made
    for node in made.all:
        node.stop()


async def asked(field: Field, program: Program, action: str = "link_card") -> str:
    account_id = (await program.read("account"))["account_id"]
    body = {"account_id": account_id, "action": action, "reference": "card-17", "title": "Visa ending in 4242", "return_to": BACK}
    answered = await field.program.call("POST", PATH, body, headers=SHOP)
    assert answered.status == 201, answered
    found: str = answered.said["confirmation_id"]
    return found


async def state_of(field: Field, confirmation_id: str) -> str:
    found: str = (await field.program.call("GET", f"{PATH}/{confirmation_id}", headers=SHOP)).said["state"]
    return found


async def events(program: Program, name: str) -> int:
    return [e["name"] for e in (await program.read("account/activity"))["events"]].count(f"account.confirmation.{name}")


def only_one(answers: list[httpx2.Response]) -> None:
    """One did it, and all others were told that it is done."""
    done = [a for a in answers if a.status_code in {200, 201}]
    assert {a.status_code for a in answers if a not in done} <= {409, 410}
    assert len(done) == 1, f"{len(done)} of {AT_ONCE} succeeded"


async def continue_fifty_times(field: Field) -> None:
    """With fresh proofs: each would carry it out at once."""
    program = await field.signed_up(new_address())
    body = {"flow": {"action": "confirm", "confirmation_id": await asked(field, program)}}
    headers = [{"Authorization": f"Bearer {program.session}"}] * AT_ONCE
    only_one(await field.race("/api/v1/flows", same(body), headers))
    assert await events(program, "given") == 1


async def answer_one_flow_fifty_times(field: Field) -> None:
    program = await field.signed_up(new_address())
    began = await program.start("confirm", confirmation_id=await asked(field, program, "raise_limit"))
    headers = {"Flow-Token": program.flow_tokens[began.flow_id], "Authorization": f"Bearer {program.session}"}
    body = {"answer": {"challenge": "password", "password": PASSWORD}}
    one(await field.race(f"/api/v1/flows/{began.flow_id}/answer", same(body), [headers] * AT_ONCE))
    assert await events(program, "given") == 1


async def answer_ten_flows_about_one(field: Field) -> None:
    """Ten tabs, each with a flow of its own."""
    program = await field.signed_up(new_address())
    found = await asked(field, program, "raise_limit")
    tabs = [await program.start("confirm", confirmation_id=found) for _ in range(10)]
    answers = await asyncio.gather(
        *(replace(program, http=field.clients[n % len(field.clients)]).password(t.flow_id, PASSWORD) for n, t in enumerate(tabs))
    )
    assert sorted(a.status for a in answers) == [200] + [410] * 9, answers
    assert await events(program, "given") == 1


async def use_it_fifty_times(field: Field) -> None:
    program = await field.signed_up(new_address())
    found = await asked(field, program)
    assert (await program.start("confirm", confirmation_id=found)).state == "done"
    only_one(await field.race(f"{PATH}/{found}/use", [None] * AT_ONCE, [SHOP] * AT_ONCE))
    assert await events(program, "used") == 1


async def confirm_and_refuse_at_once(field: Field) -> None:
    """Whichever comes first stands, and nobody is told both."""
    program = await field.signed_up(new_address())
    found = await asked(field, program)
    own = [{"Authorization": f"Bearer {program.session}"}] * (AT_ONCE // 2)
    body = {"flow": {"action": "confirm", "confirmation_id": found}}
    begun = field.race("/api/v1/flows", [body] * len(own), own)
    ended = field.race(f"/api/v1/confirmations/{found}/refuse", [None] * len(own), own)
    confirmed, refused = await asyncio.gather(begun, ended)
    state = await state_of(field, found)
    assert [a.status_code for a in confirmed].count(201) == (state == "confirmed")
    assert any(a.status_code == 200 for a in refused) == (state == "refused")
    assert (await events(program, "given"), await events(program, "refused")) == ((1, 0) if state == "confirmed" else (0, 1))


RACES: tuple[Callable[[Field], Awaitable[None]], ...] = (
    continue_fifty_times,
    answer_one_flow_fifty_times,
    answer_ten_flows_about_one,
    use_it_fifty_times,
    confirm_and_refuse_at_once,
)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
async def test_of_fifty_at_once_exactly_one_succeeds(race: Callable[[Field], Awaitable[None]], site: Site) -> None:
    async with field_of(site) as field:
        await race(field)


@pytest.mark.parametrize("kind", NODES)
async def test_a_planted_look_before_the_lock_is_caught(kind: str, make_site: MakeSite, policy_dir: Path) -> None:
    site = make_site(kind, bug="confirmed_twice", **settings(policy_dir))
    async with field_of(site) as field:
        for race in (continue_fifty_times, use_it_fifty_times):
            with pytest.raises(AssertionError, match="of 50 succeeded"):
                await race(field)
    for node in site.all:
        node.stop()
