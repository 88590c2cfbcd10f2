"""Support cases: what one is, and MOVES, the table of all that can happen to it (mission.md, C2).

A case is one person's claim that people must look at: to an account that nothing opens any more, to one that is blocked, or to one that
two sides want. A case about a name that nobody has is a case like any other. What agents decide leaves at fixed hours, so that neither
the answer nor its hour tells whether there is such an account.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.accounts import NOBODY_ID, AccountId
from sparekey.domain.agents import Choice
from sparekey.domain.errors import WrongStep
from sparekey.domain.flow.asked import Asked
from sparekey.domain.proofs import Proof
from sparekey.domain.statements import NOTHING_SAID, Said
from sparekey.domain.values import Struct, replace

UNCONFIRMED_LASTS: Final = timedelta(hours=1)
"""So long may pass until the code from the contact mailbox is typed; as long as a flow lasts."""

ANSWER_WITHIN: Final = timedelta(days=14)
"""So long a question of an agent waits for the person; then the case closes. Nothing is decided against who says nothing."""

DECIDED_AFTER: Final = timedelta(hours=24)
"""No decision leaves sooner after the case was opened: a name that nobody has is looked through faster than one that somebody has."""

LEAVE_AT: Final = (time(8), time(14), time(20))
"""UTC. Decisions leave at these hours and at no other."""

APPROVED_KEPT: Final = timedelta(days=90)
"""So long an approved case stays open for its wait (14 days, longer when notices do not arrive) and for the new password."""

LINKS_LAST: Final = timedelta(days=60)
"""Of mails to the person. Longer than a case takes from its first mail to the new password: a day, two weeks for answers, two weeks of
waiting."""

LONGEST_MESSAGE: Final = 4000
"""Characters of one message."""

LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Of numbers: consonants, which spell no words."""


@unique
class CaseKind(StrEnum):
    LOST = "lost"  # nothing that opens the account is left
    APPEAL = "appeal"  # the site has blocked the account (mission.md, C4)
    DISPUTE = "dispute"  # two sides want the account, and neither weighs more (R16)


@unique
class CaseState(StrEnum):
    UNCONFIRMED = "unconfirmed"  # the person acts next: types the code from the contact mailbox
    OPEN = "open"  # agents act next
    ASKED = "asked"  # an agent asked something: the person acts next, and agents may still decide
    DECIDED = "decided"  # time acts next: the decision leaves at a fixed hour
    APPROVED = "approved"  # told: the account waits to be given back
    REFUSED = "refused"  # over
    CLOSED = "closed"  # over, without a refusal


@unique
class CaseMove(StrEnum):
    CONFIRM = "confirm"
    ASK = "ask"
    ANSWER = "answer"
    DECIDE = "decide"
    APPROVE = "approve"
    REFUSE = "refuse"
    CLOSE = "close"


MOVES: Final[dict[CaseState, dict[CaseMove, CaseState]]] = {
    CaseState.UNCONFIRMED: {
        CaseMove.CONFIRM: CaseState.OPEN,
        CaseMove.CLOSE: CaseState.CLOSED,
    },
    CaseState.OPEN: {
        CaseMove.ASK: CaseState.ASKED,
        CaseMove.ANSWER: CaseState.OPEN,
        CaseMove.DECIDE: CaseState.DECIDED,
        CaseMove.CLOSE: CaseState.CLOSED,
    },
    CaseState.ASKED: {
        CaseMove.ASK: CaseState.ASKED,
        CaseMove.ANSWER: CaseState.OPEN,
        CaseMove.DECIDE: CaseState.DECIDED,
        CaseMove.CLOSE: CaseState.CLOSED,
    },
    CaseState.DECIDED: {
        CaseMove.ANSWER: CaseState.DECIDED,
        CaseMove.APPROVE: CaseState.APPROVED,
        CaseMove.REFUSE: CaseState.REFUSED,
        CaseMove.CLOSE: CaseState.CLOSED,
    },
    CaseState.APPROVED: {
        CaseMove.ANSWER: CaseState.APPROVED,
        CaseMove.CLOSE: CaseState.CLOSED,
    },
    CaseState.REFUSED: {},
    CaseState.CLOSED: {},
}

OVER: Final = frozenset(state for state, moves in MOVES.items() if not moves)

WITH_AGENTS: Final = (CaseState.OPEN, CaseState.ASKED)
"""What stands in the queue of agents."""


