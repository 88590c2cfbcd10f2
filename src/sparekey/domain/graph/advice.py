"""What the owner should mend first, and the cheapest way to mend it: found by drawing the account with the cure in it."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum, unique

from sparekey.domain.accounts import Account, Address, AddressKind, has_second_factor
from sparekey.domain.factors import THING_OF, Factor, FactorKind, Thing
from sparekey.domain.graph.draw import Graph, draw
from sparekey.domain.graph.lockout import lockouts
from sparekey.domain.graph.takeover import single_points
from sparekey.domain.policy.model import Policy
from sparekey.domain.values import Struct, replace


@unique
class Weakness(StrEnum):
    """Stable names; the sentences are in ``messages``. In the order in which they are told."""

    GIVES_AWAY = "gives_away"  # whoever gets this one thing has everything
    LOCKS_OUT = "locks_out"  # who loses this one thing has nothing left, not even support
    LEAVES_SUPPORT = "leaves_support"  # who loses this one thing is left with a support case


@unique
class Cure(StrEnum):
    """Stable names, cheapest first: minutes and money of the owner."""

    ADD_BACKUP_CODES = "add_backup_codes"
    ADD_SECOND_EMAIL = "add_second_email"
    ADD_AUTHENTICATOR = "add_authenticator"  # with backup codes, as enrolling the first second factor always ends
    ADD_PASSKEY = "add_passkey"  # likewise


class Advice(Struct, frozen=True):
    """``thing``: what the weakness is about. ``cure``: the cheapest that mends it by itself; ``None`` when no single one does."""

    weakness: Weakness
    thing: Thing
    cure: Cure | None


def advise(policy: Policy, account: Account, now: datetime, *, agents: bool) -> tuple[Advice, ...]:
    """What to tell the owner, worst first. ``agents``: whether the site has two agents of support. Times in UTC."""
    found = tuple(_weaknesses(draw(policy, account, now), agents=agents))
    cured = [(cure, frozenset(_weaknesses(draw(policy, with_it, now), agents=agents))) for cure, with_it in _cures(account)]
    return tuple(Advice(w, thing, next((cure for cure, left in cured if (w, thing) not in left), None)) for w, thing in found)


def _weaknesses(graph: Graph, *, agents: bool) -> Iterator[tuple[Weakness, Thing]]:
    yield from ((Weakness.GIVES_AWAY, thing) for thing in single_points(graph))
    singles = [(thing, lock.support) for lock in lockouts(graph, agents=agents) if len(lock.lost) == 1 for thing in lock.lost]
    yield from ((Weakness.LOCKS_OUT, thing) for thing, support in singles if not support)
    yield from ((Weakness.LEAVES_SUPPORT, thing) for thing, support in singles if support)


def _cures(account: Account) -> Iterator[tuple[Cure, Account]]:
    """The account as it will be once the cure has settled. What is new is told apart from what is there by its name."""
    codes = _new(FactorKind.BACKUP_CODE, account)
    beside = account.enrolled if any(f.kind is FactorKind.BACKUP_CODE for f in account.enrolled) else (*account.enrolled, codes)
    if has_second_factor(account):
        yield Cure.ADD_BACKUP_CODES, replace(account, enrolled=(*account.enrolled, codes))
    email = Address("new email", AddressKind.EMAIL, "new email", "new email", account.created_at, main=False, with_account=True)
    yield Cure.ADD_SECOND_EMAIL, replace(account, addresses=(*account.addresses, email))
    yield Cure.ADD_AUTHENTICATOR, replace(account, enrolled=(*beside, _new(FactorKind.TOTP, account)))
    yield Cure.ADD_PASSKEY, replace(account, enrolled=(*beside, _new(FactorKind.PASSKEY, account)))


def _new(kind: FactorKind, account: Account) -> Factor:
    name = f"new {kind}"
    return Factor(name, kind, Thing(THING_OF[kind], name), account.created_at, with_account=True)
