"""Factors: added, removed, reported stolen."""

from collections.abc import Collection, Sequence

from sparekey.domain.accounts import has_second_factor, has_settled_second_factor, is_settled, second_factors
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import Factor
from sparekey.domain.messages import MessageKind
from sparekey.domain.policy.conditions import STANDS_IN
from sparekey.domain.remembered import without_remembered
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, end_open_flows, record_change, tell_all
from sparekey.use_cases.carry_out.sessions import open_limited_session
from sparekey.use_cases.new_factor import NewFactor


async def add_factor(change: Change, new: NewFactor) -> Change:
    """Put a proven new factor on the account. Raises ``FactorTaken``."""
    change.permit.must_be_for(Action.ADD_FACTOR)
    now = change.services.clock.now()
    account = change.account
    # From the first second factor on, its owner is reminded of it once a year.
    reminded_at = account.reminded_at or now
    enrolled = replace(account, enrolled=(*account.enrolled, new.factor), version=account.version + 1, reminded_at=reminded_at)
    await change.tx.factors.add(account.account_id, new.factor, new.secret, new.find_key, new.counter)
    await change.tx.accounts.save(account, enrolled, now)
    if has_second_factor(enrolled):
        await open_limited_session(change)
    await tell_all(change, enrolled, MessageKind.FACTOR_ADDED, factor=new.factor.kind.value)
    return replace(change, account=enrolled, lock=await record_change(change, Event.FACTOR_ADDED, factor=new.factor.kind.value))


async def remove_factor(change: Change) -> Change:
    """Remove the second factor that the flow names; where it names none, all of them."""
    change.permit.must_be_for(Action.REMOVE_FACTOR)
    wanted = change.flow.wants.factor_id
    going = [f for f in second_factors(change.account) if wanted in {"", f.factor_id}]
    if not going:
        raise WrongStep("the account has no such factor")
    return await take_off(change, going)


async def take_off_at_recovery(change: Change, lost: Collection[str]) -> Change:
    """What ends with a recovery (mission.md, R11 and R12): the second factors that the person said are lost, and all that is not settled.

    A thief who has the password of an account without a second factor enrols his own, so that it raises what signing in asks for.
    It raises nothing here (``settled`` in recover.toml), and after the recovery it is gone.
    """
    if change.permit.action != Action.BIND_AFTER_CASE:
        change.permit.must_be_for(Action.RECOVER)
    now, account = change.services.clock.now(), change.account
    seconds = {f.factor_id for f in second_factors(account)}
    young = {f.factor_id for f in account.enrolled if not is_settled(replace(f, stolen=False), account.contested_at, now)}
    going = [f for f in account.enrolled if f.factor_id in young | (seconds & set(lost))]
    if not going:
        return change
    change = await take_off(change, going)
    if has_second_factor(change.account):
        return change
    # What was lost is replaced as the last step (R11): another one is offered at the sign-in that follows, whenever it was last refused.
    lost_at = now if has_settled_second_factor(account, now) else account.second_lost_at
    anew = replace(change.account, second_offered_at=None, second_lost_at=lost_at)
    await change.tx.accounts.save(change.account, anew, now)
    return replace(change, account=anew)


async def take_off(change: Change, going: Sequence[Factor]) -> Change:
    """Take factors off the account; they can be put back for 30 days. With the last second factor goes what only stands in for one."""
    now, old = change.services.clock.now(), change.account
    gone = {f.factor_id for f in going}
    new = replace(old, enrolled=tuple(f for f in old.enrolled if f.factor_id not in gone), version=old.version + 1)
    if not has_second_factor(new):
        new = replace(new, enrolled=tuple(f for f in new.enrolled if f.kind not in STANDS_IN), preferred="", reminded_at=None)
    if not any(f.kind == new.preferred for f in new.enrolled):
        new = replace(new, preferred="")
    await change.tx.accounts.save(old, new, now)
    await end_open_flows(change, "replaced")
    for factor in going:
        await tell_all(change, new, MessageKind.FACTOR_REMOVED, factor=factor.kind.value)
        change = replace(change, lock=await record_change(change, Event.FACTOR_REMOVED, factor=factor.kind.value))
    return replace(change, account=new)


async def report_stolen(change: Change) -> Change:
    """A factor proves nothing from now on. That a second factor is asked for stays; the way back is through the others (F9)."""
    change.permit.must_be_for(Action.REPORT_STOLEN)
    now, old, wanted = change.services.clock.now(), change.account, change.flow.wants.factor_id
    stolen = next((f for f in old.enrolled if f.factor_id == wanted), None)
    if stolen is None:
        raise WrongStep("the account has no such factor")
    kept = without_remembered(old).enrolled  # the thief may hold the remembered browser as well
    new = replace(
        old,
        enrolled=tuple(replace(f, stolen=True) if f.factor_id == wanted else f for f in kept),
        preferred="" if old.preferred == stolen.kind else old.preferred,
        version=old.version + 1,
    )
    await change.tx.accounts.save(old, new, now)
    await end_open_flows(change, "replaced")
    await tell_all(change, new, MessageKind.FACTOR_STOLEN, factor=stolen.kind.value)
    return replace(change, account=new, lock=await record_change(change, Event.FACTOR_STOLEN, factor=stolen.kind.value))


async def rename_factor(change: Change) -> None:
    """Call a factor what the flow wants. It opens nothing and closes nothing, so nobody is told. Raises ``WrongStep``."""
    change.permit.must_be_for(Action.CHANGE_DETAILS)
    account, wants = change.account, change.flow.wants
    if not any(f.factor_id == wants.factor_id for f in account.enrolled):
        raise WrongStep("the account has no such factor")
    renamed = tuple(replace(f, label=wants.label) if f.factor_id == wants.factor_id else f for f in account.enrolled)
    await change.tx.accounts.save(account, replace(account, enrolled=renamed, version=account.version + 1), change.services.clock.now())
    await record_change(change, Event.FACTOR_RENAMED)


async def prefer_kind(change: Change) -> None:
    """Ask for this kind of second factor first. It opens nothing and closes nothing, so nobody is told."""
    change.permit.must_be_for(Action.CHANGE_DETAILS)
    account, kind = change.account, change.flow.wants.factor_kind
    new = replace(account, preferred=kind, version=account.version + 1)
    await change.tx.accounts.save(account, new, change.services.clock.now())
    await record_change(change, Event.PREFERENCE_CHANGED, factor=kind)
