"""The links "this wasn't me" of notices, and marks of what works once."""

from datetime import datetime

from sparekey.adapters.sql.connection import Connection, Statement, from_ms, from_ms_or_none, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.stores_of_messages import NoticeLink

_ADD = Statement(
    """insert into notice_link (token_hash, account_id, address_id, kind, flow_id, happened_at, expires_at)
    values (:token_hash, :account_id, :address_id, :kind, :flow_id, :happened_at, :expires_at)"""
)
_FIND = Statement(
    "select account_id, address_id, kind, flow_id, happened_at, expires_at, used_at from notice_link where token_hash = :token_hash"
)
_SPEND_LINK = Statement("update notice_link set used_at = :now where token_hash = :token_hash and used_at is null")
_SPEND = Statement("insert into spent (mark, expires_at) values (:mark, :expires_at) on conflict (mark) do nothing")


class SqlNoticeLinks:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def add(self, link: NoticeLink, token_hash: bytes) -> None:
        await self._c.later(
            _ADD,
            token_hash=token_hash,
            account_id=link.account_id,
            address_id=link.address_id,
            kind=link.kind.value,
            flow_id=link.flow_id,
            happened_at=to_ms(link.happened_at),
            expires_at=to_ms(link.expires_at),
        )

    async def find(self, token_hash: bytes) -> NoticeLink | None:
        r = await self._c.one(_FIND, token_hash=token_hash)
        if r is None:
            return None
        return NoticeLink(AccountId(r[0]), r[1], MessageKind(r[2]), r[3], from_ms(r[4]), from_ms(r[5]), from_ms_or_none(r[6]))

    async def spend(self, token_hash: bytes, now: datetime) -> bool:
        return await self._c.run(_SPEND_LINK, token_hash=token_hash, now=to_ms(now)) == 1


class SqlSpent:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def spend(self, mark: bytes, until: datetime) -> bool:
        return await self._c.run(_SPEND, mark=mark, expires_at=to_ms(until)) == 1
