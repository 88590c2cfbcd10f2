"""The secret question: off unless a site switches it on, and never a key (mission.md, R9; docs/decisions/0019-recovery-contacts.md).

An answer can be looked up or guessed by whoever knows the person, so it is one weak statement inside a support case, and nothing else.
"""

import re
import unicodedata
from enum import StrEnum, unique
from typing import Final

from sparekey.domain.errors import FieldProblem, InvalidInput

SHORTEST: Final = 3
"""Characters of an answer, without spaces: less is guessed at once."""

LONGEST: Final = 100


@unique
class Question(StrEnum):
    """Names are for ever; the words are in the pages."""

    FIRST_TEACHER = "first_teacher"
    FIRST_PET = "first_pet"
    CHILDHOOD_STREET = "childhood_street"
    FIRST_CONCERT = "first_concert"
    CHILDHOOD_BOOK = "childhood_book"


def check_question(name: str) -> Question:
    """Raises ``InvalidInput``: question_unknown."""
    try:
        return Question(name)
    except ValueError:
        raise InvalidInput(FieldProblem("question", "question_unknown")) from None


def normal_answer(typed: str) -> str:
    """What two ways of typing one answer share: capital letters, spaces and marks do not matter."""
    return "".join(re.findall(r"\w+", unicodedata.normalize("NFKC", typed).casefold()))


def check_answer(typed: str) -> str:
    """The answer as it is hashed. Raises ``InvalidInput``: secret_answer_short, secret_answer_long."""
    answer = normal_answer(typed)
    if len(answer) < SHORTEST:
        raise InvalidInput(FieldProblem("secret_answer", "secret_answer_short", (("least", str(SHORTEST)),)))
    if len(answer) > LONGEST:
        raise InvalidInput(FieldProblem("secret_answer", "secret_answer_long", (("most", str(LONGEST)),)))
    return answer
