"""Recovery contacts in the policy: all friends are one thing, and alone they open nothing at once (R7). The secret question (R9)."""

from datetime import timedelta

import pytest

from sparekey.domain.errors import BadSettings
from sparekey.domain.factors import FactorKind, ThingKind
from sparekey.domain.policy.check import Reason, check, small_accounts
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.openings import Opening, openings
from sparekey.domain.policy.parse import load_policy, standard_texts
from tests.policy.people import NOW, account

SHOP, STRICT = load_policy("shop", {}), load_policy("strict", {})

ACCOUNTS = [(words, someone) for words, someone in small_accounts() if "contacts" in words and "young" not in words]


def by_friends_alone(policy: Policy) -> list[tuple[str, Opening]]:
    found = []
    for words, someone in ACCOUNTS:
        when = max(f.added_at for f in someone.factors()) + timedelta(days=365)
        ways = openings(policy, "recover", Situation(someone, (), when), agents=False)
        found += [(words, o) for o in ways if o.kinds == {FactorKind.CONTACTS}]
    return found


@pytest.mark.row("R7")
def test_friends_alone_open_no_account_at_once_and_none_of_which_nobody_else_hears() -> None:
    ways = by_friends_alone(SHOP)
    assert len(ways) > 50
    assert [(words, o.route) for words, o in ways if not o.wait or not o.heard_by] == []
    assert {t.kind for _, o in ways for t in o.things} == {ThingKind.PEOPLE}, "one thing, however many friends there are"
    with_second = {o.wait for words, o in ways if "totp" in words or "passkey" in words}
    assert with_second == {timedelta(days=7)}


@pytest.mark.row("R7")
def test_in_strict_friends_prove_nothing() -> None:
    assert by_friends_alone(STRICT) == []
    ways = [o for _, a in ACCOUNTS for o in openings(STRICT, "recover", Situation(a, (), NOW), agents=False)]
    assert [o for o in ways if FactorKind.CONTACTS in o.kinds] == []


@pytest.mark.row("R7", "G2")
def test_a_planted_way_in_by_friends_alone_is_found() -> None:
    hole = '\n[route.hole]\nwhy = "Friends are friends."\nthen = "allow"\nall_of = ["contacts"]\nsettled = true\n'
    policy = load_policy("shop", {"recover": standard_texts()["recover"] + hole})
    found = check(policy, [("totp + contacts", account("totp contacts"))])
    assert (Reason.SINGLE_POINT, "hole") in {(f.reason, f.route) for f in found}


@pytest.mark.row("R7", "G1")
def test_a_list_that_takes_effect_at_once_is_refused() -> None:
    hasty = standard_texts()["change_contacts"].replace('then = "wait"', 'then = "allow"').replace("wait_hours = 72\n", "")
    with pytest.raises(BadSettings, match=r"change_contacts\.toml"):
        load_policy("shop", {"change_contacts": hasty})


@pytest.mark.row("R9", "G2")
def test_the_check_names_the_standards_that_the_secret_question_breaks() -> None:
    def told(*, on: bool) -> list[dict[str, str]]:
        found = check(SHOP, [("contacts", account("contacts"))], secret_question=on)
        return [dict(f.params) for f in found if f.reason is Reason.BREAKS_STANDARD and f.action == "set_secret_answer"]

    assert told(on=False) == []
    [said] = told(on=True)
    assert said["word"] == "secret_question"
    assert "NIST SP 800-63B-4" in said["standard"]
    assert "ASVS" in said["standard"]
