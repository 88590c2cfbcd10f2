"""What a policy file may say, what is refused, and whether the page about it tells the truth."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from sparekey.domain.actions import Action
from sparekey.domain.errors import BadSettings
from sparekey.domain.factors import FactorKind, ThingKind
from sparekey.domain.policy.conditions import VOCABULARY, WORDS, Takes
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Closure, Profile, Route, Situation, Then
from sparekey.domain.policy.parse import load_policy, parse_policy, standard_texts
from sparekey.domain.policy.verdict import Allow
from tests.policy.people import NOW, account, show

PAGE = (Path(__file__).parent.parent.parent / "docs" / "policy.md").read_text()

GOOD = """
about = "Link a card"
[route.password]
why = "Because."
then = "allow"
all_of = ["password"]
"""


@pytest.mark.row("G1")
def test_a_site_may_name_an_action_of_its_own() -> None:
    someone = account()
    policy = load_policy("shop", {"link_card": GOOD})
    assert decide(policy, "link_card", Situation(someone, show(someone, "password"), NOW)) == Allow("password")


@pytest.mark.row("G1")
def test_the_shop_is_told_while_what_an_own_action_is_closed() -> None:
    own = 'closed_while = ["frozen", "quarantined"]' + GOOD
    capability = '\n[capability.new_card]\nabout = "Another card"\nactions = ["link_card"]\n'
    policy = load_policy("shop", {"link_card": own, "capabilities": standard_texts()["capabilities"] + capability})
    new_card = next(c for c in policy.capabilities if c.name == "new_card")
    assert new_card.withheld_while == {Closure.FROZEN, Closure.QUARANTINED}


@pytest.mark.row("G1")
def test_a_site_may_put_its_own_file_in_place_of_a_standard_one() -> None:
    someone = account()
    own = GOOD.replace('["password"]', '["email"]').replace("route.password", "route.mail_only")
    policy = load_policy("strict", {"sign_in": own})
    assert decide(policy, "sign_in", Situation(someone, show(someone, "email"), NOW)) == Allow("mail_only")
    assert policy.actions["recover"] == load_policy("strict", {}).actions["recover"]


BAD = {
    "an unknown word in a route": (GOOD + "need_luck = true", "link_card.toml, route.password: unknown word 'need_luck'"),
    "an unknown word above the routes": ('color = "red"' + GOOD, "link_card.toml: unknown word 'color'"),
    "an unknown kind": (GOOD.replace('["password"]', '["passwort"]'), "link_card.toml, route.password, all_of: unknown name 'passwort'"),
    "an empty list of kinds": (GOOD.replace('["password"]', "[]"), "all_of: names at least one kind"),
    "a text for a list": (GOOD.replace('["password"]', '"password"'), "all_of: is a list"),
    "a list in a list": (GOOD.replace('["password"]', '[["password"]]'), "all_of: unknown name ['password']"),
    "an unknown action": (GOOD + 'as_strong_as = "sing_in"', "route.password, as_strong_as: names an action that has no file: 'sing_in'"),
    "an unknown profile": (GOOD + 'profiles = ["shops"]', "route.password, profiles: unknown name 'shops'"),
    "an unknown outcome": (GOOD.replace('"allow"', '"maybe"'), "route.password: unknown name 'maybe'"),
    "no outcome": (GOOD.replace('then = "allow"', ""), "link_card.toml, route.password: lacks then"),
    "no reason": (GOOD.replace('why = "Because."', ""), "link_card.toml, route.password: lacks why"),
    "an empty reason": (GOOD.replace("Because.", " "), "lacks why"),
    "no description": (GOOD.replace("about", "# about"), "link_card.toml: lacks about"),
    "no route": ('about = "Nothing"', "link_card.toml: has no route"),
    "a wait without its length": (GOOD.replace('"allow"', '"wait"'), "wait_hours belongs to then"),
    "a length without a wait": (GOOD + "wait_hours = 24", "wait_hours belongs to then"),
    "a quarantine after no recovery": (GOOD + "quarantine_hours = 24", "quarantine_hours belongs to a route by which a recovery can end"),
    "a wait of nothing": (GOOD.replace('"allow"', '"wait"') + "wait_hours = 0", "wait_hours: is a whole number from 1"),
    "a wait for an own action": (GOOD.replace('"allow"', '"wait"') + "wait_hours = 24", "an action of your own is allowed or not"),
    "support for an own action": (GOOD.replace('"allow"', '"refer"'), "an action of your own is allowed or not"),
    "a wait for ever": (GOOD.replace('"allow"', '"wait"') + "wait_hours = 1000000000000", "wait_hours: is a whole number from 1 to"),
    "a list for an action": (GOOD + 'as_strong_as = ["sign_in"]', "as_strong_as: names an action that has no file: ['sign_in']"),
    "a list to go on to": ('or_else = ["recover"]' + GOOD, "or_else names an action that has no file"),
    "a wait that is not whole": (GOOD.replace('"allow"', '"wait"') + "wait_hours = 1.5", "wait_hours: is a whole number"),
    "true for a number": (GOOD + "things = true", "things: is a whole number"),
    "a number for true": (GOOD + "signed_in = 1", "signed_in: is true, or left out"),
    "false where it means nothing": (GOOD + "signed_in = false", "signed_in: is true, or left out"),
    "a word that is no choice": (GOOD + 'often_lost_together = "never"', "often_lost_together: is one of: count_as_one, count_each"),
    "yes for true or false": (GOOD + 'second_factor = "yes"', "second_factor: is true or false"),
    "a route that is no heading": (GOOD + "[route]\nx = 1", "everything under route is a heading"),
    "a route that is a text": ('about = "x"\nroute = "x"', "everything under route is a heading"),
    "a bad name of a route": (GOOD.replace("route.password", "route.Password"), "named in lower-case words"),
    "an unknown circumstance": ('closed_while = ["raining"]' + GOOD, "closed_while: unknown name 'raining'"),
    "an action that is not there to go on to": ('or_else = "elsewhere"' + GOOD, "or_else names an action that has no file"),
    "a list for one profile only": ('ask.shop = ["password"]' + GOOD, "ask.strict: is a list"),
    "text that is not TOML": ("about =", "link_card.toml: not TOML"),
}


@pytest.mark.row("G1")
@pytest.mark.parametrize(("text", "line"), BAD.values(), ids=BAD.keys())
def test_what_is_not_understood_is_refused_with_one_line(text: str, line: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_policy("shop", {"link_card": text})
    assert line in str(refused.value)
    assert "link_card.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        ({"Link-Card": GOOD}, "named after its action"),
        ({"link" * 11: GOOD}, "named after its action"),
        ({"things": 'witnesses = ["email"]\n[lost_together.one]\nwhy = "x"\nthings = ["mailbox"]'}, "at least two kinds of thing"),
        ({"things": 'witnesses = ["email"]\n[lost_together.one]\nwhy = "x"\nthings = ["mailbox", "post"]'}, "unknown name 'post'"),
        ({"things": "witnesses = 3"}, "things.toml, witnesses: is a list"),
        ({"capabilities": '[capability.fly]\nabout = "x"'}, "fly: says withheld_while, or names its actions"),
        ({"capabilities": '[capability.fly]\nwithheld_while = ["frozen"]'}, "fly: lacks about"),
        ({"capabilities": '[capability.fly]\nabout = "x"\nwithheld_while = ["raining"]'}, "unknown name 'raining'"),
        ({"capabilities": '[capability.fly]\nabout = "x"\nactions = ["fly"]'}, "names an action that has no file: 'fly'"),
        ({"capabilities": "[ability.fly]"}, "unknown word 'ability'"),
        ({"sessions": "[strict]"}, r"lacks the heading \[shop\]"),
        ({"sessions": "[lax]"}, "unknown word 'lax'"),
        ({"sessions": "[shop]\nlasts_hours = 24"}, "shop: lacks why"),
        ({"sessions": '[shop]\nwhy = "x"'}, "lasts_hours: is a whole number"),
        ({"sessions": '[shop]\nwhy = "x"\nlasts_hours = 721'}, "lasts_hours: is at most 720"),
        ({"sessions": '[shop]\nwhy = "x"\nlasts_hours = 24\nidle_minutes = 4'}, "idle_minutes: is at least 5"),
        ({"sessions": '[shop]\nwhy = "x"\nlasts_hours = 24\nidle_minutes = 1441'}, "no longer than the session lasts"),
        ({"sessions": '[shop]\nwhy = "x"\nlasts_days = 3'}, "unknown word 'lasts_days'"),
    ],
)
def test_files_are_held_to_their_names(texts: Mapping[str, str], line: str) -> None:
    with pytest.raises(BadSettings, match=line):
        load_policy("shop", texts)


@pytest.mark.parametrize("missing", ["recover", "things", "capabilities", "sessions"])
def test_a_policy_without_one_of_its_files_is_refused(missing: str) -> None:
    with pytest.raises(BadSettings, match=f"lacks the file {missing}.toml"):
        parse_policy("shop", {name: text for name, text in standard_texts().items() if name != missing})


def test_an_unknown_profile_or_action_is_refused() -> None:
    with pytest.raises(BadSettings, match="no profile 'lax'"):
        load_policy("lax", {})
    with pytest.raises(BadSettings, match="no action named link_card"):
        decide(load_policy("shop", {}), "link_card", Situation(account(), (), NOW))


def test_each_standard_file_is_an_action_or_about_things() -> None:
    assert set(standard_texts()) == {*Action, "things", "capabilities", "sessions"}


def test_each_need_of_a_route_is_a_word_and_each_word_a_need() -> None:
    assert set(Route.__struct_fields__) - {"name", "why", "then", "wait", "quarantine", "profiles", "needs"} == set(VOCABULARY)


@pytest.mark.row("R10", "R15", "F9")
def test_what_protects_an_account_stands_in_the_files() -> None:
    policy = load_policy("shop", {})
    by_people = FactorKind.SUPPORT_APPROVAL
    assert all(r.witness for r in policy.actions["recover"].routes if r.then is Then.WAIT and by_people not in r.all_of)
    assert all(r.a_second_factor_if_keys for r in policy.actions["recover"].routes if r.settled_second_factor and r.then is Then.ALLOW)
    assert all(r.as_strong_as_removed for r in policy.actions["remove_factor"].routes)
    assert all(r.outweighs_recovery for r in policy.actions["cancel_recovery"].routes)


# ---------------------------------------------------------------- docs/policy.md


def test_the_page_explains_each_word_as_the_code_does() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE))
    told = {w.name: f"{w.takes if isinstance(w.takes, Takes) else ' or '.join(f'`{c}`' for c in w.takes)} | {w.means}" for w in WORDS}
    assert {word: rows.get(word) for word in told} == told


@pytest.mark.parametrize("names", [FactorKind, ThingKind, Profile, Closure], ids=lambda names: names.__name__)
def test_the_page_names_each_name(names: type[FactorKind]) -> None:
    assert [name for name in names if f"`{name}`" not in PAGE] == []
