"""What happened on an account since it was surely its owner's: for the one who fears that somebody else was in it (mission.md, H3).

Only after a proof: in a session, or in a flow that may undo changes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import FOR_OWNER, Event
from sparekey.domain.changes import UNDO_FOR
from sparekey.domain.devices import device_name
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.flow.flow import check_open
from sparekey.domain.flow.state import State
from sparekey.domain.sessions import Session
from sparekey.domain.shop import DISOWNED, ActivityKind
from sparekey.domain.shop import Activity as Reported
from sparekey.domain.values import Struct
from sparekey.use_cases.load_flow import read_flow
from sparekey.use_cases.ports import AuditRow, Transaction
from sparekey.use_cases.read_account import Activity, SessionSeen, activity_of, session_seen
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tell_shop import tell_shop

LOOKED_BACK: Final = UNDO_FOR
"""What is older can be undone no more (H2). And a device that became known meanwhile shows its first sign-in, which was not usual."""

MOST: Final = 500
"""Events that are looked through for the last good sign-in."""

SHOWN: Final = 100

WAYS_IN: Final = frozenset({Event.SIGNED_IN.value, Event.RECOVERED.value})


class OrderSeen(Struct, frozen=True):
    """Something that the shop reported. ``device`` and ``place``: from where, or empty."""

    reference: str
    kind: ActivityKind
    at: datetime
    title: str
    amount: str
    currency: str
    device: str
    place: str


class Review(Struct, frozen=True):
    """``since``: UTC; with ``good``, of the last sign-in on a known device where it usually is, before the first that was none; otherwise
    30 days ago. ``sessions``: living ones that began since. ``events`` and ``orders``: the newest first. ``can_tell_shop``: the site's shop
    is told what is not the owner's."""

    since: datetime
    good: bool
    sessions: tuple[SessionSeen, ...]
    events: tuple[Activity, ...]
    orders: tuple[OrderSeen, ...]
    can_tell_shop: bool


async def read_review(services: Services, session: Session) -> Review:
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(session.account_id)
        return await _review(tx, services, account, session)


async def review_before_undoing(services: Services, client: Client, flow_id: str) -> Review:
    """The same for whoever has shown a settled address in a flow that may undo changes. What was bought is not told: that address may be
    one that the owner left. Raises ``FlowOver``, and ``WrongStep`` before the proof."""
    flow = await read_flow(services, client, flow_id)
    check_open(flow, services.clock.now())
    if flow.state is not State.ALLOWED or flow.action != Action.UNDO:
        raise WrongStep("nothing was shown yet")
    async with services.store.transaction() as tx:
        found = await _review(tx, services, await tx.accounts.get(flow.account_id), None)
    untitled = (OrderSeen("", o.kind, o.at, "", "", "", o.device, o.place) for o in found.orders)
    return Review(found.since, found.good, found.sessions, found.events, tuple(untitled), can_tell_shop=False)


async def disown_orders(services: Services, client: Client, session: Session, references: Sequence[str]) -> None:
    """Tell the shop that these were somebody else's. Raises ``InvalidInput`` for none, or for one that is not on the account."""
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        account, now = await tx.accounts.get(session.account_id), services.clock.now()
        wanted = tuple(dict.fromkeys(references))
        if not wanted:
            raise InvalidInput(FieldProblem("references", "orders_missing"))
        known = [reference.isprintable() and await tx.shop_activities.get(account.account_id, reference) for reference in wanted]
        if not all(known):
            raise InvalidInput(FieldProblem("references", "order_unknown"))
        await record(tx, services, lock, Event.ORDERS_DISOWNED, account, client, count=str(len(wanted)))
        await tell_shop(tx, services, DISOWNED, account.account_id, now, {"references": list(wanted)})


async def _review(tx: Transaction, services: Services, account: Account, session: Session | None) -> Review:
    now = services.clock.now()
    floor = max(now - LOOKED_BACK, account.created_at)
    rows = [r for r in await tx.audit.of_chain(account.account_id, MOST) if r.at >= floor]
    good = last_good(reversed(rows), session.created_at if session else now)
    since = good or floor
    sessions = [
        s
        for s in await tx.sessions.of_account(account.account_id)
        if s.created_at > since and not services.policy.sessions.has_ended(s, now, s.seen_at)
    ]
    orders = await tx.shop_activities.of_account(account.account_id, since, SHOWN)
    events = [r for r in rows if r.at > since and r.name in FOR_OWNER]
    return Review(
        since=since,
        good=good is not None,
        sessions=tuple(session_seen(services, s, session.session_id if session else "") for s in sessions),
        events=tuple(activity_of(services, account, r) for r in events[:SHOWN]),
        orders=tuple(_order(services, o) for o in orders),
        can_tell_shop=services.shop.is_told,
    )


def last_good(rows: Iterable[AuditRow], before: datetime) -> datetime | None:
    """The last sign-in on a known device where it usually is, before the first way in that was none.

    ``rows``: the oldest first. ``before``: when the session began that asks: its own sign-in is not the one to look back to."""
    found = None
    for row in rows:
        if row.name not in WAYS_IN:
            continue
        if row.name != Event.SIGNED_IN or "usual" not in msgspec.json.decode(row.detail, type=dict[str, str]):
            break
        if row.at < before:
            found = row.at
    return found


def _order(services: Services, o: Reported) -> OrderSeen:
    place = services.places.place_of(o.network) if o.network else ""
    return OrderSeen(o.reference, o.kind, o.at, o.title, o.amount, o.currency, device_name(o.user_agent), place)
