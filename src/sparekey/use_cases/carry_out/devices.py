"""Devices that are remembered, and no longer."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.devices import device_name
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.messages import MessageKind
from sparekey.domain.remembered import REMEMBERED_FOR, with_remembered
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.tokens import token_hash


async def remember_device(change: Change, device_id: str) -> str:
    """Remember the known device of this id for a while; the token that its browser keeps. One for each browser and account."""
    change.permit.must_be_for(Action.REMEMBER_DEVICE)
    now, kind = change.services.clock.now(), FactorKind.REMEMBERED_DEVICE
    token = change.services.chance.token()
    factor = Factor(
        factor_id=change.services.chance.new_id(now),
        kind=kind,
        thing=Thing(ThingKind.BROWSER, device_id),
        added_at=now,
        label=device_name(change.client.user_agent),
        until=now + REMEMBERED_FOR,
    )
    new = replace(with_remembered(change.account, factor, now), version=change.account.version + 1)
    await change.tx.factors.add(new.account_id, factor, b"", token_hash(token))
    await change.tx.accounts.save(change.account, new, now)
    await tell_all(change, new, MessageKind.FACTOR_ADDED, factor=kind.value)
    await record_change(change, Event.DEVICE_REMEMBERED)
    return token
