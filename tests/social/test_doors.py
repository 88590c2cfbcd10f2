"""Signing in and up with an account elsewhere (I5), getting back in with it (R6), linking and unlinking: through JSON, both databases."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Answer
from tests.doors.second_factors import answer, enrol
from tests.social.stand_ins import Person, allow
from tests.social.world import ANNA, ANOTHER_PERSON, World, bring, details, go, world

pytestmark = pytest.mark.row("I5")

BORIS = "boris@example.com"
UNVOUCHED = ["facebook", "vk"]

OF_ACCOUNTS = ("account", "address", "factor", "session", "device")


# ---------------------------------------------------------------- the first time


async def test_the_first_sign_in_makes_an_account_without_a_code_where_the_provider_vouches_for_the_address(w: World) -> None:
    program = w.api.program()
    came = await w.come(program)
    assert (came.state, came.said["action"], came.said["finish"], came.said["choices"]) == ("asking", "sign_up", "details", [])
    assert came.said["suggested"] == {"name": "Anna Berg", "email": ANNA, "vouched": True}
    assert await w.api.letters() == []
    done = await details(program, came.flow_id, "Anna", ANNA)
    assert done.state == "done", done
    account = await program.read("account")
    assert (account["name"], account["password_set_at"]) == ("Anna", None)
    assert [(a["value"], a["main"], a["settled"]) for a in account["addresses"]] == [(ANNA, True, True)]
    linked = (await program.read("account/social"))["linked"]
    assert [(k["label"], k["settled"]) for k in linked] == [("Example: a•••@example.com", True)]
    assert await w.api.about(ANNA) == ["Welcome to Sparekey"]


async def test_the_second_time_it_signs_in_at_once_also_with_another_address_there(w: World) -> None:
    first = await w.signed_up()
    w.openid.person = replace(w.openid.person, email="anna.moved@example.com", name="Anna Moved")
    again = w.api.program()
    done = await w.come(again)
    assert (done.state, done.said["action"]) == ("done", "sign_in")
    assert (await again.read("account"))["account_id"] == (await first.read("account"))["account_id"]
    assert [a["value"] for a in (await again.read("account"))["addresses"]] == [ANNA]


async def test_another_subject_is_another_person_whatever_the_address(w: World) -> None:
    await w.signed_up()
    before = await w.api.rows(*OF_ACCOUNTS)
    w.openid.person = replace(w.openid.person, subject="somebody-else")
    stranger = w.api.program()
    came = await w.come(stranger)
    assert (came.state, came.said["ended"]) == ("ended", "social_not_linked")
    assert not await stranger.is_signed_in()
    assert await w.api.rows(*OF_ACCOUNTS) == before


@pytest.mark.parametrize("provider", UNVOUCHED)
async def test_where_nobody_vouches_a_code_goes_to_the_address_first(provider: str, w: World) -> None:
    program = w.api.program()
    came = await w.come(program, provider)
    assert came.said["suggested"] == {"name": "Anna Berg", "email": ANNA, "vouched": False}
    before = await w.api.rows()
    asked = await details(program, came.flow_id, "Anna", ANNA)
    assert (asked.state, asked.said["sent_to"], asked.said["choices"]) == ("asking", "a•••@example.com", ["email"])
    assert await w.api.rows() == before
    done = await program.code(asked.flow_id, (await w.api.newest(ANNA)).code)
    assert done.state == "done", done
    assert (await w.come(w.api.program(), provider)).state == "done"


@pytest.mark.parametrize("provider", ["oidc", *UNVOUCHED])
async def test_where_the_provider_tells_no_address_one_is_typed_and_proven(provider: str, w: World) -> None:
    w.at(provider).person = replace(w.at(provider).person, email="")
    program = w.api.program()
    came = await w.come(program, provider)
    assert came.said["suggested"] == {"name": "Anna Berg", "email": "", "vouched": False}
    assert (await details(program, came.flow_id, "", "not an address")).fields == [("name", "name_missing"), ("email", "email_invalid")]
    asked = await details(program, came.flow_id, "Anna", ANNA)
    assert (await program.code(asked.flow_id, (await w.api.newest(ANNA)).code)).state == "done"


async def test_an_unverified_address_is_only_a_suggestion(w: World) -> None:
    w.openid.person = replace(w.openid.person, verified=False)
    program = w.api.program()
    came = await w.come(program)
    assert came.said["suggested"]["vouched"] is False
    assert (await details(program, came.flow_id, "Anna", ANNA)).state == "asking"


async def test_another_address_than_the_vouched_one_gets_a_code(w: World) -> None:
    program = w.api.program()
    came = await w.come(program)
    asked = await details(program, came.flow_id, "Anna", BORIS)
    assert (asked.state, asked.said["sent_to"]) == ("asking", "b•••@example.com")


async def test_details_are_given_once(w: World) -> None:
    program = w.api.program()
    came = await w.come(program)
    assert (await details(program, came.flow_id, "Anna", BORIS)).state == "asking"
    assert (await details(program, came.flow_id, "Anna", ANNA)).problem == "wrong_step"


# ---------------------------------------------------------------- an address never links


async def test_a_vouched_address_that_has_an_account_is_not_linked_and_the_person_is_told(w: World) -> None:
    await w.api.signed_up(ANNA)
    before = await w.api.rows(*OF_ACCOUNTS)
    program = w.api.program()
    came = await w.come(program)
    assert (came.state, came.said["ended"]) == ("ended", "social_not_linked")
    assert await w.api.rows(*OF_ACCOUNTS) == before
    assert not await program.is_signed_in()


async def test_a_taken_address_typed_by_whoever_comes_looks_like_a_free_one_and_its_owner_is_told(w: World) -> None:
    """Pre-hijacking by an unverified address: nothing is linked, and nothing is betrayed (D3)."""
    await w.api.signed_up(ANNA)
    w.facebook.person = ANOTHER_PERSON
    shapes = []
    for address in (ANNA, "free@example.com"):
        thief = w.api.program()
        came = await w.come(thief, "facebook")
        asked = await details(thief, came.flow_id, "Boris", address)
        shapes.append({k: v for k, v in asked.said.items() if k not in {"flow_id", "expires_at", "resend_at", "sent_to"}})
        if address == ANNA:
            assert (await w.api.about(ANNA))[-1] == "You already have an account at Sparekey"
            assert (await thief.code(asked.flow_id, "000000")).problem == "not_proven"
    assert shapes[0] == shapes[1]
    assert (await w.come(w.api.program(), "facebook")).said["finish"] == "details"


async def test_what_a_thief_began_at_his_provider_is_not_linked_to_the_account_that_the_owner_makes_of_it(w: World) -> None:
    """Pre-hijacking, the classic: the thief comes with his own account elsewhere, types the victim's address, and waits for the
    victim to press the link in the mail."""
    w.vk.person = Person(subject="666", email="", name="Thief")
    thief, victim = w.api.program(), w.api.program()
    came = await w.come(thief, "vk")
    asked = await details(thief, came.flow_id, "Thief", ANNA)
    opened = await victim.open((await w.api.newest(ANNA)).link)
    assert (opened.state, opened.said["finish"]) == ("allowed", "sign_up_password")
    assert (await victim.finish(asked.flow_id, ANOTHER)).problem == "not_proven"
    assert (await victim.finish(asked.flow_id, ANOTHER, name="Anna")).state == "done"
    assert (await victim.read("account/social"))["linked"] == []
    assert (await w.come(w.api.program(), "vk")).said["finish"] == "details"
    assert (await w.api.program().sign_in(ANNA, ANOTHER)).state == "done"


# ---------------------------------------------------------------- linking and unlinking


@pytest.mark.parametrize("provider", ["oidc", *UNVOUCHED])
async def test_link_sign_in_with_it_unlink(provider: str, w: World) -> None:
    owner = await w.api.signed_up(ANNA)
    done = await w.link(owner, provider)
    assert (done.state, done.said["action"]) == ("done", "link_social")
    assert (await w.api.about(ANNA))[-1] == "An account elsewhere was linked to your account at Sparekey"
    elsewhere = w.api.program()
    assert (await w.come(elsewhere, provider)).state == "done"
    assert (await elsewhere.read("session"))["email"] == ANNA
    (link,) = (await owner.read("account/social"))["linked"]
    assert (link["settled"], link["used_at"] is not None) == (False, True)
    assert (await owner.start("unlink_social", factor_id=link["factor_id"])).state == "done"
    assert (await w.api.about(ANNA))[-1] == "An account elsewhere was unlinked from your account at Sparekey"
    assert (await owner.read("account/social"))["linked"] == []
    came = await w.come(w.api.program(), provider)
    assert came.state != "done"
    assert (await w.link(owner, provider)).state == "done"


async def test_linking_and_unlinking_ask_for_a_fresh_proof(w: World) -> None:
    owner = await w.api.signed_up(ANNA)
    w.api.clock.wait(minutes=20)
    began = await owner.start("link_social", provider="oidc")
    assert (began.state, began.said["choices"][0]) == ("asking", "password")
    assert (await go(owner, began.flow_id)).problem == "wrong_step"
    assert (await owner.password(began.flow_id, PASSWORD)).said["finish"] == "social"
    away = await go(owner, began.flow_id)
    assert (await w.visit(owner, away.said["authorization_url"], began.flow_id)).state == "done"
    (link,) = (await owner.read("account/social"))["linked"]
    w.api.clock.wait(minutes=20)
    asked = await owner.start("unlink_social", factor_id=link["factor_id"])
    assert asked.state == "asking"
    assert len((await owner.read("account/social"))["linked"]) == 1


async def test_without_a_session_nothing_is_linked(w: World) -> None:
    assert (await w.api.program().start("link_social", provider="oidc")).problem == "not_signed_in"
    assert (await w.api.program().start("unlink_social", factor_id="0" * 32)).problem == "not_signed_in"


async def test_only_the_chosen_provider_is_linked(w: World) -> None:
    owner = await w.api.signed_up(ANNA)
    began = await owner.start("link_social", provider="oidc")
    assert (await go(owner, began.flow_id, "vk")).problem == "wrong_step"


async def test_an_account_elsewhere_is_linked_to_one_account_only(w: World) -> None:
    await w.signed_up()
    other = await w.api.signed_up(BORIS)
    taken = await w.link(other)
    assert taken.problem == "social_taken"
    assert (await other.read("account/social"))["linked"] == []


async def test_one_that_is_linked_already_is_said_to_be(w: World) -> None:
    owner = await w.signed_up()
    assert (await w.link(owner)).problem == "social_is_yours"


async def test_what_is_not_there_is_not_unlinked(w: World) -> None:
    owner = await w.signed_up()
    assert (await owner.start("unlink_social", factor_id="0" * 32)).fields == [("", "social_unknown")]


# ---------------------------------------------------------------- without a password


async def test_an_account_without_a_password_is_not_opened_by_any(w: World) -> None:
    await w.signed_up()
    for password in (PASSWORD, " ", "None"):
        assert (await w.api.program().sign_in(ANNA, password)).problem == "not_proven"


async def test_fresh_proof_without_a_password(w: World) -> None:
    owner = await w.signed_up()
    w.api.clock.wait(minutes=20)
    began = await owner.start("change_details", name="Anna B.", language="en")
    assert began.state == "asking"
    assert "social" in began.said["choices"]
    assert "password" not in began.said["choices"]
    away = await go(owner, began.flow_id)
    assert (await w.visit(owner, away.said["authorization_url"], began.flow_id)).state == "done"
    assert (await owner.read("account"))["name"] == "Anna B."


async def test_a_first_password_is_no_change_of_one(w: World) -> None:
    """Nobody knows a present one, so an open session must not be enough to set it: the mailbox is shown instead (recovery)."""
    owner = await w.signed_up()
    assert (await owner.start("change_password")).state == "denied"


@pytest.mark.row("R1", "R6")
async def test_a_lost_account_elsewhere_is_got_over_by_its_address(w: World) -> None:
    await w.signed_up("facebook")
    w.facebook.broken = {"/v23.0/oauth/access_token": (400, b'{"error": {"type": "OAuthException", "code": 190}}')}
    program = w.api.program()
    assert (await w.come(program, "facebook")).problem == "provider_refused"
    began = await program.start("recover", identifier=ANNA)
    allowed = await program.code(began.flow_id, (await w.api.newest(ANNA)).code)
    assert (allowed.state, allowed.said["finish"]) == ("allowed", "password")
    assert (await program.finish(began.flow_id, PASSWORD)).state == "done"
    assert (await w.api.program().sign_in(ANNA, PASSWORD)).state == "done"


# ---------------------------------------------------------------- as one proof among others


@pytest.mark.parametrize("provider", UNVOUCHED)
async def test_a_second_factor_is_asked_for_on_this_road_too(provider: str, w: World) -> None:
    signed_up = await w.api.signed_up(ANNA)
    await w.link(signed_up, provider)
    owner = await enrol(w.api, signed_up, ANNA)
    program = w.api.program()
    came = await w.come(program, provider)
    assert (came.state, came.said["session"]) == ("asking", None)
    assert "totp" in came.said["choices"]
    assert not await program.is_signed_in()
    assert (await answer(program, came.flow_id, "totp", code="000000")).problem == "not_proven"
    done = await answer(program, came.flow_id, "backup_code", code=owner.codes[0])
    assert done.state == "done", done
    assert await program.is_signed_in()


@pytest.mark.parametrize("provider", ["oidc", "facebook"])
async def test_an_account_elsewhere_and_an_app_that_lie_in_one_phone_are_not_two(provider: str, w: World) -> None:
    """Whoever holds the unlocked phone reads the mailbox, is signed in at the provider, and opens the authenticator."""
    signed_up = await w.api.signed_up(ANNA)
    await w.link(signed_up, provider)
    owner = await enrol(w.api, signed_up, ANNA)
    program = w.api.program()
    came = await w.come(program, provider)
    asked = await answer(program, came.flow_id, "totp", code=owner.app.next_code())
    assert asked.state != "done", asked
    assert not await program.is_signed_in()
    again = w.api.program()
    came = await w.come(again, provider)
    done = await answer(again, came.flow_id, "backup_code", code=owner.codes[0])
    assert done.state == "done", done


async def test_without_a_password_a_second_step_in_the_phone_waits_for_one(w: World) -> None:
    owner = await w.signed_up()
    refused = await owner.start("add_factor", factor="totp", label="My phone")
    assert refused.fields == [("", "password_first")]
    assert (await owner.start("add_factor", factor="passkey", label="")).said["finish"] == "key"


@pytest.mark.row("F8")
async def test_where_a_second_factor_is_required_this_road_ends_in_a_session_for_adding_one(
    database_url: str, data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(database_url, data_dir, migrated_sqlite, monkeypatch, second_factor="required") as w:
        program = w.api.program()
        came = await w.come(program)
        assert (await details(program, came.flow_id, "Anna", ANNA)).said["session"]["limited"] is True
        assert not await program.is_signed_in()
        again = w.api.program()
        assert (await w.come(again)).said["session"]["limited"] is True
        assert not await again.is_signed_in()


@pytest.mark.row("R6")
async def test_recovery_with_a_linked_account_and_the_password_on_a_known_device(w: World) -> None:
    owner = await w.api.signed_up(ANNA)
    await w.link(owner, "vk")
    w.api.clock.wait(days=31)
    began = await owner.start("recover", identifier=ANNA)
    assert "social" in began.said["choices"]
    away = await go(owner, began.flow_id, "vk")
    shown = await w.visit(owner, away.said["authorization_url"], began.flow_id, "vk")
    assert shown.state in {"asking", "waiting"}, shown
    done = await owner.password(began.flow_id, PASSWORD)
    assert (done.state, done.said["finish"]) == ("allowed", "password"), done


@pytest.mark.row("R6")
async def test_recovery_with_a_young_link_proves_nothing(w: World) -> None:
    """A thief with an open session for a minute links his own account, and comes back next week."""
    owner = await w.api.signed_up(ANNA)
    w.vk.person = Person(subject="666", email="")
    await w.link(owner, "vk")
    w.api.clock.wait(days=7)
    thief = w.api.program()
    began = await thief.start("recover", identifier=ANNA)
    away = await go(thief, began.flow_id, "vk")
    shown = await w.visit(thief, away.said["authorization_url"], began.flow_id, "vk")
    assert shown.state == "asking"
    done = await thief.call("POST", f"/api/v1/flows/{began.flow_id}/nothing-more")
    assert done.state in {"referred", "denied"}, done


@pytest.mark.row("R6", "D3")
async def test_recovery_with_an_account_that_is_not_linked_looks_the_same_for_every_name(w: World) -> None:
    await w.api.signed_up(ANNA)
    w.openid.person = ANOTHER_PERSON
    answers: list[Answer] = []
    for name in (ANNA, "nobody@example.com"):
        program = w.api.program()
        began = await program.start("recover", identifier=name)
        away = await go(program, began.flow_id)
        answers += [began, away, await w.visit(program, away.said["authorization_url"], began.flow_id)]
    known, unknown = answers[:3], answers[3:]
    assert known[2].problem == unknown[2].problem == "not_proven"
    assert known[2].said == unknown[2].said
    assert [a.said["choices"] for a in known[:2]] == [a.said["choices"] for a in unknown[:2]]


# ---------------------------------------------------------------- what may go wrong, and attacks


async def begun(w: World, provider: str = "oidc") -> tuple[object, Answer, dict[str, str]]:
    program = w.api.program()
    began = await program.start("sign_in_social", provider=provider)
    return program, began, await allow(began.said["authorization_url"])


@pytest.mark.parametrize("provider", ["oidc", *UNVOUCHED])
async def test_an_answer_is_good_once(provider: str, w: World) -> None:
    await w.signed_up(provider)
    program = w.api.program()
    began = await program.start("sign_in_social", provider=provider)
    back = await allow(began.said["authorization_url"])
    assert (await bring(program, began.flow_id, provider, back)).state == "done"
    again = await bring(program, began.flow_id, provider, back)
    assert again.status in {409, 410}, again


async def test_fifty_answers_at_once_are_exchanged_once(w: World) -> None:
    await w.signed_up()
    exchanged = len(w.openid.asked_at("/token"))
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    sessions = len((await w.api.rows("session"))["session"])
    answers = await asyncio.gather(*(bring(program, began.flow_id, "oidc", back) for _ in range(50)))
    assert sum(a.status < 300 for a in answers) == 1
    assert {a.status for a in answers} <= {200, 409, 410}
    assert len(w.openid.asked_at("/token")) == exchanged + 1
    assert len((await w.api.rows("session"))["session"]) == sessions + 1


async def test_login_csrf_the_answer_of_a_stranger_is_refused_in_another_browser(w: World) -> None:
    """The thief goes to the provider himself and hands the victim's browser what it brought back."""
    thief, victim = w.api.program(), w.api.program()
    began = await thief.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    assert (await bring(victim, began.flow_id, "oidc", back)).problem == "unknown"
    assert not await victim.is_signed_in()
    mine = await victim.start("sign_in_social", provider="oidc")
    assert (await bring(victim, mine.flow_id, "oidc", back)).problem == "wrong_step"
    assert w.openid.asked_at("/token") == []


