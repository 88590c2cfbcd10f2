"""A table of cases for each policy file: who, with what, from where, gets which answer in which profile.

The columns: the account (``people.py``); what was shown in the flow; the circumstances; the answers of shop and strict.
Circumstances: ``known`` (device), ``breached`` (password), ``session=a,b`` (signed in with these a moment ago), ``old=a,b``
(signed in with these yesterday), ``done`` ("I have nothing more"), ``removes=a``, ``gives_up=a``, ``recovery=n`` (one runs that showed n
settled things), ``weighed=a`` (shown against a recovery before), ``locked`` and ``claimed`` (frozen, disputed). An answer:
``allow route`` · ``wait hours route`` · ``refer route`` · ``deny reason`` · ``ask kinds`` (nothing
stands otherwise) · ``ask kinds ; what stands otherwise`` · ``=`` (as in shop).
"""

from datetime import timedelta
from typing import assert_never

import pytest

from sparekey.domain.accounts import nobody
from sparekey.domain.actions import Action
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Policy, RunningRecovery, Situation
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.domain.policy.verdict import Allow, Ask, Delay, Deny, Refer, Verdict
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.policy.people import LAST_WEEK, NOW, account, show

SHOP, STRICT = load_policy("shop", {}), load_policy("strict", {})

FRESH_PROOF = (
    *("change_details", "add_address", "set_main_address", "add_factor", "renew_backup_codes"),
    *("unlink_social", "download_data", "set_payment_pin"),
)
"""Actions that ask for a session, and for a fresh proof as strong as signing in."""

