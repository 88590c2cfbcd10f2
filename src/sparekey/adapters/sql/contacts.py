"""Recovery contacts, what they are asked, and answers to secret questions. Who somebody's friends are is sealed, and so are phrases."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sparekey.adapters.sql.connection import Connection, Row, Statement, from_ms, from_ms_or_none, to_ms, to_ms_or_none
from sparekey.domain.accounts import AccountId
from sparekey.domain.contacts import AskKind, AskState, Circle, Contact, ContactAsk, ContactState, Friend
from sparekey.use_cases.ports import Sealer
from sparekey.use_cases.stores_of_contacts import SecretAnswer

FRIEND = "contact.friend"
PHRASE = "contact.phrase"
QUESTION = "secret_question"

_ADD_CIRCLE = Statement(
    """insert into contact_circle (circle_id, account_id, needed, made_at, remind_at)
    values (:circle_id, :account_id, :needed, :made_at, :remind_at)"""
)
_ADD_CONTACT = Statement(
    """insert into contact (contact_id, circle_id, account_id, state, added_at, data)
    values (:contact_id, :circle_id, :account_id, :state, :added_at, :data)"""
)
_CIRCLE = "select circle_id, account_id, needed, made_at, remind_at from contact_circle"
_GET = Statement(f"{_CIRCLE} where circle_id = :circle_id")
_CONTACTS = Statement("select contact_id, state, added_at, data from contact where circle_id = :circle_id order by contact_id")
_SET_STATE = Statement("update contact set state = :state where contact_id = :contact_id")
_TO_REMIND = Statement(f"{_CIRCLE} where remind_at <= :now order by remind_at limit :most")
_REMIND_AT = Statement("update contact_circle set remind_at = :at where circle_id = :circle_id")

_ADD_ASK = Statement(
    """insert into contact_ask (token_hash, flow_id, account_id, contact_id, kind, state, phrase, wrong, asked_at, expires_at, answered_at)
    values (:token_hash, :flow_id, :account_id, :contact_id, :kind, :state, :phrase, :wrong, :asked_at, :expires_at, :answered_at)"""
)
_ASK = "select kind, flow_id, account_id, contact_id, phrase, asked_at, expires_at, state, wrong, answered_at from contact_ask"
_FIND_ASK = Statement(f"{_ASK} where token_hash = :token_hash")
_ASKS_OF = Statement(f"{_ASK} where flow_id = :flow_id order by asked_at, token_hash")
_SAVE_ASK = Statement("update contact_ask set state = :state, wrong = :wrong, answered_at = :answered_at where token_hash = :token_hash")

_SECRET = Statement("select question, hash, set_at from secret_answer where account_id = :account_id")
_PUT_SECRET = Statement(
    """insert into secret_answer (account_id, question, hash, set_at) values (:account_id, :question, :hash, :set_at)
    on conflict (account_id) do update set question = excluded.question, hash = excluded.hash, set_at = excluded.set_at"""
)
_REMOVE_SECRET = Statement("delete from secret_answer where account_id = :account_id")

_encode = msgspec.json.Encoder().encode


class _Personal(msgspec.Struct, frozen=True):
    """What of a contact is sealed."""

    friend: Friend
    owner: str


_decode = msgspec.json.Decoder(_Personal).decode


class SqlCircles:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, circle: Circle) -> None:
        await self._c.run(
            _ADD_CIRCLE,
            circle_id=circle.circle_id,
            account_id=circle.account_id,
            needed=circle.needed,
            made_at=to_ms(circle.made_at),
            remind_at=to_ms(circle.remind_at),
        )
        for contact in circle.contacts:
            await self._c.run(
                _ADD_CONTACT,
                contact_id=contact.contact_id,
                circle_id=circle.circle_id,
                account_id=circle.account_id,
                state=contact.state.value,
                added_at=to_ms(contact.added_at),
                data=self._sealer.seal(_encode(_Personal(contact.friend, contact.owner)), FRIEND),
            )

    async def get(self, circle_id: str) -> Circle | None:
        row = await self._c.one(_GET, circle_id=circle_id)
        if row is None:
            return None
        return _circle(row, tuple(self._contact(r) for r in await self._c.all(_CONTACTS, circle_id=circle_id)))

    async def set_state(self, contact_id: str, state: ContactState) -> None:
        await self._c.run(_SET_STATE, contact_id=contact_id, state=state.value)

    async def to_remind(self, now: datetime, most: int) -> Sequence[Circle]:
        return [_circle(row, ()) for row in await self._c.all(_TO_REMIND, now=to_ms(now), most=most)]

    async def remind_at(self, circle_id: str, at: datetime) -> None:
        await self._c.run(_REMIND_AT, circle_id=circle_id, at=to_ms(at))

    def _contact(self, row: Row) -> Contact:
        personal = _decode(self._sealer.open(row[3], FRIEND))
        return Contact(row[0], personal.friend, personal.owner, ContactState(row[1]), from_ms(row[2]))


class SqlContactAsks:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def add(self, ask: ContactAsk, token_hash: bytes) -> None:
        await self._c.run(
            _ADD_ASK,
            token_hash=token_hash,
            flow_id=ask.flow_id,
            account_id=ask.account_id,
            contact_id=ask.contact_id,
            kind=ask.kind.value,
            state=ask.state.value,
            phrase=self._sealer.seal(ask.phrase.encode(), PHRASE),
            wrong=ask.wrong,
            asked_at=to_ms(ask.asked_at),
            expires_at=to_ms(ask.expires_at),
            answered_at=to_ms_or_none(ask.answered_at),
        )

    async def find(self, token_hash: bytes) -> ContactAsk | None:
        row = await self._c.one(_FIND_ASK, token_hash=token_hash)
        return None if row is None else self._ask(row)

    async def save(self, ask: ContactAsk, token_hash: bytes) -> None:
        await self._c.run(
            _SAVE_ASK, token_hash=token_hash, state=ask.state.value, wrong=ask.wrong, answered_at=to_ms_or_none(ask.answered_at)
        )

    async def of_flow(self, flow_id: str) -> Sequence[ContactAsk]:
        return [self._ask(row) for row in await self._c.all(_ASKS_OF, flow_id=flow_id)]

    def _ask(self, r: Row) -> ContactAsk:
        return ContactAsk(
            AskKind(r[0]),
            r[1],
            AccountId(r[2]),
            r[3],
            self._sealer.open(r[4], PHRASE).decode(),
            from_ms(r[5]),
            from_ms(r[6]),
            AskState(r[7]),
            r[8],
            from_ms_or_none(r[9]),
        )


class SqlSecretAnswers:
    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._c = connection
        self._sealer = sealer

    async def get(self, account_id: AccountId) -> SecretAnswer | None:
        r = await self._c.one(_SECRET, account_id=account_id)
        return None if r is None else SecretAnswer(self._sealer.open(r[0], QUESTION).decode(), r[1], from_ms(r[2]))

    async def put(self, account_id: AccountId, answer: SecretAnswer) -> None:
        question = self._sealer.seal(answer.question.encode(), QUESTION)
        await self._c.run(_PUT_SECRET, account_id=account_id, question=question, hash=answer.hash, set_at=to_ms(answer.set_at))

    async def remove(self, account_id: AccountId) -> bool:
        return await self._c.run(_REMOVE_SECRET, account_id=account_id) == 1


def _circle(row: Row, contacts: tuple[Contact, ...]) -> Circle:
    return Circle(row[0], AccountId(row[1]), row[2], from_ms(row[3]), from_ms(row[4]), contacts)
