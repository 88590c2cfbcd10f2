"""Two sides claim one account (mission.md, R16): what each has shown is weighed, and more settled things win.

A side is a recovery that waits, or all who object to the recoveries. Both may show more for 72 hours. Then whoever has shown more
settled things wins: a recovery goes on to the end of its own wait, or ends. A tie goes to people. After 14 days it is over, whatever
happened. Why it is like this: docs/decisions/0016-disputes.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum, unique

from sparekey.domain.accounts import Account, AccountId
from sparekey.domain.actions import Action
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.flow.waiting import LOOK_EVERY, Waiting, begin
from sparekey.domain.policy.conditions import counted, rules_of, see, things_of
from sparekey.domain.policy.model import DISPUTE_DECIDED_AFTER, Policy, Route, Situation, Then
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace

OVER_AFTER = timedelta(days=14)
"""Mission.md, R16: nothing is held for longer, decided or not."""

APPROVAL_WEIGHS = 2
"""A case that two agents approved counts as much as two settled things: otherwise the objection of one stolen mailbox would keep out for
ever whoever has nothing left to show."""

TIE_ONCE_IN = timedelta(days=30)
"""So often somebody who shows as much as the recovery, and no more, may cancel (mission.md, R16: a second cancel in 30 days)."""


@unique
class Outcome(StrEnum):
    """How a dispute ended. Names are for ever: they stand in the audit log."""

    RECOVERY = "recovery"  # a recovery has shown more, and goes on
    OBJECTION = "objection"  # whoever objected has shown more: the recoveries ended
    WITHDRAWN = "withdrawn"  # only one side was left
    CASE = "case"  # it was a tie, and people have decided
    LAPSED = "lapsed"  # 14 days were over


SETTLED = Route(name="weighed", why="Only what is settled weighs.", then=Then.REFER, settled=True)
"""What a proof must be to weigh: no route of the policy, but judged by the same words."""

TIED = "tied"
"""Beside the outcomes: it was weighed, and is not over."""


class Dispute(Struct, frozen=True):
    """Times in UTC. ``claims``: the flows of the recoveries. ``shown``: the proofs of all who object. ``waiting``: the 72 hours.
    ``lasted``: credited time since it was opened. ``tied_at``: since when it is with people."""

    dispute_id: str
    account_id: AccountId
    opened_at: datetime
    waiting: Waiting
    claims: tuple[str, ...] = ()
    shown: tuple[Proof, ...] = ()
    lasted: timedelta = timedelta(0)
    tied_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def is_lapsed(self) -> bool:
        return self.lasted >= OVER_AFTER

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for another look."""
        return abs(now - self.waiting.looked_at) >= LOOK_EVERY

    def looked(self, now: datetime) -> "Dispute":
        """After a look at the clock, which is believed as little as in a wait (``flow.waiting``)."""
        after = self.waiting.looked(now)
        return replace(self, waiting=after, lasted=self.lasted + (after.credited - self.waiting.credited))

    def with_claim(self, flow_id: str, now: datetime) -> "Dispute":
        """Another recovery that waits. After a tie both sides have 72 hours again."""
        if self.tied_at is None:
            return replace(self, claims=(*self.claims, flow_id))
        return replace(self, claims=(*self.claims, flow_id), tied_at=None, waiting=begin(DISPUTE_DECIDED_AFTER, now))

    def with_shown(self, proofs: tuple[Proof, ...]) -> "Dispute":
        """Whoever objects has shown more."""
        return replace(self, shown=(*self.shown, *(p for p in proofs if not p.enrolling)))

    def tied(self, now: datetime) -> "Dispute":
        return replace(self, tied_at=now)

    def ended(self, outcome: Outcome, now: datetime) -> "Dispute":
        return replace(self, outcome=outcome, ended_at=now)


def opened(dispute_id: str, account_id: AccountId, now: datetime) -> Dispute:
    return Dispute(dispute_id, account_id, now, begin(DISPUTE_DECIDED_AFTER, now).noticed(now))


def weight(policy: Policy, account: Account, proofs: tuple[Proof, ...], now: datetime, former: tuple[Factor, ...] = ()) -> int:
    """How many settled things were shown, judged as everywhere in the policy: what left the account or was reported stolen since counts
    for nothing, and what is weak only beside another thing. The approval of two agents counts as ``APPROVAL_WEIGHS``.

    ``former``: things that left the account lately and still lead to it (mission.md, R13).
    """
    seen = see(policy, Situation(account, proofs, now, former=former))
    settled = counted(SETTLED, rules_of(policy, Action.RECOVER), seen)
    approved = any(p.kind is FactorKind.SUPPORT_APPROVAL for p in proofs)
    return len(things_of(settled)) + (APPROVAL_WEIGHS if approved else 0)


class RecoveryWins(Struct, frozen=True):
    flow_id: str


class ObjectionWins(Struct, frozen=True):
    pass


class Tie(Struct, frozen=True):
    pass


class Unopposed(Struct, frozen=True):
    """Only one side is left, or none."""


Weighed = RecoveryWins | ObjectionWins | Tie | Unopposed


def weigh(claims: Mapping[str, int], objection: int) -> Weighed:
    """Who has shown more. ``claims``: the weight of each recovery that still stands, by flow. ``objection``: that of all who object."""
    if len(claims) + bool(objection) < 2:
        return Unopposed()
    most = max(claims.values())
    if objection > most:
        return ObjectionWins()
    first = [flow_id for flow_id, weighs in claims.items() if weighs == most]
    return RecoveryWins(first[0]) if len(first) == 1 and most > objection else Tie()
