"""On PostgreSQL, two transactions that wait for each other end: one goes on, the other is told to ask again, and nobody gets a 500."""

import asyncio

from sparekey.domain.accounts import Account
from sparekey.domain.errors import StoreUnavailable
from tests.contracts.stores import Held, new_account


async def test_of_two_that_wait_for_each_other_one_is_told_to_come_back(on_postgres: Held) -> None:
    anna, berta = new_account(), new_account()
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: Account, second: Account) -> None:
        async with on_postgres.store.transaction() as tx:
            await tx.audit.lock(first.account_id)
            await both_hold_one.wait()
            await tx.audit.lock(second.account_id)

    outcomes = await asyncio.gather(lock(anna, berta), lock(berta, anna), return_exceptions=True)
    assert [type(o) for o in outcomes if o] == [StoreUnavailable]
