"""Disputes. What was shown names addresses, so it is sealed."""

from collections.abc import Sequence

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, to_ms, to_ms_or_none
from sparekey.domain.accounts import AccountId
from sparekey.domain.disputes import Dispute
from sparekey.use_cases.ports import Sealer

PURPOSE = "dispute"

_OPEN_OF = Statement("select data from dispute where account_id = :account_id and ended_at is null")
_OPEN = Statement("select data from dispute where ended_at is null and dispute_id > :after order by dispute_id limit :most")
_ADD = Statement(
    """insert into dispute (dispute_id, account_id, state, opened_at, ended_at, data)
    values (:dispute_id, :account_id, :state, :opened_at, :ended_at, :data)"""
)
_SAVE = Statement("update dispute set state = :state, ended_at = :ended_at, data = :data where dispute_id = :dispute_id")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Dispute).decode


class SqlDisputes:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def open_of(self, account_id: AccountId) -> Dispute | None:
        row = await self._c.one(_OPEN_OF, account_id=account_id)
        return None if row is None else self._dispute(row)

    async def add(self, dispute: Dispute) -> None:
        values = {"account_id": dispute.account_id, "opened_at": to_ms(dispute.opened_at), **self._values(dispute)}
        await self._c.run(_ADD, **values)

    async def save(self, dispute: Dispute) -> None:
        await self._c.run(_SAVE, **self._values(dispute))

    async def open(self, after: str, most: int) -> Sequence[Dispute]:
        return [self._dispute(row) for row in await self._c.all(_OPEN, after=after, most=most)]

    def _values(self, dispute: Dispute) -> dict[str, object]:
        return {
            "dispute_id": dispute.dispute_id,
            "state": dispute.outcome or ("tied" if dispute.tied_at else "open"),
            "ended_at": to_ms_or_none(dispute.ended_at),
            "data": self._sealer.seal(_encode(dispute), PURPOSE),
        }

    def _dispute(self, row: Row) -> Dispute:
        return _decode(self._sealer.open(row[0], PURPOSE))
