"""The house is kept to the last minute, and one task that fails stops no other."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sparekey.domain.sessions import SessionRules
from sparekey.use_cases.who_is import SessionChecks
from sparekey.worker.housekeeping import keep_house
from sparekey.worker.seal import AuditSeals
from tests.audit.logs import account_with, lines_of, seals_of, services_of, verify
from tests.contracts.stores import Held

RULES = SessionRules(timedelta(days=30))


async def keep_until_stopped(at: Held, checks: SessionChecks, seals: AuditSeals) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(keep_house(services_of(at), checks, seals, stop))
    await asyncio.sleep(0)
    stop.set()
    await task


async def test_a_server_that_stops_seals_its_last_minute(at: Held, tmp_path: Path) -> None:
    file = tmp_path / "audit-seals.jsonl"
    await account_with(at, 2)
    await keep_until_stopped(at, SessionChecks(at.store, at.clock, RULES), seals_of(at, file))
    assert len(lines_of(file)) == 1
    assert await verify(at, file) == set()
    assert await seals_of(at, file).seal() == 1, "the right to write was given back"


async def test_a_task_that_fails_stops_no_other_and_is_logged_without_its_text(
    at: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> int:
        raise ZeroDivisionError

    file = tmp_path / "audit-seals.jsonl"
    checks = SessionChecks(at.store, at.clock, RULES)
    monkeypatch.setattr(checks, "write_seen", broken)
    await account_with(at, 2)
    with capture_logs() as logged:
        await keep_until_stopped(at, checks, seals_of(at, file))
    assert [(entry["event"], entry["what"], entry["error"]) for entry in logged] == [
        ("housekeeping.failed", "sessions_seen", "ZeroDivisionError")
    ]
    assert len(lines_of(file)) == 1
