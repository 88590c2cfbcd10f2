"""The account-access graph: the ways into one account under one policy, from the same judges as ``decide``."""

from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.factors import Factor, Thing, things_behind
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.openings import Opening, openings
from sparekey.domain.values import Struct


class Graph(Struct, frozen=True):
    """``held``: each thing, with the factors that are on it. ``openings``: every smallest way, action by action."""

    held: dict[Thing, tuple[Factor, ...]]
    openings: tuple[Opening, ...]
    ways_in: frozenset[str]
    """The actions by which one gets the account, rather than does something with it."""

    def into_the_account(self) -> tuple[Opening, ...]:
        return tuple(o for o in self.openings if o.action in self.ways_in)


def draw(
    policy: Policy,
    account: Account,
    now: datetime,
    *,
    known_device: bool = False,
    former: tuple[Factor, ...] = (),
    every_action: bool = False,
) -> Graph:
    """The graph of one account at one moment (UTC), seen from an unknown device unless told otherwise.

    Of a frozen account it shows what stands once it is thawed. Only the ways into the account are drawn, unless
    ``every_action`` is asked for.
    """
    situation = Situation(account, (), now, known_device=known_device, former=former)
    held: dict[Thing, tuple[Factor, ...]] = {}
    for factor in situation.factors():
        for thing in things_behind(factor.kind, factor.thing):
            held[thing] = (*held.get(thing, ()), factor)
    ways_in = frozenset(action for action, rules in policy.actions.items() if rules.opens_account)
    drawn = policy.actions if every_action else sorted(ways_in)
    return Graph(held, tuple(o for action in drawn for o in openings(policy, action, situation)), ways_in)
