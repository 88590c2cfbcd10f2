"""What is written to the contact mailbox of a support case: the code that shows it, and where the case stands.

Each of these mails has a link of its own back to the case. None of them stands in the history of the account: a case is as private to a
thief who is inside as it is to everybody else, and one about a name that nobody has writes the same rows.
"""

from datetime import timedelta

from sparekey.challenges import message_code
from sparekey.domain.accounts import NOBODY_ID, AccountId, AddressKind
from sparekey.domain.cases import LINKS_LAST, Case
from sparekey.domain.factors import Thing, ThingKind
from sparekey.domain.limits import CODE_DIGITS, CODE_LASTS, NOTICE_LINK_LASTS
from sparekey.domain.masks import masked
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.values import replace
from sparekey.messages.params import PARAMS
from sparekey.use_cases.notify import CODE
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services
from sparekey.use_cases.stores_of_messages import NoticeLink
from sparekey.use_cases.tokens import short_token, token_hash


async def send_case_code(tx: Transaction, services: Services, case: Case) -> Case:
    """The case with a new code sent to its contact mailbox."""
    now, code = services.clock.now(), services.chance.digits(CODE_DIGITS)
    disown = short_token(services.chance)
    await tx.notice_links.add(_link(case, MessageKind.CASE_CODE, NOTICE_LINK_LASTS, services), token_hash(disown))
    minutes = str(int(CODE_LASTS.total_seconds()) // 60)
    message_id = await _write(tx, services, case, MessageKind.CASE_CODE, {"code": code, "minutes": minutes, "disown": disown})
    asked = message_code.ask(
        flow_id=case.case_id,
        factor_id="",
        thing=Thing(ThingKind.MAILBOX, case.contact_key),
        code=code,
        link=services.chance.token(),  # told to nobody: this mail has no link that confirms
        lasts=CODE_LASTS,
        now=now,
        hashes=lambda text: services.sealer.keyed_hashes(text.encode(), CODE),
        enrolling=True,
        message_id=message_id,
    )
    return replace(case, asked=message_code.among(case.asked, asked))


async def tell_person(tx: Transaction, services: Services, case: Case, kind: MessageKind, **params: str) -> None:
    """One mail to the contact mailbox, with a link to the case. ``kind``: one that ``messages.render`` leads there."""
    token = short_token(services.chance)
    await tx.notice_links.add(_link(case, kind, LINKS_LAST, services), token_hash(token))
    await _write(tx, services, case, kind, {"number": case.number, "link": token, **params})


async def _write(tx: Transaction, services: Services, case: Case, kind: MessageKind, params: dict[str, str]) -> str:
    now = services.clock.now()
    message = Message(
        message_id=services.chance.new_id(now),
        account_id=AccountId(NOBODY_ID),
        kind=kind,
        channel=AddressKind.EMAIL,
        to=case.contact,
        hint=masked(case.contact),
        language=case.language,
        created_at=now,
        params={name: value for name, value in params.items() if name in PARAMS[kind]},
        worthless_at=now + CODE_LASTS if kind is MessageKind.CASE_CODE else None,
        flow_id=case.case_id,
    )
    await tx.outbox.add(message)
    return message.message_id


def _link(case: Case, kind: MessageKind, lasts: timedelta, services: Services) -> NoticeLink:
    now = services.clock.now()
    return NoticeLink(AccountId(NOBODY_ID), "", kind, case.case_id, now, now + lasts)
