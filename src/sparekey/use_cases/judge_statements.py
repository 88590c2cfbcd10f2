"""The statements of a case beside what its account knows (mission.md, C5), for agents: how each compares, never the fact.

Only what is older than the first contested sign-in counts; where nothing is contested, what was there for as long as makes a thing
settled. What pages of the account show does not count: whoever has been inside has read it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from sparekey.domain.accounts import Account
from sparekey.domain.audit import FOR_OWNER, Event
from sparekey.domain.cases import Case
from sparekey.domain.devices import device_name
from sparekey.domain.retention import ADDRESS_KEPT
from sparekey.domain.shop import ActivityKind
from sparekey.domain.statements import NEAR_ORDERS, Facts, Judged, judge, older_than
from sparekey.use_cases.ports import AuditRow, Transaction
from sparekey.use_cases.read_account import SHOWN_FOR
from sparekey.use_cases.record import personal_purpose
from sparekey.use_cases.services import Services

EVENTS_READ = 1000
"""Of the audit chain, the newest first."""

ORDERS_READ = 20
"""Orders and payments, the newest first: among so many are the last orders that count."""


async def judge_statements(tx: Transaction, services: Services, case: Case) -> Sequence[Judged]:
    """Every kind of statement, said or not. For a name that nobody has nothing matches."""
    account = await tx.accounts.get(case.account_id)
    facts = await _facts(tx, services, account, case) if account.exists else None
    return judge(case.said, facts, services.identifiers.key_of(case.said.address) if case.said.address else "")


async def _facts(tx: Transaction, services: Services, account: Account, case: Case) -> Facts:
    before = older_than(account.contested_at, case.opened_at)
    left = await tx.accounts.former(account.account_id, case.opened_at - ADDRESS_KEPT)
    events = await tx.audit.of_chain(account.account_id, EVENTS_READ)
    if any(e.name == Event.DATA_DOWNLOADED and e.at >= before for e in events):
        return Facts()  # whoever did it has all of this
    hidden = case.opened_at - SHOWN_FOR
    shown, older = _parted(events, hidden, before)
    devices, places = _where(services, account, older)
    seen_devices, seen_places = _where(services, account, shown)
    sessions = [s for s in await tx.sessions.of_account(account.account_id) if case.opened_at < s.expires_at]
    seen_devices |= {device_name(s.user_agent) for s in sessions}
    seen_places |= {services.places.place_of(s.network) for s in sessions}
    orders = await tx.shop_activities.of_account(account.account_id, account.created_at, ORDERS_READ)
    return Facts(
        sign_up=account.created_at.date() if account.created_at < hidden else None,
        addresses=tuple(a.key for a in left if not a.stolen and (a.with_account or a.added_at < before)),
        devices=tuple(sorted(devices - seen_devices - {""})),
        places=tuple(sorted(places - seen_places - {""})),
        orders=tuple(o.reference for o in orders if o.kind is ActivityKind.ORDER and o.at < before)[:NEAR_ORDERS],
    )


def _parted(events: Sequence[AuditRow], hidden: datetime, before: datetime) -> tuple[list[AuditRow], list[AuditRow]]:
    """The events that the owner's pages show, and the sign-ins among the others that are old enough to count."""
    of_owner = [e for e in events if e.name in FOR_OWNER]
    return [e for e in of_owner if e.at >= hidden], [e for e in of_owner if e.name == Event.SIGNED_IN and e.at < min(hidden, before)]


def _where(services: Services, account: Account, events: Iterable[AuditRow]) -> tuple[set[str], set[str]]:
    """The devices and places of events, in words."""
    texts = (services.sealer.open(e.personal, personal_purpose(account)) for e in events)
    personal = [msgspec.json.decode(text, type=dict[str, str]) for text in texts]
    return {device_name(p["user_agent"]) for p in personal}, {services.places.place_of(p["network"]) for p in personal}