async def test_the_code_of_another_flow_is_refused_by_the_provider(w: World) -> None:
    """A code that was stolen elsewhere, put behind a state of one's own: PKCE and nonce stop it."""
    await w.signed_up()
    exchanged = len(w.openid.asked_at("/token"))
    victim, thief = w.api.program(), w.api.program()
    stolen = await allow((await victim.start("sign_in_social", provider="oidc")).said["authorization_url"])
    began = await thief.start("sign_in_social", provider="oidc")
    own = await allow(began.said["authorization_url"])
    assert (await bring(thief, began.flow_id, "oidc", {**own, "code": stolen["code"]})).problem == "provider_refused"
    assert len(w.openid.asked_at("/token")) == exchanged + 1
    assert not await thief.is_signed_in()


async def test_mix_up_the_answer_of_one_provider_is_none_of_another(w: World) -> None:
    """RFC 9700, 4.4: the thief runs one of the providers and has codes of another sent to his."""
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    assert (await bring(program, began.flow_id, "vk", {**back, "device_id": "x"})).problem == "wrong_step"
    assert w.vk.asked == []
    assert (await bring(program, began.flow_id, "oidc", {**back, "iss": "https://evil.example"})).problem == "provider_refused"
    assert w.openid.asked_at("/token") == []


@pytest.mark.parametrize("state", ["", "x", "0" * 75, "0" * 32, "ü" * 75])
async def test_a_missing_or_foreign_state_is_refused(state: str, w: World) -> None:
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    assert (await bring(program, began.flow_id, "oidc", {**back, "state": state})).problem == "wrong_step"
    assert w.openid.asked_at("/token") == []
    assert (await bring(program, began.flow_id, "oidc", back)).said["finish"] == "details"


