"""A support case as the person sees it: where it stands, what was said, and when something happens next. Honest times only."""

from collections.abc import Sequence
from datetime import datetime

from sparekey.domain.cases import Case, CaseMessage, CaseState, leaves_at
from sparekey.domain.flow.flow import Flow
from sparekey.domain.limits import RESEND_AFTER
from sparekey.domain.statements import NOTHING_SAID
from sparekey.domain.values import Struct
from sparekey.use_cases.load_case import see_case
from sparekey.use_cases.services import Client, Services


class CaseSeen(Struct, frozen=True):
    """``answer_at``: the earliest moment (UTC) at which a decision can leave; ``None`` where none is to come. ``flow``: what waits after an
    approval. ``can_state``: the statements are still to be given. ``resend_at``: when another code may be asked for."""

    case: Case
    messages: Sequence[CaseMessage]
    flow: Flow | None
    answer_at: datetime | None
    can_state: bool
    resend_at: datetime | None


async def read_case(services: Services, client: Client, number: str, after: int = 0) -> CaseSeen:
    """``after``: only messages after the one with this number. Raises ``FlowOver("unknown")`` for a case that is another's, or nobody's.

    A decision is not to be seen before its hour: until then the case looks as if it were open.
    """
    case = await see_case(services, client, number)
    async with services.store.transaction() as tx:
        messages = await tx.cases.messages(case.case_id, after)
        flow = await tx.flows.get(case.flow_id) if case.flow_id else None
    return CaseSeen(
        case=case,
        messages=messages,
        flow=flow,
        answer_at=_answer_at(case, services.clock.now()),
        can_state=case.state in {CaseState.OPEN, CaseState.ASKED} and case.said == NOTHING_SAID,
        resend_at=max(a.asked_at for a in case.asked) + RESEND_AFTER if case.asked else None,
    )


def shown_state(case: Case) -> CaseState:
    """The state that the person may see."""
    return CaseState.OPEN if case.state is CaseState.DECIDED else case.state


def _answer_at(case: Case, now: datetime) -> datetime | None:
    match case.state:
        case CaseState.OPEN | CaseState.ASKED | CaseState.DECIDED:
            return leaves_at(case, now)
        case _:
            return None
