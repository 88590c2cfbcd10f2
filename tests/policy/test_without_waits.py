"""What the server applies until it can keep a wait: never sooner, never a wait, and the rest unchanged."""

import pytest

from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Then, without_waits
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.policy.verdict import Ask, Delay, Refer
from tests.policy.test_cases import situation

SHOP = load_policy("shop", {})


@pytest.mark.row("R10")
def test_no_route_of_any_action_waits() -> None:
    applied = without_waits(SHOP)
    assert {r.then for rules in applied.actions.values() for r in rules.routes} <= {Then.ALLOW, Then.REFER}
    assert any(r.then is Then.WAIT for rules in SHOP.actions.values() for r in rules.routes)


@pytest.mark.row("R10")
def test_who_would_have_waited_is_referred_and_not_let_in() -> None:
    with_password_only = situation("second_email", "password", "done")
    assert isinstance(decide(SHOP, "recover", with_password_only), Delay)
    assert isinstance(decide(without_waits(SHOP), "recover", with_password_only), Refer | Ask)


@pytest.mark.row("R10")
def test_what_is_allowed_at_once_is_as_before() -> None:
    assert decide(without_waits(SHOP), "recover", situation("", "email", "")) == decide(SHOP, "recover", situation("", "email", ""))
