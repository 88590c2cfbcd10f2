"""Support cases: a few columns to find them by; the case itself, and what is said in it, sealed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, to_ms, to_ms_or_none
from sparekey.domain.accounts import AccountId
from sparekey.domain.cases import Author, Case, CaseMessage, CaseState
from sparekey.domain.errors import StaleFlow
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Sealer

PURPOSE = "support_case"

_GET = Statement("select data from support_case where case_id = :case_id")
_GET_FOR_STEP = Statement("select data from support_case where case_id = :case_id /*lock*/")
_BY_NUMBER = Statement("select data from support_case where number = :number")
_ADD = Statement(
    """insert into support_case (case_id, number, account_id, flow_id, kind, state, opened_at, due_at, closed_at, version, data)
    values (:case_id, :number, :account_id, :flow_id, :kind, :state, :opened_at, :due_at, :closed_at, :version, :data)"""
)
_SAVE = Statement(
    """update support_case set number = :number, account_id = :account_id, flow_id = :flow_id, kind = :kind, state = :state,
        opened_at = :opened_at, due_at = :due_at, closed_at = :closed_at, version = :version, data = :data
    where case_id = :case_id and version = :loaded"""
)
_QUEUE = Statement("select data from support_case where state = :state order by opened_at, case_id limit :most")
_OF_ACCOUNT = Statement("select data from support_case where account_id = :account_id order by opened_at desc, case_id desc")
_DUE = Statement("select data from support_case where due_at is not null and due_at <= :now order by due_at limit :most")
_MESSAGES = Statement(
    "select case_id, seq, at, author, agent_id, body from case_message where case_id = :case_id and seq > :after order by seq"
)
_NEWEST = Statement("select max(seq) from case_message where case_id = :case_id")
_SAY = Statement(
    """insert into case_message (case_id, seq, at, author, agent_id, body)
    values (:case_id, :seq, :at, :author, :agent_id, :body)"""
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Case).decode


class SqlCases:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def get(self, case_id: str) -> Case | None:
        return self._case(await self._c.one(_GET, case_id=case_id))

    async def get_for_step(self, case_id: str) -> Case | None:
        return self._case(await self._c.one(_GET_FOR_STEP, case_id=case_id))

    async def by_number(self, number: str) -> Case | None:
        return self._case(await self._c.one(_BY_NUMBER, number=number))

    async def add(self, case: Case) -> None:
        await self._c.run(_ADD, **self._values(case))

    async def save(self, case: Case) -> None:
        if await self._c.run(_SAVE, loaded=case.version, **self._values(replace(case, version=case.version + 1))) != 1:
            raise StaleFlow(case.case_id)

    async def queue(self, states: Iterable[CaseState], most: int) -> Sequence[Case]:
        rows = [row for state in states for row in await self._c.all(_QUEUE, state=state.value, most=most)]
        return sorted((self._opened(row) for row in rows), key=lambda c: (c.opened_at, c.case_id))[:most]

    async def of_account(self, account_id: AccountId) -> Sequence[Case]:
        return [self._opened(row) for row in await self._c.all(_OF_ACCOUNT, account_id=account_id)]

    async def due(self, now: datetime, most: int) -> Sequence[Case]:
        return [self._opened(row) for row in await self._c.all(_DUE, now=to_ms(now), most=most)]

    async def messages(self, case_id: str, after: int = 0) -> Sequence[CaseMessage]:
        rows = await self._c.all(_MESSAGES, case_id=case_id, after=after)
        return [CaseMessage(r[0], r[1], from_ms(r[2]), Author(r[3]), self._sealer.open(r[5], PURPOSE).decode(), r[4]) for r in rows]

    async def add_message(self, message: CaseMessage) -> CaseMessage:
        newest = await self._c.one(_NEWEST, case_id=message.case_id)
        said = replace(message, seq=((newest[0] if newest else None) or 0) + 1)
        await self._c.run(
            _SAY,
            case_id=said.case_id,
            seq=said.seq,
            at=to_ms(said.at),
            author=said.author.value,
            agent_id=said.agent_id,
            body=self._sealer.seal(said.text.encode(), PURPOSE),
        )
        return said

    def _case(self, row: Row | None) -> Case | None:
        return None if row is None else self._opened(row)

    def _opened(self, row: Row) -> Case:
        return _decode(self._sealer.open(row[0], PURPOSE))

    def _values(self, case: Case) -> dict[str, object]:
        return {
            "case_id": case.case_id,
            "number": case.number,
            "account_id": case.account_id,
            "flow_id": case.flow_id,
            "kind": case.kind.value,
            "state": case.state.value,
            "opened_at": to_ms(case.opened_at),
            "due_at": to_ms_or_none(case.due_at),
            "closed_at": to_ms_or_none(case.closed_at),
            "version": case.version,
            "data": self._sealer.seal(_encode(case), PURPOSE),
        }
