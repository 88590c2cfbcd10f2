"""Begin an action of one who is signed in: change the password, details, addresses, sessions.

The session's fresh proofs may be enough; then the action is carried out at once.
"""

from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput, NotSignedIn, SecondFactorNeeded
from sparekey.domain.flow.events import Started
from sparekey.domain.flow.wants import Wants
from sparekey.domain.sessions import Session
from sparekey.domain.values import replace
from sparekey.use_cases.advance import advance
from sparekey.use_cases.ask_by_message import BY_MESSAGE, ask_by_message, enrolled_kind
from sparekey.use_cases.ports import AddressTaken, SubjectLock, Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.running_recoveries import must_wait
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, may_begin, situation_of, standing
from sparekey.use_cases.start_flow import check_sends, check_user_names, check_volume_of_session, new_flow
from sparekey.use_cases.wanted_address import check_second, is_void, own_address
from sparekey.use_cases.wanted_factor import check_factor

GUARDED = frozenset(
    {
        Action.CHANGE_PASSWORD,
        Action.CHANGE_DETAILS,
        Action.ADD_ADDRESS,
        Action.REMOVE_ADDRESS,
        Action.SET_MAIN_ADDRESS,
        Action.END_SESSIONS,
        Action.CANCEL_RECOVERY,
        Action.OBJECT,
        Action.CHANGE_CONTACTS,
        Action.SET_SECRET_ANSWER,
        Action.UNDO,
        Action.CLOSE_ACCOUNT,
        Action.STOP_CLOSING,
        Action.DOWNLOAD_DATA,
        Action.WORK_ON_CASES,
    }
)


async def start_guarded(services: Services, client: Client, action: Action, wants: Wants) -> Standing:
    """Raises ``NotSignedIn``, ``SecondFactorNeeded``, ``TooManyTries``, ``InvalidInput``, and what the action raises."""
    session = session_for(client, action)
    await check_volume_of_session(services, client, session, action)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(session.account_id)
        account = await tx.accounts.get(session.account_id)
        return await begin_guarded(tx, services, client, lock, account, session, action, wants)


def session_for(client: Client, action: str) -> Session:
    """The session in which the action shall begin. Raises ``NotSignedIn`` and ``SecondFactorNeeded``."""
    if client.session is None:
        raise NotSignedIn
    if not may_begin(client.session, action):
        raise SecondFactorNeeded
    return client.session


async def begin_guarded(
    tx: Transaction,
    services: Services,
    client: Client,
    lock: SubjectLock,
    account: Account,
    session: Session,
    action: str,
    wants: Wants,
    *,
    until: datetime | None = None,
) -> Standing:
    """The same in a transaction that has written what the action is about; its limit was asked before. ``until``: when the flow expires,
    where that is earlier than usual. Raises ``TooManyTries`` (of messages and user names), ``InvalidInput``, and what the action raises."""
    account_id = account.account_id
    void = False
    if action == Action.ADD_ADDRESS:
        void = await is_void(tx, services, account, wants)
        await check_sends(services, account_id)
    if action in {Action.REMOVE_ADDRESS, Action.SET_MAIN_ADDRESS}:
        own_address(account, action, wants)
    if action == Action.ADD_FACTOR and wants.factor_kind in BY_MESSAGE:
        check_second(services, account, wants)
    if action == Action.CANCEL_RECOVERY or (action == Action.OBJECT and account.disputed_at is None):
        await must_wait(tx, services, account_id, wants.flow_id)
    check_factor(account, action, wants)
    if action == Action.CHANGE_DETAILS and wants.address_key not in {"", account.user_name_key}:
        await check_user_names(services, client, account_id)
    flow = new_flow(
        services, client, action, account_id, account_id, typed=wants.address, typed_key=wants.address_key, wants=wants, void=void
    )
    flow = replace(flow, session_id=session.session_id, expires_at=min(flow.expires_at, until or flow.expires_at))
    lock = await record(tx, services, lock, Event.STARTED, account, client, flow_id=flow.flow_id, action=action)
    situation = await situation_of(tx, services, client, account, flow)
    held = False
    try:
        moved = await advance(tx, services, client, lock, flow, Started(), situation)
    except AddressTaken:
        raise InvalidInput(FieldProblem("user_name", "user_name_taken")) from None
    flow = moved.flow
    if (kind := enrolled_kind(flow)) is not None:
        flow, held = await ask_by_message(tx, services, client, flow, account, kind)
    if action != Action.ADD_ADDRESS:
        flow = replace(flow, typed="")
    await tx.flows.add(flow)
    return standing(services, flow, moved.situation, held=held, opened=moved.opened)
