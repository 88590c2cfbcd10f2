"""The human check through JSON (S5): asked by limits alone, the same for every name, and each solution works once."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr

from sparekey.adapters import human_check
from sparekey.adapters.volume import NoVolumeLimits
from sparekey.use_cases import human
from sparekey.use_cases.services import Client
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program, served, solved

ANNA, NOBODY = "anna@example.com", "nobody@example.com"


@pytest.fixture
async def api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite) as api:
        yield api


def robot(api: Api) -> Program:
    program = api.program()
    program.is_person = False
    return program


async def wrong(program: Program, times: int, name: str = ANNA) -> None:
    for _ in range(times):
        assert (await program.sign_in(name, ANOTHER)).problem == "not_proven"


async def try_with(program: Program, solution: str, name: str = ANNA, password: str = ANOTHER) -> Answer:
    flow = {"action": "sign_in", "identifier": name, "password": password}
    return await program.call("POST", "/api/v1/flows", {"flow": flow, "human": solution})


async def asked(api: Api, name: str = ANNA) -> tuple[Program, dict[str, Any]]:
    """Somebody after five wrong passwords, and the challenge for the next try."""
    program = robot(api)
    await wrong(program, 5, name)
    answer = await program.sign_in(name, ANOTHER)
    assert (answer.status, answer.problem) == (428, "human_needed")
    challenge: dict[str, Any] = answer.said["challenge"]
    return program, challenge


@pytest.mark.row("S5")
async def test_ordinary_sign_ins_are_asked_nothing(api: Api) -> None:
    await api.signed_up(ANNA)
    program = robot(api)
    await wrong(program, 4)
    assert (await program.sign_in(ANNA)).state == "done"


@pytest.mark.row("S5")
async def test_after_five_wrong_passwords_a_solution_lets_the_next_try_through(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    stranger, challenge = await asked(api)
    assert (await try_with(stranger, solved(challenge))).problem == "not_proven"
    assert (await try_with(stranger, solved((await stranger.sign_in(ANNA)).said["challenge"]), password=PASSWORD)).state == "done"
    owner.is_person = False
    assert (await owner.sign_in(ANNA)).state == "done", "a known device is asked nothing (D2)"


@pytest.mark.row("S5", "D3")
async def test_a_name_that_nobody_has_is_asked_at_the_same_moment(api: Api) -> None:
    await api.signed_up(ANNA)
    _, known = await asked(api, ANNA)
    _, unknown = await asked(api, NOBODY)
    assert known.keys() == unknown.keys()
    assert known["parameters"].keys() == unknown["parameters"].keys()


@pytest.mark.row("S5")
async def test_a_solution_works_once_for_whatever_name(api: Api) -> None:
    await api.signed_up(ANNA)
    stranger, challenge = await asked(api)
    other, _ = await asked(api, NOBODY)
    solution = solved(challenge)
    assert (await try_with(stranger, solution)).problem == "not_proven"
    assert (await try_with(stranger, solution)).problem == "human_needed"
    assert (await try_with(other, solution, NOBODY)).problem == "human_needed"
    written = json.loads(base64.b64decode(solution))
    twice = base64.b64encode(json.dumps({"solution": written["solution"], "challenge": written["challenge"]}).encode()).decode()
    assert (await try_with(stranger, twice)).problem == "human_needed", "written otherwise"


@pytest.mark.row("S5")
async def test_a_server_that_forgets_what_was_spent_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.signed_up(ANNA)
    marks = iter(range(100))
    true = human_check.AltchaCheck.check

    def forgetful(self: human_check.AltchaCheck, *args: Any) -> bytes | None:
        return None if true(self, *args) is None else b"%d" % next(marks)

    monkeypatch.setattr(human_check.AltchaCheck, "check", forgetful)
    stranger, challenge = await asked(api)
    solution = solved(challenge)
    assert [(await try_with(stranger, solution)).problem for _ in range(2)] == ["not_proven"] * 2


@pytest.mark.row("S5")
async def test_a_solution_for_another_purpose_is_none(api: Api) -> None:
    await api.signed_up(ANNA)
    stranger, _ = await asked(api)
    services = api.parts.services
    assert services.human is not None
    for purpose, problem in (("recover", "human_needed"), ("sign_up", "human_needed"), ("sign_in", "not_proven")):
        challenge = json.loads(services.human.challenge(purpose, api.clock.now()))
        assert (await try_with(stranger, solved(challenge))).problem == problem, purpose


def easier(challenge: dict[str, Any]) -> dict[str, Any]:
    return {**challenge, "parameters": {**challenge["parameters"], "keyPrefix": ""}}


def unsigned(challenge: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": challenge["parameters"]}


def longer(challenge: dict[str, Any]) -> dict[str, Any]:
    return {**challenge, "parameters": {**challenge["parameters"], "expiresAt": 2**40}}


@pytest.mark.row("S5")
async def test_forged_solutions_are_refused_without_a_fault(api: Api) -> None:
    await api.signed_up(ANNA)
    stranger, challenge = await asked(api)
    right = json.loads(base64.b64decode(solved(challenge)))
    lies: list[object] = [
        json.loads(base64.b64decode(solved(easier(challenge)))),
        {**right, "challenge": unsigned(challenge)},
        {**right, "challenge": longer(challenge)},
        {**right, "solution": {**right["solution"], "counter": right["solution"]["counter"] + 1}},
        {**right, "solution": {**right["solution"], "counter": -1}},
        {**right, "solution": {**right["solution"], "counter": "1"}},
        {**right, "solution": {**right["solution"], "derivedKey": "00"}},
        *(None, [], {}, "x", {"challenge": 1, "solution": 2}, {"challenge": {"parameters": []}, "solution": {}}),
    ]
    texts = [base64.b64encode(json.dumps(lie).encode()).decode() for lie in lies] + ["x", "ÿ", "e30=", "A" * 2000, "[" * 1999]
    for text in texts:
        assert (await try_with(stranger, text)).problem == "human_needed", text[:60]
    assert (await try_with(stranger, "A" * 2001)).problem == "bad_json"
    assert (await try_with(stranger, base64.b64encode(json.dumps(right).encode()).decode())).problem == "not_proven", "the honest one"


@pytest.mark.row("S5")
async def test_a_solution_is_good_for_ten_minutes(api: Api) -> None:
    await api.signed_up(ANNA)
    stranger, challenge = await asked(api)
    solution = solved(challenge)
    api.clock.wait(minutes=10, seconds=1)
    assert (await try_with(stranger, solution)).problem == "human_needed"


@pytest.mark.row("S5", "D1")
@pytest.mark.parametrize("what", ["sign_up", "recover"])
async def test_a_network_that_has_used_up_half_of_a_limit_is_asked(api: Api, what: str) -> None:
    program, most = robot(api), {"sign_up": 30, "recover": 60}[what]
    # What costs nothing: refused for its form, and yet counted.
    given = {"sign_up": {"email": "x", "name": "", "password": "x"}, "recover": {"identifier": NOBODY}}[what]
    answers = [await program.start(what, **given) for _ in range(most // 2 + 1)]
    assert 428 not in {a.status for a in answers[: most // 2 - 1]}
    good = {"sign_up": {"email": ANNA, "name": "Anna", "password": PASSWORD}, "recover": given}[what]
    held = await program.start(what, **good)
    assert held.problem == "human_needed"
    program.is_person = True
    assert (await program.start(what, **good)).status == 201


@pytest.mark.row("S5")
async def test_a_program_is_given_no_ticket(api: Api) -> None:
    """The minute of waiting is for browsers: whoever can call the API can do the sum."""
    await api.signed_up(ANNA)
    stranger, _ = await asked(api)
    ticket = human.new_check(api.parts.services, Client("", "127.0.0.1", "", "en"), "sign_in")
    assert ticket is not None
    api.clock.wait(minutes=2)
    assert (await try_with(stranger, ticket.ticket)).problem == "human_needed"


@pytest.mark.row("S5")
async def test_fifty_tries_at_once_with_one_solution(patient: Api) -> None:
    """One of them is let through."""
    api = patient
    await api.signed_up(ANNA)
    stranger, challenge = await asked(api)
    solution = solved(challenge)
    answers = await asyncio.gather(*(try_with(stranger, solution) for _ in range(50)))
    assert sorted(a.problem for a in answers).count("human_needed") == 49


@pytest.fixture
async def patient(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """Without the limits of networks, for fifty at once are more than half of one; names are still counted."""
    async with served(database_url, data_dir, migrated_sqlite) as api:
        force_setattr(api.parts.services, "limits", NoVolumeLimits())
        yield api
