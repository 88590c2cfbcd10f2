"""How could this account be taken? The smallest sets of things that a thief needs."""

from collections.abc import Iterable

from sparekey.domain.factors import Thing
from sparekey.domain.graph.draw import Graph
from sparekey.domain.policy.openings import AGENTS, Opening


def takeovers(graph: Graph) -> tuple[frozenset[Thing], ...]:
    """The smallest sets of things with which a thief gets the account, smallest first.

    A wait lets him in when he holds everyone who hears of it. Support counts as two agents who work together.
    """
    return smallest(o.to_a_thief for o in graph.into_the_account())


def lets_in(graph: Graph, stolen: Iterable[Thing]) -> tuple[Opening, ...]:
    """The ways into the account that are open to whoever holds exactly these things."""
    held = frozenset(stolen)
    return tuple(o for o in graph.into_the_account() if o.to_a_thief <= held)


def single_points(graph: Graph) -> tuple[Thing, ...]:
    """The things of which each alone gives the account away."""
    return tuple(sorted((t for some in takeovers(graph) if len(some) == 1 for t in some if t != AGENTS), key=lambda t: (t.kind, t.name)))


def smallest(sets: Iterable[frozenset[Thing]]) -> tuple[frozenset[Thing], ...]:
    """Those that hold no other among them; by size, then by name, so that the same account gives the same list."""
    kept: list[frozenset[Thing]] = []
    for some in sorted(set(sets), key=in_order):
        if not any(k <= some for k in kept):
            kept.append(some)
    return tuple(kept)


def in_order(things: frozenset[Thing]) -> tuple[int, list[tuple[str, str]]]:
    return (len(things), sorted((t.kind.value, t.name) for t in things))
