"""What undoing needs of a store, on both databases (H2, R13)."""

from datetime import timedelta

import pytest

from sparekey.domain import retention
from sparekey.domain.audit import Event
from sparekey.domain.changes import UNDO_FOR, PastChange, was
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.values import replace
from sparekey.use_cases.ports import AddressTaken
from tests.contracts.stores import CHANCE, NOW, Held, key_of, new_account, with_address
from tests.contracts.test_store import get, put

pytestmark = pytest.mark.row("H2")

MINUTE = timedelta(minutes=1)


async def test_a_change_is_read_as_it_was_written_sealed_and_removed_after_a_month(at: Held) -> None:
    anna = with_address(new_account(), "second@example.com")
    app = Factor("f" * 32, FactorKind.TOTP, Thing(ThingKind.DEVICE, "f" * 32), NOW, label="Phone")
    after = replace(anna, enrolled=(app,), name="Änne")
    done = [
        PastChange(CHANCE.new_id(NOW), kind, NOW + n * MINUTE, f"flow{n}", was(anna), was(after))
        for n, kind in enumerate((Event.FACTOR_ADDED, Event.DETAILS_CHANGED))
    ]
    async with at.store.transaction() as tx:
        for change in reversed(done):
            await tx.changes.add(anna.account_id, change)
    async with at.store.transaction() as tx:
        assert await tx.changes.of_account(anna.account_id, NOW) == done
        assert await tx.changes.of_account(anna.account_id, NOW + MINUTE) == done[1:]
        assert await tx.changes.of_account(new_account().account_id, NOW) == []
        await tx.changes.undone([done[0].change_id], NOW + MINUTE)
    async with at.store.transaction() as tx:
        assert await tx.changes.of_account(anna.account_id, NOW) == [replace(done[0], undone_at=NOW + MINUTE), done[1]]
    assert b"second@example.com" not in b"".join(bytes(row[0]) for row in await at.rows("select before from change"))
    assert (await at.store.prune(NOW + retention.CHANGE_KEPT + timedelta(seconds=30), 100))["change"] == 1
    assert await at.count("change") == 1


@pytest.mark.row("R13")
async def test_an_address_that_left_leads_back_unless_it_was_stolen_or_given_up(at: Held) -> None:
    anna = with_address(with_address(with_address(new_account(), "a@example.com"), "b@example.com"), "c@example.com")
    await put(at, anna)
    marked = replace(anna, addresses=tuple(replace(a, stolen=a.value[0] == "b", given_up=a.value[0] == "c") for a in anna.addresses))
    alone = replace(marked, addresses=marked.addresses[:1])
    async with at.store.transaction() as tx:
        await tx.accounts.save(anna, marked, NOW)
        await tx.accounts.save(marked, alone, NOW)
    async with at.store.transaction() as tx:
        left = await tx.accounts.former(anna.account_id, NOW - MINUTE)
        assert {(a.value[0], a.stolen, a.given_up, a.removed_at) for a in left} == {
            ("a", False, False, NOW),
            ("b", True, False, NOW),
            ("c", False, True, NOW),
        }
        assert await tx.accounts.former(anna.account_id, NOW) == []
        found = [await tx.accounts.find_by_key_or_former(key_of(f"{n}@example.com"), NOW - UNDO_FOR) for n in ("a", "b", "c", "anna", "no")]
        assert [account.exists for account, _ in found] == [True, False, False, True, False]
        assert [account for account, _ in found if account.exists] == [alone, alone], "with the addresses that it has"
        assert [left_at_once for account, left_at_once in found if account.exists] == [left, left], "and those that it had"
        assert not (await tx.accounts.find_by_key_or_former(key_of("a@example.com"), NOW))[0].exists


async def test_an_address_is_put_back_as_it_was(at: Held) -> None:
    anna = with_address(new_account(), "second@example.com", NOW + MINUTE)
    await put(at, anna)
    alone = replace(anna, addresses=anna.addresses[:1])
    async with at.store.transaction() as tx:
        await tx.accounts.save(anna, alone, NOW)
    async with at.store.transaction() as tx:
        await tx.accounts.save(alone, anna, NOW)
    assert await get(at, anna.account_id) == anna
    async with at.store.transaction() as tx:
        await tx.accounts.save(anna, alone, NOW)
    await put(at, new_account("second@example.com"))
    with pytest.raises(AddressTaken):
        async with at.store.transaction() as tx:
            await tx.accounts.save(alone, anna, NOW)


async def test_no_account_puts_anothers_address_back(at: Held) -> None:
    """The id alone is not enough: the row is another account's."""
    anna, ben = with_address(new_account(), "second@example.com"), new_account("ben@example.com")
    await put(at, anna, ben)
    async with at.store.transaction() as tx:
        await tx.accounts.save(anna, replace(anna, addresses=anna.addresses[:1]), NOW)
    async with at.store.transaction() as tx:
        await tx.accounts.save(ben, replace(ben, addresses=(*ben.addresses, anna.addresses[1])), NOW)
    assert await get(at, ben.account_id) == ben


async def test_a_factor_is_put_back_with_its_secret_unless_it_is_enrolled_elsewhere(at: Held) -> None:
    anna, ben = new_account(), new_account("ben@example.com")
    key = Factor("k" * 32, FactorKind.PASSKEY, Thing(ThingKind.KEY, "k" * 32), NOW)
    with_key = replace(anna, enrolled=(key,))
    await put(at, anna, ben)
    async with at.store.transaction() as tx:
        await tx.factors.add(anna.account_id, key, b"secret", b"credential")
        await tx.accounts.save(anna, with_key, NOW)
    async with at.store.transaction() as tx:
        assert not await tx.factors.put_back(anna.account_id, key.factor_id), "it is there"
        await tx.accounts.save(with_key, anna, NOW)
        assert not await tx.factors.put_back(ben.account_id, key.factor_id), "it is another's"
        assert await tx.factors.put_back(anna.account_id, key.factor_id)
        secret = await tx.factors.secret_of(anna.account_id, key.factor_id)
        assert secret is not None
        assert secret.secret == b"secret"
        assert await tx.factors.find(b"credential") == (anna.account_id, key.factor_id)
    async with at.store.transaction() as tx:
        await tx.accounts.save(with_key, anna, NOW)
        await tx.factors.add(ben.account_id, replace(key, factor_id="b" * 32), b"his", b"credential")
        assert not await tx.factors.put_back(anna.account_id, key.factor_id), "somebody else has enrolled it meanwhile"