CASES: dict[str, str] = {
    "sign_in": """
    | | | ask password passkey email social | ask password passkey
                          | password                  |                            | allow password | =
                          | password                  | breached                   | ask email | deny no_route
                          | password                  | breached known             | allow password | =
                          | password email            | breached                   | allow mailed_link | deny no_route
                          | email                     |                            | allow mailed_link | ask password
    young-mailbox         | email                     |                            | ask password | =
    social                | social                    |                            | allow social | ask password
    totp backup_code      | password                  |                            | ask totp backup_code | =
    totp                  | password totp             |                            | allow password_and_second | =
    totp                  | password email            | known                      | ask totp | =
    totp                  | email totp                |                            | ask password | =
    young-totp            | password                  |                            | ask totp | =
    stolen-totp           | password totp             |                            | deny no_route | =
    totp                  | password enrolling-totp   |                            | ask totp | =
    totp                  | password password         |                            | ask totp | =
    backup_code totp      | password backup_code      |                            | allow password_and_second | =
    sms                   | password sms              |                            | allow password_and_second_by_message | deny no_route
    totp phone            | password phone            |                            | ask totp | =
    email_as_second       | password email            | known                      | allow password_and_second_by_message | deny no_route
    email_as_second       | password email            |                            | deny no_route | =
    email_as_second second_email | password email second_email |                            | deny no_route | =
    totp remembered_device | password remembered_device | known                      | allow password_and_second_by_message | ask totp
    totp remembered_device | password remembered_device |                            | ask totp | =
    passkey               | passkey                   |                            | allow passkey | =
    totp social           | social totp               |                            | ask password | =
    totp backup_code social | social backup_code      |                            | allow social_and_second | ask password
    no_password social    | social                    |                            | allow social | deny no_route
    no_password totp social | social totp             |                            | deny no_route | =
    no_password security_key social | social security_key |                        | allow social_and_second | deny no_route
    no_password           | email                     |                            | allow mailed_link | deny no_route
    security_key          | password security_key     |                            | allow password_and_second | =
    security_key          | security_key              |                            | ask password | =
    """,
    "sign_up": """
                          |                           |                            | ask email | =
                          | enrolling-email           |                            | allow address_verified | =
                          | enrolling-social          |                            | allow address_vouched | deny no_route
    """,
    "recover": """
                          |                           | done                       | refer support_case | =
                          | email                     |                            | allow settled_mailbox | =
                          | email                     | locked                     | allow settled_mailbox_alone_while_locked | =
    second_email | email | locked | ask email ; wait 72 settled_mailbox_while_locked | ask email ; refer support_case
    phone | email | locked done | wait 72 settled_mailbox_while_locked | refer support_case
    young-second_email    | email                     | locked                     | allow settled_mailbox_alone_while_locked | =
                          | email                     | claimed                    | ask password ; wait 72 settled_mailbox | =
                          | email password            | claimed                    | wait 72 settled_mailbox | =
    totp                  | password                  | claimed done               | wait 168 one_thing_and_wait | refer support_case
    totp backup_code      | email backup_code         | claimed                    | ask totp password ; wait 72 two_things | =
    young-mailbox         | email                     | done                       | refer support_case | =
    phone                 | phone password            |                            | allow two_things_without_second_factor | =
    phone                 | phone                     | done                       | wait 72 one_other_thing_and_wait | refer support_case
    social                | social                    | done                       | wait 72 one_other_thing_and_wait | refer support_case
    same_mailbox          | same_mailbox              | done                       | refer support_case | =
    same_mailbox second_email | same_mailbox          | done                       | wait 72 one_other_thing_and_wait | refer support_case
    young-same_mailbox second_email | same_mailbox    | done                       | refer support_case | =
    no_password           | email                     |                            | allow settled_mailbox | =
    totp social           | email social              | done                       | refer support_case | =
    totp social           | email social              | known                      | ask password ; refer support_case | =
    young-totp            | email                     |                            | allow settled_mailbox | =
    totp                  | email                     | known                      | ask password ; refer support_case | =
    totp                  | email totp                | known                      | ask password ; refer support_case | =
    totp backup_code      | email backup_code         |                            | allow two_things | =
    totp                  | email password            | known                      | allow two_things | =
    totp                  | email password            | done                       | refer support_case | =
    totp second_email     | email password            | done                       | wait 24 two_things_and_wait | refer support_case
    totp second_email     | email second_email        |                            | ask totp password ; refer support_case | =
    totp phone            | email phone               | done                       | refer support_case | =
    totp phone second_email | email phone               | done                       | refer support_case | =
    totp phone            | email phone               | known done                 | refer support_case | =
    totp phone            | totp phone                | done                       | refer support_case | =
    totp same_mailbox     | email same_mailbox        | known done                 | refer support_case | =
    totp                  | totp                      | done                       | refer support_case | =
    totp backup_code      | backup_code               | done                       | wait 72 one_strong_thing_and_wait | refer support_case
    totp                  | password                  | done                       | wait 168 one_thing_and_wait | refer support_case
    totp contacts         | contacts                  | done                       | wait 168 one_thing_and_wait | refer support_case
    totp contacts         | contacts email |                            | allow two_things | ask totp password ; refer support_case
    totp                  | email enrolling-totp      | done                       | refer support_case | =
    totp young-sms        | email sms                 | known done                 | refer support_case | =
    passkey               | passkey                   |                            | allow two_things | =
    passkey               | email password            | known done                 | refer support_case | =
    passkey second_email  | email password            | known done                 | wait 24 two_things_and_wait | refer support_case
    passkey backup_code   | email backup_code         |                            | allow two_things | =
    stolen-totp           | email                     | done                       | refer support_case | =
    stolen-totp backup_code | email totp                | done                       | refer support_case | =
    totp                  | support_approval          | done                       | wait 336 support_approved | =
    totp                  | email support_approval    | done                       | wait 336 support_approved | =
    totp | totp support_approval | done | wait 336 support_approved | wait 168 support_and_one_thing
    agent passkey totp    | email totp                | known                      | ask passkey | =
    agent passkey totp    | email totp password       | known done                 | deny no_route | =
    agent passkey         | passkey                   |                            | allow two_things_with_a_key | =
    agent security_key    | email security_key        |                            | allow two_things_with_a_key | =
    agent security_key    | support_approval email    | done                       | deny no_route | =
    agent young-passkey   | passkey                   | done                       | deny no_route | =
    """,
    "work_on_cases": """
    agent passkey         |                           | session=passkey            | allow key_of_this_shift | =
    agent passkey         |                           | old=passkey                | ask passkey | =
    agent security_key totp |                         | session=password,totp      | ask security_key | =
    agent totp            |                           | session=password,totp      | deny no_route | =
    passkey               |                           | session=passkey            | deny no_route | =
    agent passkey         | passkey                   |                            | deny not_signed_in | =
    """,
    **dict.fromkeys(
        FRESH_PROOF,
        """
                          |                           |                            | deny not_signed_in | =
                          | password                  |                            | deny not_signed_in | =
                          |                           | session=password           | allow fresh_proof | =
                          |                           | old=password               | ask password email | ask password
                          | password                  | old=password               | allow fresh_proof | =
    totp                  | password                  | old=password,totp          | ask totp | =
    totp                  | password totp             | old=password,totp          | allow fresh_proof | =
    totp                  | totp                      | session=password           | allow fresh_proof | =
    totp                  | enrolling-totp            | session=password           | ask totp | =
        """,
    ),
    "remove_address": """
                          |                           |                            | deny not_signed_in | =
                          |                           | session=password           | allow fresh_proof | =
                          |                           | old=password               | ask password email | ask password
    totp                  | password                  | old=password,totp          | ask totp | =
    totp                  | password totp             | old=password,totp          | allow fresh_proof | =
    second_email          |                           | session=password gives_up=second_email | deny no_route | =
    second_email          | second_email password     | known gives_up=second_email session=password | ask email | =
    second_email          | email password            | known gives_up=second_email session=password | allow not_mine_any_more | =
    second_email          | email password            | gives_up=second_email session=password done | deny no_route | =
    second_email totp     | password totp             | gives_up=second_email session=password | allow not_mine_any_more | =
    second_email young-totp | password totp           | gives_up=second_email session=password done | deny no_route | =
    """,
    "link_social": """
                          | password                  |                            | deny not_signed_in | deny not_offered
                          |                           | session=password           | allow fresh_proof | deny not_offered
                          |                           | old=password               | ask password email | deny not_offered
    totp                  | password                  | old=password,totp          | ask totp | deny not_offered
    no_password social    | social                    | old=social                 | allow fresh_proof | deny not_offered
    """,
    "change_password": """
                          |                           |                            | deny not_signed_in | =
                          |                           | session=password           | ask password | =
                          | password                  | session=password           | allow fresh_proof | =
                          | password                  | old=password               | allow fresh_proof | =
                          | email                     | session=password           | ask password | =
    totp                  | totp                      | session=password           | ask password | =
    totp                  | password                  | session=password,totp      | allow fresh_proof | =
    totp                  | password                  | old=password,totp          | ask totp | =
    totp                  | password totp             | old=password,totp          | allow fresh_proof | =
    """,
    "approve_sign_in": """
                          |                           | session=password           | allow fresh_proof | deny not_offered
                          |                           | old=password               | ask password email | deny not_offered
    """,
    "remove_factor": """
    totp                  |                           | old=password removes=totp  | ask password totp | =
    totp                  | password totp             | old=password removes=totp  | allow as_strong_as_what_goes | =
    totp security_key     | password totp             | old=password removes=security_key | ask security_key | =
    totp security_key     | password security_key     | old=password removes=security_key | allow as_strong_as_what_goes | =
    sms email_as_second   | password sms              | old=password removes=email_as_second | allow as_strong_as_what_goes | deny no_route
    """,
    "report_stolen": """
    totp                  |                           | old=password               | allow signed_in | =
    totp                  | password                  |                            | allow any_one_thing | =
    totp                  | enrolling-email           |                            | ask email password totp | =
    """,
    "remember_device": """
    totp                  |                           | session=password,totp      | allow second_factor_just_shown | deny not_offered
    totp remembered_device |                           | known session=password,remembered_device | ask totp | deny not_offered
                          |                           | session=password           | deny no_route | deny not_offered
    """,
    "change_contacts": """
                          |                           | session=password           | wait 72 fresh_proof_and_wait | =
    totp                  | password                  | old=password done          | deny no_route | =
    """,
    "set_secret_answer": """
                          |                           | session=password           | allow fresh_proof | deny not_offered
    totp                  | password                  | old=password               | ask totp | deny not_offered
                          | password                  |                            | deny not_signed_in | deny not_offered
    """,
    "end_sessions": """
                          |                           | old=password               | allow signed_in | =
                          | password                  |                            | deny not_signed_in | =
    """,
    "freeze": """
    totp                  | email                     |                            | allow settled_address | =
    young-second_email    | second_email              | done                       | deny no_route | =
    totp                  |                           | session=password,totp      | allow full_sign_in | =
    totp                  |                           | old=password,totp done     | deny no_route | =
    """,
    "thaw": """
    totp                  | email totp                | known                      | ask password | =
    totp                  | password totp             |                            | allow two_settled_things | =
    totp                  | email                     | done                       | deny no_route | =
    young-totp            | email totp                | done                       | deny no_route | =
                          | email password            | done                       | deny no_route | =
                          | email password            | known                      | allow two_settled_things | =
    """,
    "undo": """
                          | email                     |                            | allow settled_address | =
    young-second_email    | second_email              | done                       | deny no_route | =
    """,
    "object": """
    young-second_email    | second_email              | done                       | deny no_route | =
    second_email          | second_email              |                            | allow one_more_settled_thing | =
    second_email          | second_email              | weighed=second_email       | ask email password | =
    second_email          | password                  | weighed=second_email       | allow one_more_settled_thing | =
                          |                           | old=password               | ask email password | =
                          |                           | old=password done          | allow a_word | =
                          |                           | done                       | deny no_route | =
    """,
    "cancel_recovery": """
                          | password                  | recovery=1                 | allow full_sign_in | =
                          | password                  | recovery=2 done            | deny no_route | =
    totp                  | password                  | recovery=1                 | ask totp | =
    totp                  | password totp             | recovery=2                 | allow full_sign_in | =
    young-totp            | password totp             | recovery=2 done            | deny no_route | =
                          | password                  |                            | deny no_route | =
                          |                           | old=password recovery=1    | ask password email | ask password
    """,
    "bind_after_case": """
    totp                  | support_approval          | done                       | wait 336 support_approved | =
    totp                  | totp support_approval     | done                       | wait 168 support_and_one_thing | =
    totp                  | email                     | done                       | deny no_route | =
    agent totp            | support_approval          | done                       | deny no_route | =
    """,
    "close_account": """
                          |                           | session=password           | wait 720 fresh_proof_and_wait | =
                          |                           | old=password done          | deny no_route | =
    """,
    "stop_closing": """
    totp                  | email                     |                            | allow settled_address | =
    totp                  |                           | old=password               | allow signed_in | =
    young-second_email    | second_email              | done                       | deny no_route | =
    """,
    "confirm_payment": """
    passkey               | passkey                   | old=password               | allow shown_and_signed | =
    passkey               |                           | session=passkey            | ask passkey | =
    sms                   | sms                       | old=password               | allow shown_and_signed | =
    totp                  | totp                      | old=password               | allow bound_by_the_server | deny no_route
    totp payment_pin      | payment_pin               | old=password done          | deny no_route | =
    email_as_second payment_pin | payment_pin email         | known old=password         | allow pin_and_another_thing | deny no_route
    """,
    "change_payment_pin": """
    payment_pin           | payment_pin               | session=password           | allow old_pin_and_fresh_proof | =
    payment_pin           |                           | session=password           | ask payment_pin | =
    payment_pin           | payment_pin               | old=password done          | deny no_route | =
    """,
    "recover_payment_pin": """
    totp payment_pin      |                           | session=password,totp      | allow sign_in_and_another_thing | =
    payment_pin           | support_approval          | session=password done      | wait 168 support_approved | =
    payment_pin           |                           | session=password done      | refer support_case | =
    payment_pin           |                           | old=password done          | deny no_route | =
    """,
}


