"""Support cases in the store: one body over SQLite and PostgreSQL."""

from datetime import timedelta

import pytest

from sparekey.domain.accounts import NOBODY_ID, AccountId
from sparekey.domain.cases import WITH_AGENTS, Author, Case, CaseKind, CaseMessage, CaseMove, CaseState, moved
from sparekey.domain.errors import StaleFlow
from sparekey.domain.statements import Match, Said
from sparekey.domain.values import replace
from tests.contracts.stores import NOW, Held

pytestmark = pytest.mark.row("C2")

HOUR = timedelta(hours=1)


def case(name: str, *, hours: int = 0, state: CaseState = CaseState.OPEN) -> Case:
    return Case(
        case_id=name * 32,
        number=f"K{name}-4921-QX",
        kind=CaseKind.LOST,
        state=state,
        account_id=AccountId(NOBODY_ID),
        subject="x" + "0" * 31,
        language="en",
        typed="anna@example.com",
        contact="new@example.org",
        contact_key="email:new@example.org",
        holder=b"h" * 32,
        opened_at=NOW + hours * HOUR,
        said=Said(sign_up="2024-05", secret=Match.NEAR),
    )


async def test_a_case_is_read_as_it_was_written_and_what_is_in_it_is_sealed(at: Held) -> None:
    first = case("1")
    async with at.store.transaction() as tx:
        await tx.cases.add(first)
        await tx.cases.add_message(CaseMessage(first.case_id, 0, NOW, Author.PERSON, "<b>hello</b>"))
        await tx.cases.add_message(CaseMessage(first.case_id, 0, NOW, Author.AGENT, "good day", "agent"))
    async with at.store.transaction() as tx:
        assert await tx.cases.get(first.case_id) == await tx.cases.by_number(first.number) == first
        said = await tx.cases.messages(first.case_id)
        assert [(m.seq, m.text, m.author, m.agent_id) for m in said] == [
            (1, "<b>hello</b>", Author.PERSON, ""),
            (2, "good day", Author.AGENT, "agent"),
        ]
        assert await tx.cases.messages(first.case_id, after=1) == said[1:]
        assert await tx.cases.get("9" * 32) is None
    for table, column in (("support_case", "data"), ("case_message", "body")):
        for (sealed,) in await at.rows(f"select {column} from {table}"):
            assert b"hello" not in sealed
            assert b"example" not in sealed


async def test_of_two_who_step_a_case_at_once_one_is_refused(at: Held) -> None:
    first = case("1")
    async with at.store.transaction() as tx:
        await tx.cases.add(first)
    async with at.store.transaction() as tx:
        await tx.cases.save(moved(first, CaseMove.ASK, NOW))
    async with at.store.transaction() as tx:
        found = await tx.cases.get_for_step(first.case_id)
        assert found is not None
        assert (found.state, found.version) == (CaseState.ASKED, 2)
        with pytest.raises(StaleFlow):
            await tx.cases.save(moved(first, CaseMove.ASK, NOW))


async def test_the_queue_has_the_oldest_first_and_time_finds_what_is_due(at: Held) -> None:
    waiting, newer, older, over = case("1", hours=3), case("2", hours=2), case("3", hours=1), case("4", state=CaseState.CLOSED)
    waiting = moved(waiting, CaseMove.ASK, NOW)
    async with at.store.transaction() as tx:
        for one in (waiting, newer, older, over):
            await tx.cases.add(one)
    async with at.store.transaction() as tx:
        assert await tx.cases.queue(WITH_AGENTS, 10) == [older, newer, waiting]
        assert await tx.cases.queue(WITH_AGENTS, 1) == [older]
        assert [c.case_id for c in await tx.cases.of_account(AccountId(NOBODY_ID))] == [n * 32 for n in "1234"]
        assert waiting.due_at is not None
        assert await tx.cases.due(waiting.due_at - HOUR, 10) == []
        assert await tx.cases.due(waiting.due_at, 10) == [waiting]
        await tx.cases.save(replace(waiting, due_at=None))
    async with at.store.transaction() as tx:
        assert await tx.cases.due(NOW + timedelta(days=400), 10) == []
