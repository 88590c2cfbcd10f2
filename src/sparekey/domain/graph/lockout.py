"""How could the owner be locked out? The smallest sets of things whose loss leaves no way in."""

from collections.abc import Iterable

from sparekey.domain.factors import Thing
from sparekey.domain.graph.draw import Graph
from sparekey.domain.graph.takeover import in_order, smallest
from sparekey.domain.policy.openings import Opening
from sparekey.domain.values import Struct


class Lockout(Struct, frozen=True):
    """``support``: whether a support case is still a way."""

    lost: frozenset[Thing]
    support: bool


def lockouts(graph: Graph, *, agents: bool) -> tuple[Lockout, ...]:
    """The smallest sets of things whose loss leaves the owner with nothing but support, or with nothing.

    ``agents``: whether the site has the two agents without whom support cannot approve anything. A wait is a way: the owner
    waits, and who hears of it does not matter to him.
    """
    alone = hitting(o.things for o in graph.into_the_account() if not o.by_agents)
    return tuple(Lockout(lost, support=agents and any(o.by_agents for o in ways_left(graph, lost))) for lost in alone)


def ways_left(graph: Graph, lost: Iterable[Thing]) -> tuple[Opening, ...]:
    """The ways in that are left to an owner who lost these things, support included."""
    gone = frozenset(lost)
    return tuple(o for o in graph.into_the_account() if not o.things & gone)


def hitting(sets: Iterable[frozenset[Thing]]) -> tuple[frozenset[Thing], ...]:
    """The smallest sets that share a thing with each of these (Berge's method: one set after the other)."""
    hits: tuple[frozenset[Thing], ...] = (frozenset(),)
    for some in sorted(set(sets), key=in_order):
        hits = smallest(hit | more for hit in hits for more in ([frozenset[Thing]()] if hit & some else [frozenset({t}) for t in some]))
    return hits
