"""Close an account: begin it, stop it, and after thirty days destroy all that is personal (mission.md, S4; decision 0022)."""

from collections.abc import Sequence
from datetime import datetime

from sparekey.domain.accounts import Account, Address
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import UNDO_FOR, leads_back
from sparekey.domain.closing import until
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Allow
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, give_back_code, is_closing, record_change
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import short_token, token_hash


async def begin_closing(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account
) -> tuple[Flow, SubjectLock]:
    """The account closes when the wait of this flow is over. Nobody drives the flow from here on: it is stopped by another one.

    Answers the flow with its first notices noted, and the new head of the chain. Raises ``WrongStep`` when the account closes already.
    """
    if account.closing_at is not None or flow.waiting is None or flow.action != Action.CLOSE_ACCOUNT:
        raise WrongStep("it closes already")
    now = services.clock.now()
    await _end_waits(tx, services, account, flow.flow_id)  # one that was undone, and not looked at since
    closing_at = until(flow.waiting, now)
    closing = replace(account, closing_at=closing_at, version=account.version + 1)
    await tx.accounts.save(account, closing, now)
    await tell_closing(tx, services, flow, closing)
    told = {"route": flow.route, "until": closing_at.isoformat()}
    lock = await record(tx, services, lock, Event.CLOSING_BEGUN, account, client, flow_id=flow.flow_id, **told)
    return replace(flow, holder=b"", waiting=flow.waiting.noticed(flow.waiting.began_at)), lock


async def tell_closing(tx: Transaction, services: Services, flow: Flow, account: Account) -> None:
    """Until when the closing can be stopped, and a link for that, to every address; also to those that left lately and still lead back:
    they may have been taken off by whoever closes the account."""
    now = services.clock.now()
    for address in await _told(tx, account, now):
        token = short_token(services.chance)
        link = NoticeLink(account.account_id, address.address_id, MessageKind.ACCOUNT_CLOSING, flow.flow_id, now, flow.expires_at)
        await tx.notice_links.add(link, token_hash(token))
        params = {"link": token, "until": (account.closing_at or now).isoformat()}
        await tell(tx, services, account, (address,), MessageKind.ACCOUNT_CLOSING, params, now, flow_id=flow.flow_id)


async def stop_closing(change: Change) -> None:
    """Keep the account. Where it does not close there is nothing to do."""
    change.permit.must_be_for(Action.STOP_CLOSING)
    await keep(
        change.tx, change.services, change.client, change.lock, change.account, flow_id=change.flow.flow_id, route=change.permit.route
    )


async def kept_by_sign_in(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, account: Account, flow: Flow
) -> tuple[Account, SubjectLock]:
    """Whoever signs in keeps the account, as far as the policy says so. Answers the account as it is then, and the head of its chain."""
    if account.closing_at is None:
        return account, lock
    verdict = decide(services.policy, Action.STOP_CLOSING, Situation(account, flow.proofs, services.clock.now(), signed_in=True))
    if not isinstance(verdict, Allow):
        return account, lock
    return await keep(tx, services, client, lock, account, flow_id=flow.flow_id, route=verdict.route)


async def keep(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, account: Account, *, flow_id: str, route: str, but: str = ""
) -> tuple[Account, SubjectLock]:
    """The account, not closing any more, and the new head of the chain. ``but``: a wait that the caller ends."""
    if account.closing_at is None:
        return account, lock
    now = services.clock.now()
    kept = replace(account, closing_at=None, version=account.version + 1)
    await tx.accounts.save(account, kept, now)
    await _end_waits(tx, services, kept, but)
    params = {**where(services, client), "at": now.isoformat()}
    await tell(tx, services, kept, kept.addresses, MessageKind.ACCOUNT_KEPT, params, now, flow_id=flow_id)
    return kept, await record(tx, services, lock, Event.CLOSING_STOPPED, account, client, flow_id=flow_id, route=route)


async def close_account(change: Change) -> None:
    """Close for good: nothing personal can be read any more, nothing signs in, and nothing brings it back."""
    change.permit.must_be_for(Action.CLOSE_ACCOUNT)
    tx, services, account, now = change.tx, change.services, change.account, change.services.clock.now()
    await record_change(change, Event.CLOSED_FOR_GOOD)
    await tell(tx, services, account, account.addresses, MessageKind.ACCOUNT_CLOSED, {"at": now.isoformat()}, now)
    bare = Account(
        account_id=account.account_id,
        name="",
        language=account.language,
        created_at=account.created_at,
        password_hash="",
        password_set_at=account.password_set_at,
        version=account.version + 1,
        closed_at=now,
        blocked_at=account.blocked_at,
    )
    await tx.accounts.save(account, bare, now)
    await tx.personal.destroy(account.account_id, change.flow.flow_id)


async def _told(tx: Transaction, account: Account, now: datetime) -> Sequence[Address]:
    left = await tx.accounts.former(account.account_id, now - UNDO_FOR)
    here = {a.key for a in account.addresses}
    return (*account.addresses, *(a for a in left if a.key not in here and leads_back(a, account.contested_at, now)))


async def _end_waits(tx: Transaction, services: Services, account: Account, but: str) -> None:
    """End whatever waits to close the account."""
    now = services.clock.now()
    for flow in await tx.flows.waiting_of(account.account_id):
        if is_closing(flow) and flow.is_open(now) and flow.flow_id != but:
            ended = step(flow, Ended("stopped"), policy=services.policy, situation=Situation(account, flow.proofs, now))
            await tx.flows.save(ended)
            await give_back_code(tx, ended)
