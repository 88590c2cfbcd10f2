"""Ask a person to prove a mailbox: choose the recipient and the words, mind the limits, send, and keep the question.

The recipient is read from the account, never from the request. A name that nobody has takes the same road: the same rows are
written, and the worker wipes the message unsent. Links that act go only to settled addresses.
"""

from dataclasses import replace
from datetime import timedelta

from sparekey.challenges import email_code
from sparekey.domain.accounts import NOBODY_ID, Account, is_settled
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.limits import CODE_LASTS, LINK_LASTS, RECOVERY_CODE_LASTS, day_of, is_closed, lane
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.notify import Recipient, may_send, send_code
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services

RESERVED = timedelta(days=30)
"""A former address is kept for its former owner so long (S6)."""

LASTS = {Action.RECOVER: RECOVERY_CODE_LASTS, Action.SIGN_UP: RECOVERY_CODE_LASTS, Action.SIGN_IN: LINK_LASTS}
"""Where a code is not a factor it may take longer: a mail can be late."""


async def ask_by_mail(tx: Transaction, services: Services, client: Client, flow: Flow, account: Account) -> tuple[Flow, bool]:
    """The flow with the question open, and whether a limit held the message back.

    A held message changes nothing: those sent before are still good, and the newest link in the mailbox works on any device.
    """
    recipient = await _recipient(tx, services, flow, account)
    # By the name as typed: else "held" would show that a user name and an address are the same person's.
    if not await may_send(services, f"{flow.subject}/{flow.typed_key}"):
        return flow, True
    device = await find_device(tx, client, account.account_id)
    counted_in = lane(FactorKind.EMAIL, device.device_id if device else "", "")
    counter = await tx.guesses.read(flow.subject, counted_in, day_of(services.clock.now()))
    asked = await send_code(
        tx,
        services,
        client,
        flow,
        recipient,
        lasts=LASTS.get(Action(flow.action), CODE_LASTS),
        # One more short code would already be refused, so a long one is sent that needs no throttle.
        long=is_closed(counter.today + 1, counter.in_a_row + 1),
        enrolling=flow.action in {Action.SIGN_UP, Action.ADD_ADDRESS},
    )
    # A link is good as long as its mail says, however old the flow. Otherwise a stranger could send the only mail of five minutes from
    # a flow that is about to end, again and again, and keep the owner out (D2).
    return replace(flow, asked=email_code.among(flow.asked, asked), expires_at=max(flow.expires_at, asked.link_until)), False


async def _recipient(tx: Transaction, services: Services, flow: Flow, account: Account) -> Recipient:
    match flow.action:
        case Action.SIGN_UP:
            return await _new_address(tx, flow, MessageKind.SIGN_UP_CODE, MessageKind.SIGN_UP_TAKEN)
        case Action.ADD_ADDRESS:
            return await _new_address(tx, flow, MessageKind.ADDRESS_CODE, MessageKind.ADDRESS_TAKEN)
        case Action.SIGN_IN:
            return _own_address(services, flow, account, MessageKind.SIGN_IN_LINK)
        case _:
            return _own_address(services, flow, account, MessageKind.RECOVERY_CODE)


async def _new_address(tx: Transaction, flow: Flow, kind: MessageKind, taken: MessageKind) -> Recipient:
    """An address that is not the account's yet; when another has it, its owner is told instead."""
    to, key = flow.wants.address, flow.wants.address_key
    owner = await tx.accounts.find_by_key(key)  # asked in either case: the same work for a taken address and a free one
    if not flow.void:
        return Recipient(kind, flow.account_id, "", to, key, flow.language, void=False)
    return Recipient(taken, owner.account_id, "", to, key, owner.language, void=not owner.exists)


def _own_address(services: Services, flow: Flow, account: Account, kind: MessageKind) -> Recipient:
    key = flow.typed_key
    address = next((a for a in account.emails if a.key == key), account.main_email)
    if not account.exists or address is None:
        return Recipient(kind, NOBODY_ID, "", flow.typed, key, flow.language, void=True, main_address=flow.typed)
    if not is_settled(address, account.contested_at, services.clock.now()):
        kind = MessageKind.RECOVERY_UNSETTLED
    main = account.main_email or address
    return Recipient(
        kind, account.account_id, address.address_id, address.value, address.key, account.language, void=False, main_address=main.value
    )
