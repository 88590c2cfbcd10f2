"""What the shop told us of an account, and what it is to be told."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, from_ms_or_none, to_ms, to_ms_or_none
from sparekey.domain.accounts import AccountId
from sparekey.domain.confirmations import Confirmation, ConfirmationState
from sparekey.domain.factors import FactorKind
from sparekey.domain.shop import Activity, ActivityKind
from sparekey.use_cases.ports import Sealer
from sparekey.use_cases.stores_of_shop import ClaimedEvent, EventState, ShopEvent

PURPOSE = "shop.activity"
CONFIRMATION = "shop.confirmation"

_ADD_ACTIVITY = Statement(
    """insert into shop_activity (account_id, reference, kind, at, data) values (:account_id, :reference, :kind, :at, :data)
    on conflict (account_id, reference) do nothing"""
)
_GET = Statement(
    "select account_id, reference, kind, at, data from shop_activity where account_id = :account_id and reference = :reference"
)
_OF_ACCOUNT = Statement(
    """select account_id, reference, kind, at, data from shop_activity where account_id = :account_id and at >= :since
    order by at desc, reference limit :most"""
)

_CONFIRMATION = """select confirmation_id, account_id, reference, action, state, asked_at, answered_at, used_at, proofs, data
    from confirmation"""
_ADD_CONFIRMATION = Statement(
    """insert into confirmation (confirmation_id, account_id, reference, action, state, asked_at, data)
    values (:confirmation_id, :account_id, :reference, :action, :state, :asked_at, :data)
    on conflict (account_id, reference) do nothing"""
)
_GET_CONFIRMATION = Statement(f"{_CONFIRMATION} where confirmation_id = :confirmation_id")
_BY_REFERENCE = Statement(f"{_CONFIRMATION} where account_id = :account_id and reference = :reference")
_CONFIRMATIONS_OF = Statement(f"{_CONFIRMATION} where account_id = :account_id order by asked_at desc, reference limit :most")
_ANSWER = Statement(
    """update confirmation set state = :state, answered_at = :answered_at, proofs = :proofs
    where confirmation_id = :confirmation_id and state = 'open'"""
)
_USE = Statement(
    """update confirmation set used_at = :now
    where confirmation_id = :confirmation_id and state = 'confirmed' and used_at is null"""
)

_ADD_EVENT = Statement(
    """insert into shop_event (event_id, account_id, kind, at, body, state, next_at)
    values (:event_id, :account_id, :kind, :at, :body, 'ready', :at)"""
)
_DUE = "select event_id from shop_event where state = 'ready' and next_at <= :now order by next_at limit :most"
_CLAIM = Statement(
    f"""update shop_event set next_at = :lease_until, tries = tries + 1 where event_id in ({_DUE} /*skip*/)
    returning event_id, account_id, kind, at, body, tries"""
)
_DELIVERED = Statement(
    "update shop_event set state = 'delivered', next_at = :now, error = '' where event_id = :event_id and state = 'ready'"
)
_FAILED = Statement("update shop_event set next_at = :next_at, error = :error where event_id = :event_id and state = 'ready'")
_DEAD = Statement("update shop_event set state = 'dead', error = :error where event_id = :event_id and state = 'ready'")
_RETRY = Statement("update shop_event set state = 'ready', next_at = :now, tries = 0 where event_id = :event_id and state = 'dead'")
_IN_STATE = Statement("select event_id, kind, at, state, tries, error from shop_event where state = :state order by next_at limit :most")
_COUNTS = Statement("select state, count(*) from shop_event group by state")

_Data = tuple[str, str, str, str, str]
_decode = msgspec.json.Decoder(_Data).decode
_decode_confirmation = msgspec.json.Decoder(tuple[str, str]).decode
_encode = msgspec.json.Encoder().encode


class SqlShopActivities:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, activity: Activity) -> bool:
        data = (activity.title, activity.amount, activity.currency, activity.network, activity.user_agent)
        added = await self._c.run(
            _ADD_ACTIVITY,
            account_id=activity.account_id,
            reference=activity.reference,
            kind=activity.kind.value,
            at=to_ms(activity.at),
            data=self._sealer.seal(_encode(data), PURPOSE),
        )
        return added == 1

    async def get(self, account_id: AccountId, reference: str) -> Activity | None:
        row = await self._c.one(_GET, account_id=account_id, reference=reference)
        return None if row is None else self._activity(row)

    async def of_account(self, account_id: AccountId, since: datetime, most: int) -> Sequence[Activity]:
        return [self._activity(r) for r in await self._c.all(_OF_ACCOUNT, account_id=account_id, since=to_ms(since), most=most)]

    def _activity(self, r: Row) -> Activity:
        title, amount, currency, network, user_agent = _decode(self._sealer.open(r[4], PURPOSE))
        return Activity(AccountId(r[0]), r[1], ActivityKind(r[2]), from_ms(r[3]), title, amount, currency, network, user_agent)


class SqlConfirmations:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, confirmation: Confirmation) -> bool:
        added = await self._c.run(
            _ADD_CONFIRMATION,
            confirmation_id=confirmation.confirmation_id,
            account_id=confirmation.account_id,
            reference=confirmation.reference,
            action=confirmation.action,
            state=confirmation.state.value,
            asked_at=to_ms(confirmation.asked_at),
            data=self._sealer.seal(_encode((confirmation.title, confirmation.return_to)), CONFIRMATION),
        )
        return added == 1

    async def get(self, confirmation_id: str) -> Confirmation | None:
        row = await self._c.one(_GET_CONFIRMATION, confirmation_id=confirmation_id)
        return None if row is None else self._confirmation(row)

    async def by_reference(self, account_id: AccountId, reference: str) -> Confirmation | None:
        row = await self._c.one(_BY_REFERENCE, account_id=account_id, reference=reference)
        return None if row is None else self._confirmation(row)

    async def of_account(self, account_id: AccountId, most: int) -> Sequence[Confirmation]:
        return [self._confirmation(r) for r in await self._c.all(_CONFIRMATIONS_OF, account_id=account_id, most=most)]

    async def answer(self, confirmation: Confirmation) -> bool:
        answered = await self._c.run(
            _ANSWER,
            confirmation_id=confirmation.confirmation_id,
            state=confirmation.state.value,
            answered_at=to_ms_or_none(confirmation.answered_at),
            proofs=" ".join(confirmation.proofs),
        )
        return answered == 1

    async def use(self, confirmation_id: str, now: datetime) -> bool:
        return await self._c.run(_USE, confirmation_id=confirmation_id, now=to_ms(now)) == 1

    def _confirmation(self, r: Row) -> Confirmation:
        title, return_to = _decode_confirmation(self._sealer.open(r[9], CONFIRMATION))
        return Confirmation(
            confirmation_id=r[0],
            account_id=AccountId(r[1]),
            action=r[3],
            reference=r[2],
            title=title,
            return_to=return_to,
            asked_at=from_ms(r[5]),
            state=ConfirmationState(r[4]),
            answered_at=from_ms_or_none(r[6]),
            proofs=tuple(FactorKind(kind) for kind in r[8].split()),
            used_at=from_ms_or_none(r[7]),
        )


class SqlShopEvents:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    async def add(self, event: ShopEvent) -> None:
        await self._c.later(
            _ADD_EVENT, event_id=event.event_id, account_id=event.account_id, kind=event.kind, at=to_ms(event.at), body=event.body
        )

    async def claim(self, now: datetime, lease_until: datetime, most: int) -> Sequence[ClaimedEvent]:
        rows = await self._c.all(_CLAIM, now=to_ms(now), lease_until=to_ms(lease_until), most=most)
        return [ClaimedEvent(ShopEvent(r[0], AccountId(r[1]), r[2], from_ms(r[3]), r[4]), r[5] - 1) for r in rows]

    async def delivered(self, event_id: str, now: datetime) -> None:
        await self._c.run(_DELIVERED, event_id=event_id, now=to_ms(now))

    async def failed(self, event_id: str, error: str, next_at: datetime) -> None:
        await self._c.run(_FAILED, event_id=event_id, error=error, next_at=to_ms(next_at))

    async def dead(self, event_id: str, error: str) -> None:
        await self._c.run(_DEAD, event_id=event_id, error=error)

    async def retry_dead(self, event_id: str, now: datetime) -> bool:
        return await self._c.run(_RETRY, event_id=event_id, now=to_ms(now)) == 1

    async def in_state(self, state: str, most: int) -> Sequence[EventState]:
        return [EventState(r[0], r[1], from_ms(r[2]), r[3], r[4], r[5]) for r in await self._c.all(_IN_STATE, state=state, most=most)]

    async def counts(self) -> dict[str, int]:
        return {r[0]: r[1] for r in await self._c.all(_COUNTS)}
