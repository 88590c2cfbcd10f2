"""Begin an action of one who is signed in: change the password, details, addresses, sessions.

The session's fresh proofs may be enough; then the action is carried out at once.
"""

from dataclasses import replace

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput, NotSignedIn
from sparekey.domain.flow.events import Started
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.advance import advance
from sparekey.use_cases.ask_by_mail import RESERVED, ask_by_mail
from sparekey.use_cases.ports import AddressTaken
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import new_flow

GUARDED = frozenset(
    {
        Action.CHANGE_PASSWORD,
        Action.CHANGE_DETAILS,
        Action.ADD_ADDRESS,
        Action.REMOVE_ADDRESS,
        Action.SET_MAIN_ADDRESS,
        Action.END_SESSIONS,
    }
)


async def start_guarded(services: Services, client: Client, action: Action, wants: Wants) -> Standing:
    """Raises ``NotSignedIn``, ``InvalidInput``, and what the action raises."""
    if client.session is None:
        raise NotSignedIn
    account_id = client.session.account_id
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(account_id)
        account = await tx.accounts.get(account_id)
        void = False
        if action == Action.ADD_ADDRESS:
            if any(a.key == wants.address_key for a in account.addresses):
                raise InvalidInput(FieldProblem("email", "address_is_yours"))
            holder = await tx.accounts.holder_of(wants.address_key, services.clock.now() - RESERVED)
            void = holder is not None and holder != account_id
        if action in {Action.REMOVE_ADDRESS, Action.SET_MAIN_ADDRESS}:
            chosen = next((a for a in account.addresses if a.address_id == wants.address), None)
            if chosen is None:
                raise InvalidInput(FieldProblem("address", "address_unknown"))
            if chosen.main:
                raise InvalidInput(FieldProblem("address", "address_is_main"))
        flow = new_flow(
            services, client, action, account_id, account_id, typed=wants.address, typed_key=wants.address_key, wants=wants, void=void
        )
        lock = await record(tx, services, lock, Event.STARTED, account, client, flow_id=flow.flow_id, action=action)
        situation = await situation_of(tx, services, client, account, flow)
        held = False
        try:
            moved = await advance(tx, services, client, lock, flow, Started(), situation)
        except AddressTaken:
            raise InvalidInput(FieldProblem("user_name", "user_name_taken")) from None
        flow = moved.flow
        if action == Action.ADD_ADDRESS and flow.state is State.ALLOWED:
            flow, held = await ask_by_mail(tx, services, client, flow, account)
        if action in {Action.REMOVE_ADDRESS, Action.SET_MAIN_ADDRESS}:
            flow = replace(flow, typed="")
        await tx.flows.add(flow)
    return standing(services, flow, moved.situation, held=held, opened=moved.opened)
