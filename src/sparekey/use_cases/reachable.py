"""Whether an address still reaches its owner: what was learned of it on the way (mission.md, S6).

No credential changes by it, so it takes no permit, tells nobody and makes no new version of the account. A weak address counts only
beside another thing; ``domain.accounts.is_weak`` says when it is one.
"""

from datetime import datetime

from sparekey.domain.accounts import Account, address_thing
from sparekey.domain.audit import Event
from sparekey.domain.factors import Thing
from sparekey.domain.messages import Message
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services

NOBODY_ASKED = Client(holder="", network="", user_agent="", language="en")
"""For what happens by itself."""


async def confirmed(tx: Transaction, account: Account, thing: Thing, now: datetime) -> Account:
    """The account after a code to one of its addresses came back, in a session of the owner or beside another thing."""
    shown = tuple(replace(a, confirmed_at=now, bounced_at=None) if address_thing(a) == thing else a for a in account.addresses)
    if shown == account.addresses:
        return account
    new = replace(account, addresses=shown)
    await tx.accounts.save(account, new, now)
    return new


async def bounced(services: Services, message: Message) -> None:
    """A provider says that there is no such mailbox or number (any more)."""
    now = services.clock.now()
    async with services.store.transaction() as tx:
        lock = await tx.audit.lock(message.account_id)
        account = await tx.accounts.get(message.account_id)
        gone = next((a for a in account.addresses if a.address_id == message.address_id), None)
        # What was sent before the owner last showed that it arrives says nothing new.
        if gone is None or gone.bounced_at is not None or (gone.confirmed_at or gone.added_at) > message.created_at:
            return
        addresses = tuple(replace(a, bounced_at=now) if a is gone else a for a in account.addresses)
        await tx.accounts.save(account, replace(account, addresses=addresses), now)
        await record(tx, services, lock, Event.ADDRESS_BOUNCED, account, NOBODY_ASKED)
