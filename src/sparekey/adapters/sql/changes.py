"""The change log: what an account was before and after each change, sealed."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Statement, from_ms, from_ms_or_none, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.audit import Event
from sparekey.domain.changes import PastChange, Was
from sparekey.use_cases.ports import Sealer

PURPOSE = "change.before"

_ADD = Statement(
    """insert into change (change_id, account_id, at, kind, flow_id, before)
    values (:change_id, :account_id, :at, :kind, :flow_id, :before)"""
)
_OF_ACCOUNT = Statement(
    """select change_id, kind, at, flow_id, before, undone_at from change
    where account_id = :account_id and at >= :since order by at, change_id"""
)
_UNDONE = Statement("update change set undone_at = :now where change_id = :change_id")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Was, Was]).decode


class SqlChanges:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, account_id: AccountId, change: PastChange) -> None:
        await self._c.later(
            _ADD,
            change_id=change.change_id,
            account_id=account_id,
            at=to_ms(change.at),
            kind=change.kind.value,
            flow_id=change.flow_id,
            before=self._sealer.seal(_encode((change.before, change.after)), PURPOSE),
        )

    async def of_account(self, account_id: AccountId, since: datetime) -> Sequence[PastChange]:
        found = []
        for r in await self._c.all(_OF_ACCOUNT, account_id=account_id, since=to_ms(since)):
            before, after = _decode(self._sealer.open(r[4], PURPOSE))
            found.append(PastChange(r[0], Event(r[1]), from_ms(r[2]), r[3], before, after, from_ms_or_none(r[5])))
        return found

    async def undone(self, change_ids: Collection[str], now: datetime) -> None:
        for change_id in change_ids:
            await self._c.run(_UNDONE, change_id=change_id, now=to_ms(now))
