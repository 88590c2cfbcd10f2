"""What the person says in a support case: statements about the account, messages, and that it is no longer needed (mission.md, C2, C5).

What is typed is kept as plain text and shown as such: markup is not understood, and a link is not one to click.
"""

import re
import unicodedata

from sparekey.domain.audit import Event
from sparekey.domain.cases import LONGEST_MESSAGE, OVER, Author, Case, CaseMessage, CaseMove, CaseState, closed, moved
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.names import has_bad_character
from sparekey.domain.statements import LONGEST_STATEMENT, NOTHING_SAID, Match, Said, older_than
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.load_case import load_case, see_case
from sparekey.use_cases.record import record
from sparekey.use_cases.secret_answer import check_secret_answer
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import check_limit, check_volume

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class Typed(Struct, frozen=True):
    """Statements as they were typed; each may be empty. ``sign_up``: a month, ``2024-05``."""

    sign_up: str = ""
    address: str = ""
    device: str = ""
    place: str = ""
    order: str = ""
    secret: str = ""


async def give_statements(services: Services, client: Client, number: str, typed: Typed) -> Case:
    """Once in a case: whoever could try again would find out which was right. Raises ``InvalidInput``, ``WrongStep``, ``FlowOver``."""
    await check_volume(services, "answer.network", client)
    said = _checked(typed)
    if typed.secret.strip() and not services.site.secret_question:
        raise InvalidInput(FieldProblem("secret", "secret_question_off"))
    seen = await see_case(services, client, number)
    if seen.said != NOTHING_SAID:
        raise WrongStep("the statements are given")
    if typed.secret.strip():
        said = replace(said, secret=await _compared(services, seen, typed.secret))
    async with services.store.transaction() as tx:
        at = await load_case(tx, services, client, seen)
        if at.case.state not in {CaseState.OPEN, CaseState.ASKED} or at.case.said != NOTHING_SAID:
            raise WrongStep("the statements are given, or the case is over")
        case = replace(at.case, said=said)
        await tx.cases.save(case)
        await record(tx, services, at.lock, Event.CASE_STATED, at.account, client, flow_id=case.case_id, subject=case.subject)
    return replace(case, version=case.version + 1)


async def say_in_case(services: Services, client: Client, number: str, typed: str) -> CaseMessage:
    """A message of the person's. Raises ``InvalidInput``, ``TooManyTries``, ``WrongStep`` for a case that is over, ``FlowOver``."""
    text = check_message(typed)
    await check_volume(services, "answer.network", client)
    seen = await see_case(services, client, number)
    await check_limit(services, "case.message", seen.case_id)
    async with services.store.transaction() as tx:
        at = await load_case(tx, services, client, seen)
        await tx.cases.save(moved(at.case, CaseMove.ANSWER, at.now))
        said = await tx.cases.add_message(CaseMessage(at.case.case_id, 0, at.now, Author.PERSON, text))
        await record(tx, services, at.lock, Event.CASE_ANSWERED, at.account, client, flow_id=at.case.case_id, subject=at.case.subject)
    return said


async def withdraw_case(services: Services, client: Client, number: str) -> Case:
    """The person needs it no longer. Raises ``WrongStep`` for one that is over, or whose recovery waits, ``FlowOver``."""
    seen = await see_case(services, client, number)
    async with services.store.transaction() as tx:
        at = await load_case(tx, services, client, seen)
        if at.case.state in OVER or at.case.flow_id:
            raise WrongStep("the case is over")
        case = closed(at.case, "withdrawn", at.now)
        await tx.cases.save(case)
        await record(
            tx, services, at.lock, Event.CASE_CLOSED, at.account, client, flow_id=case.case_id, subject=case.subject, why="withdrawn"
        )
    return replace(case, version=case.version + 1)


def check_message(typed: str, field: str = "message") -> str:
    """The text of a message, in NFC, lines kept. Raises ``InvalidInput``: message_missing, message_too_long, message_bad_character."""
    text = unicodedata.normalize("NFC", typed[: 4 * LONGEST_MESSAGE].replace("\r\n", "\n").replace("\r", "\n").strip())
    if not text:
        raise InvalidInput(FieldProblem(field, "message_missing"))
    if len(text) > LONGEST_MESSAGE:
        raise InvalidInput(FieldProblem(field, "message_too_long", (("max", str(LONGEST_MESSAGE)),)))
    if has_bad_character(text, but="\n\t"):
        raise InvalidInput(FieldProblem(field, "message_bad_character"))
    return text


async def _compared(services: Services, case: Case, typed: str) -> Match:
    """How the answer to the secret question compares; as long for an account that has none, or does not exist. Never kept itself."""
    checked = await check_secret_answer(services, case.account_id, typed[:LONGEST_STATEMENT])
    async with services.store.transaction() as tx:
        account = await tx.accounts.get(case.account_id)
    if checked.set_at is None:
        return Match.UNKNOWN
    old = checked.set_at < older_than(account.contested_at, case.opened_at)
    return Match.MATCH if checked.matches and old else Match.NONE if old else Match.UNKNOWN


def _checked(typed: Typed) -> Said:
    month = typed.sign_up.strip()
    problems = [FieldProblem("sign_up", "month_invalid")] if month and not _MONTH.fullmatch(month) else []
    said = Said(
        sign_up=month,
        address=_line("address", typed.address, problems),
        device=_line("device", typed.device, problems),
        place=_line("place", typed.place, problems),
        order=_line("order", typed.order, problems),
    )
    if problems:
        raise InvalidInput(*problems)
    if said == NOTHING_SAID and not typed.secret.strip():
        raise InvalidInput(FieldProblem("", "statements_missing"))
    return said


def _line(name: str, typed: str, problems: list[FieldProblem]) -> str:
    text = unicodedata.normalize("NFC", typed[: 4 * LONGEST_STATEMENT].strip())
    if len(text) > LONGEST_STATEMENT:
        problems.append(FieldProblem(name, "message_too_long", (("max", str(LONGEST_STATEMENT)),)))
    elif has_bad_character(text):
        problems.append(FieldProblem(name, "message_bad_character"))
    return text
