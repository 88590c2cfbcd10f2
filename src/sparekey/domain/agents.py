"""Agents of support: whose role counts, and whose votes decide a case (mission.md, C6).

Two votes of one kind decide, and only those of two hands. All whom one agent has put in place, directly or through others, are one
hand with him: else he places two more, and is two agents by himself.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.accounts import Account, AccountId
from sparekey.domain.factors import PHISHING_RESISTANT, FactorKind
from sparekey.domain.values import Struct

ROLE: Final = "agent"
"""``Account.role`` of an agent."""

COUNTS_AFTER: Final = timedelta(days=7)
"""A role, and the key that an agent works with, count so long after they came (mission.md, C6)."""

VOTES_NEEDED: Final = 2

LOOK_LASTS: Final = timedelta(hours=1)
"""So long what an agent hears in a case belongs to one look, which is written down once."""


class Agent(Struct, frozen=True):
    """``since``: when (UTC) the role began. ``placed_by``: the agent who gave it; empty for the operator at the machine.

    ``hand``: the agent from whom this one comes, at the end of the chain of who placed whom: whoever the operator placed is his own.
    """

    account_id: AccountId
    since: datetime
    placed_by: str
    hand: str

    def counts(self, now: datetime) -> bool:
        return now - self.since >= COUNTS_AFTER

    @property
    def counts_from(self) -> datetime:
        return self.since + COUNTS_AFTER


def placed(account_id: AccountId, by: Agent | None, now: datetime) -> Agent:
    """A new agent. ``by``: the agent who puts him there; ``None`` for the operator."""
    if by is None:
        return Agent(account_id, now, "", account_id)
    return Agent(account_id, now, by.account_id, by.hand)


def hands(agents: Iterable[Agent], now: datetime) -> frozenset[str]:
    """The independent hands among agents whose role counts."""
    return frozenset(a.hand for a in agents if a.counts(now))


def can_decide(agents: Iterable[Agent], now: datetime) -> bool:
    """Whether there are two who can approve a case together."""
    return len(hands(agents, now)) >= VOTES_NEEDED


def keys_of(account: Account) -> frozenset[str]:
    """The ids of keys with which an agent may work."""
    return frozenset(f.factor_id for f in account.enrolled if f.kind in PHISHING_RESISTANT and not f.stolen)


def key_counts(account: Account, shown: Iterable[tuple[FactorKind, str]], now: datetime) -> bool:
    """Whether one of the factors shown (kind and id) is a key that has been on the account long enough to vote with: who has stolen an
    agent's session and adds a key of his own is found out before it counts."""
    ids = {factor_id for kind, factor_id in shown if kind in PHISHING_RESISTANT}
    old = (f for f in account.enrolled if f.factor_id in ids and not f.stolen and f.kind in PHISHING_RESISTANT)
    return any(f.with_account or now - f.added_at >= COUNTS_AFTER for f in old)


@unique
class Bar(StrEnum):
    """Why an agent's vote on a case is not taken. Stable names; the sentences are in ``messages/reasons.py``."""

    ROLE_YOUNG = "agent_role_young"
    KEY_YOUNG = "agent_key_young"
    OWN_CASE = "agent_own_case"
    COLLIDES = "agent_collides"
    OF_AN_AGENT = "case_of_an_agent"
    SAME_HAND = "agent_same_hand"
    VOTED = "agent_has_voted"
    TOO_FEW = "agents_too_few"
    OVER = "case_is_decided"


@unique
class Choice(StrEnum):
    """What an agent may vote for."""

    APPROVE = "approve"
    REFUSE = "refuse"


class Vote(Struct, frozen=True):
    """``reason``: the name of a reason template."""

    agent_id: AccountId
    choice: Choice
    reason: str
    at: datetime


def standing_votes(votes: Iterable[Vote], agents: Mapping[AccountId, Agent], now: datetime) -> tuple[Vote, ...]:
    """The votes that count now: whose agent still has the role, and has had it for long enough without a break."""
    return tuple(v for v in votes if (a := agents.get(v.agent_id)) is not None and a.counts(now) and a.since <= v.at)


def decided(votes: Iterable[Vote], agents: Mapping[AccountId, Agent], now: datetime) -> Choice | None:
    """What two hands have voted for; ``None`` while no two agree. Where there are no two hands nothing can be approved, and one refuses:
    a case must not stay open for ever."""
    counted = standing_votes(votes, agents, now)
    for choice in Choice:
        agreeing = {agents[v.agent_id].hand for v in counted if v.choice is choice}
        if len(agreeing) >= VOTES_NEEDED or (agreeing and choice is Choice.REFUSE and not can_decide(agents.values(), now)):
            return choice
    return None
