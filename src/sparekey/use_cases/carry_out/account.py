"""A new account, and its details."""

from sparekey.domain.accounts import Account, AccountId, Address, AddressKind
from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.messages import MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out.change import Change, record_change, tell_all
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.notify import tell
from sparekey.use_cases.ports import SubjectLock
from sparekey.use_cases.record import record


async def create_account(change: Change, name: str, password_hash: str, linked: NewFactor | None = None) -> tuple[Account, SubjectLock]:
    """The account of a finished sign-up, and the head of its new chain. ``linked``: the account elsewhere that it began with; then
    ``password_hash`` may be empty.

    Raises ``AddressTaken`` when the address was verified by another meanwhile, ``FactorTaken`` when the account elsewhere was linked.
    """
    change.permit.must_be_for(Action.SIGN_UP)
    now = change.services.clock.now()
    chance, flow = change.services.chance, change.flow
    address = Address(
        address_id=chance.new_id(now),
        kind=AddressKind.EMAIL,
        value=flow.wants.address,
        key=flow.wants.address_key,
        added_at=now,
        main=True,
        with_account=True,
    )
    account = Account(
        account_id=AccountId(chance.new_id(now)),
        name=name,
        language=flow.language,
        created_at=now,
        password_hash=password_hash,
        password_set_at=now,
        version=1,
        shred_key=chance.token(),
        addresses=(address,),
        enrolled=(linked.factor,) if linked else (),
    )
    await change.tx.accounts.add(account)
    if linked:
        await change.tx.factors.add(account.account_id, linked.factor, linked.secret, linked.find_key)
    await tell(change.tx, change.services, account, account.addresses, MessageKind.WELCOME, {"name": name}, now)
    own = await change.tx.audit.lock(account.account_id)
    own = await record(change.tx, change.services, own, Event.CREATED, account, change.client, flow_id=flow.flow_id)
    return account, own


async def change_details(change: Change) -> None:
    """Set name, language and user name to what the flow wants. Raises ``AddressTaken`` for a user name that another has."""
    change.permit.must_be_for(Action.CHANGE_DETAILS)
    now = change.services.clock.now()
    old, wants = change.account, change.flow.wants
    new = replace(
        old,
        name=wants.name,
        language=wants.language,
        user_name=wants.user_name,
        user_name_key=wants.address_key,
        version=old.version + 1,
    )
    what = [n for n in ("name", "language", "user_name") if getattr(old, n) != getattr(new, n)]
    if not what:
        return
    await change.tx.accounts.save(old, new, now)
    await tell_all(change, new, MessageKind.DETAILS_CHANGED, what=",".join(what))
    await record_change(change, Event.DETAILS_CHANGED, what=",".join(what))
