"""D5: what the chains cannot tell, the seals do: a cut end, a removed chain, an old database brought back."""

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sparekey.adapters.sql import audit as sql_audit
from sparekey.domain.audit import Event
from sparekey.domain.retention import UNKNOWN_CHAIN_KEPT
from sparekey.use_cases.seals import read_line
from sparekey.use_cases.verify_audit import SEALED_WITHIN, Reason
from sparekey.worker.seal import OVERLAP, PAGE, AuditSeals
from tests.audit.logs import account_with, lines_of, mode_of, move, put_lines, seals_of, stranger_with, strangers, verify, write
from tests.contracts.stores import Held

pytestmark = pytest.mark.row("D5")

MINUTE = timedelta(minutes=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "seals" / "audit-seals.jsonl"


@pytest.fixture
def seals(at: Held, file: Path) -> AuditSeals:
    file.parent.mkdir()
    return seals_of(at, file)


async def cut_to(at: Held, chain: str, seq: int) -> None:
    """Take the newest events off a chain, and set its head so that nothing shows."""
    await at.sql("delete from audit_event where chain = :chain and seq > :seq", chain=chain, seq=seq)
    await at.sql(
        "update audit_head set seq = :seq, mac = (select mac from audit_event where chain = :chain and seq = :seq) where chain = :chain",
        chain=chain,
        seq=seq,
    )


async def test_a_sealed_log_is_whole(at: Held, seals: AuditSeals, file: Path) -> None:
    account = await account_with(at, 3)
    assert await seals.seal() == 1
    at.clock.turn(MINUTE)
    await write(at, account, Event.SIGNED_IN)
    await stranger_with(at, 2)
    assert await seals.seal() == 2
    assert await verify(at, file) == set()


async def test_an_end_that_was_cut_with_its_head_is_found(at: Held, seals: AuditSeals, file: Path) -> None:
    account = await account_with(at, 4)
    await seals.seal()
    await cut_to(at, account.account_id, 2)
    assert await verify(at) == set(), "the chain alone cannot tell"
    assert await verify(at, file) == {(account.account_id, Reason.CUT)}


async def test_a_chain_that_was_removed_with_its_account_is_found(at: Held, seals: AuditSeals, file: Path) -> None:
    account = await account_with(at, 4)
    await seals.seal()
    for table, column in (("audit_event", "chain"), ("audit_head", "chain"), ("address", "account_id"), ("account", "account_id")):
        await at.sql(f"delete from {table} where {column} = :id", id=account.account_id)
    assert await verify(at) == set()
    assert await verify(at, file) == {(account.account_id, Reason.CUT)}


async def test_an_old_database_brought_back_is_found_also_after_new_events(at: Held, seals: AuditSeals, file: Path) -> None:
    account = await account_with(at, 2)
    await seals.seal()
    at.clock.turn(MINUTE)
    await write(at, account, Event.PASSWORD_CHANGED)
    await seals.seal()
    await cut_to(at, account.account_id, 2)  # what a copy of a minute ago would hold
    assert await verify(at, file) == {(account.account_id, Reason.CUT)}
    at.clock.turn(MINUTE)
    await write(at, account, Event.SIGNED_IN, Event.SIGNED_IN)
    await seals.seal()
    assert await verify(at) == set()
    assert await verify(at, file) == {(account.account_id, Reason.REWRITTEN)}


async def test_after_a_rotation_old_seals_are_still_good(at: Held, seals: AuditSeals, file: Path) -> None:
    account = await account_with(at, 2)
    await seals.seal()
    seals.close()
    at.rotate()
    at.clock.turn(MINUTE)
    await write(at, account, Event.SIGNED_IN)
    assert await seals_of(at, file).seal() >= 1
    assert await verify(at, file) == set()


# ---------------------------------------------------------------- the file


async def three_lines(at: Held, seals: AuditSeals) -> list[str]:
    """One sealed chain for each line of the file."""
    chains: list[str] = []
    for name in ("anna", "ben", "cleo"):
        chains.append((await account_with(at, 2, f"{name}@example.com")).account_id)
        await seals.seal()
        at.clock.turn(OVERLAP + MINUTE)
    return chains


@pytest.mark.parametrize(
    ("line", "change"),
    [(0, "edit"), (1, "edit"), (2, "edit"), (0, "remove"), (1, "remove"), (1, "garble"), (0, "swap"), (0, "repeat")],
)
async def test_a_changed_file_is_found(at: Held, seals: AuditSeals, file: Path, line: int, change: str) -> None:
    await three_lines(at, seals)
    lines = lines_of(file)
    match change:
        case "edit":
            lines[line] = lines[line].replace(b",2,", b",1,")
        case "garble":
            lines[line] = lines[line][:40] + b"\n"
        case "remove":
            del lines[line]
        case "swap":
            lines[0], lines[1] = lines[1], lines[0]
        case _:
            lines.insert(1, lines[0])
    put_lines(file, *lines)
    assert (file.name, Reason.SEAL_ALTERED) in await verify(at, file)


async def test_a_cut_end_of_the_file_is_found_by_the_events_that_it_covered(at: Held, seals: AuditSeals, file: Path) -> None:
    *_, last = await three_lines(at, seals)
    lines = lines_of(file)
    put_lines(file, *lines[:2])
    at.clock.turn(SEALED_WITHIN)
    assert await verify(at, file) == {(last, Reason.SEALS_END)}


async def test_a_line_that_was_cut_off_in_the_middle_of_writing_is_no_attack(at: Held, seals: AuditSeals, file: Path) -> None:
    chains = await three_lines(at, seals)
    seals.close()
    lines = lines_of(file)
    put_lines(file, *lines[:2], lines[2][:50])
    assert await seals_of(at, file).seal() == 2, "the one that was lost, and those of the overlap"
    assert await verify(at, file) == set()
    assert chains[2].encode() in lines_of(file)[-1]


async def test_a_running_worker_notices_that_its_file_was_changed_and_verifying_finds_the_place(
    at: Held, seals: AuditSeals, file: Path
) -> None:
    await three_lines(at, seals)
    lines = lines_of(file)
    put_lines(file, *lines[:2])
    await account_with(at, 1, "dora@example.com")
    with capture_logs() as logged:
        await seals.seal()
    assert "audit.seals_changed" in {entry["event"] for entry in logged}
    assert (file.name, Reason.SEAL_ALTERED) in await verify(at, file)


async def test_a_file_that_was_moved_away_goes_on_in_a_new_one(at: Held, seals: AuditSeals, file: Path) -> None:
    await three_lines(at, seals)
    old = move(file, "audit-seals-2026.jsonl")
    await account_with(at, 1, "dora@example.com")
    await seals.seal()
    assert await verify(at, file, old) == await verify(at, old, file) == set()
    assert await verify(at, file) == {(file.name, Reason.SEAL_ALTERED)}, "the line before the first is in the other file"


async def test_files_of_several_nodes_are_verified_together(at: Held, seals: AuditSeals, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "second.jsonl"
    account = await account_with(at, 2)
    await seals.seal()
    await seals_of(at, other).seal()
    assert await verify(at, file, other) == set()
    await cut_to(at, account.account_id, 1)
    assert await verify(at, file, other) == {(account.account_id, Reason.CUT)}


async def test_of_two_processes_of_a_node_one_writes_and_the_other_takes_over(at: Held, seals: AuditSeals, file: Path) -> None:
    second = seals_of(at, file)
    await account_with(at, 2)
    assert await seals.seal() == 1
    await account_with(at, 2, "ben@example.com")
    assert await second.seal() == 0
    seals.close()
    assert await second.seal() == 2
    assert await verify(at, file) == set()


async def test_the_file_is_for_its_owner_alone(at: Held, seals: AuditSeals, file: Path) -> None:
    await account_with(at, 1)
    await seals.seal()
    assert mode_of(file) == 0o600
    assert b"anna" not in b"".join(lines_of(file))


# ---------------------------------------------------------------- only what changed, and all of it


async def test_only_chains_that_changed_are_sealed_again(at: Held, seals: AuditSeals, file: Path) -> None:
    accounts = [await account_with(at, 2, f"{n}@example.com") for n in range(5)]
    assert await seals.seal() == 5
    assert await seals.seal() == 0
    at.clock.turn(MINUTE)
    await write(at, accounts[3], Event.SIGNED_IN)
    assert await seals.seal() == 1
    at.clock.turn(timedelta(hours=1))
    assert await seals.seal() == 0
    assert len(lines_of(file)) == 2, "a minute in which nothing happened writes nothing"


async def test_an_event_that_is_seen_late_is_sealed_all_the_same(at: Held, seals: AuditSeals) -> None:
    await account_with(at, 1)
    at.clock.turn(MINUTE)
    await seals.seal()
    at.clock.turn(-MINUTE)
    await account_with(at, 1, "late@example.com")  # its transaction ended after the look
    at.clock.turn(2 * MINUTE)
    assert await seals.seal() == 1


async def test_a_worker_that_was_away_makes_up_for_it(at: Held, seals: AuditSeals, file: Path) -> None:
    account = await account_with(at, 1)
    await seals.seal()
    seals.close()
    at.clock.turn(timedelta(days=3))
    await write(at, account, Event.SIGNED_IN)
    at.clock.turn(timedelta(days=3))
    assert await verify(at, file) == {(account.account_id, Reason.SEALS_END)}
    assert await seals_of(at, file).seal() == 1
    assert await verify(at, file) == set()


async def test_more_than_a_page_is_sealed_in_several_lines(at: Held, seals: AuditSeals, file: Path) -> None:
    chains = [f"x{n:031x}" for n in range(PAGE + 20)]
    await strangers(at, chains)
    assert await seals.seal() == len(chains)
    lines = [line for raw in lines_of(file) if (line := read_line(raw)) is not None]
    assert len(lines) == 2
    assert sorted(head[0] for line in lines for head in line.heads) == chains
    assert await verify(at, file) == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its plan says it in words that can be compared
async def test_sealing_looks_at_no_chain_that_did_not_change(at: Held) -> None:
    for statement in (sql_audit._PAGE_END, sql_audit._CHANGED):
        values = dict.fromkeys(statement.names, 0)
        plan = [str(row[3]) for row in await at.rows(f"explain query plan {statement.sqlite}", **values)]
        assert plan
        assert [step for step in plan if step.startswith("SCAN") and step != "SCAN c"] == [], "c: those that changed"


# ---------------------------------------------------------------- names that nobody has


async def test_an_old_chain_of_a_name_that_nobody_has_may_go(at: Held, seals: AuditSeals, file: Path) -> None:
    chain = await stranger_with(at, 3)
    account = await account_with(at, 2)
    await seals.seal()
    at.clock.turn(UNKNOWN_CHAIN_KEPT + timedelta(days=2))
    assert (await at.store.prune(at.clock.now(), 100))["audit_head"] == 1
    assert await at.rows("select chain from audit_event where chain = :chain", chain=chain) == []
    assert await verify(at, file) == set()
    await stranger_with(at, 1)  # the name is tried again: a new chain
    await seals.seal()
    assert await verify(at, file) == set()
    await cut_to(at, account.account_id, 1)
    assert await verify(at, file) == {(account.account_id, Reason.CUT)}, "an account's seals count for ever"


async def test_a_young_chain_of_a_name_that_nobody_has_may_not(at: Held, seals: AuditSeals, file: Path) -> None:
    chain = await stranger_with(at, 3)
    await seals.seal()
    at.clock.turn(UNKNOWN_CHAIN_KEPT - timedelta(days=1))
    assert (await at.store.prune(at.clock.now(), 100))["audit_head"] == 0
    for table in ("audit_event", "audit_head"):
        await at.sql(f"delete from {table} where chain = :chain", chain=chain)
    assert await verify(at, file) == {(chain, Reason.CUT)}
