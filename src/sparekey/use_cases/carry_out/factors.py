"""Factors: added, removed, reported stolen."""

from dataclasses import replace

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.messages import MessageKind
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.new_factor import NewFactor


async def add_factor(change: Change, new: NewFactor) -> None:
    """Put a proven new factor on the account. Raises ``FactorTaken``."""
    change.permit.must_be_for(Action.ADD_FACTOR)
    now = change.services.clock.now()
    account = change.account
    enrolled = replace(account, enrolled=(*account.enrolled, new.factor), version=account.version + 1)
    await change.tx.factors.add(account.account_id, new.factor, new.secret, new.find_key, new.counter)
    await change.tx.accounts.save(account, enrolled, now)
    await tell_all(change, enrolled, MessageKind.FACTOR_ADDED, factor=new.factor.kind.value)
    await record_change(change, Event.FACTOR_ADDED, factor=new.factor.kind.value)
