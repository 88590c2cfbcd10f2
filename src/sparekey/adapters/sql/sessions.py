"""Sessions, and the look-up of the hot path."""

from collections.abc import Sequence

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, to_ms
from sparekey.domain.accounts import AccountId
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import Session
from sparekey.use_cases.ports import Sealer, WhoIs

PURPOSE = "session.network"

_COLUMNS = "s.token_hash, s.session_id, s.account_id, s.device_id, s.created_at, s.seen_at, s.expires_at, s.proofs, s.user_agent, s.limited"
_WHO = f"""select {_COLUMNS}, d.value, a.name, a.language from session s
    join account a on a.account_id = s.account_id
    join address d on d.account_id = s.account_id and d.main = 1 and d.kind = 'email' and d.removed_at is null"""

WHO_IS = Statement(f"{_WHO} where s.token_hash = :token_hash")
WHO_ARE = f"{_WHO} where s.token_hash = any($1::bytea[])"

_ADD = Statement(
    """insert into session (token_hash, session_id, account_id, device_id, created_at, seen_at, expires_at, proofs, user_agent, network,
        limited)
    values (:token_hash, :session_id, :account_id, :device_id, :created_at, :seen_at, :expires_at, :proofs, :user_agent, :network,
        :limited)"""
)
_OF_ACCOUNT = Statement(f"select {_COLUMNS}, s.network from session s where s.account_id = :account_id order by s.seen_at desc")
_END = Statement("delete from session where account_id = :account_id and session_id = :session_id")
_END_ALL = Statement("delete from session where account_id = :account_id and session_id <> :but")
_REFRESH = Statement(
    """update session set proofs = :proofs, limited = :limited
    where session_id = :session_id and account_id = :account_id"""
)
SEEN = Statement("update session set seen_at = :seen_at where session_id = :session_id and seen_at < :seen_at")

_decode_proofs = msgspec.json.Decoder(tuple[Proof, ...]).decode
_encode = msgspec.json.Encoder().encode


class SqlSessions:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, session: Session, token_hash: bytes) -> None:
        await self._c.later(
            _ADD,
            token_hash=token_hash,
            session_id=session.session_id,
            account_id=session.account_id,
            device_id=session.device_id,
            created_at=to_ms(session.created_at),
            seen_at=to_ms(session.seen_at),
            expires_at=to_ms(session.expires_at),
            proofs=_encode(session.proofs),
            user_agent=session.user_agent,
            network=self._sealer.seal(session.network.encode(), PURPOSE),
            limited=int(session.limited),
        )

    async def of_account(self, account_id: AccountId) -> Sequence[Session]:
        rows = await self._c.all(_OF_ACCOUNT, account_id=account_id)
        return [session_of(r, self._sealer.open(r[10], PURPOSE).decode()) for r in rows]

    async def end(self, account_id: AccountId, session_id: str) -> bool:
        return await self._c.run(_END, account_id=account_id, session_id=session_id) == 1

    async def end_all(self, account_id: AccountId, except_session: str = "") -> int:
        return await self._c.run(_END_ALL, account_id=account_id, but=except_session)

    async def refresh(self, session: Session) -> None:
        await self._c.run(
            _REFRESH,
            account_id=session.account_id,
            session_id=session.session_id,
            proofs=_encode(session.proofs),
            limited=int(session.limited),
        )


def session_of(r: Row, network: str = "") -> Session:
    return Session(
        session_id=r[1],
        account_id=AccountId(r[2]),
        device_id=r[3],
        created_at=from_ms(r[4]),
        seen_at=from_ms(r[5]),
        expires_at=from_ms(r[6]),
        proofs=_decode_proofs(r[7]),
        user_agent=r[8],
        network=network,
        limited=bool(r[9]),
    )


def who_is(r: Row) -> WhoIs:
    """The row of ``WHO_IS`` or ``WHO_ARE`` as the hot path hands it on; the network stays sealed."""
    return WhoIs(session=session_of(r), email=r[10], name=r[11], language=r[12])
