"""Roles of support: who gets one, what it takes, and how an agent's own account comes back (C6)."""

import os
import subprocess
import sys

import pytest

from sparekey.cli.agents import OPERATOR
from sparekey.use_cases.agents import add_agent
from tests.doors.agents import agents, with_key
from tests.doors.api import ANOTHER, Api
from tests.doors.test_keys import answer as answer_key
from tests.doors.test_keys import ask
from tests.doors.waits import nothing_more

ANNA, BERT = "anna@example.com", "bert@example.com"


def command(api: Api, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {"SPAREKEY_DATA": api.settings.storage.data, "SPAREKEY_DATABASE": api.settings.storage.database, "COLUMNS": "400"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPAREKEY_")}
    called = [sys.executable, "-m", "sparekey.cli.main", *words]
    return subprocess.run(called, env={**kept, **settings}, capture_output=True, text=True, check=False)


@pytest.mark.row("C6")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_operator_places_lists_and_removes_agents(api: Api) -> None:
    await with_key(api, ANNA)
    await api.signed_up(BERT, name="Bert")
    assert "Nobody works on support cases yet." in command(api, "agents", "list").stdout
    refused = [command(api, "agents", "add", name) for name in (BERT, "nobody@example.com")]
    assert len({(r.returncode, r.stderr) for r in refused}) == 1, "no key, or no account: one answer"
    assert "needs one" in refused[0].stderr
    assert "Works on cases from now on" in command(api, "agents", "add", ANNA).stdout
    assert "already" in command(api, "agents", "add", ANNA).stderr
    listed = command(api, "agents", "list").stdout
    assert all(said in listed for said in (ANNA, "the operator", "It takes two"))
    assert "Somebody works on support cases at Sparekey from now on" in await api.about(ANNA)
    assert command(api, "agents", "remove", ANNA).returncode == 0
    assert command(api, "agents", "remove", ANNA).returncode == 1
    assert "Nobody works" in command(api, "agents", "list").stdout


@pytest.mark.row("C6", "G2")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_policy_check_says_who_is_left_outside_while_two_cannot_decide(api: Api) -> None:
    await agents(api, ANNA)
    said = command(api, "policy", "check")
    assert said.returncode == 0, said.stderr
    told = " ".join(said.stdout.replace("│", " ").replace("┃", " ").split())
    assert "1 independent agents whose role counts" in told or "0 independent agents whose role counts" in told
    assert "mailbox only, no password without mailbox" in told


@pytest.mark.row("C6", "R15")
@pytest.mark.parametrize("role", ["agent", "nobody"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_agent_comes_back_by_a_second_key_only(api: Api, role: str) -> None:
    """Without the role, who has nothing more is led to a case."""
    anna = await with_key(api, ANNA)
    if role == "agent":
        await add_agent(api.parts.services, OPERATOR, ANNA)
    owner_program = anna.program
    api.clock.wait(days=31)

    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await program.code(began.flow_id, (await api.newest(ANNA)).code)
    left = await nothing_more(program, began.flow_id)
    assert left.state == ("denied" if role == "agent" else "referred"), left

    by_key = api.program()
    began = await by_key.start("recover", identifier=ANNA)
    await by_key.code(began.flow_id, (await api.newest(ANNA)).code)
    done = await answer_key(by_key, began.flow_id, "passkey", anna.key.get(await ask(by_key, began.flow_id, "passkey")))
    assert done.state == "allowed", done
    assert (await by_key.finish(began.flow_id, ANOTHER)).state == "done"
    assert not await owner_program.is_signed_in()
