"""An authenticator app and a page that approves are usually on one phone: whoever holds it unlocked has both, and that is one thing."""

import pytest

from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.policy.verdict import Allow
from tests.policy.people import NOW, account, show

SHOP = load_policy("shop", {})


@pytest.mark.row("R12", "F6")
@pytest.mark.parametrize("known_device", [True, False])
@pytest.mark.parametrize("shown", ["totp phone_approval", "totp phone_approval sms", "totp phone_approval sms email"])
def test_all_that_one_phone_shows_recovers_nothing_at_once(shown: str, known_device: bool) -> None:
    someone = account("totp phone_approval sms phone")
    situation = Situation(account=someone, proofs=show(someone, shown), now=NOW, known_device=known_device)
    assert not isinstance(decide(SHOP, "recover", situation), Allow)


@pytest.mark.row("R12", "F6")
@pytest.mark.parametrize("shown", ["phone_approval password", "phone_approval backup_code", "phone_approval security_key"])
def test_beside_another_thing_the_phone_counts(shown: str) -> None:
    someone = account("totp phone_approval backup_code security_key")
    situation = Situation(account=someone, proofs=show(someone, shown), now=NOW)
    assert isinstance(decide(SHOP, "recover", situation), Allow)
