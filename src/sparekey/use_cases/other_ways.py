"""Why another way to verify is not possible now, for the one who has shown something already (mission.md, F7 and R3)."""

from collections.abc import Collection
from enum import StrEnum, unique

from sparekey.domain.accounts import is_settled
from sparekey.domain.actions import Action
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.decide import order_of_kinds
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.values import Struct


@unique
class WhyNot(StrEnum):
    NONE = "none"  # the account has none
    STOLEN = "stolen"  # reported stolen
    YOUNG = "young"  # only settled things count here
    NO_HELP = "no_help"  # it adds nothing to what was shown


class NotNow(Struct, frozen=True):
    kind: FactorKind
    why: WhyNot


def not_now(
    policy: Policy, flow: Flow, situation: Situation, asked: Collection[FactorKind], choices: Collection[FactorKind]
) -> tuple[NotNow, ...]:
    """Each kind that the action names and that cannot be tried now, with the reason. ``asked``: the kinds that the site asks for at all.

    Nothing before the first proof: then the list is the site's, the same for every name.
    """
    shown = {p.kind for p in flow.proofs if not p.enrolling}
    if not shown and not situation.in_session:
        return ()
    left = (k for k in order_of_kinds(rules_of(policy, flow.action), policy) if k in asked and k not in shown and k not in choices)
    return tuple(NotNow(kind, _why(flow, situation, kind)) for kind in left)


def _why(flow: Flow, situation: Situation, kind: FactorKind) -> WhyNot:
    account = situation.account
    held = [f for f in account.factors() if f.kind is kind]
    good = [f for f in situation.factors() if f.kind is kind]
    if not held:
        return WhyNot.NONE
    if not good:
        return WhyNot.STOLEN
    if flow.action == Action.RECOVER and not any(is_settled(f, account.contested_at, situation.now) for f in good):
        return WhyNot.YOUNG
    return WhyNot.NO_HELP
