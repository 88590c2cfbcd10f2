"""P1, P2, P5: what a password must be, and the reason that is told."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.adapters.strength import strength
from sparekey.domain.errors import FieldProblem
from sparekey.domain.passwords import PasswordRules, Strength, form_problems, normalize, problems, rules_for, strength_of

ALONE = rules_for(second_factor_required=False, remembered_devices=True)
GOOD = "nebel über dem fluss"


def reasons(password: str, **known: object) -> list[str]:
    given_: dict[str, object] = {
        "rules": ALONE,
        "site_words": ["Sparekey", "id.sparekey.example"],
        "names": ["Ann-Marie O’Neill"],
        "addresses": ["ann.oneill@mail.example"],
        "strength": Strength.HIGH,
        "breached": False,
        "former": False,
    }
    return [p.reason for p in problems(password, **(given_ | known))]  # type: ignore[arg-type]


@pytest.mark.row("P1")
@pytest.mark.parametrize(("required", "remembered", "least"), [(False, True, 15), (False, False, 15), (True, True, 15), (True, False, 8)])
def test_eight_characters_only_where_every_sign_in_has_a_second_factor(required: bool, remembered: bool, least: int) -> None:
    rules = rules_for(second_factor_required=required, remembered_devices=remembered)
    assert rules == PasswordRules(min_length=least, max_length=1024)


@pytest.mark.row("P1")
def test_the_lengths_at_their_bounds() -> None:
    assert reasons("x7" * 7) == ["password_too_short"]
    assert reasons("x7" * 7 + "y") == []
    assert reasons("x7" * 512) == []
    assert reasons("x7" * 512 + "y") == ["password_too_long"]
    assert form_problems("short", rules=ALONE, field="new_password") == (
        FieldProblem("new_password", "password_too_short", (("min", "15"),)),
    )


@pytest.mark.row("P1")
@pytest.mark.parametrize("password", ["               ", "🔑" * 15, "пароль из пятнадцати", "all small letters only", "1928374650192837"])
def test_any_character_and_no_composition_rules(password: str) -> None:
    assert reasons(password) == []


@pytest.mark.row("P1")
def test_one_code_point_is_one_character() -> None:
    assert reasons("🔑" * 14) == ["password_too_short"]
    assert reasons("e\u0301" * 14) == ["password_too_short"], "counted after NFC"


@pytest.mark.row("P1")
@pytest.mark.parametrize("bad", ["\x00", "\n", "\x1b", "\x7f", "\x85", "\ud800"])
def test_control_characters_and_lone_surrogates_are_refused(bad: str) -> None:
    assert reasons(f"a good long {bad} password") == ["password_bad_character"]


@pytest.mark.row("P1")
def test_a_megabyte_of_marks_is_refused_before_it_is_put_in_order() -> None:
    # Normalizing this takes a quarter of an hour: the test ends because it is not done.
    assert reasons("a" + "\u0316\u0301" * 500_000) == ["password_too_long"]


@pytest.mark.row("P1")
@given(st.text(max_size=40))
def test_composed_and_decomposed_are_one_password(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert normalize(composed) == normalize(decomposed)
    assert reasons(composed) == reasons(decomposed)


@pytest.mark.row("P1")
def test_nothing_but_nfc_is_changed() -> None:
    assert normalize(" Aa\u00a0ﬁ９ ") == " Aa\u00a0ﬁ９ "


@pytest.mark.row("P1")
@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("annmarieoneillann", "password_like_name"),
        ("O'Neill, Ann-Marie!", "password_like_name"),
        ("ann.oneill@mail.example", "password_like_name"),
        ("mail.example mail", "password_like_address"),
        ("Sparekey Sparekey 1", "password_like_site"),
        ("ｓｐａｒｅｋｅｙ sparekey", "password_like_site"),
    ],
)
def test_names_addresses_and_site_words_alone_are_refused(password: str, reason: str) -> None:
    assert reasons(password) == [reason]


@pytest.mark.row("P1")
@pytest.mark.parametrize("password", ["ann rows past nine lighthouses", "my sparekey hides under slate"])
def test_a_known_word_within_a_long_passphrase_is_no_reason(password: str) -> None:
    assert reasons(password) == []


@pytest.mark.row("P1")
def test_letters_of_a_name_in_no_order_are_no_reason() -> None:
    assert reasons("nnaeiramllieno-nna") == []
    assert reasons("a" * 15, names=["A B"]) == [], "single letters are not words"


@pytest.mark.row("P5")
def test_every_reason_is_told_at_once() -> None:
    assert reasons(GOOD, former=True, breached=True) == ["password_used_before", "password_breached"]


@pytest.mark.row("P2")
def test_an_easy_password_is_refused_by_the_server_too() -> None:
    assert reasons("a" * 15, strength=Strength.LOW) == ["password_too_easy"]
    assert reasons(GOOD, strength=Strength.MEDIUM) == []


@pytest.mark.row("P2")
def test_strength_in_three_words() -> None:
    assert [strength_of(score) for score in range(5)] == [
        Strength.LOW,
        Strength.LOW,
        Strength.MEDIUM,
        Strength.MEDIUM,
        Strength.HIGH,
    ]


@pytest.mark.row("P2")
def test_the_meter_knows_patterns_and_the_person() -> None:
    assert strength("passwordpassword") is Strength.LOW
    assert strength("qwertyuiopasdfgh") is Strength.LOW
    assert strength("correct horse battery staple") is Strength.HIGH
    assert strength("Wolkenstein99") is Strength.HIGH
    assert strength("Wolkenstein99", ["Wolkenstein"]) is Strength.LOW


@pytest.mark.row("P2")
@pytest.mark.parametrize("text", ["", "\ud800" * 20, "\x00" * 15, "a" * 1_000_000, "12" * 500_000])
def test_the_meter_takes_anything(text: str) -> None:
    assert strength(text, [text]) is Strength.LOW
