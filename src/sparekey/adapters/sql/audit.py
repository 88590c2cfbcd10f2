"""The audit log: one chain of events for each subject. The macs are made by ``use_cases.record``; here they are only kept.

What is read to be verified may have been written by someone else: a value that no event can have is read as an empty one, which
no mac fits, and chains are looked for below ``y`` only, because SQLite would sort other types than texts behind it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, to_ms
from sparekey.domain.accounts import NOBODY_ID
from sparekey.use_cases.ports import AuditRow, Head, Link, SubjectLock

_LOCK = Statement(
    """insert into audit_head (chain, seq, mac) values (:chain, 0, :none)
    on conflict (chain) do update set seq = audit_head.seq returning seq, mac"""
)
_APPEND = Statement(
    """insert into audit_event (chain, seq, at, name, flow_id, detail, personal, mac)
    values (:chain, :seq, :at, :name, :flow_id, :detail, :personal, :mac)"""
)
_HEAD = Statement("update audit_head set seq = :seq, mac = :mac where chain = :chain", last_of="chain")
_FIRST = Statement("update audit_head set seq = :seq, mac = :mac, begun_at = :at where chain = :chain")
_COLUMNS = "chain, seq, at, name, flow_id, detail, personal, mac"
_OF_CHAIN = Statement(f"select {_COLUMNS} from audit_event where chain = :chain order by seq desc limit :most")
_OF_FLOW = Statement(f"select {_COLUMNS} from audit_event where chain = :chain and flow_id = :flow_id order by seq")
_CHAINS_OF_FLOW = Statement("select distinct chain from audit_event where at >= :since and at <= :until and flow_id = :flow_id")
# The heads as sub-selects, not joined: PostgreSQL would read all of them for each page.
_LINKS = Statement(
    """select e.chain, e.seq, e.at, e.name, e.flow_id, e.detail, e.personal, e.mac,
        (select h.seq from audit_head h where h.chain = e.chain), (select h.mac from audit_head h where h.chain = e.chain)
    from audit_event e where (e.chain, e.seq) > (:chain, :seq) and e.chain < 'y' order by e.chain, e.seq limit :most"""
)
_EXPECTED = Statement(
    f"""select c.chain, exists (select 1 from audit_event e where e.chain = c.chain) from (
        select chain from (
            select account_id as chain from account where account_id > :after and account_id <> '{NOBODY_ID}'
            order by account_id limit :most
        ) a union select chain from (
            select chain from audit_head where chain > :after and chain < 'y' and seq > 0 order by chain limit :most
        ) b order by chain limit :most
    ) c order by c.chain"""
)
_MAC = Statement("select mac from audit_event where chain = :chain and seq = :seq")
_COUNT = Statement("select count(*) from audit_event")
_PAGE_END = Statement("select at from audit_event where at > :after order by at limit 1 offset :most")
_CHANGED = Statement(
    """select c.chain,
        (select h.seq from audit_head h where h.chain = c.chain), (select h.mac from audit_head h where h.chain = c.chain),
        (select e.at from audit_event e where e.chain = c.chain order by e.seq desc limit 1)
    from (select distinct chain from audit_event where at > :after and at <= :until) c"""
)
_HAPPENED = Statement("select distinct chain from audit_event where at > :after and at <= :until limit :most")

NEVER = 2**62
"""Milliseconds: later than any event."""


class SqlAudit:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def lock(self, chain: str) -> SubjectLock:
        row = await self._c.one(_LOCK, chain=chain, none=b"")
        if row is None:
            raise LookupError(chain)
        return SubjectLock(chain=chain, seq=row[0], mac=row[1])

    async def append(self, row: AuditRow) -> None:
        await self._c.later(
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
        if row.seq == 1:
            await self._c.later(_FIRST, chain=row.chain, seq=row.seq, mac=row.mac, at=to_ms(row.at))
        else:
            await self._c.later(_HEAD, chain=row.chain, seq=row.seq, mac=row.mac)

    async def of_chain(self, chain: str, most: int) -> Sequence[AuditRow]:
        return [_row(r) for r in await self._c.all(_OF_CHAIN, chain=chain, most=most)]

    async def of_flow(self, chain: str, flow_id: str) -> Sequence[AuditRow]:
        return [_row(r) for r in await self._c.all(_OF_FLOW, chain=chain, flow_id=flow_id)]

    async def chains_of_flow(self, flow_id: str, since: datetime, until: datetime) -> Sequence[str]:
        rows = await self._c.all(_CHAINS_OF_FLOW, flow_id=flow_id, since=to_ms(since), until=to_ms(until))
        return [r[0] for r in rows]

    async def links(self, chain: str, seq: int, most: int) -> Sequence[Link]:
        return [_link(r) for r in await self._c.all(_LINKS, chain=chain, seq=seq, most=most)]

    async def expected(self, after: str, most: int) -> Sequence[tuple[str, bool]]:
        return [(r[0], bool(r[1])) for r in await self._c.all(_EXPECTED, after=after, most=most)]

    async def mac_of(self, chain: str, seq: int) -> bytes | None:
        row = await self._c.one(_MAC, chain=chain, seq=seq)
        return None if row is None else _bytes(row[0])

    async def count(self) -> int:
        row = await self._c.one(_COUNT)
        return row[0] if row else 0

    async def changed(self, after: datetime, most: int) -> tuple[Sequence[Head], datetime | None]:
        end = await self._c.one(_PAGE_END, after=to_ms(after), most=most - 1)
        rows = await self._c.all(_CHANGED, after=to_ms(after), until=NEVER if end is None else end[0])
        heads = [Head(r[0], r[1], r[2], _moment(r[3])) for r in rows if r[1] is not None]
        return heads, None if end is None else _moment(end[0])

    async def happened(self, after: datetime, until: datetime, most: int) -> Sequence[str]:
        return [r[0] for r in await self._c.all(_HAPPENED, after=to_ms(after), until=to_ms(until), most=most)]


def _row(r: Row) -> AuditRow:
    return AuditRow(chain=r[0], seq=r[1], at=from_ms(r[2]), name=r[3], flow_id=r[4], detail=r[5], personal=r[6], mac=r[7])


def _link(r: Row) -> Link:
    row = AuditRow(r[0], r[1], _moment(r[2]), str(r[3]), str(r[4]), _bytes(r[5]), _bytes(r[6]), _bytes(r[7]))
    return Link(row, None if r[8] is None else SubjectLock(r[0], r[8] if isinstance(r[8], int) else 0, _bytes(r[9])))


def _moment(ms: object) -> datetime:
    try:
        return from_ms(ms if isinstance(ms, int) else 0)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
