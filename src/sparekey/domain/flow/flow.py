"""A flow, and ``step``: the one way in which it moves.

``step`` takes an event, asks the policy where the event changes what is proven, and moves by the table of ``state``.
It changes nothing outside: the use case saves the flow, the account, the notices and the audit event in one transaction.
"""

from datetime import datetime, timedelta
from typing import assert_never

from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import RECOVERIES
from sparekey.domain.errors import FlowOver, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.asked import Asked, Ceremony, Enrolling, Handshake
from sparekey.domain.flow.events import CarriedOut, Disputed, Ended, Event, NothingMore, Postponed, Proven, Started, Tied, TimePassed
from sparekey.domain.flow.state import OPEN, Move, State, move
from sparekey.domain.flow.waiting import Waiting, begin
from sparekey.domain.flow.wants import NOTHING, Wants
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import DISPUTE_DECIDED_AFTER, Policy, Situation, Then
from sparekey.domain.policy.verdict import Allow, Ask, Delay, Deny, Refer, Verdict
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace

ID_LENGTH = 32
"""Characters of a flow's id, with which links and states begin."""

FLOW_LASTS = timedelta(hours=1)
"""Longer than any code or link in it lives, so that an expired code can be replaced without starting again."""

WAIT_KEPT = timedelta(days=30)
"""A flow that waits stays open for twice its wait (an outage stretches it) and so much longer, for the person to come back to it."""


class Flow(Struct, frozen=True):
    """One person's way to one action. Times in UTC.

    ``account_id``: ``NOBODY_ID`` for a name that nobody has. ``subject``: what guess counters and the audit chain go by (the
    account, or a keyed hash of the name). ``holder``: keyed hash of the secret of the browser or program that may drive it.
    ``typed``: the name as the person typed it, shown again; ``typed_key``: what it is looked up by. ``moved``: a mailed link
    brought it to another browser.
    ``void``: it can never be allowed (a sign-up with an address that has an account) and must not show it.
    """

    flow_id: str
    action: str
    account_id: AccountId
    subject: str
    holder: bytes
    state: State
    version: int
    created_at: datetime
    expires_at: datetime
    language: str
    typed: str = ""
    typed_key: str = ""
    wants: Wants = NOTHING
    proofs: tuple[Proof, ...] = ()
    asked: tuple[Asked, ...] = ()
    ceremony: Ceremony | None = None
    enrolling: Enrolling | None = None
    handshake: Handshake | None = None
    prompt_id: str = ""
    """The question to the owner's enrolled phone that is open (mission.md, F6)."""
    backup_code: int | None = None
    """The printed number of the backup code that is reserved for this flow; spent when the action is carried out."""
    friends_asked: bool = False
    """The owner's friends were mailed links for this recovery (mission.md, R7)."""
    route: str = ""
    waiting: Waiting | None = None
    nothing_more: bool = False
    breached: bool = False
    """The password that was proven is in a known breach (mission.md, P4)."""
    short: bool = False
    """The password that was proven is shorter than the site asks for by now (mission.md, P1)."""
    moved: bool = False
    strange: bool = False
    """It was driven from a browser that we do not know, or not in its usual surroundings."""
    void: bool = False
    ended: str = ""
    next_flow: str = ""
    session_id: str = ""
    """The session in which it goes on: what only one who is signed in may do ends with it. Empty for one begun by a name."""

    @property
    def waits_until(self) -> datetime | None:
        """The earliest moment at which the wait may be over, as it looked when the clock was last looked at."""
        return self.waiting.until(self.waiting.looked_at) if self.waiting else None

    def is_open(self, now: datetime) -> bool:
        return self.state in OPEN and now < self.expires_at


def check_open(flow: Flow, now: datetime) -> None:
    """Raises ``FlowOver`` with the reason: done, replaced, disowned, taken, referred, denied or expired."""
    if flow.state is State.ENDED:
        raise FlowOver(flow.ended)
    if flow.state not in OPEN:
        raise FlowOver(flow.state.value)
    if now >= flow.expires_at:
        raise FlowOver("expired")


def only_signed_in(flow: Flow, policy: Policy) -> bool:
    """Whether only who is signed in may go on with it: the route by which it was allowed says so, or, before that, every one. It is a
    matter of the route and not of the action: the same may be begun by a name. What a site asks for is confirmed in a session alone."""
    if flow.wants.confirmation_id:
        return True
    routes = rules_of(policy, flow.action).routes
    return all(r.signed_in for r in [r for r in routes if r.name == flow.route] or routes)


