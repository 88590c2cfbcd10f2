"""The end of enrolling a factor, whatever its kind.

A factor that was shown to work is put on the account. Only the first second factor waits for one thing more: ten backup codes, of
which one is typed in, so that a lost phone does not lock its owner out (mission.md, F5).
"""

from collections.abc import Sequence

import msgspec

from sparekey.domain.accounts import has_second_factor
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.asked import ENROLLED_WAITS, Enrolling
from sparekey.domain.flow.flow import Flow, check_open
from sparekey.domain.flow.state import State
from sparekey.domain.values import replace
from sparekey.use_cases.advance import over
from sparekey.use_cases.carry_out.backup_codes import keep_codes
from sparekey.use_cases.carry_out.change import Change, permitted
from sparekey.use_cases.carry_out.factors import add_factor
from sparekey.use_cases.enrolling import new_codes
from sparekey.use_cases.load_flow import Loaded
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, situation_of, standing
from sparekey.use_cases.stores_of_factors import BackupCode, FactorTaken

SEALED = "flow.enrolling"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(NewFactor).decode


def must_be_enrolling(services: Services, flow: Flow, kind: FactorKind) -> None:
    """Raises ``WrongStep`` unless the flow is allowed to add a factor of this kind, and ``FlowOver``."""
    check_open(flow, services.clock.now())
    if flow.action != Action.ADD_FACTOR or flow.state is not State.ALLOWED or flow.wants.factor_kind != kind:
        raise WrongStep(f"no {kind} is being added")


async def enrolled(tx: Transaction, services: Services, client: Client, at: Loaded, new: NewFactor) -> Standing:
    """A new factor was shown to work: it is added now, or, where it is the first second factor, once the backup codes are kept.

    ``at``: as loaded for this step. Raises ``InvalidInput`` for one that is enrolled already.
    """
    if needs_codes(at):
        kept = services.sealer.seal(_encode(new), f"{SEALED}.{at.flow.flow_id}")
        until = services.clock.now() + ENROLLED_WAITS
        flow = replace(
            at.flow, ceremony=None, enrolling=Enrolling(new.factor.kind, kept, until, proven=True, codes=new_codes(services, at.flow))
        )
        await tx.flows.save(flow)
        return standing(services, flow, await situation_of(tx, services, client, at.account, flow))
    return await put_on_account(tx, services, client, at, new)


def needs_codes(at: Loaded) -> bool:
    """Whether the account would be left with one second factor and nothing beside it."""
    return not has_second_factor(at.account) and not any(f.kind is FactorKind.BACKUP_CODE for f in at.account.enrolled)


def proven_factor(services: Services, flow: Flow) -> NewFactor:
    """The factor that waits for its backup codes. Raises ``WrongStep`` when there is none, or it waited too long."""
    kept = flow.enrolling
    if kept is None or not kept.proven or services.clock.now() >= kept.until:
        raise WrongStep("no factor waits for backup codes")
    return _decode(services.sealer.open(kept.sealed, f"{SEALED}.{flow.flow_id}"))


async def put_on_account(
    tx: Transaction, services: Services, client: Client, at: Loaded, new: NewFactor, codes: Sequence[BackupCode] = ()
) -> Standing:
    """Add the factor, and the backup codes that it comes with, and finish the flow."""
    change = await permitted(tx, services, client, at.lock, at.flow, at.account)
    try:
        change = await add_factor(change, new)
    except FactorTaken:
        raise InvalidInput(FieldProblem("", "factor_taken")) from None
    return await finished(await keep_codes(change, codes) if codes else change)


async def finished(change: Change) -> Standing:
    """The flow is over; what it kept for enrolling is forgotten."""
    flow = replace(over(change.services, change.flow, change.account), ceremony=None, enrolling=None)
    await change.tx.flows.save(flow)
    situation = await situation_of(change.tx, change.services, change.client, change.account, flow)
    return standing(change.services, flow, situation)
