"""Ask a person to prove a mailbox or a number: choose the recipient and the words, mind the limits, send, and keep the question.

The recipient is read from the account, never from the request. A name that nobody has takes the same road: the same rows are
written, and the worker wipes the message unsent; so does an account without a number that is asked for a text. Links that act go only
to settled addresses.
"""

from sparekey.challenges import message_code
from sparekey.domain.accounts import NOBODY_ID, Account, Address, AddressKind, address_thing, is_settled, second_factors
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.limits import CODE_LANE, CODE_LASTS, LINK_LASTS, RECOVERY_CODE_LASTS, day_of, is_closed, lane, prefix_of
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.leads_back import Left, with_typed
from sparekey.use_cases.notify import Recipient, may_send, send_code
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import neighbourhood

BY_MESSAGE = {FactorKind.EMAIL: AddressKind.EMAIL, FactorKind.SMS: AddressKind.PHONE}
"""The kinds of proof that are a message, and where it goes."""

SLOW_MAIL = frozenset({Action.RECOVER, Action.SIGN_UP, Action.SIGN_IN})
"""Where a mailed code is not a factor beside others it may take longer: a mail can be late. A text never may (NIST, 3.1.3.2)."""


async def ask_by_message(
    tx: Transaction,
    services: Services,
    client: Client,
    flow: Flow,
    account: Account,
    kind: FactorKind = FactorKind.EMAIL,
    *,
    left: Left | None = None,
) -> tuple[Flow, bool]:
    """The flow with the question open, and whether a limit held the message back. ``kind``: EMAIL or SMS. ``left``: what
    left the account, where it was read.

    A held message changes nothing: those sent before are still good, and the newest link in the mailbox works on any device.
    """
    recipient = await _recipient(tx, services, flow, account, kind, left)
    # By the name as typed: else "held" would show that a user name and an address are the same person's.
    subject = f"{flow.subject}/{flow.typed_key}"
    if kind is FactorKind.EMAIL:
        # A new address by itself: else many accounts that add it could flood a stranger's mailbox.
        if not await may_send(services, flow.typed_key if _adds_address(flow) else subject):
            return flow, True
    elif await _is_text_held(services, client, subject):
        return flow, True
    elif not recipient.void and await _is_number_full(services, recipient.to):
        if _adds_address(flow):
            return flow, True
        # Said of a number that is not theirs, "held" would tell strangers that the account has one: it looks sent.
        recipient = replace(recipient, void=True)
    return await send_to(tx, services, client, flow, account, recipient), False


async def send_to(tx: Transaction, services: Services, client: Client, flow: Flow, account: Account, recipient: Recipient) -> Flow:
    """The flow with a new code sent, whatever the limits say."""
    device = await find_device(tx, client, account.account_id)
    counted_in = lane(CODE_LANE, device.device_id if device else "", "")
    counter = await tx.guesses.read(flow.subject, counted_in, day_of(services.clock.now()))
    first = not any(not p.enrolling for p in flow.proofs)
    slow = recipient.channel is AddressKind.EMAIL and flow.action in SLOW_MAIL and (first or flow.action == Action.RECOVER)
    asked = await send_code(
        tx,
        services,
        client,
        flow,
        recipient,
        lasts=RECOVERY_CODE_LASTS if slow else CODE_LASTS,
        # One more short code would already be refused, so a long one is sent that needs no throttle.
        long=is_closed(counter.today + 1, counter.in_a_row + 1),
        enrolling=is_enrolling(flow),
    )
    # A link is good as long as its mail says, however old the flow. Otherwise a stranger could send the only mail of five minutes from
    # a flow that is about to end, again and again, and keep the owner out (D2).
    lasts_until = max(flow.expires_at, asked.asked_at + LINK_LASTS)
    return replace(flow, asked=message_code.among(flow.asked, asked), expires_at=lasts_until)


def is_enrolling(flow: Flow) -> bool:
    """Whether a message of the flow goes to something that is being put on an account."""
    return flow.action == Action.SIGN_UP or enrolled_kind(flow) is not None


def enrolled_kind(flow: Flow) -> FactorKind | None:
    """The kind of message that proves what an allowed flow adds: a new address, or one that becomes a second factor."""
    if flow.state is not State.ALLOWED or flow.enrolling is not None:
        return None
    if flow.action == Action.ADD_ADDRESS:
        return FactorKind.SMS if flow.wants.address_key.startswith("phone:") else FactorKind.EMAIL
    if flow.action == Action.ADD_FACTOR and flow.wants.factor_kind in BY_MESSAGE:
        return FactorKind(flow.wants.factor_kind)
    return None


def _adds_address(flow: Flow) -> bool:
    return flow.action == Action.ADD_ADDRESS and flow.state is State.ALLOWED


# ---------------------------------------------------------------- budgets of texts: each one costs money