def step(flow: Flow, event: Event, *, policy: Policy, situation: Situation) -> Flow:
    """The flow after one event. ``situation`` is the account and its circumstances; its proofs are replaced by the flow's.

    Raises ``FlowOver`` when the flow is over or expired, ``WrongStep`` when the event is not in the table.
    """
    check_open(flow, situation.now)
    if flow.state is State.WAITING and isinstance(event, Started | Proven | NothingMore) and not _waits_by_policy(flow, policy):
        raise WrongStep("only time ends this wait")
    match event:
        case Started():
            return _judged(flow, policy, situation)
        case Proven(proof):
            return _judged(replace(flow, proofs=(*flow.proofs, proof), ceremony=None), policy, situation)
        case NothingMore():
            return _judged(replace(flow, nothing_more=True), policy, situation)
        case Postponed(wait):
            waiting = begin(wait, situation.now)
            return replace(flow, state=move(flow.state, Move.DELAY), waiting=waiting, expires_at=_kept(wait, situation.now))
        case TimePassed():
            if flow.waiting is None or not flow.waiting.is_over:
                raise WrongStep("the wait is not over")
            expires_at = max(flow.expires_at, situation.now + WAIT_KEPT)
            return replace(flow, state=move(flow.state, Move.RIPEN), expires_at=expires_at)
        case Disputed():
            return _disputed(flow, situation.now)
        case Tied():
            return replace(flow, state=move(flow.state, Move.REFER), ended="tied", asked=())
        case CarriedOut():
            return replace(flow, state=move(flow.state, Move.CARRY_OUT), asked=())
        case Ended(reason):
            return replace(flow, state=move(flow.state, Move.END), ended=reason, asked=())
        case _:
            assert_never(event)


def judge(flow: Flow, policy: Policy, situation: Situation) -> Verdict:
    """What the policy says of the flow as it stands. While it waits, more may be shown again: that can make the wait shorter."""
    nothing_more = flow.nothing_more and flow.state is not State.WAITING
    return decide(policy, flow.action, replace(situation, proofs=flow.proofs, nothing_more=nothing_more))


def what_stands(flow: Flow, policy: Policy, situation: Situation) -> Verdict:
    """What the policy says if nothing more is shown. A password that was replaced since it was shown is worth nothing."""
    changed_at = situation.account.password_set_at
    good = tuple(p for p in flow.proofs if p.kind is not FactorKind.PASSWORD or p.at >= changed_at)
    return decide(policy, flow.action, replace(situation, proofs=good, nothing_more=True))


def still_stands(flow: Flow, policy: Policy, situation: Situation) -> bool:
    """Whether a wait that is over may open what it waited for: what was shown leads there still, and not to a longer wait."""
    match what_stands(flow, policy, situation):
        case Allow():
            return True
        case Delay(_, wait):
            return flow.waiting is not None and wait <= flow.waiting.length
        case _:
            return False


def _judged(flow: Flow, policy: Policy, situation: Situation) -> Flow:
    if flow.state is State.ALLOWED:
        return replace(flow, state=move(flow.state, Move.ALLOW))
    verdict = what_stands(flow, policy, situation) if flow.state is State.WAITING else judge(flow, policy, situation)
    match verdict:
        case Ask():
            return replace(flow, state=move(flow.state, Move.ASK))
        case Allow(route):
            return replace(flow, state=move(flow.state, Move.ALLOW), route=route, waiting=None)
        case Delay(route, wait):
            waiting = begin(wait, situation.now) if flow.waiting is None else flow.waiting.at_most(wait)
            expires_at = max(flow.expires_at, _kept(wait, situation.now))
            return replace(flow, state=move(flow.state, Move.DELAY), route=route, waiting=waiting, expires_at=expires_at)
        case Refer(route):
            return replace(flow, state=move(flow.state, Move.REFER), route=route)
        case Deny(reason):
            return replace(flow, state=move(flow.state, Move.DENY), ended=reason)
        case _:
            assert_never(verdict)


def _disputed(flow: Flow, now: datetime) -> Flow:
    """Waits, even if its wait was over already, or if it would have opened at once. Its own wait goes on meanwhile."""
    waiting = (flow.waiting or begin(DISPUTE_DECIDED_AFTER, now)).objected(now)
    return replace(flow, state=move(flow.state, Move.DELAY), waiting=waiting, expires_at=max(flow.expires_at, _kept(waiting.length, now)))


def _waits_by_policy(flow: Flow, policy: Policy) -> bool:
    """Whether a route of the policy waits, so that more proofs may shorten it, or a dispute holds it back; otherwise somebody else is
    told first (``Postponed``)."""
    rules = policy.actions.get(flow.action)
    return flow.action in RECOVERIES or (rules is not None and any(r.name == flow.route and r.then is Then.WAIT for r in rules.routes))


def _kept(wait: timedelta, now: datetime) -> datetime:
    return now + 2 * wait + WAIT_KEPT