def situation(who: str, shown: str, circumstances: str) -> Situation:
    someone = account(who)
    given = {word: value for word, _, value in (c.partition("=") for c in circumstances.split())}
    session = show(someone, given.get("session", "").replace(",", " ")) + show(
        someone, given.get("old", "").replace(",", " "), NOW - timedelta(days=1)
    )
    judged = replace(someone, frozen_at=NOW if "locked" in given else None, disputed_at=NOW if "claimed" in given else None)
    return Situation(
        judged,
        show(someone, shown),
        NOW,
        session_proofs=session,
        known_device="known" in given,
        breached_password="breached" in given,
        nothing_more="done" in given,
        target=next((f for f in someone.factors() if f.factor_id == given.get("removes")), None),
        recovery=RunningRecovery(NOW - timedelta(hours=1), int(given["recovery"])) if "recovery" in given else None,
        given_up=next((f.thing for f in someone.factors() if f.factor_id == given.get("gives_up")), None),
        weighed=frozenset(p.thing for p in show(someone, given.get("weighed", ""))),
    )


def in_words(verdict: Verdict) -> str:
    match verdict:
        case Allow(route):
            return f"allow {route}"
        case Delay(route, wait):
            return f"wait {wait.total_seconds() / 3600:.0f} {route}"
        case Refer(route):
            return f"refer {route}"
        case Deny(reason):
            return f"deny {reason}"
        case Ask(choices, otherwise):
            return f"ask {' '.join(choices)}" + ("" if otherwise == Deny("no_route") else f" ; {in_words(otherwise)}")
    assert_never(verdict)


