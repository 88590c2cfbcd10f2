"""The shop asks somebody to confirm an action of its own, looks at what became of that, and uses it once (docs/shop.md).

The person's half is ``confirm.py``.
"""

import re
from typing import Final

from sparekey.domain.accounts import Account
from sparekey.domain.actions import is_own
from sparekey.domain.audit import Event
from sparekey.domain.confirmations import Confirmation, must_be_usable
from sparekey.domain.errors import BadRequest, FieldProblem, InvalidInput
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.decide import withheld
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.read_restrictions import account_for_shop
from sparekey.use_cases.record import record
from sparekey.use_cases.services import WORKER, Services

CONFIRMATION_ID: Final = re.compile(r"[0-9a-f]{32}")


async def ask_confirmation(
    services: Services, *, account_id: str, action: str, reference: str, title: str, return_to: str
) -> tuple[Confirmation, bool]:
    """The confirmation, and whether it is new; the same asked once more changes nothing.

    Raises ``BadRequest("account_unknown")``, or with why the action is withheld now, and ``InvalidInput``, also for a reference that
    stands for something else already.
    """
    _check(services, action, reference, title, return_to)
    async with services.store.transaction() as tx:
        known = await account_for_shop(tx, account_id)
        lock = await tx.audit.lock(known.account_id)
        account, now = await tx.accounts.get(known.account_id), services.clock.now()
        if account.closed_at is not None:
            raise BadRequest("account_unknown")  # nothing personal may come to it any more
        asked = Confirmation(services.chance.new_id(now), account.account_id, action, reference, title, return_to, now)
        if (before := await tx.confirmations.by_reference(account.account_id, reference)) is not None:
            if not before.asks_the_same(asked):
                raise InvalidInput(FieldProblem("reference", "reference_taken"))
            return before, False
        _must_not_be_withheld(services, account, action)
        await tx.confirmations.add(asked)
        about = {"action": action, "confirmation": asked.confirmation_id}
        await record(tx, services, lock, Event.CONFIRMATION_ASKED, account, WORKER, **about)
    return asked, True


async def read_confirmation(services: Services, confirmation_id: str) -> Confirmation:
    """Raises ``BadRequest("not_found")``."""
    async with services.store.transaction() as tx:
        return await find_confirmation(tx, confirmation_id)


async def use_confirmation(services: Services, confirmation_id: str) -> Confirmation:
    """Leave to do what was confirmed: once, soon after, and while nothing speaks against it.

    Raises ``BadRequest``: not_found, not_confirmed, confirmation_used, confirmation_over, or with why the action is withheld now.
    """
    async with services.store.transaction() as tx:
        seen = await find_confirmation(tx, confirmation_id)
        lock = await tx.audit.lock(seen.account_id)
        found, now = await find_confirmation(tx, confirmation_id), services.clock.now()
        account = await tx.accounts.get(found.account_id)
        must_be_usable(found, now)
        _must_not_be_withheld(services, account, found.action)
        if not await tx.confirmations.use(confirmation_id, now):
            raise BadRequest("confirmation_used")
        about = {"action": found.action, "confirmation": confirmation_id}
        await record(tx, services, lock, Event.CONFIRMATION_USED, account, WORKER, **about)
    return replace(found, used_at=now)


async def find_confirmation(tx: Transaction, confirmation_id: str) -> Confirmation:
    """Raises ``BadRequest("not_found")``."""
    found = await tx.confirmations.get(confirmation_id) if CONFIRMATION_ID.fullmatch(confirmation_id) else None
    if found is None:
        raise BadRequest("not_found")
    return found


def _check(services: Services, action: str, reference: str, title: str, return_to: str) -> None:
    problems = [
        FieldProblem(name, "text_unusable") for name, text in (("reference", reference), ("title", title)) if not text.isprintable()
    ]
    if not title.strip():
        problems.append(FieldProblem("title", "title_missing"))
    rules = services.policy.actions.get(action)
    if rules is None or not rules.offered or not is_own(action):
        problems.append(FieldProblem("action", "action_not_own"))
    if not leads_to(services.shop.origin, return_to):
        problems.append(FieldProblem("return_to", "return_foreign"))
    if problems:
        raise InvalidInput(*problems)


def leads_to(origin: str, url: str) -> bool:
    """Whether it is an address of this site and surely of no other. Compared as text, for browsers and libraries read strange
    addresses each in their own way: after scheme, host and a slash nothing can lead elsewhere any more."""
    plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>')
    return bool(origin) and plain and (url == origin or url.startswith(f"{origin}/"))


def _must_not_be_withheld(services: Services, account: Account, action: str) -> None:
    """Raises ``BadRequest`` with the reason: blocked, frozen, disputed or quarantined."""
    if action not in services.policy.actions:
        return  # taken out of the policy since it was confirmed
    if (closed := withheld(rules_of(services.policy, action), Situation(account, (), services.clock.now()))) is not None:
        raise BadRequest(closed.reason)
