"""The time after a recovery in which some things are withheld (mission.md, R11; docs/decisions/0018-quarantine-and-shop.md).

How long it is stands with the route of the recovery (``quarantine_hours``), what is withheld in ``policy/standard/capabilities.toml``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sparekey.domain.accounts import Account, is_settled, second_factors
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.policy.model import Closure, Policy
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace


def quarantined(account: Account, lasts: timedelta, now: datetime) -> Account:
    """The account after a recovery. A second one never shortens the quarantine of the first, and what is older than the first stays
    what is older."""
    if not account.is_quarantined(now) or account.quarantined_until is None:
        return replace(account, recovered_at=now, quarantined_until=now + lasts)
    return replace(account, quarantined_until=max(account.quarantined_until, now + lasts))


def is_ended_by(account: Account, proofs: Iterable[Proof], now: datetime) -> bool:
    """Whether a sign-in with these proofs ends the quarantine: one of them is a settled second factor that was there before the recovery.

    A backup code counts with the set that it is of. What was won while enrolling, or was used up by the recovery itself, does not.
    """
    shown = tuple(proofs)
    return account.is_quarantined(now) and any(_is_shown(f, p) for f in _older(account, now) for p in shown)


def can_be_ended(account: Account, now: datetime) -> bool:
    """Whether there is anything to end the quarantine with."""
    return bool(_older(account, now))


def _older(account: Account, now: datetime) -> tuple[Factor, ...]:
    since = account.recovered_at
    if since is None:
        return ()
    codes = (f for f in account.enrolled if f.kind is FactorKind.BACKUP_CODE)
    return tuple(f for f in (*second_factors(account), *codes) if f.added_at < since and is_settled(f, account.contested_at, now))


def _is_shown(factor: Factor, proof: Proof) -> bool:
    return not proof.enrolling and proof.kind is factor.kind and proof.thing == factor.thing


def is_younger(account: Account, added_at: Iterable[datetime]) -> bool:
    """Whether all that shall be removed came after the recovery. ``added_at``: when each of it was added (UTC)."""
    moments, since = tuple(added_at), account.recovered_at
    return since is not None and bool(moments) and all(at > since for at in moments)


class Restriction(Struct, frozen=True):
    """``capability``: its name in the policy. ``why``: ``frozen``, ``disputed`` or ``quarantined``. ``until``: when it is over by itself
    (UTC); ``None`` where somebody must do something first."""

    capability: str
    why: str
    until: datetime | None
    of_shop: bool


def restrictions(policy: Policy, account: Account, now: datetime) -> tuple[Restriction, ...]:
    """What is withheld now, in the order of the file; of several reasons the one that lasts longest."""
    found = []
    for capability in policy.capabilities:
        why = _why(account, capability.withheld_while, now)
        if why is not None:
            until = account.quarantined_until if why is Closure.QUARANTINED else None
            found.append(Restriction(capability.name, why.value, until, of_shop=not capability.actions))
    return tuple(found)


def _why(account: Account, withheld_while: frozenset[Closure], now: datetime) -> Closure | None:
    if Closure.FROZEN in withheld_while and account.frozen_at is not None:
        return Closure.FROZEN
    if Closure.DISPUTED in withheld_while and account.disputed_at is not None:
        return Closure.DISPUTED
    after_recovery = {Closure.QUARANTINED, Closure.OLDER_IN_QUARANTINE}
    return Closure.QUARANTINED if withheld_while & after_recovery and account.is_quarantined(now) else None
