"""A new set of backup codes. The former set is void in the same moment; it is kept for a while, for whoever undoes this."""

from collections.abc import Sequence

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, end_open_flows, record_change, tell_all
from sparekey.use_cases.stores_of_factors import BackupCode


async def keep_codes(change: Change, codes: Sequence[BackupCode]) -> Change:
    """Put a set on the account, beside the first second factor or in place of the former set."""
    if change.permit.action not in {Action.ADD_FACTOR, Action.RENEW_BACKUP_CODES}:
        raise WrongStep(f"a permit for {change.permit.action} makes no backup codes")
    now, old = change.services.clock.now(), change.account
    set_id = change.services.chance.new_id(now)
    added = Factor(set_id, FactorKind.BACKUP_CODE, Thing(ThingKind.PAPER, set_id), added_at=now)
    former = [f for f in old.enrolled if f.kind is FactorKind.BACKUP_CODE]
    stay = tuple(f for f in old.enrolled if f.kind is not FactorKind.BACKUP_CODE)
    new = replace(old, enrolled=(*stay, added), version=old.version + 1)
    await change.tx.factors.add(old.account_id, added, b"")
    await change.tx.backup_codes.add(old.account_id, set_id, codes)
    await change.tx.accounts.save(old, new, now)
    if former:
        await end_open_flows(change, "replaced")
    await tell_all(change, new, MessageKind.BACKUP_CODES_MADE)
    return replace(change, account=new, lock=await record_change(change, Event.BACKUP_CODES_MADE))
