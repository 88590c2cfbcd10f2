"""D5: who can write the database, but has no keys, changes nothing unseen. Each attack is planted by SQL."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.adapters.crypto.keys import Key, KeyRing
from sparekey.adapters.crypto.sealer import RingSealer
from sparekey.domain.accounts import Account
from sparekey.domain.audit import Event
from sparekey.domain.values import replace
from sparekey.use_cases.ports import AuditRow, Link, SubjectLock
from sparekey.use_cases.record import CHAIN, link_text, personal_purpose
from sparekey.use_cases.verify_audit import PAGE, Reason, Walk, end_of_chain, follow
from tests.audit.logs import account_with, stranger_with, verify, write
from tests.contracts.stores import NOW, OLD_KEY, Held, new_account

pytestmark = pytest.mark.row("D5")

THIEFS_OWN = RingSealer(KeyRing((Key("0000000a", b"t" * 32, NOW),)))


async def test_what_was_written_is_whole(at: Held) -> None:
    for n in range(1, 5):
        await account_with(at, n, f"{n}@example.com")
    await stranger_with(at, 3)
    assert await verify(at) == set()


async def test_a_chain_longer_than_a_page_is_whole(at: Held) -> None:
    await account_with(at, PAGE + 3)
    await account_with(at, 2, "ben@example.com")
    assert await verify(at) == set()


async def test_a_log_that_grows_while_it_is_read_is_whole(at: Held) -> None:
    account = await account_with(at, 3)
    async with at.store.transaction() as tx:
        first = await tx.audit.links("", 0, 2)
    walk, found = follow(at.sealer, Walk(), first)
    await write(at, account, Event.SIGNED_IN)
    async with at.store.transaction() as tx:
        walk, more = follow(at.sealer, walk, await tx.audit.links(account.account_id, 2, 10))
    assert found + more + end_of_chain(walk) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("name = 'account.recovery.done'", Reason.ALTERED),
        ("at = at + 1", Reason.ALTERED),
        ("at = 4611686018427387904", Reason.ALTERED),
        ("flow_id = ''", Reason.ALTERED),
        ("detail = mac", Reason.ALTERED),
        ("personal = mac", Reason.ALTERED),
        ("mac = detail", Reason.ALTERED),
        ("seq = 7", Reason.GAP),
        ("chain = 'x00'", Reason.GAP),
    ],
)
async def test_an_edited_column_is_found(at: Held, change: str, reason: Reason) -> None:
    await account_with(at, 4, "ben@example.com")
    account = await account_with(at, 4)
    await at.sql(f"update audit_event set {change} where chain = :chain and seq = 2", chain=account.account_id)
    assert (account.account_id, reason) in await verify(at)


async def test_a_removed_event_is_found(at: Held) -> None:
    account = await account_with(at, 4)
    await at.sql("delete from audit_event where chain = :chain and seq = 2", chain=account.account_id)
    assert await verify(at) == {(account.account_id, Reason.GAP)}


async def test_an_event_removed_and_the_rest_renumbered_is_found(at: Held) -> None:
    account = await account_with(at, 4)
    await at.sql("delete from audit_event where chain = :chain and seq = 2", chain=account.account_id)
    for seq in (3, 4):
        await at.sql("update audit_event set seq = :to where chain = :chain and seq = :seq", chain=account.account_id, seq=seq, to=seq - 1)
    await at.sql("update audit_head set seq = 3 where chain = :chain", chain=account.account_id)
    assert await verify(at) == {(account.account_id, Reason.ALTERED)}


async def test_a_chain_rewritten_without_the_keys_is_found(at: Held) -> None:
    account = await account_with(at, 3)
    await rewrite(at, account, THIEFS_OWN)
    assert await verify(at) == {(account.account_id, Reason.ALTERED)}


async def test_the_same_rewrite_with_the_keys_is_not_found_without_seals(at: Held) -> None:
    """Shows that the attack above is a real one: it fails at the keys and at nothing else."""
    account = await account_with(at, 3)
    await rewrite(at, account, at.sealer)
    assert await verify(at) == set()


async def rewrite(at: Held, account: Account, sealer: RingSealer) -> None:
    """Make every sign-in of a chain a failed one, with fitting macs of the given keys."""
    async with at.store.transaction() as tx:
        rows = reversed(await tx.audit.of_chain(account.account_id, 100))
    mac = b""
    for row in rows:
        false = replace(row, name=Event.SIGN_IN_FAILED.value)
        mac = sealer.keyed_hash(link_text(mac, false), CHAIN)
        values = {"chain": row.chain, "seq": row.seq, "name": false.name, "mac": mac}
        await at.sql("update audit_event set name = :name, mac = :mac where chain = :chain and seq = :seq", **values)
    await at.sql("update audit_head set mac = :mac where chain = :chain", chain=account.account_id, mac=mac)


async def test_a_cut_end_is_found_against_the_head(at: Held) -> None:
    account = await account_with(at, 4)
    await at.sql("delete from audit_event where chain = :chain and seq = 4", chain=account.account_id)
    assert await verify(at) == {(account.account_id, Reason.CUT)}


async def test_an_event_behind_the_head_is_found(at: Held) -> None:
    account = await account_with(at, 4)
    await at.sql(
        "update audit_head set seq = 3, mac = (select mac from audit_event where chain = :chain and seq = 3) where chain = :chain",
        chain=account.account_id,
    )
    assert await verify(at) == {(account.account_id, Reason.FORGED_HEAD)}


@pytest.mark.parametrize("change", ["update audit_head set mac = chain_mac", "delete from audit_head"])
async def test_a_forged_head_is_found(at: Held, change: str) -> None:
    account = await account_with(at, 4)
    other = await account_with(at, 4, "ben@example.com")
    change = change.replace("chain_mac", f"(select mac from audit_event where chain = '{other.account_id}' and seq = 4)")
    await at.sql(f"{change} where chain = :chain", chain=account.account_id)
    assert await verify(at) == {(account.account_id, Reason.FORGED_HEAD)}


async def test_a_removed_chain_is_found(at: Held) -> None:
    account = await account_with(at, 3)
    await at.sql("delete from audit_event where chain = :chain", chain=account.account_id)
    assert await verify(at) == {(account.account_id, Reason.MISSING)}
    await at.sql("delete from audit_head where chain = :chain", chain=account.account_id)
    assert await verify(at) == {(account.account_id, Reason.MISSING)}, "an account has at least the event of its creation"


async def test_events_swapped_between_chains_are_found(at: Held) -> None:
    anna, ben = [(await account_with(at, 3, key)).account_id for key in ("anna@example.com", "ben@example.com")]
    for old, new in ((anna, "z"), (ben, anna), ("z", ben)):
        await at.sql("update audit_event set chain = :new where chain = :old and seq = 2", old=old, new=new)
    assert await verify(at) == {(anna, Reason.ALTERED), (ben, Reason.ALTERED)}


async def test_events_swapped_within_a_chain_are_found(at: Held) -> None:
    account = await account_with(at, 4)
    for old, new in ((2, 9), (3, 2), (9, 3)):
        await at.sql("update audit_event set seq = :new where chain = :chain and seq = :old", chain=account.account_id, old=old, new=new)
    assert await verify(at) == {(account.account_id, Reason.ALTERED)}


async def test_a_value_of_another_type_is_found_and_stops_nothing(at: Held) -> None:
    """SQLite keeps any type in any column; PostgreSQL refuses all but the first."""
    broken = await account_with(at, 3)
    behind = await account_with(at, 3, "ben@example.com")
    await at.sql("update audit_event set at = 9223372036854775807 where chain = :chain and seq = 3", chain=broken.account_id)
    expected = {(broken.account_id, Reason.ALTERED)}
    if await is_sqlite(at):
        await at.sql("update audit_event set detail = 'text', at = 'text' where chain = :chain and seq = 2", chain=behind.account_id)
        await at.sql("update audit_head set seq = 'text' where chain = :chain", chain=behind.account_id)
        expected.add((behind.account_id, Reason.ALTERED))
    assert await verify(at) == expected


async def is_sqlite(at: Held) -> bool:
    return type(at.database).__name__ == "SqliteDatabase"


@pytest.mark.row("D7")
async def test_after_a_rotation_old_links_are_still_good_and_new_ones_too(at: Held) -> None:
    account = await account_with(at, 3)
    at.rotate()
    await write(at, account, Event.SIGNED_IN, Event.SIGNED_OUT)
    assert await verify(at) == set()
    at.sealer = RingSealer(KeyRing((at.ring.current(),)))  # the old key is lost
    assert await verify(at) == {(account.account_id, Reason.ALTERED)}


async def test_once_the_accounts_key_is_emptied_the_personal_fields_are_unreadable_and_the_chain_is_whole(at: Held) -> None:
    account = await account_with(at, 2)
    async with at.store.transaction() as tx:
        (row, _) = await tx.audit.of_chain(account.account_id, 10)
    assert b"192.0.2.7" in at.sealer.open(row.personal, personal_purpose(account))
    await at.sql("update account set shred_key = '' where account_id = :id", id=account.account_id)
    async with at.store.transaction() as tx:
        closed = await tx.accounts.get(account.account_id)
    with pytest.raises(ValueError, match="altered"):
        at.sealer.open(row.personal, personal_purpose(closed))
    assert await verify(at) == set()


# ---------------------------------------------------------------- any log, any single bit

SEALER = RingSealer(KeyRing((OLD_KEY,)))

appends = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Event), st.integers(0, 10**9), st.text("ab", max_size=3)), min_size=1)


def written(steps: list[tuple[int, Event, int, str]]) -> list[Link]:
    """The rows that use cases would write, in the order in which they are read back."""
    heads: dict[str, SubjectLock] = {}
    rows: list[AuditRow] = []
    for who, event, later, detail in steps:
        chain = f"{who:032x}"
        head = heads.get(chain, SubjectLock(chain, 0, b""))
        personal = SEALER.seal(b"{}", personal_purpose(new_account()))
        at = NOW + timedelta(milliseconds=later)
        row = AuditRow(chain, head.seq + 1, at, event.value, "f" * 32, msgspec.json.encode({"d": detail}), personal, b"")
        rows.append(replace(row, mac=SEALER.keyed_hash(link_text(head.mac, row), CHAIN)))
        heads[chain] = SubjectLock(chain, row.seq, rows[-1].mac)
    return [Link(row, heads[row.chain]) for row in sorted(rows, key=lambda r: (r.chain, r.seq))]


def is_whole(links: list[Link]) -> bool:
    walk, found = follow(SEALER, Walk(), links)
    return found + end_of_chain(walk) == []


def flipped(value: Any, bit: int) -> Any:
    """The value with one bit turned; texts and bytes take the bit anywhere, moments as milliseconds."""
    match value:
        case bytes():
            place = bit % (len(value) * 8)
            return bytes(b ^ (1 << place % 8) if i == place // 8 else b for i, b in enumerate(value))
        case str():
            place = bit % (len(value) * 7)
            return "".join(chr(ord(c) ^ (1 << place % 7)) if i == place // 7 else c for i, c in enumerate(value))
        case int():
            return value ^ (1 << bit % 40)
        case _:
            return value + timedelta(milliseconds=1 << bit % 40)


@given(appends)
def test_any_sequence_of_appends_is_whole(steps: list[tuple[int, Event, int, str]]) -> None:
    assert is_whole(written(steps))


@given(appends, st.data())
def test_any_single_bit_that_is_turned_is_found(steps: list[tuple[int, Event, int, str]], data: st.DataObject) -> None:
    links = written(steps)
    place = data.draw(st.integers(0, len(links) - 1))
    field = data.draw(st.sampled_from(("chain", "seq", "at", "name", "flow_id", "detail", "personal", "mac")))
    row = links[place].row
    links[place] = replace(links[place], row=replace(row, **{field: flipped(getattr(row, field), data.draw(st.integers(0, 10_000)))}))
    assert not is_whole(sorted(links, key=lambda link: (link.row.chain, link.row.seq)))
