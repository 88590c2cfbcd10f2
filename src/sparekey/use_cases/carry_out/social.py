"""Accounts elsewhere: linked and unlinked."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, end_open_flows, record_change, tell_all
from sparekey.use_cases.new_factor import NewFactor


async def link_social(change: Change, provider: str, new: NewFactor) -> None:
    """Put an account elsewhere on this one. ``provider``: as people know it. Raises ``FactorTaken``."""
    change.permit.must_be_for(Action.LINK_SOCIAL)
    account = change.account
    linked = replace(account, enrolled=(*account.enrolled, new.factor), version=account.version + 1)
    await change.tx.factors.add(account.account_id, new.factor, new.secret, new.find_key)
    await change.tx.accounts.save(account, linked, change.services.clock.now())
    await tell_all(change, linked, MessageKind.SOCIAL_LINKED, provider=provider)
    await record_change(change, Event.SOCIAL_LINKED)


async def unlink_social(change: Change) -> None:
    """Take an account elsewhere off this one; what was begun with it ends. Raises ``InvalidInput`` when it is not there any more."""
    change.permit.must_be_for(Action.UNLINK_SOCIAL)
    account = change.account
    leaving = next((f for f in account.enrolled if f.factor_id == change.flow.wants.factor_id and f.kind is FactorKind.SOCIAL), None)
    if leaving is None:
        raise InvalidInput(FieldProblem("", "social_unknown"))
    rest = tuple(f for f in account.enrolled if f.factor_id != leaving.factor_id)
    unlinked = replace(account, enrolled=rest, version=account.version + 1)
    await change.tx.accounts.save(account, unlinked, change.services.clock.now())
    await end_open_flows(change, "replaced")
    await tell_all(change, unlinked, MessageKind.SOCIAL_UNLINKED, provider=leaving.label.partition(":")[0])
    await record_change(change, Event.SOCIAL_UNLINKED)
