"""Everything that the site keeps about one person, for that person (mission.md, S4).

No secret is in it, and nothing of others: support cases about the account are not, for anybody may open one, and each has its own page.
"""

from datetime import UTC, datetime

import msgspec

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import UNDO_FOR
from sparekey.domain.devices import device_name
from sparekey.domain.errors import WrongStep
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.change import permitted, record_change, tell_all
from sparekey.use_cases.carry_out.contacts import circle_in_force
from sparekey.use_cases.load_flow import load_for_step, read_flow
from sparekey.use_cases.ports import AuditRow, Transaction
from sparekey.use_cases.record import personal_purpose
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume

MOST = 10_000
"""Of events and of messages, the newest."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class AddressKept(msgspec.Struct, frozen=True):
    """``removed_at``: when it left the account, for one that is kept a while after that."""

    kind: str
    value: str
    main: bool
    added_at: datetime
    confirmed_at: datetime | None
    removed_at: datetime | None


class MethodKept(msgspec.Struct, frozen=True):
    """A way to show who one is. ``stolen``: it was reported so, and is good for nothing."""

    kind: str
    label: str
    added_at: datetime
    used_at: datetime | None
    stolen: bool


class SessionKept(msgspec.Struct, frozen=True):
    device: str
    program: str
    network: str
    place: str
    created_at: datetime
    seen_at: datetime


class DeviceKept(msgspec.Struct, frozen=True):
    """A browser that once signed in fully."""

    device: str
    program: str
    created_at: datetime
    seen_at: datetime


class EventKept(msgspec.Struct, frozen=True):
    at: datetime
    name: str
    program: str
    network: str
    place: str
    detail: dict[str, str]


class MessageKept(msgspec.Struct, frozen=True):
    at: datetime
    kind: str
    channel: str
    to: str
    state: str


class OrderKept(msgspec.Struct, frozen=True):
    """What the shop has told us: an order, a payment, a payout. ``reference``: the shop's own name for it."""

    at: datetime
    kind: str
    reference: str
    title: str
    amount: str
    currency: str
    program: str
    network: str


class ConfirmationKept(msgspec.Struct, frozen=True):
    """What the shop asked its owner to confirm. ``state``: open, confirmed, refused or expired."""

    at: datetime
    action: str
    reference: str
    title: str
    state: str
    answered_at: datetime | None
    used_at: datetime | None


class FriendKept(msgspec.Struct, frozen=True):
    """A recovery contact of the list that holds."""

    name: str
    email: str
    state: str
    added_at: datetime


class DataKept(msgspec.Struct, frozen=True):
    """``made_at``: when the file was made. All times in UTC. ``program``: as the browser names itself."""

    site: str
    made_at: datetime
    account_id: str
    name: str
    user_name: str
    language: str
    created_at: datetime
    password_set_at: datetime | None
    closing_at: datetime | None
    addresses: tuple[AddressKept, ...]
    methods: tuple[MethodKept, ...]
    sessions: tuple[SessionKept, ...]
    devices: tuple[DeviceKept, ...]
    events: tuple[EventKept, ...]
    messages: tuple[MessageKept, ...]
    orders: tuple[OrderKept, ...]
    confirmations: tuple[ConfirmationKept, ...]
    friends: tuple[FriendKept, ...]


async def download_data(services: Services, client: Client, flow_id: str) -> DataKept:
    """The file of an allowed flow, once; every address is told. Raises ``FlowOver``, ``WrongStep`` and ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await read_flow(services, client, flow_id)
    if seen.action != Action.DOWNLOAD_DATA:
        raise WrongStep(f"a flow to {seen.action} has no file")
    async with services.store.transaction() as tx:
        at = await load_for_step(tx, services, client, seen)
        change = await permitted(tx, services, client, at.lock, at.flow, at.account)
        change.permit.must_be_for(Action.DOWNLOAD_DATA)
        data = await _gather(tx, services, at.account)
        await tell_all(change, at.account, MessageKind.DATA_DOWNLOADED)
        await record_change(change, Event.DATA_DOWNLOADED)
        await tx.flows.save(over(services, at.flow, at.account))
    return data


async def _gather(tx: Transaction, services: Services, account: Account) -> DataKept:
    now, account_id = services.clock.now(), account.account_id
    used = await tx.factors.last_used(account_id)
    circle = await circle_in_force(tx, account)
    return DataKept(
        site=services.site.name,
        made_at=now,
        account_id=account_id,
        name=account.name,
        user_name=account.user_name,
        language=account.language,
        created_at=account.created_at,
        password_set_at=account.password_set_at if account.password_hash else None,
        closing_at=account.closing_at,
        addresses=tuple(
            AddressKept(a.kind.value, a.value, a.main, a.added_at, a.confirmed_at, a.removed_at)
            for a in (*account.addresses, *await tx.accounts.former(account_id, now - UNDO_FOR))
        ),
        methods=tuple(MethodKept(f.kind.value, f.label, f.added_at, used.get(f.factor_id), f.stolen) for f in account.enrolled),
        sessions=tuple(
            SessionKept(device_name(s.user_agent), s.user_agent, s.network, services.places.place_of(s.network), s.created_at, s.seen_at)
            for s in await tx.sessions.of_account(account_id)
        ),
        devices=tuple(
            DeviceKept(device_name(d.user_agent), d.user_agent, d.created_at, d.seen_at) for d in await tx.personal.devices(account_id)
        ),
        events=tuple(_event(services, account, row) for row in await tx.audit.of_chain(account_id, MOST)),
        messages=tuple(
            MessageKept(m.created_at, m.kind.value, m.channel, m.hint, m.state) for m in await tx.outbox.of_account(account_id, MOST)
        ),
        orders=tuple(
            OrderKept(a.at, a.kind.value, a.reference, a.title, a.amount, a.currency, a.user_agent, a.network)
            for a in await tx.shop_activities.of_account(account_id, LONG_AGO, MOST)
        ),
        confirmations=tuple(
            ConfirmationKept(c.asked_at, c.action, c.reference, c.title, c.state_at(now).value, c.answered_at, c.used_at)
            for c in await tx.confirmations.of_account(account_id, MOST)
        ),
        friends=tuple(FriendKept(c.friend.name, c.friend.email, c.state.value, c.added_at) for c in (circle.contacts if circle else ())),
    )


def _event(services: Services, account: Account, row: AuditRow) -> EventKept:
    personal = msgspec.json.decode(services.sealer.open(row.personal, personal_purpose(account)), type=dict[str, str])
    network = personal["network"]
    detail = msgspec.json.decode(row.detail, type=dict[str, str])
    return EventKept(row.at, row.name, personal["user_agent"], network, services.places.place_of(network), detail)
