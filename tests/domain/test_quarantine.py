"""The quarantine after a recovery, as the policy files and the domain have it (R11)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from sparekey.domain.factors import FactorKind
from sparekey.domain.policy.model import Policy, Then
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.quarantine import is_ended_by, is_younger, quarantined, restrictions
from sparekey.domain.shop import CONFIRMED, DISOWNED, REFUSED, TOLD
from sparekey.domain.values import replace
from tests.policy.people import NOW, account, show

pytestmark = pytest.mark.row("R11")

SHOP, STRICT = load_policy("shop", {}), load_policy("strict", {})
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("policy", [SHOP, STRICT], ids=lambda p: p.profile)
def test_72_hours_after_two_things_a_week_after_a_wait_two_weeks_after_a_case(policy: Policy) -> None:
    for action in ("recover", "bind_after_case"):
        for route in policy.actions[action].routes:
            by_people = FactorKind.SUPPORT_APPROVAL in route.all_of
            days = 14 if by_people else {Then.ALLOW: 3, Then.WAIT: 7, Then.REFER: 0}[route.then]
            assert (route.name, route.quarantine) == (route.name, timedelta(days=days))


def test_a_route_that_does_not_say_it_has_the_longest() -> None:
    own = 'about = "x"\nask = ["email"]\n[route.short]\nwhy = "x"\nthen = "allow"\nall_of = ["email"]'
    [route] = load_policy("shop", {"recover": own}).actions["recover"].routes
    assert route.quarantine == 14 * DAY


def test_what_the_mission_names_is_withheld_and_nothing_else() -> None:
    recovered = quarantined(account(), 72 * HOUR, NOW)
    found = {r.capability: r for r in restrictions(SHOP, recovered, NOW)}
    ours = {"close_account", "remove_older_things", "new_recovery_methods", "remember_devices"}
    assert set(found) == {"payouts", "new_payout_target", "payments_above_limit"} | ours
    assert {r.capability for r in found.values() if not r.of_shop} == ours
    assert {(r.why, r.until) for r in found.values()} == {("quarantined", NOW + 72 * HOUR)}
    assert restrictions(SHOP, recovered, NOW + 72 * HOUR) == ()
    assert restrictions(SHOP, account(), NOW) == ()


def test_a_frozen_account_pays_nothing_at_all() -> None:
    frozen = replace(quarantined(account(), 72 * HOUR, NOW), frozen_at=NOW)
    found = {r.capability: (r.why, r.until) for r in restrictions(SHOP, frozen, NOW)}
    assert found["payments"] == found["payouts"] == ("frozen", None)


def test_a_second_recovery_never_makes_it_shorter_nor_its_own_things_older() -> None:
    first = quarantined(account(), 14 * DAY, NOW)
    second = quarantined(first, 3 * DAY, NOW + DAY)
    assert (second.recovered_at, second.quarantined_until) == (NOW, NOW + 14 * DAY)
    longer = quarantined(quarantined(account(), 3 * DAY, NOW), 7 * DAY, NOW + DAY)
    assert (longer.recovered_at, longer.quarantined_until) == (NOW, NOW + 8 * DAY)
    later = quarantined(first, 3 * DAY, NOW + 20 * DAY)
    assert (later.recovered_at, later.quarantined_until) == (NOW + 20 * DAY, NOW + 23 * DAY)


@pytest.mark.parametrize(
    ("who", "shown", "ends"),
    [
        ("totp", "password totp", True),
        ("totp backup_code", "password backup_code", True),
        ("email_as_second", "password email", True),
        ("passkey", "passkey", True),
        ("totp", "password", False),
        ("", "password email", False),
        ("second_email totp", "password second_email", False),
        ("young-totp", "password totp", False),
        ("totp", "password enrolling-totp", False),
    ],
)
def test_only_a_settled_second_factor_from_before_the_recovery_ends_it(who: str, shown: str, *, ends: bool) -> None:
    someone = quarantined(account(who), 3 * DAY, NOW)
    later = NOW + HOUR
    assert is_ended_by(someone, show(someone, shown, later), later) is ends
    assert not is_ended_by(replace(someone, quarantined_until=NOW), show(someone, shown, later), later)


def test_a_factor_that_was_added_after_the_recovery_does_not_end_it_however_old_it_grows() -> None:
    someone = quarantined(account("totp"), 400 * DAY, NOW - 500 * DAY)
    assert not is_ended_by(replace(someone, quarantined_until=NOW + DAY), show(someone, "password totp"), NOW)


def test_stolen_things_end_nothing() -> None:
    someone = quarantined(account("totp"), 3 * DAY, NOW)
    stolen = replace(someone, enrolled=tuple(replace(f, stolen=True) for f in someone.enrolled))
    assert not is_ended_by(stolen, show(someone, "password totp"), NOW)


def test_what_came_after_the_recovery_is_younger() -> None:
    someone = quarantined(account(), 3 * DAY, NOW)
    assert is_younger(someone, [NOW + HOUR])
    assert not is_younger(someone, [NOW + HOUR, NOW - HOUR])
    assert not is_younger(someone, [])
    assert not is_younger(account(), [NOW])


def test_the_manual_of_the_shop_says_what_the_files_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "shop.md").read_text()
    order = ("frozen", "disputed", "quarantined")
    shops = [c for c in SHOP.capabilities if not c.actions]
    rows = {f"| `{c.name}` | {', '.join(w for w in order if w in c.withheld_while)} | {c.about} |" for c in shops}
    assert rows == {line for line in page.splitlines() if re.match(r"\| `\w+` \|", line)}
    assert {*TOLD.values(), DISOWNED, CONFIRMED, REFUSED} == set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", page, re.MULTILINE))
