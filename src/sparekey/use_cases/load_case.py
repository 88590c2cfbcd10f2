"""Load a support case for whoever may see it: the browser or program that opened it, or to which a mailed link brought it."""

from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.cases import Case, plain_number
from sparekey.domain.errors import FlowOver
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import SubjectLock, Transaction
from sparekey.use_cases.record import chain_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tokens import is_same


class LoadedCase(Struct, frozen=True):
    """``case`` and the head of its subject's chain are locked until the transaction ends."""

    case: Case
    account: Account
    lock: SubjectLock
    now: datetime


async def see_case(services: Services, client: Client, number: str) -> Case:
    """The case as it stands, unlocked. Raises ``FlowOver("unknown")`` for one that does not exist or is another's."""
    async with services.store.transaction() as tx:
        case = await tx.cases.by_number(plain_number(number))
    if case is None or not is_same(client.holder, case.holder):
        raise FlowOver("unknown")
    return case


async def load_case(tx: Transaction, services: Services, client: Client, seen: Case) -> LoadedCase:
    """The case for a step of the person's. Raises ``FlowOver("unknown")`` when a link took it to another browser meanwhile."""
    found = await load_case_for_time(tx, services, seen)
    if not is_same(client.holder, found.case.holder):
        raise FlowOver("unknown")
    return found


async def load_case_for_time(tx: Transaction, services: Services, seen: Case) -> LoadedCase:
    """The case for a step that is nobody's, or an agent's. The subject is locked first, as in every use case."""
    now = services.clock.now()
    lock = await tx.audit.lock(chain_of(seen.subject, now))
    case = await tx.cases.get_for_step(seen.case_id)
    if case is None:
        raise FlowOver("unknown")
    return LoadedCase(case, await tx.accounts.get(case.account_id), lock, now)
