"""What a support case gives in the end, beside a new password: the contact mailbox becomes the account's main address (mission.md, C6)."""

from sparekey.domain.accounts import Address, AddressKind
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.cases import closed
from sparekey.domain.errors import FlowOver, WrongStep
from sparekey.domain.masks import masked
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.ports import AddressTaken
from sparekey.use_cases.record import record


async def bind_contact(change: Change) -> Change:
    """Bind it, young as it is, and close the case. The other addresses stay, and are told.

    Raises ``FlowOver("taken")`` when another account has it by now, ``WrongStep`` when the case is over.
    """
    change.permit.must_be_for(Action.BIND_AFTER_CASE)
    now, old, wants = change.services.clock.now(), change.account, change.flow.wants
    case = await change.tx.cases.get_for_step(wants.flow_id)
    if case is None or case.is_over:
        raise WrongStep("the case is over")
    others = tuple(replace(a, main=a.main and a.kind is AddressKind.PHONE) for a in old.addresses if a.key != wants.address_key)
    own = next((replace(a, main=True, confirmed_at=now) for a in old.addresses if a.key == wants.address_key), None)
    bound = own or Address(
        address_id=change.services.chance.new_id(now),
        kind=AddressKind.EMAIL,
        value=wants.address,
        key=wants.address_key,
        added_at=now,
        main=True,
        confirmed_at=now,
    )
    new = replace(old, addresses=(*others, bound), version=old.version + 1)
    try:
        await change.tx.accounts.save(old, new, now)
    except AddressTaken:
        raise FlowOver("taken") from None
    await change.tx.cases.save(closed(case, "bound", now))
    told = MessageKind.MAIN_ADDRESS_CHANGED if own else MessageKind.ADDRESS_ADDED
    await tell_all(change, new, told, address=masked(wants.address))
    lock = await record_change(change, Event.MAIN_ADDRESS_CHANGED if own else Event.ADDRESS_ADDED)
    lock = await record(
        change.tx, change.services, lock, Event.CASE_CLOSED, new, change.client, flow_id=case.case_id, subject=case.subject, why="bound"
    )
    return replace(change, account=new, lock=lock)
