"""A question between two screens, as the one that asks may see it."""

from datetime import datetime

from sparekey.domain.prompts import State
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.stores_of_prompts import Prompt


class PromptShown(Struct, frozen=True):
    """``state``: asked, approved or expired. That it was refused, or answered wrongly, only the phone knows. ``until``: UTC."""

    number: str
    state: str
    until: datetime


def prompt_shown(prompt: Prompt | None, now: datetime) -> PromptShown | None:
    if prompt is None:
        return None
    state = "expired" if now >= prompt.expires_at else "approved" if prompt.state is State.APPROVED else "asked"
    return PromptShown(prompt.number, state, prompt.expires_at)


def without_number(shown: PromptShown | None) -> PromptShown | None:
    """For the side that must type it."""
    return replace(shown, number="") if shown else None
