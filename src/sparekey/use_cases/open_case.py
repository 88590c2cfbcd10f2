"""Open a support case: from a form, or from the last step of a recovery (mission.md, C2 and R8).

The contact mailbox is shown by a code before anybody looks at the case, for answers go there, and in the end it is bound to the account.
A name that nobody has takes the same road.
"""

from sparekey.challenges import message_code
from sparekey.challenges.message_code import Right, Wrong
from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.cases import UNCONFIRMED_LASTS, Case, CaseKind, CaseMove, CaseState, leaves_at, moved, new_number
from sparekey.domain.errors import FieldProblem, InvalidInput, NotProven, TooManyTries, WrongStep
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.limits import RESEND_AFTER, RESERVED, VOLUME_LIMITS
from sparekey.domain.messages import MessageKind
from sparekey.domain.names import check_identifier
from sparekey.domain.values import replace
from sparekey.use_cases.human import must_be_human
from sparekey.use_cases.load_case import load_case, see_case
from sparekey.use_cases.load_flow import read_flow
from sparekey.use_cases.notify import CODE, may_send
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import chain_of, record, subject_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_volume, neighbourhood
from sparekey.use_cases.tell_of_case import send_case_code, tell_person
from sparekey.use_cases.tokens import token_hash


async def open_case(services: Services, client: Client, kind: CaseKind, typed: str, contact: str, from_flow: str = "") -> Case:
    """A case that nobody looks at until its contact mailbox is shown. ``typed``: the account as the person names it; not looked at with
    ``from_flow``, the recovery or sign-in of this browser that ended here. ``contact``: an e-mail address that the person can read now.

    Raises ``InvalidInput``, ``TooManyTries``, ``HumanNeeded``, and ``FlowOver("unknown")`` for a flow of another browser.
    """
    flow = await _begun_here(services, client, from_flow) if from_flow else None
    mailbox = services.identifiers.email(contact, "contact")
    typed = check_identifier(flow.typed if flow else typed)
    await check_volume(services, "case.network", client)
    key = services.identifiers.key_of(typed)
    async with services.store.transaction() as tx:
        now = services.clock.now()
        account, _ = await tx.accounts.find_by_key_or_former(key, now - RESERVED)
        subject = flow.subject if flow else subject_of(services, account, key)
        lock = await tx.audit.lock(chain_of(subject, now))
        await must_be_human(tx, services, client, "case", "case.network")
        if await services.limits.hit("case.name", _lane(client, key, flow)) or not await may_send(services, mailbox.key):
            raise TooManyTries(VOLUME_LIMITS["case.name"].seconds, VOLUME_LIMITS["case.name"].reason)
        case = Case(
            case_id=services.chance.new_id(now),
            number=await _number(tx, services),
            kind=kind,
            state=CaseState.UNCONFIRMED,
            account_id=flow.account_id if flow else AccountId(account.account_id),
            subject=subject,
            language=client.language,
            typed=typed,
            contact=mailbox.value,
            contact_key=mailbox.key,
            holder=token_hash(client.holder),
            opened_at=now,
            proofs=tuple(p for p in flow.proofs if not p.enrolling) if flow else (),
            from_flow=flow.flow_id if flow else "",
            due_at=now + UNCONFIRMED_LASTS,
        )
        account = await tx.accounts.get(case.account_id)
        await record(tx, services, lock, Event.CASE_BEGUN, account, client, flow_id=case.case_id, subject=subject, kind=kind.value)
        case = await send_case_code(tx, services, case)
        await tx.cases.add(case)
    return case


def _lane(client: Client, key: str, flow: Flow | None) -> str:
    """What cases are counted by: strangers elsewhere do not use up those of the owner (mission.md, D2). Whoever has shown something in a
    recovery has a count of their own."""
    shown = flow is not None and any(not p.enrolling for p in flow.proofs)
    return flow.flow_id if flow is not None and shown else f"{key}/{neighbourhood(client.network)}"


async def send_code_again(services: Services, client: Client, number: str) -> Case:
    """Raises ``TooManyTries`` within 60 seconds of the last one, or when the mailbox got too many; ``WrongStep``, ``FlowOver``."""
    await check_volume(services, "send.network", client)
    seen = await see_case(services, client, number)
    async with services.store.transaction() as tx:
        at = await load_case(tx, services, client, seen)
        if at.case.state is not CaseState.UNCONFIRMED:
            raise WrongStep("the contact mailbox is confirmed")
        again = max(a.asked_at for a in at.case.asked) + RESEND_AFTER
        if at.now < again:
            raise TooManyTries(int((again - at.now).total_seconds()) + 1, "resend_too_soon")
        if not await may_send(services, at.case.contact_key):
            raise TooManyTries(VOLUME_LIMITS["mail.always"].seconds, "too_many_messages")
        case = await send_case_code(tx, services, at.case)
        await tx.cases.save(case)
    return replace(case, version=case.version + 1)


async def confirm_case(services: Services, client: Client, number: str, code: str) -> Case:
    """The case, open from now on. Raises ``NotProven`` for a wrong code, ``InvalidInput`` where the mailbox belongs to another account,
    ``WrongStep``, ``FlowOver``, ``TooManyTries``."""
    await check_volume(services, "answer.network", client)
    seen = await see_case(services, client, number)
    async with services.store.transaction() as tx:
        at = await load_case(tx, services, client, seen)
        if at.case.state is not CaseState.UNCONFIRMED:
            raise WrongStep("the contact mailbox is confirmed")
        match message_code.check(
            at.case.asked,
            flow_id=at.case.case_id,
            code=code,
            now=at.now,
            hashes=lambda text: services.sealer.keyed_hashes(text.encode(), CODE),
            short_allowed=True,
        ):
            case Right():
                return await _opened(tx, services, client, at.case)
            case Wrong(asked):
                await tx.cases.save(replace(at.case, asked=asked))
    raise NotProven


async def _opened(tx: Transaction, services: Services, client: Client, case: Case) -> Case:
    """Its contact mailbox is shown. Only now, to whoever reads it, is told that it belongs to another account."""
    now = services.clock.now()
    holder = await tx.accounts.holder_of(case.contact_key, now - RESERVED)
    if holder is not None and holder != case.account_id:
        raise InvalidInput(FieldProblem("code", "contact_taken"))
    lock = await tx.audit.lock(chain_of(case.subject, now))
    account = await tx.accounts.get(case.account_id)
    await record(tx, services, lock, Event.CASE_OPENED, account, client, flow_id=case.case_id, subject=case.subject, kind=case.kind.value)
    case = replace(moved(case, CaseMove.CONFIRM, now), asked=())
    await tell_person(tx, services, case, MessageKind.CASE_OPENED, until=leaves_at(case, now).isoformat())
    await tx.cases.save(case)
    return replace(case, version=case.version + 1)


async def _begun_here(services: Services, client: Client, flow_id: str) -> Flow:
    """A recovery, or a sign-in to a blocked account, that this browser began with a name. Raises ``WrongStep`` for any other flow."""
    flow = await read_flow(services, client, flow_id)
    if flow.action not in {Action.RECOVER, Action.SIGN_IN} or not flow.typed_key or flow.state is State.DONE:
        raise WrongStep(f"a flow to {flow.action} that is {flow.state} leads to no case")
    return flow


async def _number(tx: Transaction, services: Services) -> str:
    while True:
        number = new_number(services.chance.below)
        if await tx.cases.by_number(number) is None:
            return number
