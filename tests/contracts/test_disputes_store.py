"""Disputes in the store: read as written, one for each account, sealed, kept for a while after their end (R16)."""

from datetime import timedelta

import pytest

from sparekey.adapters.sql.connection import UniqueViolation
from sparekey.domain import retention
from sparekey.domain.disputes import Dispute, Outcome, opened
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.contracts.stores import CHANCE, NOW, Held, new_account

pytestmark = pytest.mark.row("R16")

SHOWN = Proof(FactorKind.EMAIL, "1" * 32, Thing(ThingKind.MAILBOX, "email:anna@example.com"), NOW)


def new() -> Dispute:
    return opened(CHANCE.new_id(NOW), new_account().account_id, NOW).with_claim("f" * 32, NOW).with_shown((SHOWN,))


async def test_one_is_read_as_it_was_written_and_none_after_its_end(at: Held) -> None:
    dispute = new()
    async with at.store.transaction() as tx:
        await tx.disputes.add(dispute)
    async with at.store.transaction() as tx:
        assert await tx.disputes.open_of(dispute.account_id) == dispute
        tied = replace(dispute.looked(NOW + timedelta(hours=1)), waiting=dispute.waiting.accepted(NOW)).tied(NOW)
        await tx.disputes.save(tied)
        assert await tx.disputes.open_of(dispute.account_id) == tied
        assert await tx.disputes.open_of(new_account().account_id) is None
        await tx.disputes.save(tied.ended(Outcome.CASE, NOW))
        assert await tx.disputes.open_of(dispute.account_id) is None
    assert await at.rows("select state, ended_at is not null from dispute") == [("case", True)]


async def test_they_are_looked_at_page_by_page(at: Held) -> None:
    disputes = sorted((new() for _ in range(3)), key=lambda d: d.dispute_id)
    async with at.store.transaction() as tx:
        for dispute in disputes:
            await tx.disputes.add(dispute)
        await tx.disputes.save(disputes[1].ended(Outcome.LAPSED, NOW))
    async with at.store.transaction() as tx:
        first = await tx.disputes.open("", 1)
        assert list(first) == disputes[:1]
        assert list(await tx.disputes.open(first[0].dispute_id, 5)) == disputes[2:]


async def test_an_account_has_one_at_a_time(at: Held) -> None:
    dispute = new()
    async with at.store.transaction() as tx:
        await tx.disputes.add(dispute)
    with pytest.raises(UniqueViolation):
        async with at.store.transaction() as tx:
            await tx.disputes.add(replace(dispute, dispute_id=CHANCE.new_id(NOW)))
    async with at.store.transaction() as tx:
        await tx.disputes.save(dispute.ended(Outcome.WITHDRAWN, NOW))
        await tx.disputes.add(replace(dispute, dispute_id=CHANCE.new_id(NOW)))


async def test_what_was_shown_is_sealed(at: Held) -> None:
    async with at.store.transaction() as tx:
        await tx.disputes.add(new())
    assert b"anna" not in bytes((await at.rows("select data from dispute"))[0][0])


async def test_they_go_some_time_after_their_end_and_never_before(at: Held) -> None:
    over, late, open_still = new(), new(), replace(new(), opened_at=NOW - timedelta(days=400))
    async with at.store.transaction() as tx:
        for dispute in (over, late, open_still):
            await tx.disputes.add(dispute)
        await tx.disputes.save(over.ended(Outcome.RECOVERY, NOW - retention.DISPUTE_KEPT - timedelta(seconds=1)))
        await tx.disputes.save(late.ended(Outcome.OBJECTION, NOW - retention.DISPUTE_KEPT + timedelta(seconds=1)))
    assert (await at.store.prune(NOW, 100))["dispute"] == 1
    left = {row[0] for row in await at.rows("select dispute_id from dispute")}
    assert left == {late.dispute_id, open_still.dispute_id}
