"""What a provider of texts reports afterwards: kept beside the message, for who waits for it (mission.md, R14)."""

from typing import Final

from sparekey.domain.accounts import BOUNCE_FORGIVEN, AddressKind
from sparekey.domain.errors import BadRequest
from sparekey.domain.messages import RECEIPT_TAKEN_FOR
from sparekey.use_cases.message_refused import message_refused
from sparekey.use_cases.ports_of_delivery import SmsReceipt
from sparekey.use_cases.services import Services

LAST: Final = frozenset({"delivered", "failed"})
"""Nothing that comes after one of these is news."""


async def take_receipt(services: Services, said: SmsReceipt) -> None:
    """``said``: as read from the provider, its signature checked.

    Raises ``BadRequest``: not_found for a message that is not ours, receipt_over for one that comes again, in the wrong order, or too late.
    """
    now = services.clock.now()
    async with services.store.transaction() as tx:
        message = await tx.outbox.by_receipt(said.receipt)
        if message is None or message.channel is not AddressKind.PHONE:
            raise BadRequest("not_found")
        before = await tx.outbox.delivery_of(message.message_id)
        known = before.receipt_state if before else ""
        if known in LAST or known == said.state or now - message.created_at > RECEIPT_TAKEN_FOR:
            raise BadRequest("receipt_over")
        await tx.outbox.receipt(said.receipt, said.state, said.reason, now)
        if said.state == "delivered" and message.address_id:
            await tx.accounts.arrived(message.address_id, now - BOUNCE_FORGIVEN)
    if said.to and said.state in LAST:
        services.operators.note(said.to, arrived=said.state == "delivered", now=now)
    if said.state == "failed":
        await message_refused(services, message, said.reason == "gone")
