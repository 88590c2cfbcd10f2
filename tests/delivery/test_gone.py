"""What a provider's answer says of the reader: gone, or only refused (S6); and of an operator (R14)."""

from datetime import UTC, datetime, timedelta

import pytest

from sparekey.adapters.mail.smtp import _no_recipient
from sparekey.adapters.operators import LEAST, PREFIXES, OperatorMemory
from sparekey.use_cases.ports_of_delivery import NoSuchRecipient, Refused, TryLater

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)

SAID = {
    "550 5.1.1 no such user": NoSuchRecipient,
    "550 5.1.2 no such domain": NoSuchRecipient,
    "556 5.1.10 null MX": NoSuchRecipient,
    "550 5.2.1 disabled": NoSuchRecipient,
    "550 no such user here": NoSuchRecipient,
    "551 user not local": NoSuchRecipient,
    "553 mailbox name not allowed": NoSuchRecipient,
    "552 5.2.2 mailbox full": Refused,
    "552 mailbox full": Refused,
    "550 5.7.1 blocked": Refused,
    "550 5.7.26 not signed": Refused,
    "554 no": Refused,
    "450 4.1.1 try later": TryLater,
    "450 busy": TryLater,
}


@pytest.mark.row("S6")
@pytest.mark.parametrize("said", SAID)
def test_which_refusals_say_that_a_mailbox_is_gone(said: str) -> None:
    code, _, text = said.partition(" ")
    assert type(_no_recipient(int(code), text)) is SAID[said]


def test_what_an_operator_does_today_is_a_share_of_enough_texts() -> None:
    memory = OperatorMemory()
    for n in range(LEAST - 1):
        memory.note(f"+3712000{n:04}", arrived=False, now=NOW)
    assert not memory.refuses_many("+37120001234", NOW), "too few to say anything"
    memory.note("+37120009999", arrived=False, now=NOW)
    assert memory.refuses_many("+37120001234", NOW)
    assert not memory.refuses_many("+37121001234", NOW), "another operator"
    assert not memory.refuses_many("+37120001234", NOW + timedelta(days=1))
    for n in range(LEAST + 1):
        memory.note(f"+3712000{n:04}", arrived=True, now=NOW)
    assert not memory.refuses_many("+37120001234", NOW)


def test_the_memory_of_operators_is_bounded() -> None:
    memory = OperatorMemory()
    for n in range(PREFIXES + 50):
        memory.note(f"+{n:06}0000", arrived=False, now=NOW)
    assert len(memory._seen) == PREFIXES
