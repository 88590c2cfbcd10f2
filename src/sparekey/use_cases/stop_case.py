"""Whoever got the code of a support case did not ask for it: the case ends before anybody looks at it (mission.md, F10)."""

from sparekey.domain.audit import Event
from sparekey.domain.cases import CaseState, closed
from sparekey.use_cases.load_case import load_case_for_time
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services


async def stop_case(tx: Transaction, services: Services, client: Client, case_id: str) -> bool:
    """Answers whether there was anything to stop."""
    seen = await tx.cases.get(case_id)
    if seen is None:
        return False
    at = await load_case_for_time(tx, services, seen)
    if at.case.state is not CaseState.UNCONFIRMED:
        return False
    await tx.cases.save(closed(at.case, "disowned", at.now))
    await record(tx, services, at.lock, Event.CASE_CLOSED, at.account, client, flow_id=case_id, subject=at.case.subject, why="disowned")
    return True