@unique
class Author(StrEnum):
    PERSON = "person"
    AGENT = "agent"


class CaseMessage(Struct, frozen=True):
    """What was said in a case. ``seq``: 1 for the first. ``text``: plain, shown as it was typed. ``agent_id``: of the agent who did."""

    case_id: str
    seq: int
    at: datetime
    author: Author
    text: str
    agent_id: str = ""


class Case(Struct, frozen=True):
    """Times in UTC.

    ``number``: what people call it by, such as ``K7-4921-QX``; it opens nothing. ``account_id``: ``NOBODY_ID`` for a name that nobody
    has. ``subject``: what the audit chain goes by. ``typed``: the account as the person named it. ``contact``: the mailbox that answers
    go to, and that is bound to the account in the end; ``contact_key``: what two spellings of it share. ``holder``: hash of the secret
    of the browser or program that it is shown to.
    """

    case_id: str
    number: str
    kind: CaseKind
    state: CaseState
    account_id: AccountId
    subject: str
    language: str
    typed: str
    contact: str
    contact_key: str
    holder: bytes
    opened_at: datetime
    version: int = 1
    said: Said = NOTHING_SAID
    asked: tuple[Asked, ...] = ()
    """The codes that went to the contact mailbox."""
    proofs: tuple[Proof, ...] = ()
    """What was shown in the recovery that ended here."""
    from_flow: str = ""
    """That recovery."""
    flow_id: str = ""
    """After an approval: the flow that waits, and then binds the contact mailbox and a password."""
    due_at: datetime | None = None
    """When time acts on it; ``None`` while agents do."""
    decision: Choice | None = None
    decided_at: datetime | None = None
    closed_at: datetime | None = None
    ended: str = ""
    """Why it is closed: bound, unblocked, unanswered, unconfirmed, withdrawn or unused."""

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def is_of_somebody(self) -> bool:
        return self.account_id != NOBODY_ID


def moved(case: Case, by: CaseMove, now: datetime) -> Case:
    """The case after one move, with when time acts on it next. Raises ``WrongStep`` for a move that is not in the table."""
    try:
        state = MOVES[case.state][by]
    except KeyError:
        raise WrongStep(f"no move {by} from a case that is {case.state}") from None
    if state is case.state:
        return case
    return replace(case, state=state, due_at=_due(case, state, now), closed_at=now if state in OVER else None)


def decided(case: Case, choice: Choice, now: datetime) -> Case:
    """The case with a decision, which is told later. Raises ``WrongStep`` where there is nothing to decide, and for an approval of a
    name that nobody has."""
    if choice is Choice.APPROVE and not case.is_of_somebody:
        raise WrongStep("there is no such account")
    return replace(moved(case, CaseMove.DECIDE, now), decision=choice, decided_at=now)


def closed(case: Case, why: str, now: datetime) -> Case:
    return replace(moved(case, CaseMove.CLOSE, now), ended=why)


def leaves_at(case: Case, now: datetime) -> datetime:
    """When a decision taken now leaves: the first fixed hour that is not too soon after the case was opened."""
    soonest = max(now, case.opened_at + DECIDED_AFTER)
    days = (soonest.date() + timedelta(days=n) for n in range(2))
    hours = (datetime.combine(day, at, soonest.tzinfo) for day in days for at in LEAVE_AT)
    return next(h for h in hours if h >= soonest)


def new_number(below: Callable[[int], int]) -> str:
    """A number for a new case. ``below``: a whole number from 0 up to but not including its argument, each equally likely."""

    def letter() -> str:
        return LETTERS[below(len(LETTERS))]

    return f"{letter()}{below(10)}-{below(10_000):04}-{letter()}{letter()}"


def plain_number(typed: str) -> str:
    """A number as it is stored, from what somebody typed: case, spaces and dashes do not matter."""
    text = "".join(c for c in typed.upper() if c.isascii() and c.isalnum())
    return f"{text[:2]}-{text[2:6]}-{text[6:]}"


def _due(case: Case, state: CaseState, now: datetime) -> datetime | None:
    match state:
        case CaseState.UNCONFIRMED:
            return now + UNCONFIRMED_LASTS
        case CaseState.ASKED:
            return now + ANSWER_WITHIN
        case CaseState.DECIDED:
            return leaves_at(case, now)
        case CaseState.APPROVED:
            return now + APPROVED_KEPT
        case CaseState.OPEN | CaseState.REFUSED | CaseState.CLOSED:
            return None
