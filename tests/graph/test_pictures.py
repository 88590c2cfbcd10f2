"""The graph of a few well-known people: how they could be robbed, how they could be locked out, what to mend first."""

import pytest

from sparekey.domain.factors import Thing, ThingKind
from sparekey.domain.graph.advice import Advice, Cure, Weakness, advise
from sparekey.domain.graph.draw import draw
from sparekey.domain.graph.lockout import lockouts
from sparekey.domain.graph.takeover import lets_in, single_points, takeovers
from sparekey.domain.policy.openings import AGENTS
from sparekey.domain.policy.parse import load_policy
from tests.policy.people import MAILBOX, NOW, NUMBER, account

SHOP, STRICT = load_policy("shop", {}), load_policy("strict", {})

PASSWORD = Thing(ThingKind.MEMORY, "password")
PHONE = Thing(ThingKind.DEVICE, "totp")
PAPER = Thing(ThingKind.PAPER, "backup_code")
KEY, UNLOCK = Thing(ThingKind.KEY, "passkey"), Thing(ThingKind.UNLOCK, "passkey")
COOKIE = Thing(ThingKind.BROWSER, "remembered_device")


@pytest.mark.row("G3")
def test_whoever_reads_the_mailbox_of_an_account_without_second_factor_has_everything() -> None:
    assert set(single_points(draw(SHOP, account(), NOW))) == {MAILBOX, PASSWORD}


@pytest.mark.row("G3")
def test_with_an_authenticator_it_takes_two_things() -> None:
    robberies = takeovers(draw(SHOP, account("totp backup_code"), NOW))
    assert {PAPER, MAILBOX} in robberies
    assert {PAPER, PASSWORD} in robberies
    assert {AGENTS, MAILBOX} in robberies
    assert all(len(some) == 2 for some in robberies)


@pytest.mark.row("R10", "R12")
def test_an_unlocked_phone_by_itself_opens_nothing_not_even_after_a_wait() -> None:
    """All that it shows is in one hand, and so is everyone who would hear of a wait: also on the device that is known."""
    in_it = [PHONE, MAILBOX, Thing(ThingKind.NUMBER, "number")]
    for known in (False, True):
        assert lets_in(draw(SHOP, account("totp phone"), NOW, known_device=known), in_it) == ()
        assert lets_in(draw(SHOP, account("totp phone"), NOW, known_device=known), [*in_it, PASSWORD]) != ()


def test_a_wait_is_open_to_who_holds_the_witness() -> None:
    graph = draw(SHOP, account("totp"), NOW)
    assert lets_in(graph, [PASSWORD]) == ()
    ways = lets_in(graph, [PASSWORD, MAILBOX])
    assert {(o.action, o.route, o.wait.days) for o in ways} == {("recover", "one_thing_and_wait", 7)}
    assert lets_in(draw(STRICT, account("totp"), NOW), [PASSWORD, MAILBOX]) == ()


def test_a_stolen_passkey_is_no_use_without_what_unlocks_it() -> None:
    graph = draw(SHOP, account("passkey backup_code"), NOW)
    assert lets_in(graph, [KEY]) == ()
    assert {o.action for o in lets_in(graph, [KEY, UNLOCK])} == {"sign_in", "recover"}


@pytest.mark.row("I6")
def test_a_copied_browser_profile_opens_nothing_from_another_device() -> None:
    someone = account("totp remembered_device phone")
    assert lets_in(draw(SHOP, someone, NOW), [PASSWORD, COOKIE]) == ()
    assert {o.action for o in lets_in(draw(SHOP, someone, NOW, known_device=True), [PASSWORD, COOKIE])} == {"sign_in", "recover"}


def test_a_phone_in_hand_without_its_apps_opens_nothing_at_once() -> None:
    graph = draw(SHOP, account("totp phone second_email"), NOW)
    assert lets_in(graph, [MAILBOX, NUMBER]) == ()
    assert lets_in(graph, [PHONE, NUMBER]) == ()


@pytest.mark.row("R12")
def test_a_young_second_factor_changes_nothing_for_settled_things() -> None:
    assert MAILBOX in single_points(draw(SHOP, account("young-totp"), NOW))


@pytest.mark.row("G3")
def test_who_loses_phone_and_paper_is_left_with_support_in_strict() -> None:
    found = {frozenset(lock.lost): lock.support for lock in lockouts(draw(STRICT, account("totp backup_code"), NOW), agents=True)}
    assert found[frozenset({PHONE, PAPER})] is True
    assert frozenset({PHONE}) not in found


def test_without_two_agents_a_lockout_leaves_nothing() -> None:
    assert {lock.support for lock in lockouts(draw(STRICT, account("totp"), NOW), agents=False)} == {False}


@pytest.mark.row("G3")
def test_the_owner_is_told_the_worst_first_and_the_cheapest_cure() -> None:
    assert advise(SHOP, account(), NOW, agents=True) == (
        Advice(Weakness.GIVES_AWAY, MAILBOX, Cure.ADD_AUTHENTICATOR),
        Advice(Weakness.GIVES_AWAY, PASSWORD, Cure.ADD_AUTHENTICATOR),
    )
    assert advise(STRICT, account("totp"), NOW, agents=True) == (
        Advice(Weakness.LEAVES_SUPPORT, PHONE, Cure.ADD_BACKUP_CODES),
        Advice(Weakness.LEAVES_SUPPORT, PASSWORD, Cure.ADD_BACKUP_CODES),
    )
    assert advise(STRICT, account("totp"), NOW, agents=False) == (
        Advice(Weakness.LOCKS_OUT, PHONE, Cure.ADD_BACKUP_CODES),
        Advice(Weakness.LOCKS_OUT, PASSWORD, Cure.ADD_BACKUP_CODES),
    )
    assert advise(SHOP, account("totp backup_code"), NOW, agents=True) == ()


def test_advice_is_worst_first() -> None:
    told = [a.weakness for a in advise(STRICT, account("young-totp phone"), NOW, agents=True)]
    assert told == sorted(told, key=list(Weakness).index)
    assert told


def test_the_graph_names_every_factor_on_a_thing() -> None:
    graph = draw(SHOP, account("same_mailbox totp phone_approval"), NOW)
    assert [f.factor_id for f in graph.held[MAILBOX]] == ["mailbox", "same_mailbox"]


def test_every_action_can_be_drawn() -> None:
    graph = draw(SHOP, account("totp"), NOW, every_action=True)
    ways = {o.things for o in graph.openings if o.action == "remove_factor"}
    assert ways == {frozenset({PASSWORD, PHONE})}
