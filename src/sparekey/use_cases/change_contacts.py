"""Begin to change the list of recovery contacts, stop a change that waits, or mail an invitation again (mission.md, R7).

The new list is written down first; the flow names it, waits as the policy says, and puts it in the place of the former one.
"""

from collections.abc import Sequence

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.changes import UNDO_FOR
from sparekey.domain.contacts import (
    INVITED_FOR,
    AskKind,
    Circle,
    Contact,
    ContactState,
    Friend,
    check_circle,
    contacts_factor,
)
from sparekey.domain.errors import FieldProblem, InvalidInput, NotSignedIn, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.events import Ended
from sparekey.domain.flow.flow import Flow, step
from sparekey.domain.flow.wants import Wants
from sparekey.domain.names import check_name
from sparekey.domain.offers import REMIND_EVERY
from sparekey.domain.policy.model import Situation
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import give_back_code
from sparekey.use_cases.carry_out.contacts import circle_in_force, circle_of
from sparekey.use_cases.mail_friends import send_link
from sparekey.use_cases.ports import ParsedAddress, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_sends, check_volume, check_volume_of_session
from sparekey.use_cases.start_guarded import begin_guarded, session_for

OF_A_FRIEND = {"name_missing": "contact_name_missing", "email_missing": "contact_email_missing"}
"""Reasons whose sentences are about the person's own name and address."""

LONGEST_LIST = 20
"""Of a request; what is too many for a circle is told kindly."""


async def change_contacts(
    services: Services, client: Client, named: Sequence[tuple[str, str]], needed: int, *, all_needed_is_meant: bool = False
) -> Standing:
    """Ask for a new list. ``named``: name and address of each friend, as typed; none at all means that there are to be no friends.
    ``needed``: so many of them must type the phrase.

    Raises ``NotSignedIn``, ``SecondFactorNeeded``, ``TooManyTries``, and ``InvalidInput`` with everything that is wrong
    (``check_circle``, and contacts_change_waits, contacts_unchanged).
    """
    session = session_for(client, Action.CHANGE_CONTACTS)
    await check_volume(services, "answer.network", client)
    friends = _friends(services, named[:LONGEST_LIST])
    async with services.store.transaction() as tx:
        now = services.clock.now()
        lock = await tx.audit.lock(session.account_id)
        account = await tx.accounts.get(session.account_id)
        # What left so lately may come back, so it is the owner's still.
        former = await tx.accounts.former(account.account_id, now - UNDO_FOR)
        check_circle(friends, needed, {a.key for a in (*account.addresses, *former)}, all_needed_is_meant=all_needed_is_meant)
        if await waiting_change(tx, account, services) is not None:
            raise InvalidInput(FieldProblem("", "contacts_change_waits"))
        holding = await circle_in_force(tx, account)
        _must_differ(account, holding, friends, needed)
        known = {c.friend.key for c in holding.accepted} if holding else set[str]()
        circle = Circle(
            circle_id=services.chance.new_id(now),
            account_id=account.account_id,
            needed=needed if friends else 0,
            made_at=now,
            remind_at=now + REMIND_EVERY,
            contacts=tuple(
                Contact(contact_id, friend, account.name, ContactState.ACCEPTED if friend.key in known else ContactState.INVITED, now)
                # Lists are kept by these ids, in the order in which the owner named them.
                for contact_id, friend in zip(sorted(services.chance.new_id(now) for _ in friends), friends, strict=True)
            ),
        )
        await check_volume_of_session(services, client, session, Action.CHANGE_CONTACTS)
        await check_sends(services, account.account_id, sum(c.state is ContactState.INVITED for c in circle.contacts))
        await tx.circles.add(circle)
        wants = Wants(factor_kind=FactorKind.CONTACTS, factor_id=circle.circle_id)
        return await begin_guarded(tx, services, client, lock, account, session, Action.CHANGE_CONTACTS, wants)


async def stop_change(services: Services, client: Client) -> None:
    """End a change that waits: everything stays as it is. Whoever is signed in may do so. Raises ``NotSignedIn``, ``WrongStep``."""
    if client.session is None:
        raise NotSignedIn
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(client.session.account_id)
        account = await tx.accounts.get(client.session.account_id)
        waiting = await waiting_change(tx, account, services)
        flow = await tx.flows.get_for_step(waiting.flow_id) if waiting else None
        if flow is None:
            raise WrongStep("no change waits")
        situation = Situation(account, flow.proofs, services.clock.now())
        await tx.flows.save(step(flow, Ended("left"), policy=services.policy, situation=situation))
        await give_back_code(tx, flow)
        await record(tx, services, lock, Event.CONTACTS_CHANGE_STOPPED, account, client, flow_id=flow.flow_id)


async def invite_again(services: Services, client: Client, contact_id: str) -> None:
    """Mail a friend who has not answered another link; the first stays good. Raises ``NotSignedIn``, ``TooManyTries``, ``WrongStep``."""
    if client.session is None:
        raise NotSignedIn
    await check_volume(services, "send.network", client)
    async with services.store.transaction() as tx:
        await tx.audit.lock(client.session.account_id)
        account, now = await tx.accounts.get(client.session.account_id), services.clock.now()
        flow = await waiting_change(tx, account, services)
        circle = await circle_of(tx, flow, account) if flow else await circle_in_force(tx, account)
        contact = next((c for c in circle.contacts if c.contact_id == contact_id), None) if circle else None
        if contact is None or contact.state is not ContactState.INVITED:
            raise WrongStep("nobody to be invited")
        await check_sends(services, account.account_id)
        flow_id = flow.flow_id if flow else ""
        await send_link(tx, services, account, contact, AskKind.INVITATION, flow_id=flow_id, until=now + INVITED_FOR)


async def waiting_change(tx: Transaction, account: Account, services: Services) -> Flow | None:
    """The flow of a change of the list that waits."""
    now = services.clock.now()
    found = await tx.flows.waiting_of(account.account_id)
    return next((f for f in found if f.action == Action.CHANGE_CONTACTS and f.is_open(now) and not f.void), None)


def _friends(services: Services, named: Sequence[tuple[str, str]]) -> tuple[Friend, ...]:
    friends: list[Friend] = []
    problems: list[FieldProblem] = []
    for number, (name, email) in enumerate(named, 1):
        shown, address = "", ParsedAddress("", "")
        try:
            shown = check_name(name, f"name_{number}")
        except InvalidInput as e:
            problems += e.problems
        try:
            address = services.identifiers.email(email, f"email_{number}")
        except InvalidInput as e:
            problems += e.problems
        friends.append(Friend(shown, address.value, address.key))
    if problems:
        raise InvalidInput(*(replace(p, reason=OF_A_FRIEND.get(p.reason, p.reason)) for p in problems))
    return tuple(friends)


def _must_differ(account: Account, holding: Circle | None, friends: Sequence[Friend], needed: int) -> None:
    if not friends and contacts_factor(account) is None:
        raise InvalidInput(FieldProblem("friends", "contacts_too_few", (("fewest", "2"),)))
    if holding is not None and (list(friends), needed) == ([c.friend for c in holding.contacts], holding.needed):
        raise InvalidInput(FieldProblem("", "contacts_unchanged"))