ROWS = [
    (action, *(cell.strip() for cell in line.split("|")))
    for action, table in CASES.items()
    for line in table.strip("\n").splitlines()
    if line.strip()
]


@pytest.mark.row("G1")
@pytest.mark.parametrize(("action", "who", "shown", "circumstances", "shop", "strict"), ROWS)
def test_the_policy_answers(action: str, who: str, shown: str, circumstances: str, shop: str, strict: str) -> None:
    case = situation(who, shown, circumstances)
    assert [in_words(decide(policy, action, case)) for policy in (SHOP, STRICT)] == [shop, shop if strict == "=" else strict]


def test_each_action_has_its_table() -> None:
    assert set(CASES) == set(Action)


@pytest.mark.parametrize("policy", [SHOP, STRICT], ids=lambda p: p.profile)
def test_each_route_answers_in_some_case(policy: Policy) -> None:
    answers = [(row[0], row[4] if policy is SHOP or row[5] == "=" else row[5]) for row in ROWS]
    answered = {(action, word) for action, answer in answers for word in answer.split()}
    assert {(a, r.name) for a, rules in policy.actions.items() if rules.offered for r in rules.routes} - answered == set()


@pytest.mark.row("R3", "D3")
@pytest.mark.parametrize("action", sorted(Action))
@pytest.mark.parametrize("policy", [SHOP, STRICT], ids=lambda p: p.profile)
@pytest.mark.parametrize("done", [False, True])
def test_before_the_first_proof_every_name_gets_the_same_answer(policy: Policy, action: str, done: bool) -> None:
    people = [nobody(), *(account(who) for who in ("", "totp backup_code", "young-mailbox", "passkey phone", "stolen-totp"))]
    assert len({decide(policy, action, Situation(who, (), NOW, nothing_more=done)) for who in people}) == 1


