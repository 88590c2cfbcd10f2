"""The person of a case answers by mail (mission.md, C3). The address that the answer goes to carries a token of the case.

A mail is believed to be the person's when it came to that address and says that it comes from the contact mailbox. Either can be had by
others; what such a mail can do is say something in the chat, which proves nothing and decides nothing.
"""

import base64
import hmac
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.audit import Event
from sparekey.domain.cases import LONGEST_MESSAGE, OVER, Author, Case, CaseMessage, CaseMove, CaseState, moved, plain_number
from sparekey.domain.errors import InvalidInput
from sparekey.domain.limits import VOLUME_LIMITS
from sparekey.use_cases.load_case import load_case_for_time
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services

PURPOSE: Final = "case.answer"

TOKEN_BYTES: Final = 10
"""80 bits, above the 64 from which NIST asks for no throttle (SP 800-63B-4, 3.1.3.2); 16 characters in an address."""

MESSAGES: Final = VOLUME_LIMITS["case.message"]
"""As on the page; counted in the case itself, for every mail comes to a process of its own."""

BY_MAIL = Client(holder="", network="", user_agent="mail", language="")


@unique
class Outcome(StrEnum):
    KEPT = "kept"
    IGNORED = "ignored"  # of a machine, empty, of somebody else, too many, or of a case that is over
    UNKNOWN = "unknown"  # no case has this address


def answer_address(services: Services, case: Case) -> str:
    """Where an answer to a mail of this case goes; empty where the site takes none."""
    user, at, domain = services.site.answers_to.partition("@")
    number = case.number.replace("-", "").lower()
    return f"{user}+{number}.{_token(services.sealer.keyed_hash(case.case_id.encode(), PURPOSE))}@{domain}" if at else ""


async def answer_by_mail(services: Services, to: str, sender: str, text: str, *, automatic: bool) -> Outcome:
    """Keep an answer. ``to``: the address that it came to. ``sender``: what it says it comes from. ``text``: what was written in it."""
    case = await _case_of(services, to)
    if case is None:
        return Outcome.UNKNOWN
    try:
        is_theirs = services.identifiers.email(sender).key == case.contact_key
    except InvalidInput:
        is_theirs = False
    said = text[:LONGEST_MESSAGE].strip()
    if automatic or not is_theirs or not said:
        return Outcome.IGNORED
    async with services.store.transaction() as tx:
        at = await load_case_for_time(tx, services, case)
        lately = [m for m in await tx.cases.messages(case.case_id) if m.author is Author.PERSON and at.now - m.at < MESSAGES.window]
        if at.case.state in OVER or at.case.state is CaseState.UNCONFIRMED or len(lately) >= MESSAGES.most:
            return Outcome.IGNORED
        await tx.cases.save(moved(at.case, CaseMove.ANSWER, at.now))
        await tx.cases.add_message(CaseMessage(case.case_id, 0, at.now, Author.PERSON, said))
        await record(tx, services, at.lock, Event.CASE_ANSWERED, at.account, BY_MAIL, flow_id=case.case_id, subject=case.subject, by="mail")
    return Outcome.KEPT


async def _case_of(services: Services, to: str) -> Case | None:
    user, _, _ = to.partition("@")
    number, _, token = user.partition("+")[2].partition(".")
    async with services.store.transaction() as tx:
        case = await tx.cases.by_number(plain_number(number))
    hashes = services.sealer.keyed_hashes((case.case_id if case else "").encode(), PURPOSE)
    right = any(hmac.compare_digest(_token(h), token.lower()) for h in hashes if token.isascii())
    return case if right else None


def _token(keyed: bytes) -> str:
    return base64.b32encode(keyed[:TOKEN_BYTES]).decode().lower()