async def test_an_answer_that_comes_too_late_is_refused(w: World) -> None:
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    w.api.clock.wait(minutes=16)
    assert (await bring(program, began.flow_id, "oidc", back)).problem == "wrong_step"


@pytest.mark.parametrize(
    "lie", [{"nonce": "foreign"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": ""}, {"nonce": None}]
)
async def test_a_token_that_must_not_be_believed_opens_nothing(lie: dict[str, object], w: World) -> None:
    await w.signed_up()
    before = await w.api.rows(*OF_ACCOUNTS)
    w.openid.lies = lie
    program = w.api.program()
    assert (await w.come(program)).problem == "provider_refused"
    assert await w.api.rows(*OF_ACCOUNTS) == before


@pytest.mark.parametrize("status", [200, 500])
async def test_a_provider_that_answers_nonsense_changes_nothing_and_may_be_tried_again(status: int, w: World) -> None:
    await w.signed_up()
    w.openid.broken = {"/token": (status, b"<html>oops")}
    program = w.api.program()
    before = await w.api.rows(*OF_ACCOUNTS)
    answer = await w.come(program)
    assert (answer.status, answer.problem) == (503, "provider_silent")
    assert await w.api.rows(*OF_ACCOUNTS) == before
    w.openid.broken = {}
    assert (await w.come(program)).state == "done"


async def test_a_provider_that_is_slow_changes_nothing(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    monkeypatch.setattr("sparekey.adapters.social.http.SECONDS", 0.2)
    w.openid.slow = 5
    assert (await bring(program, began.flow_id, "oidc", back)).problem == "provider_silent"
    w.openid.slow = 0
    away = await go(program, began.flow_id)
    assert (await w.visit(program, away.said["authorization_url"], began.flow_id)).said["finish"] == "details"


async def test_a_provider_that_is_down_when_one_sets_out(w: World) -> None:
    w.openid.broken = {"/.well-known/openid-configuration": (502, b"")}
    assert (await w.api.program().start("sign_in_social", provider="oidc")).problem == "provider_silent"


async def test_a_newer_visit_makes_the_older_one_void(w: World) -> None:
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    older = await allow(began.said["authorization_url"])
    newer = await allow((await go(program, began.flow_id)).said["authorization_url"])
    assert (await bring(program, began.flow_id, "oidc", older)).problem == "wrong_step"
    assert (await bring(program, began.flow_id, "oidc", newer)).said["finish"] == "details"


@pytest.mark.parametrize("provider", ["google", "", "nobody"])
async def test_a_provider_that_is_not_set_up_is_not_there(provider: str, w: World) -> None:
    assert (await w.api.program().start("sign_in_social", provider=provider)).fields == [("provider", "provider_unknown")]


async def test_the_providers_are_listed(w: World) -> None:
    listed = await w.api.program().read("social")
    assert listed == {"providers": [{"name": n, "title": t} for n, t in (("facebook", "Facebook"), ("vk", "VK"), ("oidc", "Example"))]}


async def test_a_program_may_be_come_back_to_only_where_the_site_allows_it(w: World) -> None:
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc", redirect_uri="https://shop.example/back")
    back = await allow(began.said["authorization_url"])
    assert w.openid.asked_at("/authorize")[-1].query["redirect_uri"] == "https://shop.example/back"
    assert (await bring(program, began.flow_id, "oidc", back)).said["finish"] == "details"
    for foreign in ("https://evil.example/back", "https://shop.example/back/", "https://shop.example/back?x"):
        refused = await program.start("sign_in_social", provider="oidc", redirect_uri=foreign)
        assert refused.fields == [("redirect_uri", "redirect_unknown")]


async def test_a_flow_of_nobody_yet_takes_nothing_else(w: World) -> None:
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    assert (await program.password(began.flow_id, PASSWORD)).problem == "wrong_step"
    assert (await program.send(began.flow_id)).problem == "wrong_step"
    assert await w.api.letters() == []
