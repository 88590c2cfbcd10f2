"""Fifty at once for every one-time thing between two devices: exactly one succeeds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx2
import pytest

from tests.attacks.conftest import UNLIMITED, MakeSite
from tests.attacks.test_races import AT_ONCE, Field, field_of, new_address, one, same, successes
from tests.doors.api import PASSWORD, Program
from tests.server import Site
from tests.soft_phone import PhoneOwner, SoftPhone, ask, pairing

pytestmark = pytest.mark.row("F6", "I4", "D1")


async def race_of_flows(field: Field, paths: Sequence[tuple[str, dict[str, str]]], body: object) -> list[httpx2.Response]:
    """The same to many addresses in one moment, each with its own headers."""
    clients = field.clients
    await asyncio.gather(*(c.get("/health/live") for c in clients for _ in range(-(-AT_ONCE // len(clients)))))
    sent = (clients[n % len(clients)].post(path, json=body, headers=headers) for n, (path, headers) in enumerate(paths))
    return await asyncio.gather(*sent)


async def phone_owner(field: Field) -> PhoneOwner:
    program = await field.signed_up(new_address())
    email = (await program.read("session"))["email"]
    phone = SoftPhone(field.program)
    flow_id, code = await pairing(program)
    assert (await phone.enrol(code)).status == 200
    codes = (await program.show(flow_id)).said["new_codes"]
    kept = await program.call("POST", f"/api/v1/flows/{flow_id}/keep-codes", {"code": f"7 {codes[6]}"})
    assert kept.state == "done", kept
    return PhoneOwner(email, program, phone, codes)


async def enrol_fifty_phones_by_one_code(field: Field) -> None:
    """Photographed by fifty: one phone is enrolled."""
    program = await field.signed_up(new_address())
    _, code = await pairing(program)
    phones = [SoftPhone(field.program) for _ in range(AT_ONCE)]
    challenge = (await phones[0].send("look", code=code)).said["challenge"]
    bodies = [{"code": code, "public_key": p.public, "signed": p.sign(says="enrol", challenge=challenge)} for p in phones]
    assert one(await field.race("/api/v1/approvals/enrol", bodies, [{}] * AT_ONCE)).json()["pending"]


async def answer_a_question_fifty_times(field: Field) -> None:
    owner, program = await phone_owner(field), field.program
    flow_id = (await program.sign_in(owner.email)).flow_id
    number = (await ask(program, flow_id)).said["prompt"]["number"]
    prompt_id = (await owner.phone.asked())[0]["prompt_id"]
    said = {"says": "approve", "prompt_id": prompt_id, "number": number}
    bodies = [{"signed": owner.phone.sign(**said, challenge=await owner.phone.challenge())} for _ in range(AT_ONCE)]
    one(await field.race("/api/v1/approvals/answer", bodies, [{}] * AT_ONCE))


async def say_one_word_fifty_times(field: Field) -> None:
    owner = await phone_owner(field)
    word = {"signed": owner.phone.sign(says="poll", challenge=await owner.phone.challenge())}
    one(await field.race("/api/v1/approvals/poll", same(word), [{}] * AT_ONCE))


async def collect_an_approval_fifty_times(field: Field) -> None:
    """One proof, hence one session."""
    owner, program = await phone_owner(field), field.program
    flow_id = (await program.sign_in(owner.email)).flow_id
    number = (await ask(program, flow_id)).said["prompt"]["number"]
    await owner.phone.approve((await owner.phone.asked())[0]["prompt_id"], number)
    token = {"Flow-Token": program.flow_tokens[flow_id]}
    body = {"answer": {"challenge": "phone_approval"}}
    answer = one(await field.race(f"/api/v1/flows/{flow_id}/answer", same(body), [token] * AT_ONCE)).json()
    program.session = answer["session"]["token"]
    assert len((await program.read("account/sessions"))["sessions"]) == 2, "the owner's, and this one"


async def ask_the_phone_fifty_times(field: Field) -> None:
    """Fifty sign-ins with the password, all at once: three questions."""
    owner, program = await phone_owner(field), field.program
    began = [(await program.sign_in(owner.email)).flow_id for _ in range(AT_ONCE)]
    paths = [(f"/api/v1/flows/{flow_id}/send", {"Flow-Token": program.flow_tokens[flow_id]}) for flow_id in began]
    raced = await race_of_flows(field, paths, {"challenge": "phone_approval"})
    assert len(successes(raced)) == 3
    assert len(await owner.phone.asked()) == 3


async def approve_one_computer_by_fifty_flows(field: Field) -> None:
    """One code, scanned fifty times; all type the number in the same moment."""
    program = await field.signed_up(new_address())
    computer = field.program
    shown = (await computer.call("POST", "/api/v1/qr-sign-ins")).said
    began = [(await program.start("approve_sign_in", token=shown["token"])).flow_id for _ in range(AT_ONCE)]
    own = {"Authorization": f"Bearer {program.session}"}
    paths = [(f"/api/v1/flows/{flow_id}/approve", {**own, "Flow-Token": program.flow_tokens[flow_id]}) for flow_id in began]
    one(await race_of_flows(field, paths, {"number": shown["number"]}))


async def collect_one_computers_session_fifty_times(field: Field) -> None:
    program = await field.signed_up(new_address())
    computer: Program = field.program
    shown = (await computer.call("POST", "/api/v1/qr-sign-ins")).said
    began = await program.start("approve_sign_in", token=shown["token"])
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    approved = await program.call("POST", f"/api/v1/flows/{began.flow_id}/approve", {"number": shown["number"]})
    assert approved.status == 200, approved
    body, holder = {"token": shown["token"]}, {"Flow-Token": shown["holder_token"]}
    computer.session = one(await field.race("/api/v1/qr-sign-ins/collect", same(body), [holder] * AT_ONCE)).json()["token"]
    assert len((await computer.read("account/sessions"))["sessions"]) == 2, "the phone's, and the computer's"


RACES: tuple[Callable[[Field], Awaitable[None]], ...] = (
    enrol_fifty_phones_by_one_code,
    answer_a_question_fifty_times,
    say_one_word_fifty_times,
    collect_an_approval_fifty_times,
    ask_the_phone_fifty_times,
    approve_one_computer_by_fifty_flows,
    collect_one_computers_session_fifty_times,
)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
async def test_of_fifty_at_once_exactly_as_many_succeed_as_may(race: Callable[[Field], Awaitable[None]], site: Site) -> None:
    async with field_of(site) as field:
        await race(field)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_planted_forgetfulness_is_caught(kind: str, make_site: MakeSite) -> None:
    site = make_site(kind, bug="forgetful_prompts", **UNLIMITED)
    async with field_of(site) as field:
        with pytest.raises(AssertionError, match="of 50 succeeded"):
            await answer_a_question_fifty_times(field)
        with pytest.raises(AssertionError, match="of 50 succeeded"):
            await approve_one_computer_by_fifty_flows(field)
    for node in site.all:
        node.stop()
