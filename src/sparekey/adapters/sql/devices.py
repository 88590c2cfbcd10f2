"""Known devices."""

from datetime import datetime

from sparekey.adapters.sql.connection import Connection, Statement, from_ms, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.sessions import KnownDevice

_FIND = Statement(
    """select device_id, account_id, created_at, seen_at, user_agent, networks from device
    where token_hash = :token_hash and account_id = :account_id"""
)
_ADD = Statement(
    """insert into device (device_id, account_id, token_hash, created_at, seen_at, user_agent, networks)
    values (:device_id, :account_id, :token_hash, :created_at, :seen_at, :user_agent, :networks)"""
)
_SEEN = Statement("update device set seen_at = :now, networks = :networks where device_id = :device_id")
_FORGET = Statement("delete from device where account_id = :account_id and created_at >= :than")


class SqlDevices:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def find(self, token_hash: bytes, account_id: AccountId) -> KnownDevice | None:
        r = await self._c.one(_FIND, token_hash=token_hash, account_id=account_id)
        return None if r is None else KnownDevice(r[0], AccountId(r[1]), from_ms(r[2]), from_ms(r[3]), r[4], tuple(r[5].split()))

    async def add(self, device: KnownDevice, token_hash: bytes) -> None:
        await self._c.later(
            _ADD,
            device_id=device.device_id,
            account_id=device.account_id,
            token_hash=token_hash,
            created_at=to_ms(device.created_at),
            seen_at=to_ms(device.seen_at),
            user_agent=device.user_agent,
            networks=" ".join(device.networks),
        )

    async def seen(self, device_id: str, now: datetime, networks: tuple[str, ...]) -> None:
        await self._c.later(_SEEN, device_id=device_id, now=to_ms(now), networks=" ".join(networks))

    async def forget_younger(self, account_id: AccountId, than: datetime) -> None:
        await self._c.run(_FORGET, account_id=account_id, than=to_ms(than))
