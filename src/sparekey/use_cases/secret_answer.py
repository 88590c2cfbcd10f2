"""The answer to the secret question: set, removed, and compared inside a support case (mission.md, R9)."""

from datetime import datetime

from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, InvalidInput, NotSignedIn
from sparekey.domain.flow.wants import Wants
from sparekey.domain.secret_question import check_answer, check_question, normal_answer
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_flow import check_volume
from sparekey.use_cases.start_guarded import start_guarded


class AnswerChecked(Struct, frozen=True):
    """``set_at``: when (UTC) the account's answer was set; ``None`` where it has none. A statement counts only where that was before the
    first contested sign-in."""

    matches: bool
    set_at: datetime | None


class SecretQuestionSeen(Struct, frozen=True):
    """``question``: a name of ``Question``. ``set_at``: UTC."""

    question: str
    set_at: datetime


async def check_secret_answer(services: Services, account_id: AccountId, typed: str) -> AnswerChecked:
    """Whether what was typed is the answer. Takes as long for an account that does not exist, or has no answer. Raises ``Busy``."""
    async with services.store.transaction() as tx:
        kept = await tx.secret_answers.get(account_id)
    right = await services.hasher.verify(kept.hash if kept else "", normal_answer(typed))
    return AnswerChecked(right and services.site.secret_question, kept.set_at if kept else None)


async def set_secret_answer(services: Services, client: Client, question: str, answer: str) -> Standing:
    """Ask to set question and answer, in place of those before; without a question, to remove them.

    Raises ``NotSignedIn``, ``TooManyTries``, ``Busy``, and ``InvalidInput`` (secret_question_off, and what is wrong with the fields).
    """
    if client.session is None:
        raise NotSignedIn
    if not services.site.secret_question and question:
        raise InvalidInput(FieldProblem("", "secret_question_off"))
    await check_volume(services, "answer.network", client)
    hashed = ""
    if question:
        question = check_question(question).value
        hashed = await services.hasher.hash(check_answer(answer))
    return await start_guarded(services, client, Action.SET_SECRET_ANSWER, Wants(label=question, password_hash=hashed))


async def read_secret_question(services: Services, session: Session) -> SecretQuestionSeen | None:
    async with services.store.transaction() as tx:
        kept = await tx.secret_answers.get(session.account_id)
    return SecretQuestionSeen(kept.question, kept.set_at) if kept else None
