"""Accounts, their addresses and former passwords."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, UniqueViolation, from_ms, from_ms_or_none, to_ms, to_ms_or_none
from sparekey.adapters.sql.personal import reserved_keys
from sparekey.domain import retention
from sparekey.domain.accounts import NOBODY_ID, Account, AccountId, Address, AddressKind
from sparekey.domain.factors import Factor
from sparekey.domain.values import replace
from sparekey.use_cases.ports import AddressTaken, Sealer

_COLUMNS = """a.account_id, a.name, a.language, a.created_at, a.password_hash, a.password_set_at, a.version, a.shred_key,
    a.user_name, a.user_name_key, a.contested_at, a.frozen_at, a.closing_at,
    a.enrolled, a.preferred, a.must_have_second, a.second_offered_at, a.reminded_at,
    a.closed_at, a.blocked_at, a.disputed_at, a.recovered_at, a.quarantined_until, a.role, a.second_lost_at,
    d.address_id, d.kind, d.value, d.key, d.added_at, d.main, d.with_account, d.stolen, d.confirmed_at, d.bounced_at, d.given_up"""
_FIRST = 25
"""Where the columns of the address begin."""
_JOINED = "from account a left join address d on d.account_id = a.account_id and d.removed_at is null"

_BY_KEY = Statement(
    f"""select {_COLUMNS} {_JOINED} where a.account_id = coalesce(
        (select account_id from address where key = :key and removed_at is null),
        (select account_id from account where user_name_key = :key),
        '{NOBODY_ID}') order by d.added_at, d.address_id"""
)
_BY_ID = Statement(f"select {_COLUMNS} {_JOINED} where a.account_id = :account_id order by d.added_at, d.address_id")
# One statement, whoever has the name or had it, and what left the account since, the newest first.
_BY_KEY_OR_FORMER = Statement(
    f"""select {_COLUMNS}, d.removed_at
    from account a left join address d on d.account_id = a.account_id and (d.removed_at is null or d.removed_at > :removed_after)
    where a.account_id = coalesce(
        (select account_id from address where key = :key and removed_at is null),
        (select account_id from account where user_name_key = :key),
        (select account_id from address where key = :key and removed_at > :removed_after and stolen = 0 and given_up = 0
            order by removed_at desc limit 1),
        '{NOBODY_ID}') order by coalesce(d.removed_at, 0) desc, d.added_at, d.address_id"""
)
_LEFT = Statement(
    """select address_id, kind, value, key, added_at, main, with_account, stolen, confirmed_at, bounced_at, given_up, removed_at
    from address where account_id = :account_id and removed_at > :removed_after order by removed_at desc, address_id"""
)
_HOLDER = Statement(
    """select account_id from address where key = :key and (removed_at is null or removed_at > :removed_after)
    order by removed_at is null desc, removed_at desc limit 1"""
)
_ADD = Statement(
    """insert into account (account_id, name, language, created_at, password_hash, password_set_at, version, shred_key, user_name,
        user_name_key, contested_at, frozen_at, closing_at, enrolled, preferred, must_have_second, second_offered_at, reminded_at,
        closed_at, blocked_at, disputed_at, recovered_at, quarantined_until, role, second_lost_at)
    values (:account_id, :name, :language, :created_at, :password_hash, :password_set_at, :version, :shred_key, :user_name,
        :user_name_key, :contested_at, :frozen_at, :closing_at, :enrolled, :preferred, :must_have_second,
        :second_offered_at, :reminded_at, :closed_at, :blocked_at, :disputed_at, :recovered_at, :quarantined_until, :role,
        :second_lost_at)"""
)
_SAVE = Statement(
    """update account set name = :name, language = :language, password_hash = :password_hash, password_set_at = :password_set_at,
        version = :version, shred_key = :shred_key, user_name = :user_name, user_name_key = :user_name_key,
        contested_at = :contested_at, frozen_at = :frozen_at, closing_at = :closing_at, enrolled = :enrolled, preferred = :preferred,
        must_have_second = :must_have_second, second_offered_at = :second_offered_at,
        reminded_at = :reminded_at, closed_at = :closed_at, blocked_at = :blocked_at, disputed_at = :disputed_at,
        recovered_at = :recovered_at, quarantined_until = :quarantined_until, role = :role, second_lost_at = :second_lost_at
    where account_id = :account_id"""
)
_ADD_ADDRESS = Statement(
    """insert into address (address_id, account_id, kind, value, key, added_at, main, with_account, stolen, removed_at, confirmed_at,
        bounced_at)
    values (:address_id, :account_id, :kind, :value, :key, :added_at, :main, :with_account, :stolen, null, :confirmed_at, :bounced_at)
    on conflict (address_id) do update set main = excluded.main, removed_at = null, given_up = 0, added_at = excluded.added_at
    where address.account_id = excluded.account_id"""
)
"""Or put back: it is the row that was kept."""
_SAVE_ADDRESS = Statement(
    """update address set main = :main, stolen = :stolen, confirmed_at = :confirmed_at, bounced_at = :bounced_at, added_at = :added_at,
        with_account = :with_account, given_up = :given_up
    where address_id = :address_id and account_id = :account_id"""
)
_ARRIVED = Statement("update address set bounced_at = null where address_id = :address_id and bounced_at > :bounced_after")
_LAST_REMINDED = Statement("select account_id from account where reminded_at <= :before order by reminded_at limit :most")
_REMINDED = Statement("update account set reminded_at = :now where account_id = :account_id")
_REMOVE_FACTOR = Statement(
    "update factor set removed_at = :now, factor = :factor where factor_id = :factor_id and account_id = :account_id and removed_at is null"
)
_REMOVE_ADDRESS = Statement("update address set removed_at = :now, main = 0 where address_id = :address_id and account_id = :account_id")
_FORMER = Statement("select hash from former_password where account_id = :account_id order by set_at desc limit :most")
_KEEP_FORMER = Statement(
    """insert into former_password (account_id, set_at, hash) values (:account_id, :set_at, :hash)
    on conflict (account_id, set_at) do update set hash = excluded.hash"""
)
_FORGET_FORMER = Statement(
    """delete from former_password where account_id = :account_id and set_at not in (
        select set_at from former_password where account_id = :account_id order by set_at desc limit :kept)"""
)

_encode = msgspec.json.Encoder().encode
_decode_enrolled = msgspec.json.Decoder(tuple[Factor, ...]).decode


class SqlAccounts:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def find_by_key(self, key: str) -> Account:
        return _account(await self._c.all(_BY_KEY, key=key))

    async def find_by_key_or_former(self, key: str, removed_after: datetime) -> tuple[Account, Sequence[Address]]:
        rows = await self._c.all(_BY_KEY_OR_FORMER, key=key, removed_after=to_ms(removed_after))
        account = _account(rows)
        present = tuple(_address(r[_FIRST:]) for r in rows if r[_FIRST] is not None and r[-1] is None)
        left = [_left(r[_FIRST:]) for r in rows if r[-1] is not None]
        return replace(account, addresses=present), left

    async def former(self, account_id: AccountId, removed_after: datetime) -> Sequence[Address]:
        return [_left(r) for r in await self._c.all(_LEFT, account_id=account_id, removed_after=to_ms(removed_after))]

    async def get(self, account_id: AccountId) -> Account:
        rows = await self._c.all(_BY_ID, account_id=account_id)
        if not rows:
            raise LookupError(account_id)
        return _account(rows)

    async def arrived(self, address_id: str, bounced_after: datetime) -> None:
        await self._c.run(_ARRIVED, address_id=address_id, bounced_after=to_ms(bounced_after))

    async def holder_of(self, key: str, removed_after: datetime) -> AccountId | None:
        # Of an account that is closed for good only hashes are kept. They are looked for in any case: the same work for every address.
        keys = (key, *reserved_keys(self._sealer, key))
        rows = [await self._c.one(_HOLDER, key=k, removed_after=to_ms(removed_after)) for k in keys]
        return next((AccountId(row[0]) for row in rows if row is not None), None)

    async def add(self, account: Account) -> None:
        try:
            await self._c.run(_ADD, **_values(account))
            for address in account.addresses:
                await self._add_address(account.account_id, address)
        except UniqueViolation as e:
            raise AddressTaken from e

    async def save(self, old: Account, new: Account, now: datetime) -> None:
        try:
            await self._c.run(_SAVE, **_values(new))
            before = {a.address_id: a for a in old.addresses}
            after = {a.address_id: a for a in new.addresses}
            for address_id in before.keys() - after.keys():
                await self._c.run(_REMOVE_ADDRESS, account_id=new.account_id, address_id=address_id, now=to_ms(now))
            for address_id, address in after.items():
                if address_id not in before:
                    await self._add_address(new.account_id, address)
                elif before[address_id] != address:
                    await self._c.run(
                        _SAVE_ADDRESS,
                        account_id=new.account_id,
                        address_id=address_id,
                        main=int(address.main),
                        stolen=int(address.stolen),
                        confirmed_at=to_ms_or_none(address.confirmed_at),
                        bounced_at=to_ms_or_none(address.bounced_at),
                        added_at=to_ms(address.added_at),
                        with_account=int(address.with_account),
                        given_up=int(address.given_up),
                    )
            await self._save_factors(old, new, now)
        except UniqueViolation as e:
            raise AddressTaken from e
        if old.password_set_at != new.password_set_at and old.password_hash:
            await self._c.run(_KEEP_FORMER, account_id=new.account_id, set_at=to_ms(old.password_set_at), hash=old.password_hash)
            await self._c.run(_FORGET_FORMER, account_id=new.account_id, kept=retention.FORMER_PASSWORDS_KEPT)

    async def last_reminded(self, before: datetime, most: int) -> Sequence[AccountId]:
        return [AccountId(row[0]) for row in await self._c.all(_LAST_REMINDED, before=to_ms(before), most=most)]

    async def reminded(self, account_id: AccountId, now: datetime) -> None:
        await self._c.run(_REMINDED, account_id=account_id, now=to_ms(now))

    async def former_passwords(self, account_id: AccountId, most: int) -> Sequence[str]:
        return [row[0] for row in await self._c.all(_FORMER, account_id=account_id, most=most)]

    async def _add_address(self, account_id: AccountId, a: Address) -> None:
        await self._c.run(
            _ADD_ADDRESS,
            address_id=a.address_id,
            account_id=account_id,
            kind=a.kind.value,
            value=a.value,
            key=a.key,
            added_at=to_ms(a.added_at),
            main=int(a.main),
            with_account=int(a.with_account),
            stolen=int(a.stolen),
            confirmed_at=to_ms_or_none(a.confirmed_at),
            bounced_at=to_ms_or_none(a.bounced_at),
        )

    async def _save_factors(self, old: Account, new: Account, now: datetime) -> None:
        """The rows of factors that left are kept for a while, so that they can be put back."""
        after = {f.factor_id for f in new.enrolled}
        for gone in (f for f in old.enrolled if f.factor_id not in after):
            await self._c.run(
                _REMOVE_FACTOR, account_id=new.account_id, factor_id=gone.factor_id, factor=_encode(gone).decode(), now=to_ms(now)
            )


def _values(a: Account) -> dict[str, object]:
    return {
        "account_id": a.account_id,
        "name": a.name,
        "language": a.language,
        "created_at": to_ms(a.created_at),
        "password_hash": a.password_hash,
        "password_set_at": to_ms(a.password_set_at),
        "version": a.version,
        "shred_key": a.shred_key,
        "user_name": a.user_name,
        "user_name_key": a.user_name_key or None,
        "contested_at": to_ms_or_none(a.contested_at),
        "frozen_at": to_ms_or_none(a.frozen_at),
        "closing_at": to_ms_or_none(a.closing_at),
        "enrolled": _encode(a.enrolled).decode(),
        "preferred": a.preferred,
        "must_have_second": int(a.must_have_second),
        "second_offered_at": to_ms_or_none(a.second_offered_at),
        "reminded_at": to_ms_or_none(a.reminded_at),
        "closed_at": to_ms_or_none(a.closed_at),
        "blocked_at": to_ms_or_none(a.blocked_at),
        "disputed_at": to_ms_or_none(a.disputed_at),
        "recovered_at": to_ms_or_none(a.recovered_at),
        "quarantined_until": to_ms_or_none(a.quarantined_until),
        "role": a.role,
        "second_lost_at": to_ms_or_none(a.second_lost_at),
    }


def _account(rows: Sequence[Row]) -> Account:
    r = rows[0]
    return Account(
        account_id=AccountId(r[0]),
        name=r[1],
        language=r[2],
        created_at=from_ms(r[3]),
        password_hash=r[4],
        password_set_at=from_ms(r[5]),
        version=r[6],
        shred_key=r[7],
        user_name=r[8],
        user_name_key=r[9] or "",
        contested_at=from_ms_or_none(r[10]),
        frozen_at=from_ms_or_none(r[11]),
        closing_at=from_ms_or_none(r[12]),
        enrolled=_decode_enrolled(r[13]),
        preferred=r[14],
        must_have_second=bool(r[15]),
        second_offered_at=from_ms_or_none(r[16]),
        reminded_at=from_ms_or_none(r[17]),
        closed_at=from_ms_or_none(r[18]),
        blocked_at=from_ms_or_none(r[19]),
        disputed_at=from_ms_or_none(r[20]),
        recovered_at=from_ms_or_none(r[21]),
        quarantined_until=from_ms_or_none(r[22]),
        role=r[23],
        second_lost_at=from_ms_or_none(r[24]),
        addresses=tuple(_address(row[_FIRST:]) for row in rows if row[_FIRST] is not None),
    )


def _left(r: Row) -> Address:
    return replace(_address(r), removed_at=from_ms(r[-1]))


def _address(r: Row) -> Address:
    return Address(
        address_id=r[0],
        kind=AddressKind(r[1]),
        value=r[2],
        key=r[3],
        added_at=from_ms(r[4]),
        main=bool(r[5]),
        with_account=bool(r[6]),
        stolen=bool(r[7]),
        confirmed_at=from_ms_or_none(r[8]),
        bounced_at=from_ms_or_none(r[9]),
        given_up=bool(r[10]),
    )
