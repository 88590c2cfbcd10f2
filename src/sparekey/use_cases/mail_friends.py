"""Mails to friends of an owner: what they are asked to do, and nothing of the account but the name by which they know its owner.

Only mailboxes are written to. So that many accounts cannot flood one stranger with invitations, a mailbox that was written to often is
written to no more that day, which is not told.
"""

from datetime import datetime

from sparekey.domain.accounts import NOBODY_ID, Account, AddressKind
from sparekey.domain.contacts import AskKind, Contact, ContactAsk, Friend
from sparekey.domain.masks import masked
from sparekey.domain.messages import Message, MessageKind
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services
from sparekey.use_cases.tokens import token_hash

NOWHERE = "nobody@invalid"


async def send_link(
    tx: Transaction,
    services: Services,
    account: Account,
    contact: Contact | None,
    kind: AskKind,
    *,
    flow_id: str,
    until: datetime,
    phrase: str = "",
) -> None:
    """Mail a friend a link. ``contact``: ``None`` writes the same rows for nobody. ``until``: as long as the link works, UTC."""
    now, token = services.clock.now(), services.chance.token()
    ask = ContactAsk(kind, flow_id, account.account_id, contact.contact_id if contact else "", phrase, now, until)
    await tx.contact_asks.add(ask, token_hash(token))
    words = MessageKind.CONTACT_INVITATION if kind is AskKind.INVITATION else MessageKind.CONTACT_ASKED
    params = {"name": contact.owner if contact else "", "link": token}
    await mail_friend(tx, services, account, contact.friend if contact else None, words, params, flow_id=flow_id, worthless_at=until)


async def mail_friend(
    tx: Transaction,
    services: Services,
    account: Account,
    friend: Friend | None,
    kind: MessageKind,
    params: dict[str, str],
    *,
    flow_id: str = "",
    worthless_at: datetime | None = None,
) -> None:
    """One mail. ``friend``: ``None`` writes the same row for nobody. It stands among the messages of the owner."""
    now = services.clock.now()
    held = friend is not None and await services.limits.hit("contacts.friend", friend.key) != 0
    await tx.outbox.add(
        Message(
            message_id=services.chance.new_id(now),
            account_id=NOBODY_ID if friend is None else account.account_id,
            kind=kind,
            channel=AddressKind.EMAIL,
            to=friend.email if friend else NOWHERE,
            hint=masked(friend.email) if friend else NOWHERE,
            language=account.language,
            created_at=now,
            params=params,
            void=friend is None or held,
            worthless_at=worthless_at,
            flow_id=flow_id,
        )
    )
