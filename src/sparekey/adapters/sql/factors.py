"""What enrolled factors are checked with, sealed; and backup codes, hashed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Statement, UniqueViolation, from_ms, from_ms_or_none, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.factors import Factor
from sparekey.use_cases.ports import Sealer
from sparekey.use_cases.stores_of_factors import BackupCode, FactorSecret, FactorTaken

PURPOSE = "factor.secret"

_ADD = Statement(
    """insert into factor (factor_id, account_id, factor, secret, find_key, counter)
    values (:factor_id, :account_id, :factor, :secret, :find_key, :counter)"""
)
_SECRET = Statement(
    "select secret, counter, used_at from factor where factor_id = :factor_id and account_id = :account_id and removed_at is null"
)
_FIND = Statement("select account_id, factor_id from factor where find_key = :find_key and removed_at is null")
_PUT_BACK = Statement(
    """update factor set removed_at = null where factor_id = :factor_id and account_id = :account_id and removed_at is not null
    and (find_key is null or not exists (select 1 from factor o where o.find_key = factor.find_key and o.removed_at is null))"""
)
_RAISE = Statement(
    """update factor set counter = :raised, used_at = :now
    where factor_id = :factor_id and account_id = :account_id and removed_at is null and counter < :raised"""
)
_USED = Statement("update factor set used_at = :now where factor_id = :factor_id and account_id = :account_id and removed_at is null")
_LAST_USED = Statement(
    "select factor_id, used_at from factor where account_id = :account_id and removed_at is null and used_at is not null"
)

_ADD_CODE = Statement("insert into backup_code (account_id, factor_id, number, hash) values (:account_id, :factor_id, :number, :hash)")
_FIND_CODE = Statement(
    """select hash from backup_code where account_id = :account_id and factor_id = :factor_id and number = :number and spent_at is null
    and (reserved_by = '' or reserved_by = :flow_id or reserved_until <= :now)"""
)
_RESERVE = Statement(
    """update backup_code set reserved_by = :flow_id, reserved_until = :reserved_until
    where account_id = :account_id and factor_id = :factor_id and number = :number and spent_at is null
    and (reserved_by = '' or reserved_by = :flow_id or reserved_until <= :now)"""
)
_SPEND = Statement(
    """update backup_code set spent_at = :now where account_id = :account_id and factor_id = :factor_id and number = :number
    and reserved_by = :flow_id and spent_at is null"""
)
_RELEASE = Statement(
    """update backup_code set reserved_by = '', reserved_until = null
    where account_id = :account_id and reserved_by = :flow_id and spent_at is null"""
)
_HAND_OVER = Statement(
    """update backup_code set reserved_by = :to_flow, reserved_until = :reserved_until
    where account_id = :account_id and reserved_by = :flow_id and spent_at is null"""
)
_LEFT = Statement("select count(*) from backup_code where account_id = :account_id and factor_id = :factor_id and spent_at is null")

_encode = msgspec.json.Encoder().encode


class SqlFactors:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, account_id: AccountId, factor: Factor, secret: bytes, find_key: bytes | None = None, counter: int = 0) -> None:
        try:
            await self._c.run(
                _ADD,
                factor_id=factor.factor_id,
                account_id=account_id,
                factor=_encode(factor).decode(),
                secret=self._sealer.seal(secret, PURPOSE),
                find_key=find_key,
                counter=counter,
            )
        except UniqueViolation as e:
            raise FactorTaken from e

    async def secret_of(self, account_id: AccountId, factor_id: str) -> FactorSecret | None:
        r = await self._c.one(_SECRET, account_id=account_id, factor_id=factor_id)
        return None if r is None else FactorSecret(self._sealer.open(r[0], PURPOSE), r[1], from_ms_or_none(r[2]))

    async def find(self, find_key: bytes) -> tuple[AccountId, str] | None:
        r = await self._c.one(_FIND, find_key=find_key)
        return None if r is None else (AccountId(r[0]), r[1])

    async def put_back(self, account_id: AccountId, factor_id: str) -> bool:
        return await self._c.run(_PUT_BACK, account_id=account_id, factor_id=factor_id) == 1

    async def raise_counter(self, account_id: AccountId, factor_id: str, to: int, now: datetime) -> bool:
        return await self._c.run(_RAISE, account_id=account_id, factor_id=factor_id, raised=to, now=to_ms(now)) == 1

    async def used(self, account_id: AccountId, factor_id: str, now: datetime) -> None:
        await self._c.run(_USED, account_id=account_id, factor_id=factor_id, now=to_ms(now))

    async def last_used(self, account_id: AccountId) -> Mapping[str, datetime]:
        return {r[0]: from_ms(r[1]) for r in await self._c.all(_LAST_USED, account_id=account_id)}


class SqlBackupCodes:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def add(self, account_id: AccountId, factor_id: str, codes: Sequence[BackupCode]) -> None:
        for code in codes:
            await self._c.later(_ADD_CODE, account_id=account_id, factor_id=factor_id, number=code.number, hash=code.hash)

    async def find(self, account_id: AccountId, factor_id: str, number: int, flow_id: str, now: datetime) -> str | None:
        r = await self._c.one(_FIND_CODE, account_id=account_id, factor_id=factor_id, number=number, flow_id=flow_id, now=to_ms(now))
        return None if r is None else r[0]

    async def reserve(self, account_id: AccountId, factor_id: str, number: int, flow_id: str, until: datetime, now: datetime) -> bool:
        changed = await self._c.run(
            _RESERVE,
            account_id=account_id,
            factor_id=factor_id,
            number=number,
            flow_id=flow_id,
            reserved_until=to_ms(until),
            now=to_ms(now),
        )
        return changed == 1

    async def spend(self, account_id: AccountId, factor_id: str, number: int, flow_id: str, now: datetime) -> bool:
        changed = await self._c.run(_SPEND, account_id=account_id, factor_id=factor_id, number=number, flow_id=flow_id, now=to_ms(now))
        return changed == 1

    async def release(self, account_id: AccountId, flow_id: str) -> None:
        await self._c.run(_RELEASE, account_id=account_id, flow_id=flow_id)

    async def hand_over(self, account_id: AccountId, flow_id: str, to_flow: str, until: datetime) -> None:
        await self._c.run(_HAND_OVER, account_id=account_id, flow_id=flow_id, to_flow=to_flow, reserved_until=to_ms(until))

    async def left(self, account_id: AccountId, factor_id: str) -> int:
        r = await self._c.one(_LEFT, account_id=account_id, factor_id=factor_id)
        return r[0] if r else 0
