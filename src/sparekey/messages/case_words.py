"""What agents say in cases, ready to be sent in the person's language, and the reasons for which they decide.

Names are stable: they stand in votes and in the audit log.
"""

import gettext
from collections.abc import Mapping
from typing import Final


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


QUESTIONS: Final[Mapping[str, str]] = {
    "ask_order": N_("Please write the number of your last order, what it was, and about how long ago."),
    "ask_address": N_("Which other e-mail address or phone number did the account have before?"),
    "ask_sign_up": N_("In which month and year did you open the account, about?"),
    "ask_device": N_("On which phones or computers did you sign in before the trouble began?"),
    "ask_place": N_("In which towns were you when you signed in before the trouble began?"),
    "ask_anything": N_("What else do you remember of the account from before the trouble began? It need not be exact."),
    "still_looking": N_("We are still looking into this and will write here. You need not do anything."),
}
"""What can be sent with two keys. None of them says whether there is such an account, or what of the answers was right."""

APPROVE: Final[Mapping[str, str]] = {
    "statements_fit": N_("The statements fit what the account knows"),
    "shown_and_said": N_("Something of the account was shown, and the statements fit"),
    "wrongly_blocked": N_("The account was blocked by mistake"),
}

REFUSE: Final[Mapping[str, str]] = {
    "statements_do_not_fit": N_("The statements do not fit what the account knows"),
    "too_little_said": N_("Too little was said to tell"),
    "looks_like_a_theft": N_("It looks like somebody who wants to get into an account that is not theirs"),
    "rightly_blocked": N_("The account was blocked for a reason that still stands"),
}
"""Reasons are for agents and the audit log: the person gets one text for all of them."""


def question(name: str, words: gettext.NullTranslations) -> str:
    """Raises ``KeyError`` for a name that is none."""
    return words.gettext(QUESTIONS[name])
