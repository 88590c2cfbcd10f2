"""Begin to sign up: a code and a link go to the address, and nothing exists before the address is proven (S1).

A second sign-up with an address that has an account looks the same and mails the owner instead. What someone set before the
owner came is worth nothing without the mailbox, so none of the pre-hijacking tricks works.
"""

from sparekey.domain.accounts import NOBODY_ID, nobody
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.flow.wants import Wants
from sparekey.domain.limits import RESERVED
from sparekey.domain.names import check_name
from sparekey.use_cases.ask_by_message import ask_by_message
from sparekey.use_cases.check_password import check_password
from sparekey.use_cases.human import must_be_human
from sparekey.use_cases.ports import ParsedAddress
from sparekey.use_cases.record import record, subject_of_sign_up
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.start_flow import check_volume, new_flow


async def sign_up(services: Services, client: Client, *, name: str, email: str, password: str) -> Standing:
    """Begin a sign-up. Raises ``InvalidInput`` with everything that is wrong, ``TooManyTries``, ``Busy``."""
    await check_volume(services, "sign_up.network", client)
    name, address, problems = check_details(services, name, email)
    judged = await check_password(services, password, names=(name,), addresses=(email,))
    problems = (*problems, *judged.problems)
    if problems or address is None:
        raise InvalidInput(*problems)

    async with services.store.transaction() as tx:
        await must_be_human(tx, services, client, "sign_up", "sign_up.network")
    password_hash = await services.hasher.hash(password)
    subject = subject_of_sign_up(services, address.key)
    wants = Wants(name=name, password_hash=password_hash, address=address.value, address_key=address.key)
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(subject)
        holder = await tx.accounts.holder_of(address.key, services.clock.now() - RESERVED)
        flow = new_flow(
            services,
            client,
            Action.SIGN_UP,
            NOBODY_ID,
            subject,
            typed=address.value,
            typed_key=address.key,
            wants=wants,
            void=holder is not None,
        )
        stand_in = nobody()
        await record(tx, services, lock, Event.SIGN_UP_STARTED, stand_in, client, flow_id=flow.flow_id)
        flow, held = await ask_by_message(tx, services, client, flow, stand_in)
        await tx.flows.add(flow)
        situation = await situation_of(tx, services, client, stand_in, flow)
    return standing(services, flow, situation, held=held)


def check_details(services: Services, name: str, email: str) -> tuple[str, ParsedAddress | None, tuple[FieldProblem, ...]]:
    """Name and address as somebody typed them to sign up, and all that is wrong with them; no address where that is."""
    address, problems = None, list[FieldProblem]()
    try:
        name = check_name(name)
    except InvalidInput as e:
        problems += e.problems
    try:
        address = services.identifiers.email(email)
    except InvalidInput as e:
        problems += e.problems
    return name, address, tuple(problems)
