"""Flows: a few columns to find them by, and the flow itself as JSON of its own type."""

from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Statement, to_ms
from sparekey.domain.accounts import NOBODY_ID, AccountId
from sparekey.domain.errors import StaleFlow
from sparekey.domain.flow.flow import Flow
from sparekey.domain.values import replace

_GET = Statement("select data from flow where flow_id = :flow_id")
_GET_FOR_STEP = Statement("select data from flow where flow_id = :flow_id /*lock*/")
_ADD = Statement(
    """insert into flow (flow_id, action, account_id, state, version, expires_at, data)
    values (:flow_id, :action, :account_id, :state, :version, :expires_at, :data)"""
)
_SAVE = Statement(
    """update flow set account_id = :account_id, state = :state, version = :version, expires_at = :expires_at, data = :data
    where flow_id = :flow_id and version = :loaded"""
)
_OPEN = Statement(
    """select data from flow where account_id = :account_id and flow_id <> :but and expires_at > :now
    and state in ('asking', 'waiting', 'allowed') /*lock*/"""
)

_WAITING = Statement("select data from flow where state = 'waiting' and flow_id > :after order by flow_id limit :most")
_HALF_SIGNED_IN = Statement(
    f"""select data from flow where expires_at > :since and expires_at <= :until and action = 'sign_in' and state = 'asking'
    and account_id <> '{NOBODY_ID}' and flow_id > :after order by flow_id limit :most"""
)
_WAITING_OF = Statement("select data from flow where account_id = :account_id and state in ('waiting', 'allowed') order by flow_id")

_decode = msgspec.json.Decoder(Flow).decode
_encode = msgspec.json.Encoder().encode


class SqlFlows:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def get(self, flow_id: str) -> Flow | None:
        row = await self._c.one(_GET, flow_id=flow_id)
        return None if row is None else _decode(row[0])

    async def get_for_step(self, flow_id: str) -> Flow | None:
        row = await self._c.one(_GET_FOR_STEP, flow_id=flow_id)
        return None if row is None else _decode(row[0])

    async def add(self, flow: Flow) -> None:
        await self._c.later(_ADD, action=flow.action, **_values(flow, flow.version))

    async def save(self, flow: Flow) -> None:
        changed = await self._c.run(_SAVE, loaded=flow.version, **_values(flow, flow.version + 1))
        if changed != 1:
            raise StaleFlow(flow.flow_id)

    async def open_of_account(self, account_id: AccountId, but: str, now: datetime) -> list[Flow]:
        rows = await self._c.all(_OPEN, account_id=account_id, but=but, now=to_ms(now))
        return [_decode(row[0]) for row in rows]

    async def waiting(self, after: str, most: int) -> list[Flow]:
        return [_decode(row[0]) for row in await self._c.all(_WAITING, after=after, most=most)]

    async def half_signed_in(self, since: datetime, until: datetime, after: str, most: int) -> list[Flow]:
        rows = await self._c.all(_HALF_SIGNED_IN, since=to_ms(since), until=to_ms(until), after=after, most=most)
        return [_decode(row[0]) for row in rows]

    async def waiting_of(self, account_id: AccountId) -> list[Flow]:
        found = [_decode(row[0]) for row in await self._c.all(_WAITING_OF, account_id=account_id)]
        return [flow for flow in found if flow.waiting is not None]


def _values(flow: Flow, version: int) -> dict[str, object]:
    return {
        "flow_id": flow.flow_id,
        "account_id": flow.account_id,
        "state": flow.state.value,
        "version": version,
        "expires_at": to_ms(flow.expires_at),
        "data": _encode(replace(flow, version=version) if version != flow.version else flow),
    }
