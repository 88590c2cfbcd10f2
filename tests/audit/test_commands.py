"""What an operator reads: ``sparekey audit verify``, ``audit show`` and ``why``, as commands over a real store."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from sparekey.adapters.clock import SystemClock
from sparekey.cli.audit import SENTENCES
from sparekey.cli.why import STATES, WORDS
from sparekey.domain.audit import Event
from sparekey.domain.errors import NotProven
from sparekey.domain.flow.state import State
from sparekey.use_cases.answer_code import answer_code
from sparekey.use_cases.end_flow import leave_flow
from sparekey.use_cases.start_recovery import start_recovery
from sparekey.use_cases.verify_audit import Reason
from tests.audit.logs import CLIENT, account_with, seals_of, services_of, stranger_with
from tests.contracts.stores import Held


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    errors: str


Command = Callable[..., Awaitable[Said]]


@pytest.fixture
def sparekey(at: Held, database_url: str, data_dir: Path) -> Command:
    """Run a command in a process of its own."""
    data_dir.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "COLUMNS": "240",
        "SPAREKEY_DATA": str(data_dir),
        "SPAREKEY_DATABASE": database_url,
        "SPAREKEY_KEYS": msgspec.json.encode(at.ring.all()).decode(),
    }

    async def run(*arguments: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sparekey.cli.main",
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        return Said(process.returncode or 0, out.decode(), errors.decode())

    return run


@pytest.mark.row("D5")
async def test_verify_says_that_a_log_is_whole_and_names_each_broken_chain(at: Held, sparekey: Command, data_dir: Path) -> None:
    accounts = [await account_with(at, 3, f"{n}@example.com") for n in range(4)]
    said = await sparekey("audit", "verify")
    assert (said.code, "There is no seal file" in said.out, "The audit log is whole." in said.out) == (0, True, True), said
    await seals_of(at, data_dir / "audit-seals.jsonl").seal()
    said = await sparekey("audit", "verify")
    assert (said.code, said.out) == (0, "The audit log is whole.\n"), said

    edited, cut, whole, gone = (account.account_id for account in accounts)
    await at.sql("update audit_event set name = 'account.recovery.done' where chain = :chain and seq = 2", chain=edited)
    await at.sql("delete from audit_event where chain = :chain and seq = 3", chain=cut)
    for table in ("audit_event", "audit_head"):
        await at.sql(f"delete from {table} where chain = :chain", chain=gone)
    said = await sparekey("audit", "verify")
    assert said.code == 1
    assert f"{edited} event 2 is not what was written\n" in said.out
    assert f"{cut} the newest events" in said.out
    assert f"{gone} all its events are missing\n" in said.out
    assert whole not in said.out
    assert said.out.endswith("3 broken.\n")


async def test_verify_takes_the_seal_files_of_other_nodes(at: Held, sparekey: Command, tmp_path: Path) -> None:
    account = await account_with(at, 3)
    file = tmp_path / "of-another-node.jsonl"
    await seals_of(at, file).seal()
    assert (await sparekey("audit", "verify", "--seals", str(file))).code == 0
    for table in ("audit_event", "audit_head", "account"):
        column = "account_id" if table == "account" else "chain"
        await at.sql(f"delete from {table} where {column} = :id", id=account.account_id)
    assert (await sparekey("audit", "verify")).code == 0, "without its seals nothing tells of it"
    said = await sparekey("audit", "verify", "--seals", str(file))
    assert (said.code, account.account_id in said.out) == (1, True)
    assert (await sparekey("audit", "verify", "--seals", str(tmp_path / "none"))).code == 1


@pytest.mark.row("D5")
async def test_show_lists_the_events_of_an_account_by_id_and_address(at: Held, sparekey: Command) -> None:
    account = await account_with(at, 3)
    by_id, by_address = await sparekey("audit", "show", account.account_id), await sparekey("audit", "show", "Anna@Example.com")
    assert by_id.out == by_address.out
    assert by_id.out.count(Event.SIGNED_IN) == 2
    assert "Firefox · Linux" in by_id.out
    assert "192.0.2.7" in by_id.out
    await at.sql("update account set shred_key = '' where account_id = :id", id=account.account_id)
    closed = await sparekey("audit", "show", account.account_id)
    assert closed.out.count(Event.SIGNED_IN) == 2
    assert closed.out.count("destroyed") == 6
    assert "192.0.2.7" not in closed.out


async def test_show_lists_the_events_of_a_name_that_nobody_has_also_after_a_rotation(at: Held, sparekey: Command) -> None:
    await start_recovery(services_of(at), CLIENT, "nobody@example.com")
    assert Event.RECOVERY_STARTED in (await sparekey("audit", "show", "nobody@example.com")).out
    said = await sparekey("audit", "show", "another@example.com")
    assert (said.code, said.errors) == (1, "The log has no events of this account or name.\n")


async def test_why_tells_a_recovery_from_start_to_end_and_nothing_secret(at: Held, sparekey: Command) -> None:
    at.clock.time = SystemClock().now()  # the command reads the machine's
    services = services_of(at)
    await account_with(at, 1)
    flow = (await start_recovery(services, CLIENT, "anna@example.com")).flow
    open_ = (await sparekey("why", flow.flow_id)).out
    assert "recover: Get back in" in open_
    assert "typed as a•••@example.com" in open_
    assert "Now: open: the person acts next." in open_

    async with at.store.transaction() as tx:
        (mail,) = [c.message for c in await tx.outbox.claim(at.clock.now(), at.clock.now() + timedelta(minutes=1), 5)]
    with pytest.raises(NotProven):
        await answer_code(services, CLIENT, flow.flow_id, "000000" if mail.params["code"] != "000000" else "000001")
    assert (await answer_code(services, CLIENT, flow.flow_id, mail.params["code"])).flow.state is State.ALLOWED
    said = await sparekey("why", flow.flow_id)
    assert said.code == 0, said.errors
    events = [line.split("UTC  ")[1] for line in said.out.splitlines() if "UTC  " in line]
    assert events == [
        "a recovery was started",
        "a wrong answer: email",
        "proven: email",
        "the policy judged: allowed, by the route settled_mailbox: Without a second factor one thing signs in, so one thing recovers.",
    ]
    assert "Now: allowed: the person acts next." in said.out
    for hidden in ("anna@example.com", mail.params["code"], "192.0.2.7", "Firefox", CLIENT.holder):
        assert hidden not in said.out + open_


async def test_why_still_tells_of_a_flow_that_is_no_longer_stored(at: Held, sparekey: Command) -> None:
    services = services_of(at)
    await account_with(at, 1)
    flow = (await start_recovery(services, CLIENT, "anna@example.com")).flow
    await leave_flow(services, CLIENT, flow.flow_id)
    await at.sql("delete from flow")
    said = await sparekey("why", flow.flow_id)
    assert "no longer stored" in said.out
    assert "the person went no further" in said.out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("flow_id", ["f" * 32, "nonsense", "[red]"])
async def test_why_says_when_there_is_no_such_flow(at: Held, sparekey: Command, flow_id: str) -> None:
    await stranger_with(at, 1)
    said = await sparekey("why", flow_id)
    assert (said.code, "There is no such flow" in said.errors) == (1, True), said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_folder_without_a_database_is_one_line_and_stays_empty(sparekey: Command, data_dir: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, data_dir)
    said = await sparekey("audit", "verify")
    assert (said.code, said.out, said.errors.count("\n")) == (2, "", 1)
    assert not await asyncio.to_thread(data_dir.exists)


def test_each_reason_and_event_has_its_words() -> None:
    assert (set(SENTENCES), set(WORDS), set(STATES)) == (set(Reason), set(Event), set(State))
