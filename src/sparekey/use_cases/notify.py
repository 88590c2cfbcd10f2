"""Put messages into the outbox, in the transaction of the change they tell of."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sparekey.challenges import message_code
from sparekey.domain.accounts import Account, AccountId, Address, AddressKind
from sparekey.domain.devices import device_name
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow.asked import Asked
from sparekey.domain.flow.flow import Flow
from sparekey.domain.limits import CODE_DIGITS, NOTICE_LINK_LASTS
from sparekey.domain.masks import masked
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.values import Struct
from sparekey.messages.params import BY_TEXT, PARAMS
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import short_token, token_hash

CODE = "flow.code"


class Recipient(Struct, frozen=True):
    """Where a code goes, in whose history it stands, and in which words. ``void``: nowhere, though the same row is written.

    ``main_address``: of the account that the code leads to, for those who do not remember which one it was (R1).
    """

    kind: MessageKind
    account_id: AccountId
    address_id: str
    to: str
    key: str
    language: str
    void: bool
    main_address: str = ""
    channel: AddressKind = AddressKind.EMAIL


async def may_send(services: Services, subject: str) -> bool:
    """Whether another message may go to this recipient now: one in five minutes always, and a few more an hour."""
    if await services.limits.hit("mail.always", subject) == 0:
        return True
    return await services.limits.hit("mail.recipient", subject) == 0


async def send_code(
    tx: Transaction,
    services: Services,
    client: Client,
    flow: Flow,
    recipient: Recipient,
    *,
    lasts: timedelta,
    long: bool = False,
    enrolling: bool = False,
) -> Asked:
    """Send a new code and link, and answer the question as the flow keeps it.

    A message of a kind that tells no code or link (``sign_up_taken`` …) goes the same road: the question stands, and nothing
    answers it.
    """
    now = services.clock.now()
    message_id = services.chance.new_id(now)
    disown = short_token(services.chance)
    await tx.notice_links.add(
        NoticeLink(recipient.account_id, recipient.address_id, recipient.kind, flow.flow_id, now, now + NOTICE_LINK_LASTS),
        token_hash(disown),
    )
    code = _long_code(services) if long else services.chance.digits(CODE_DIGITS)
    link = services.chance.token()
    by_text = recipient.channel is AddressKind.PHONE
    # A text has no link but the short one; what nobody is told, nothing answers.
    tells = frozenset() if recipient.void else PARAMS[recipient.kind] - ({"link"} if by_text else set())
    asked = message_code.ask(
        flow_id=flow.flow_id,
        factor_id=recipient.address_id,
        thing=Thing(ThingKind.NUMBER if by_text else ThingKind.MAILBOX, recipient.key),
        kind=FactorKind.SMS if by_text else FactorKind.EMAIL,
        code=code if "code" in tells else services.chance.token(),
        link=link if "link" in tells else services.chance.token(),
        lasts=lasts,
        now=now,
        hashes=lambda text: services.sealer.keyed_hashes(text.encode(), CODE),
        enrolling=enrolling,
        long=long,
        message_id=message_id,
    )
    known = {
        "code": code,
        "link": f"{flow.flow_id}{link}",
        "minutes": str(int(lasts.total_seconds()) // 60),
        "address": masked(recipient.main_address),
        "disown": disown,
        **where(services, client),
    }
    await tx.outbox.add(
        Message(
            message_id=message_id,
            account_id=recipient.account_id,
            kind=recipient.kind,
            channel=recipient.channel,
            to=recipient.to,
            hint=masked(recipient.to),
            language=recipient.language,
            created_at=now,
            params=_wanted(recipient.kind, **known),
            void=recipient.void,
            worthless_at=now + lasts,
            flow_id=flow.flow_id,
            address_id=recipient.address_id,
        )
    )
    return asked


async def tell(
    tx: Transaction,
    services: Services,
    account: Account,
    addresses: Iterable[Address],
    kind: MessageKind,
    params: dict[str, str],
    now: datetime,
    *,
    flow_id: str = "",
) -> None:
    """One notice to each of some addresses; to phones only what has a short form. Of ``params`` each kind takes what it may say.

    An address that came with a disowned change is told nothing any more.
    A notice of a change carries a link of its own, "this wasn't me" (mission.md, H1). ``flow_id``: of the flow that made the change.
    """
    for address in (a for a in addresses if not a.stolen and (a.kind is AddressKind.EMAIL or kind in BY_TEXT)):
        token = short_token(services.chance)
        if "disown" in PARAMS[kind]:
            link = NoticeLink(account.account_id, address.address_id, kind, flow_id, now, now + NOTICE_LINK_LASTS)
            await tx.notice_links.add(link, token_hash(token))
        await tx.outbox.add(
            Message(
                message_id=services.chance.new_id(now),
                account_id=account.account_id,
                kind=kind,
                channel=address.kind,
                to=address.value,
                hint=masked(address.value),
                language=account.language,
                created_at=now,
                params=_wanted(kind, **params, disown=token),
                flow_id=flow_id,
                address_id=address.address_id,
            )
        )


def where(services: Services, client: Client) -> dict[str, str]:
    """Device and place of a client, in words for its owner."""
    return {"device": device_name(client.user_agent), "place": services.places.place_of(client.network)}


def _wanted(kind: MessageKind, **known: str) -> dict[str, str]:
    return {name: value for name, value in known.items() if name in PARAMS[kind]}


def _long_code(services: Services) -> str:
    return "".join(LETTERS[services.chance.below(len(LETTERS))] for _ in range(LONG_CODE))


LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
"""Consonants and digits that are not mistaken for one another and spell no words (RFC 8628, 6.1)."""

LONG_CODE = 16
"""Characters: 28^16 is 76 bits, above the 64 from which NIST asks for no throttle (3.1.3.2)."""