async def _is_text_held(services: Services, client: Client, subject: str) -> bool:
    """Budgets that are the same for every name: they count texts that are never sent, too."""
    limits = (("sms.recipient", subject), ("sms.network", neighbourhood(client.network)), ("sms.site", ""))
    return any([await services.limits.hit(name, of) != 0 for name, of in limits])


async def _is_number_full(services: Services, number: str) -> bool:
    return any([await services.limits.hit(name, of) != 0 for name, of in (("sms.number", number), ("sms.prefix", prefix_of(number)))])


# ---------------------------------------------------------------- who gets it


async def _recipient(tx: Transaction, services: Services, flow: Flow, account: Account, kind: FactorKind, left: Left | None) -> Recipient:
    match flow.action:
        case Action.SIGN_UP:
            return await _new_address(tx, flow, MessageKind.SIGN_UP_CODE, MessageKind.SIGN_UP_TAKEN)
        case Action.ADD_ADDRESS if flow.state is State.ALLOWED and kind is FactorKind.SMS:
            return Recipient(
                MessageKind.PHONE_CODE,
                flow.account_id,
                "",
                flow.wants.address,
                flow.wants.address_key,
                flow.language,
                void=flow.void,
                channel=AddressKind.PHONE,
            )
        case Action.ADD_ADDRESS if flow.state is State.ALLOWED:
            return await _new_address(tx, flow, MessageKind.ADDRESS_CODE, MessageKind.ADDRESS_TAKEN)
        case _:
            return own_address(services, flow, await with_typed(tx, account, flow, services.clock.now(), left), kind)


async def _new_address(tx: Transaction, flow: Flow, kind: MessageKind, taken: MessageKind) -> Recipient:
    """A mailbox that is not the account's yet; when another has it, its owner is told instead."""
    to, key = flow.wants.address, flow.wants.address_key
    owner = await tx.accounts.find_by_key(key)  # asked in either case: the same work for a taken address and a free one
    if not flow.void:
        return Recipient(kind, flow.account_id, "", to, key, flow.language, void=False)
    return Recipient(taken, owner.account_id, "", to, key, owner.language, void=not owner.exists)


def own_address(services: Services, flow: Flow, account: Account, kind: FactorKind) -> Recipient:
    """An address of the account, and in which words it is written to."""
    channel = BY_MESSAGE[kind]
    words = _words(flow, channel)
    address = _chosen(flow, account, channel)
    if not account.exists or address is None:
        return Recipient(
            words, NOBODY_ID, "", flow.typed, flow.typed_key, flow.language, void=True, main_address=flow.typed, channel=channel
        )
    if words is not MessageKind.PROOF_CODE and not is_settled(address, account.contested_at, services.clock.now()):
        words = MessageKind.RECOVERY_UNSETTLED
    # An address that left learns no other one.
    main = address if address.removed_at is not None else account.main_email or address
    return Recipient(
        words,
        account.account_id,
        address.address_id,
        address.value,
        address.key,
        account.language,
        void=flow.void,
        main_address=main.value,
        channel=channel,
    )


def _words(flow: Flow, channel: AddressKind) -> MessageKind:
    match flow.action:
        case Action.RECOVER:
            return MessageKind.RECOVERY_CODE
        case Action.SIGN_IN if not any(not p.enrolling for p in flow.proofs):
            return MessageKind.SIGN_IN_LINK if channel is AddressKind.EMAIL else MessageKind.SIGN_IN_CODE
        case _:
            return MessageKind.PROOF_CODE


def _chosen(flow: Flow, account: Account, channel: AddressKind) -> Address | None:
    """Which address of the account is asked: not one that was shown already, if there is another.

    In recovery, and to begin with, the one that was typed; else what the owner chose as a second factor; else the main one.
    """
    leaving = flow.wants.address if flow.wants.given_up else ""
    own = tuple(a for a in account.addresses if a.kind is channel and not a.stolen and a.address_id != leaving)
    if flow.action == Action.ADD_FACTOR and flow.state is State.ALLOWED:
        return next((a for a in own if a.address_id == flow.wants.address), None)
    shown = {p.thing for p in flow.proofs if not p.enrolling}
    left = tuple(a for a in own if address_thing(a) not in shown) or own
    chosen = {f.thing for f in second_factors(account)}
    typed = tuple(a for a in left if a.key == flow.typed_key)
    second = tuple(a for a in left if address_thing(a) in chosen)
    main = tuple(a for a in left if a.main)
    by_typed = flow.action == Action.RECOVER or not shown
    ordered = (*typed, *second, *main, *left) if by_typed and not _is_guarded(flow) else (*second, *typed, *main, *left)
    return next(iter(ordered), None)


def _is_guarded(flow: Flow) -> bool:
    return flow.action not in {Action.RECOVER, Action.SIGN_IN, Action.SIGN_UP}
