"""Warn the owner of what did not become a sign-in (mission.md, H4): many wrong passwords, and a right one without the second step.

Looked for by the worker, not in the request: a stranger's clock tells nothing of it, and unknown names take the same road.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from sparekey.domain.accounts import NOBODY_ID, Account, AccountId
from sparekey.domain.audit import Event
from sparekey.domain.devices import device_name
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import FLOW_LASTS, Flow
from sparekey.domain.limits import GUESSES_A_DAY, day_of, lane
from sparekey.domain.messages import MessageKind
from sparekey.domain.retention import WARNING_KEPT
from sparekey.domain.values import Struct, field
from sparekey.domain.warnings import HALF_DONE_AFTER
from sparekey.use_cases.notify import tell
from sparekey.use_cases.ports import AuditRow, SubjectLock, Transaction
from sparekey.use_cases.record import personal_purpose, record
from sparekey.use_cases.services import WORKER, Services

PAGE: Final = 200

FIRST: Final = frozenset({FactorKind.PASSWORD, FactorKind.SOCIAL})
"""What a thief has who fails at the second step."""

LANE: Final = lane(FactorKind.PASSWORD, "", "")
"""Of devices that we do not know."""

MARK: Final = "warned"


class Warned(Struct, frozen=True):
    """What this process has looked at, so that it does not ask the database again each minute. The database holds what counts."""

    looked: dict[tuple[str, str], int] = field(default_factory=dict)
    """The day, by kind of warning and account or flow."""

    def has(self, kind: MessageKind, name: str, day: int) -> bool:
        return self.looked.get((kind.value, name)) == day

    def note(self, kind: MessageKind, name: str, day: int) -> None:
        self.looked[kind.value, name] = day

    def forget_before(self, day: int) -> None:
        for key in [k for k, seen in self.looked.items() if seen < day]:
            del self.looked[key]


async def warn_of_all(services: Services, warned: Warned) -> int:
    """Look for both; how many accounts were warned. Each kind at most once a day for each account, by however many workers."""
    now = services.clock.now()
    day = day_of(now)
    warned.forget_before(day - 1)
    count = 0
    for account_id in await _guessed_at(services, day):
        if not warned.has(MessageKind.MANY_FAILURES, account_id, day):
            count += await _warn_of_guesses(services, account_id, now)
            warned.note(MessageKind.MANY_FAILURES, account_id, day)
    for flow in await _half_signed_in(services, now):
        if not warned.has(MessageKind.HALF_SIGNED_IN, flow.flow_id, day):
            count += await _warn_of_half(services, flow, now)
            warned.note(MessageKind.HALF_SIGNED_IN, flow.flow_id, day)
    return count


async def _guessed_at(services: Services, day: int) -> Sequence[AccountId]:
    """Accounts at which strangers have used up the guesses of the day."""
    found: list[AccountId] = []
    while True:
        async with services.store.transaction() as tx:
            page = await tx.guesses.many_today(LANE, day, GUESSES_A_DAY, found[-1] if found else NOBODY_ID, PAGE)
        found += page
        if len(page) < PAGE:
            return found


async def _half_signed_in(services: Services, now: datetime) -> Sequence[Flow]:
    """Sign-ins from a strange browser that have shown the first thing, and for a while nothing more."""
    found: list[Flow] = []
    after, until = "", now + FLOW_LASTS - HALF_DONE_AFTER
    while True:
        async with services.store.transaction() as tx:
            page = await tx.flows.half_signed_in(now, until, after, PAGE)
        found += [f for f in page if f.strange and not f.void and any(p.kind in FIRST and not p.enrolling for p in f.proofs)]
        if len(page) < PAGE:
            return found
        after = page[-1].flow_id


async def _warn_of_guesses(services: Services, account_id: AccountId, now: datetime) -> bool:
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(account_id)
        account = await tx.accounts.get(account_id)
        return await _warn(tx, services, lock, account, MessageKind.MANY_FAILURES, {"at": now.isoformat()}, now)


async def _warn_of_half(services: Services, flow: Flow, now: datetime) -> bool:
    """Not where the same person got in a little later, from the same place with the same browser: they only began twice."""
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(flow.account_id)
        account = await tx.accounts.get(flow.account_id)
        of_flow = await tx.audit.of_flow(flow.account_id, flow.flow_id)
        if not of_flow:
            return False
        who = _who(services, account, of_flow[0])
        later = (r for r in await tx.audit.of_chain(flow.account_id, PAGE) if r.name == Event.SIGNED_IN and r.at > flow.created_at)
        if any(_who(services, account, r) == who for r in later):
            return False
        network, agent = who
        params = {"device": device_name(agent), "place": services.places.place_of(network), "at": flow.created_at.isoformat()}
        return await _warn(tx, services, lock, account, MessageKind.HALF_SIGNED_IN, params, now)


async def _warn(
    tx: Transaction, services: Services, lock: SubjectLock, account: Account, kind: MessageKind, params: dict[str, str], now: datetime
) -> bool:
    """Whether it was this worker that did it, today."""
    mark = services.sealer.keyed_hash(f"{kind.value}.{account.account_id}.{day_of(now)}".encode(), MARK)
    if not await tx.spent.spend(mark, now + WARNING_KEPT):
        return False
    await tell(tx, services, account, account.addresses, kind, params, now)
    await record(tx, services, lock, Event.WARNED, account, WORKER, warning=kind.value)
    return True


def _who(services: Services, account: Account, row: AuditRow) -> tuple[str, str]:
    """Network and browser of an event."""
    said = msgspec.json.decode(services.sealer.open(row.personal, personal_purpose(account)), type=dict[str, str])
    return said["network"], said["user_agent"]
