"""``check`` says nothing of the standard policy but the known deviations, and finds each kind of planted hole."""

from collections.abc import Mapping

import pytest

from sparekey.domain.policy.check import Finding, Reason, Severity, check, small_accounts
from sparekey.domain.policy.parse import load_policy, standard_texts

STANDARD = standard_texts()
FEW = [(described, account) for described, account in small_accounts() if described.count("+") < 2 and "young" not in described]
"""Enough for the planted holes."""

DEVIATIONS = {
    ("sign_in", "mailed_link", "email"),
    ("sign_in", "password_and_second_by_message", "email"),
    ("sign_in", "password_and_second_by_message", "sms"),
    ("sign_in", "password_and_second_by_message", "remembered_device"),
    ("approve_sign_in", "fresh_proof", "approve_sign_in"),
    ("sessions", "", "length"),
    ("recover", "settled_mailbox_while_locked", "wait"),
    ("recover", "one_other_thing_and_wait", "wait"),
    ("recover", "two_things_and_wait", "wait"),
    ("recover", "one_strong_thing_and_wait", "wait"),
    ("recover", "one_thing_and_wait", "wait"),
}
"""What ``shop`` relaxes against ``strict``: docs/decisions/0003-shop-deviations.md."""


def findings(profile: str, own: Mapping[str, str]) -> tuple[Finding, ...]:
    return check(load_policy(profile, own), FEW)


@pytest.mark.row("G2")
def test_shop_has_nothing_but_its_known_deviations() -> None:
    found = check(load_policy("shop", {}))
    assert {f.severity for f in found} == {Severity.NOTE}
    assert {(f.action, f.route, dict(f.params)["word"]) for f in found} == DEVIATIONS


@pytest.mark.row("G2")
def test_strict_has_nothing_at_all() -> None:
    assert check(load_policy("strict", {})) == ()


def route(text: str, name: str, *, without: str = "", **words: str) -> str:
    """A policy text with a route more: ``words`` are its lines."""
    lines = "\n".join(f"{word} = {value}" for word, value in words.items())
    return text.replace(without, "") + f'\n[route.{name}]\nwhy = "A hole."\n{lines}\n'


HOLES: dict[str, tuple[Mapping[str, str], Reason, str, str]] = {
    "one mailbox undoes the second factor": (
        {"recover": route(STANDARD["recover"], "hole", then='"allow"', all_of='["email"]')},
        *(Reason.CHEAPER_THAN_SIGN_IN, "recover", "hole"),
    ),
    "a moved number undoes the second factor": (
        {"recover": route(STANDARD["recover"], "hole", then='"allow"', any_of='["sms", "backup_code"]', settled_second_factor="true")},
        *(Reason.SINGLE_POINT, "recover", "hole"),
    ),
    "a wait of which nobody hears": (
        {"recover": route(STANDARD["recover"], "hole", then='"wait"', wait_hours="1", things="1", settled_second_factor="true")},
        *(Reason.SINGLE_POINT, "recover", "hole"),
    ),
    "signing in past the second factor": (
        {"sign_in": route(STANDARD["sign_in"], "hole", then='"allow"', all_of='["password"]')},
        *(Reason.SINGLE_POINT, "sign_in", "hole"),
    ),
    "a security key is recovered by typed codes": (
        {"recover": STANDARD["recover"].replace("a_second_factor_if_keys = true", "")},
        *(Reason.CHEAPER_THAN_SIGN_IN, "recover", "two_things"),
    ),
    "recovery that leads to nobody": (
        {"recover": STANDARD["recover"][: STANDARD["recover"].index("# ---- by people")]},
        *(Reason.DEAD_END, "recover", ""),
    ),
    "support that can approve nothing": (
        {"recover": STANDARD["recover"].replace("[route.support_approved]", '[route.support_approved]\nany_of = ["passkey"]')},
        *(Reason.REFERRAL_LOOP, "recover", "support_case"),
    ),
    "two actions that send to each other": (
        {"recover": 'or_else = "sign_in"\n' + STANDARD["recover"]},
        *(Reason.REFERRAL_LOOP, "sign_in", ""),
    ),
    "a route that nobody can meet": (
        {"undo": route(STANDARD["undo"], "hole", then='"allow"', things="40")},
        *(Reason.NEVER_FITS, "undo", "hole"),
    ),
    "the secret question": (
        {"recover": STANDARD["recover"].replace('any_of = ["security_key",', 'any_of = ["secret_question", "security_key",')},
        *(Reason.BREAKS_STANDARD, "recover", "one_strong_thing_and_wait"),
    ),
}


@pytest.mark.row("G2", "R15", "R9")
@pytest.mark.parametrize(("own", "reason", "action", "route_name"), HOLES.values(), ids=HOLES.keys())
def test_a_planted_hole_is_found(own: Mapping[str, str], reason: Reason, action: str, route_name: str) -> None:
    assert (reason, action, route_name) in {(f.reason, f.action, f.route) for f in findings("shop", own)}


def test_what_shop_relaxes_would_be_an_error_in_strict() -> None:
    relaxed = STANDARD["sign_in"].replace('profiles = ["shop"]', "")
    assert {f.severity for f in findings("strict", {"sign_in": relaxed})} == {Severity.ERROR}
    idle = STANDARD["sessions"].replace("idle_minutes = 60", "idle_minutes = 61")
    assert [(f.severity, f.action) for f in findings("strict", {"sessions": idle})] == [(Severity.ERROR, "sessions")]


def test_there_are_many_small_accounts_and_no_two_alike() -> None:
    accounts = [a for _, a in small_accounts()]
    assert len(accounts) > 500
    assert len({(a.password_hash, a.addresses, a.enrolled) for a in accounts}) == len(accounts)
