"""The outbox: messages written in the transaction that caused them, delivered later, bodies sealed and wiped."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, from_ms_or_none, to_ms, to_ms_or_none
from sparekey.domain.accounts import AccountId, AddressKind
from sparekey.domain.messages import Message, MessageKind
from sparekey.use_cases.ports import Sealer
from sparekey.use_cases.stores_of_messages import Claimed, DeliveryState, SentMessage

PURPOSE = "outbox.body"

_ADD = Statement(
    """insert into outbox (message_id, account_id, kind, channel, language, hint, state, void, created_at, next_at, worthless_at, body,
        flow_id, address_id)
    values (:message_id, :account_id, :kind, :channel, :language, :hint, 'ready', :void, :created_at, :created_at, :worthless_at, :body,
        :flow_id, :address_id)"""
)
_DUE = """select message_id from outbox where state = 'ready' and next_at <= :now order by next_at limit :most"""
_CLAIM = Statement(
    f"""update outbox set next_at = :lease_until, tries = tries + 1 where message_id in ({_DUE} /*skip*/)
    returning message_id, account_id, kind, channel, language, hint, void, created_at, worthless_at, tries, body, flow_id, address_id"""
)
_DELIVERED = Statement(
    """update outbox set state = :state, delivered_at = :now, provider = :provider, receipt = :receipt, body = :wiped, error = ''
    where message_id = :message_id and state = 'ready'"""
)
_FAILED = Statement("update outbox set next_at = :next_at, error = :error where message_id = :message_id and state = 'ready'")
_DEAD = Statement("update outbox set state = 'dead', error = :error where message_id = :message_id and state = 'ready'")
_EXPIRED = Statement("update outbox set state = 'expired', body = :wiped where message_id = :message_id and state = 'ready'")
_RETRY = Statement("update outbox set state = 'ready', next_at = :now, tries = 0 where message_id = :message_id and state = 'dead'")
_SENT = "select message_id, account_id, kind, channel, hint, state, created_at, tries, error, delivered_at from outbox"
_IN_STATE = Statement(f"{_SENT} where state = :state order by next_at limit :most")
_OF_ACCOUNT = Statement(f"{_SENT} where account_id = :account_id and void = 0 order by created_at desc limit :most")
_COUNTS = Statement("select state, count(*) from outbox group by state")

_RECEIPT = Statement(
    """update outbox set receipt_state = :state, receipt_reason = :reason, receipt_at = :at
    where receipt = :receipt and receipt <> ''"""
)
_REFUSED = Statement(
    "update outbox set receipt_state = 'failed', receipt_reason = :reason, receipt_at = :at where message_id = :message_id"
)
_BY_RECEIPT = Statement(
    """select message_id, account_id, kind, channel, language, hint, void, created_at, worthless_at, flow_id, address_id from outbox
    where receipt = :receipt and receipt <> ''"""
)
_DELIVERY = Statement(
    """select message_id, channel, state, delivered_at, receipt_state, receipt_reason, receipt_at from outbox
    where message_id = :message_id"""
)
_ACCEPTED = Statement(
    """select address_id, delivered_at from outbox where flow_id = :flow_id and flow_id <> '' and kind = :kind and state = 'delivered'
    order by delivered_at"""
)

_Body = tuple[str, dict[str, str]]
_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.json.Encoder().encode


class SqlOutbox:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, message: Message) -> None:
        await self._c.later(
            _ADD,
            message_id=message.message_id,
            account_id=message.account_id,
            kind=message.kind.value,
            channel=message.channel.value,
            language=message.language,
            hint=message.hint,
            void=int(message.void),
            created_at=to_ms(message.created_at),
            worthless_at=to_ms_or_none(message.worthless_at),
            body=self._sealer.seal(_encode((message.to, message.params)), PURPOSE),
            flow_id=message.flow_id,
            address_id=message.address_id,
        )

    async def claim(self, now: datetime, lease_until: datetime, most: int) -> Sequence[Claimed]:
        rows = await self._c.all(_CLAIM, now=to_ms(now), lease_until=to_ms(lease_until), most=most)
        claimed = []
        for row in rows:
            try:
                claimed.append(self._claimed(row))
            except (ValueError, msgspec.DecodeError):
                # A lost key, or a kind of message that only a newer release knows: it must not hold up all others.
                await self.dead(row[0], "unreadable")
        return claimed

    async def delivered(self, message_id: str, now: datetime, provider: str, receipt: str) -> None:
        await self._over(message_id, "delivered", now, provider, receipt)

    async def voided(self, message_id: str, now: datetime) -> None:
        await self._over(message_id, "void", now, "", "")

    async def failed(self, message_id: str, error: str, next_at: datetime) -> None:
        await self._c.run(_FAILED, message_id=message_id, error=error, next_at=to_ms(next_at))

    async def dead(self, message_id: str, error: str) -> None:
        await self._c.run(_DEAD, message_id=message_id, error=error)

    async def expired(self, message_id: str) -> None:
        await self._c.run(_EXPIRED, message_id=message_id, wiped=b"")

    async def retry_dead(self, message_id: str, now: datetime) -> bool:
        return await self._c.run(_RETRY, message_id=message_id, now=to_ms(now)) == 1

    async def receipt(self, receipt: str, state: str, reason: str, at: datetime) -> bool:
        return await self._c.run(_RECEIPT, receipt=receipt, state=state, reason=reason, at=to_ms(at)) > 0

    async def refused(self, message_id: str, reason: str, at: datetime) -> None:
        await self._c.run(_REFUSED, message_id=message_id, reason=reason, at=to_ms(at))

    async def by_receipt(self, receipt: str) -> Message | None:
        r = await self._c.one(_BY_RECEIPT, receipt=receipt)
        if r is None:
            return None
        return Message(
            message_id=r[0],
            account_id=AccountId(r[1]),
            kind=MessageKind(r[2]),
            channel=AddressKind(r[3]),
            to="",
            hint=r[5],
            language=r[4],
            created_at=from_ms(r[7]),
            void=bool(r[6]),
            worthless_at=from_ms_or_none(r[8]),
            flow_id=r[9],
            address_id=r[10],
        )

    async def delivery_of(self, message_id: str) -> DeliveryState | None:
        r = await self._c.one(_DELIVERY, message_id=message_id)
        return None if r is None else DeliveryState(r[0], r[1], r[2], from_ms_or_none(r[3]), r[4], r[5], from_ms_or_none(r[6]))

    async def accepted_of_flow(self, flow_id: str, kind: MessageKind) -> Sequence[tuple[str, datetime]]:
        return [(r[0], from_ms(r[1])) for r in await self._c.all(_ACCEPTED, flow_id=flow_id, kind=kind.value)]

    async def in_state(self, state: str, most: int) -> Sequence[SentMessage]:
        return [_sent(r) for r in await self._c.all(_IN_STATE, state=state, most=most)]

    async def of_account(self, account_id: AccountId, most: int) -> Sequence[SentMessage]:
        return [_sent(r) for r in await self._c.all(_OF_ACCOUNT, account_id=account_id, most=most)]

    async def counts(self) -> dict[str, int]:
        return {r[0]: r[1] for r in await self._c.all(_COUNTS)}

    async def _over(self, message_id: str, state: str, now: datetime, provider: str, receipt: str) -> None:
        await self._c.run(_DELIVERED, message_id=message_id, state=state, now=to_ms(now), provider=provider, receipt=receipt, wiped=b"")

    def _claimed(self, r: Row) -> Claimed:
        to, params = _decode(self._sealer.open(r[10], PURPOSE))
        message = Message(
            message_id=r[0],
            account_id=AccountId(r[1]),
            kind=MessageKind(r[2]),
            channel=AddressKind(r[3]),
            to=to,
            hint=r[5],
            language=r[4],
            created_at=from_ms(r[7]),
            params=params,
            void=bool(r[6]),
            worthless_at=from_ms_or_none(r[8]),
            flow_id=r[11],
            address_id=r[12],
        )
        return Claimed(message=message, tries=r[9] - 1)


def _sent(r: Row) -> SentMessage:
    return SentMessage(
        message_id=r[0],
        account_id=AccountId(r[1]),
        kind=MessageKind(r[2]),
        channel=r[3],
        hint=r[4],
        state=r[5],
        created_at=from_ms(r[6]),
        tries=r[7],
        error=r[8],
        delivered_at=from_ms_or_none(r[9]),
    )
