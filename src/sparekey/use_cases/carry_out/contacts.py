"""The list of recovery contacts: a new one begins to wait, and takes effect (mission.md, R7; docs/decisions/0019-recovery-contacts.md)."""

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.contacts import INVITED_FOR, AskKind, Circle, ContactState, contacts_factor, new_factor
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.flow import Flow
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, record_change
from sparekey.use_cases.mail_friends import mail_friend, send_link
from sparekey.use_cases.notify import tell, where
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def begin_contacts_wait(
    tx: Transaction, services: Services, client: Client, lock: SubjectLock, flow: Flow, account: Account
) -> tuple[Flow, SubjectLock]:
    """A new list waits: every address is told, and so is every friend who is to go; new friends are asked whether they want to be one.

    Answers the flow with its first notices noted, and the new head of the chain.
    """
    circle = await circle_of(tx, flow, account)
    waiting, now = flow.waiting, services.clock.now()
    if waiting is None:
        raise WrongStep("nothing waits")
    lock = await record(tx, services, lock, Event.CONTACTS_CHANGE_BEGUN, account, client, flow_id=flow.flow_id, route=flow.route)
    await tell_contacts_changing(tx, services, flow, account, where(services, client))
    stay = {c.friend.key for c in circle.contacts}
    holding = await circle_in_force(tx, account)
    for contact in holding.accepted if holding else ():
        if contact.friend.key not in stay:
            await mail_friend(tx, services, account, contact.friend, MessageKind.CONTACT_LEAVING, {"name": contact.owner})
    for contact in circle.contacts:
        if contact.state is ContactState.INVITED:
            await send_link(tx, services, account, contact, AskKind.INVITATION, flow_id=flow.flow_id, until=now + INVITED_FOR)
    return replace(flow, waiting=waiting.noticed(waiting.began_at)), lock


async def tell_contacts_changing(tx: Transaction, services: Services, flow: Flow, account: Account, by_whom: dict[str, str]) -> None:
    """A notice that the list is going to change, to every address. ``by_whom``: device and place of whoever asked for it."""
    waiting, now = flow.waiting, services.clock.now()
    if waiting is None:
        raise WrongStep("nothing waits")
    params = {**by_whom, "at": waiting.began_at.isoformat(), "until": waiting.until(now).isoformat()}
    await tell(tx, services, account, account.addresses, MessageKind.CONTACTS_CHANGING, params, now, flow_id=flow.flow_id)


async def set_contacts(change: Change) -> None:
    """The list of the flow takes effect, in place of the one before. Raises ``WrongStep`` where too few friends have accepted."""
    change.permit.must_be_for(Action.CHANGE_CONTACTS)
    tx, now, account = change.tx, change.services.clock.now(), change.account
    circle = await circle_of(tx, change.flow, account)
    if not circle.is_ready:
        raise WrongStep("too few friends have accepted")
    former = contacts_factor(account)
    enrolled = tuple(f for f in account.enrolled if f != former)
    if circle.contacts:
        factor = new_factor(circle.circle_id, now)
        await tx.factors.add(account.account_id, factor, b"")
        enrolled = (*enrolled, factor)
    new = replace(account, enrolled=enrolled, version=account.version + 1)
    await tx.accounts.save(account, new, now)
    params = {"at": now.isoformat()}
    await tell(tx, change.services, new, new.addresses, MessageKind.CONTACTS_CHANGED, params, now, flow_id=change.flow.flow_id)
    await record_change(change, Event.CONTACTS_CHANGED)


async def circle_of(tx: Transaction, flow: Flow, account: Account) -> Circle:
    """The list that a flow is about. Raises ``WrongStep`` for one that is not of this account."""
    circle = await tx.circles.get(flow.wants.factor_id)
    if circle is None or circle.account_id != account.account_id:
        raise WrongStep("the account has no such list of contacts")
    return circle


async def circle_in_force(tx: Transaction, account: Account) -> Circle | None:
    """The list that a factor of the account names; one reported stolen is in force no more."""
    factor = contacts_factor(account)
    return None if factor is None or factor.stolen else await tx.circles.get(factor.factor_id)