@pytest.mark.row("R3", "D3")
def test_a_route_that_looks_only_at_the_account_betrays_nobody_before_the_first_proof() -> None:
    leak = '\n[route.leak]\nwhy = "Seems harmless."\nthen = "allow"\nsecond_factor = true\n'
    policy = load_policy("shop", {"recover": standard_texts()["recover"] + leak})
    answers = {in_words(decide(policy, "recover", Situation(who, (), NOW))) for who in (nobody(), account(), account("totp"))}
    assert len(answers) == 1
    assert "leak" not in answers.pop()


@pytest.mark.row("H1", "R11", "R16")
@pytest.mark.parametrize("circumstance", ["disputed", "quarantined", "frozen"])
def test_a_withheld_action_says_so_only_after_the_proofs_are_right(circumstance: str) -> None:
    right, wrong = situation("", "password", "old=password"), situation("", "", "old=password")
    not_yet = "ask password email"
    assert [in_words(decide(SHOP, "remove_address", s)) for s in (right, wrong)] == ["allow fresh_proof", not_yet]
    closed = [put_into(s, circumstance) for s in (right, wrong)]
    assert [in_words(decide(SHOP, "remove_address", s)) for s in closed] == [f"deny {circumstance}", not_yet]


def put_into(case: Situation, circumstance: str) -> Situation:
    account = {
        "frozen": replace(case.account, frozen_at=NOW),
        "disputed": replace(case.account, disputed_at=NOW),
        "quarantined": replace(case.account, recovered_at=NOW, quarantined_until=NOW + timedelta(hours=1)),
    }
    return replace(case, account=account[circumstance])


@pytest.mark.row("R13")
def test_a_settled_former_address_leads_to_the_account_and_hears_of_nothing() -> None:
    left = account("second_email").factors()[2]
    proof = Proof(left.kind, left.factor_id, left.thing, NOW)
    now = Situation(account(), (proof,), NOW, nothing_more=True)
    assert in_words(decide(SHOP, "recover", now)) == "refer support_case"
    waits = in_words(decide(SHOP, "recover", replace(now, former=(left,))))
    assert waits == "wait 72 settled_mailbox_while_locked", "its owner hears of it"
    alone = replace(account(), addresses=())
    assert in_words(decide(SHOP, "recover", replace(now, account=alone, former=(left,)))) == "allow settled_mailbox_alone_while_locked"
    robbed = Situation(account("totp"), show(account("totp"), "email"), NOW, nothing_more=True, former=(left,))
    assert in_words(decide(SHOP, "recover", robbed)) == "refer support_case"


@pytest.mark.row("R12", "H2")
def test_what_came_with_a_contested_change_counts_for_nothing_and_what_was_there_before_is_settled() -> None:
    robbed = account("totp young-second_email young-sms", contested_at=LAST_WEEK)
    thief = Situation(robbed, show(robbed, "second_email sms"), NOW, known_device=True, nothing_more=True)
    assert in_words(decide(SHOP, "recover", thief)) == "refer support_case"
    young = account("young-totp", contested_at=NOW)
    owner = Situation(young, show(young, "password totp"), NOW)
    assert in_words(decide(SHOP, "recover", owner)) == "allow two_things"
