"""What a policy is made of, as values. The decisions are in ``standard/*.toml``; ``parse`` turns them into these."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum, unique

from sparekey.domain.accounts import Account
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import SessionRules
from sparekey.domain.values import Struct


@unique
class Profile(StrEnum):
    """The two sets of decisions that ship (docs/decisions/0003-shop-deviations.md)."""

    SHOP = "shop"
    STRICT = "strict"


@unique
class Then(StrEnum):
    """What a route leads to."""

    ALLOW = "allow"
    WAIT = "wait"
    REFER = "refer"


@unique
class Closure(StrEnum):
    """Circumstances in which an action may be withheld though all proofs are right."""

    BLOCKED = "blocked"  # by the site (C4)
    FROZEN = "frozen"  # someone pressed "this wasn't me" (mission.md, H1)
    DISPUTED = "disputed"  # two sides claim the account (R16)
    QUARANTINED = "quarantined"  # a recovery is just over (R11)
    OLDER_IN_QUARANTINE = "older_in_quarantine"  # the same, and what is to be removed was there before the recovery


class Route(Struct, frozen=True, kw_only=True):
    """One set of needs that suffices. Each field after ``needs`` is a word of ``conditions.WORDS``, which judges it.

    ``name``: the heading in the file; it stands in verdicts and in the audit log, so it is for ever. ``wait``: only with
    ``Then.WAIT``. ``quarantine``: how long some things are withheld after a recovery by this route (R11).
    ``needs``: the words that stand under the heading; a word that does not stand there asks for nothing.
    """

    name: str
    why: str
    then: Then
    wait: timedelta = timedelta(0)
    quarantine: timedelta = timedelta(0)
    profiles: frozenset[Profile] = frozenset(Profile)
    needs: tuple[str, ...] = ()
    signed_in: bool = False
    fresh_minutes: int = 0
    settled: bool = False
    often_lost_together: str = "count_as_one"
    agent: bool = False
    second_factor: bool | None = None
    settled_second_factor: bool | None = None
    given_up: bool | None = None
    breached_password: str = "anywhere"
    all_of: tuple[FactorKind, ...] = ()
    any_of: tuple[FactorKind, ...] = ()
    second: tuple[FactorKind, ...] = ()
    in_this_flow: tuple[FactorKind, ...] = ()
    enrols: tuple[FactorKind, ...] = ()
    things: int = 0
    as_strong_as: str = ""
    as_strong_as_removed: bool = False
    a_second_factor_if_keys: bool = False
    outweighs_recovery: bool = False
    weighs_anew: bool = False
    nothing_left: bool = False
    contested: bool | None = None
    witness: bool = False
    no_witness: bool = False
    witness_elsewhere: bool = False

    @property
    def kinds(self) -> tuple[FactorKind, ...]:
        """The kinds that the route names itself."""
        return (*self.all_of, *self.any_of, *self.second, *self.in_this_flow)


class ActionPolicy(Struct, frozen=True, kw_only=True):
    """All that a policy says of one action.

    ``ask``: what everybody is offered before the first proof, best first, and what counts where a route counts things.
    ``offered``: false when the profile does not have the action. ``opens_account``: whoever gets through has the account.
    ``or_else``: the action whose page a person is led to when no route is left; empty when there is none.
    ``for_agents``: the only routes that hold for the account of an agent (mission.md, C6); ``None`` where all do.
    """

    action: str
    about: str
    routes: tuple[Route, ...]
    ask: tuple[FactorKind, ...]
    offered: bool = True
    opens_account: bool = False
    closed_while: frozenset[Closure] = frozenset()
    or_else: str = ""
    for_agents: frozenset[str] | None = None


class LostTogether(Struct, frozen=True, kw_only=True):
    """Things that one theft often takes at once, hence one thing when they come from an unknown device.

    ``in_hand``: the theft takes the device itself, so that they are one thing from a known device too.
    """

    name: str
    things: frozenset[ThingKind]
    why: str
    in_hand: bool = False


class Capability(Struct, frozen=True, kw_only=True):
    """What may be withheld for a while. ``actions``: ours, which say themselves while what they are closed; none for what the shop
    guards, which says it here."""

    name: str
    about: str
    withheld_while: frozenset[Closure]
    actions: tuple[str, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """Every decision of one profile. ``witnesses``: the kinds that can be told of a wait. ``capabilities``: in the order of the file."""

    profile: Profile
    actions: Mapping[str, ActionPolicy]
    lost_together: tuple[LostTogether, ...]
    witnesses: tuple[FactorKind, ...]
    sessions: SessionRules
    capabilities: tuple[Capability, ...] = ()


DISPUTE_DECIDED_AFTER = timedelta(hours=72)
"""So long each side of a dispute may show more; then it is weighed (mission.md, R16). A recovery that would open at once waits for that."""


class RunningRecovery(Struct, frozen=True):
    """A recovery that someone wants to cancel: when it began (UTC), and how many settled things it showed."""

    began_at: datetime
    settled_things: int


class Situation(Struct, frozen=True):
    """Who asks, and what is known of the circumstances.

    ``proofs``: gathered in this flow. ``signed_in``: in a session of this account. ``session_proofs``: those of that session; they
    may be none, where another device let it in (mission.md, I4). ``now``: UTC. ``known_device``: the request comes from a browser
    that once signed in fully, in its usual surroundings; a copied cookie is not enough. ``nothing_more``: the person said "I have no
    other way".
    ``former``: things that left the account less than 30 days ago and still lead to it (mission.md, R13).
    ``given_up``: the address to be removed, where its owner says that it is not theirs any more.
    ``target``: the factor that the action would remove. ``recovery``: what a cancel is weighed against. ``weighed``: what was shown in a
    dispute against the recoveries of this account already.
    """

    account: Account
    proofs: tuple[Proof, ...]
    now: datetime
    session_proofs: tuple[Proof, ...] = ()
    signed_in: bool = False
    known_device: bool = False
    breached_password: bool = False
    nothing_more: bool = False
    former: tuple[Factor, ...] = ()
    target: Factor | None = None
    given_up: Thing | None = None
    recovery: RunningRecovery | None = None
    weighed: frozenset[Thing] = frozenset()
    removes_younger: bool = False
    """All that the action removes came onto the account after the recovery that the quarantine comes from."""

    @property
    def disputed(self) -> bool:
        return self.account.disputed_at is not None

    @property
    def quarantined(self) -> bool:
        return self.account.is_quarantined(self.now)

    @property
    def in_session(self) -> bool:
        return self.signed_in or bool(self.session_proofs)

    def factors(self) -> tuple[Factor, ...]:
        """Everything that may prove something here. A thing reported stolen is good for nothing, by whatever factor."""
        held = tuple(f for f in (*self.account.factors(), *self.former) if f.until is None or self.now < f.until)
        stolen = {f.thing for f in held if f.stolen}
        return tuple(f for f in held if f.thing not in stolen)
