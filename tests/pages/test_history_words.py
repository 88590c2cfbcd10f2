"""Everything that the owner reads about the own account has words (I9)."""

import pytest

from sparekey.domain.audit import FOR_OWNER
from sparekey.domain.messages import MessageKind
from sparekey.web.pages.history_words import EVENTS, MESSAGES

pytestmark = pytest.mark.row("I9")


def test_every_event_that_the_owner_sees_has_words() -> None:
    assert EVENTS.keys() == FOR_OWNER


def test_every_kind_of_message_has_words() -> None:
    assert MESSAGES.keys() == set(MessageKind)
