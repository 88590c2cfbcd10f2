"""The audit log: one chain of events for each subject. The macs are made by ``use_cases.record``; here they are only kept."""

from collections.abc import Sequence

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, to_ms
from sparekey.use_cases.ports import AuditRow, SubjectLock

_LOCK = Statement(
    """insert into audit_head (chain, seq, mac) values (:chain, 0, :none)
    on conflict (chain) do update set seq = audit_head.seq returning seq, mac"""
)
_APPEND = Statement(
    """insert into audit_event (chain, seq, at, name, flow_id, detail, personal, mac)
    values (:chain, :seq, :at, :name, :flow_id, :detail, :personal, :mac)"""
)
_HEAD = Statement("update audit_head set seq = :seq, mac = :mac where chain = :chain")
_COLUMNS = "chain, seq, at, name, flow_id, detail, personal, mac"
_OF_CHAIN = Statement(f"select {_COLUMNS} from audit_event where chain = :chain order by seq desc limit :most")
_CHAINS = Statement("select chain, seq, mac from audit_head where chain > :after order by chain limit :most")


class SqlAudit:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def lock(self, chain: str) -> SubjectLock:
        row = await self._c.one(_LOCK, chain=chain, none=b"")
        if row is None:
            raise LookupError(chain)
        return SubjectLock(chain=chain, seq=row[0], mac=row[1])

    async def append(self, row: AuditRow) -> None:
        await self._c.run(
            _APPEND,
            chain=row.chain,
            seq=row.seq,
            at=to_ms(row.at),
            name=row.name,
            flow_id=row.flow_id,
            detail=row.detail,
            personal=row.personal,
            mac=row.mac,
        )
        await self._c.run(_HEAD, chain=row.chain, seq=row.seq, mac=row.mac)

    async def of_chain(self, chain: str, most: int) -> Sequence[AuditRow]:
        return [_row(r) for r in await self._c.all(_OF_CHAIN, chain=chain, most=most)]

    async def chains(self, after: str, most: int) -> Sequence[SubjectLock]:
        return [SubjectLock(r[0], r[1], r[2]) for r in await self._c.all(_CHAINS, after=after, most=most)]


def _row(r: Row) -> AuditRow:
    return AuditRow(chain=r[0], seq=r[1], at=from_ms(r[2]), name=r[3], flow_id=r[4], detail=r[5], personal=r[6], mac=r[7])
