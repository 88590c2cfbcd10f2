"""The secret question (R9): off unless switched on, never a key, and one weak statement inside a support case."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.domain.accounts import NOBODY_ID
from sparekey.domain.errors import BadSettings
from sparekey.domain.factors import FactorKind
from sparekey.domain.policy.decide import order_of_kinds
from sparekey.domain.policy.parse import load_policy
from sparekey.settings import read_settings
from sparekey.use_cases.secret_answer import check_secret_answer
from tests.doors.api import PASSWORD, Answer, Api, Program, served
from tests.doors.waits import ANNA, letters_about

pytestmark = pytest.mark.row("R9")


@pytest.fixture(params=[""], ids=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """What is special about a database is tried in tests/contracts."""
    return str(request.param)


@pytest.fixture
async def on(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, secret_question="on") as api:
        yield api


async def set_answer(program: Program, question: str, answer: str) -> Answer:
    began = await program.start("set_secret_answer", question=question, answer=answer)
    if began.status == 201 and began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    return began


async def account_id(program: Program) -> str:
    return str((await program.read("session"))["account_id"])


async def test_an_answer_is_set_after_a_fresh_proof_told_to_every_address_and_compared_kindly(on: Api) -> None:
    anna = await on.signed_up(ANNA)
    on.clock.wait(minutes=30)
    assert (await anna.start("set_secret_answer", question="first_pet", answer="Mr. Whiskers")).state == "asking"
    assert (await set_answer(anna, "first_pet", "Mr. Whiskers")).state == "done"
    assert len(await letters_about(on, ANNA, "secret question")) == 1
    mine = await account_id(anna)
    for typed, right in (("mr whiskers", True), (" MR.WHISKERS ", True), ("whiskers", False), ("", False)):
        checked = await check_secret_answer(on.parts.services, mine, typed)  # type: ignore[arg-type]
        assert (checked.matches, checked.set_at is not None) == (right, True)
    shown = await anna.read("account/secret-question")
    assert (shown["on"], shown["question"], len(shown["questions"])) == (True, "first_pet", 5)
    [(row,)] = [(await on.rows("secret_answer"))["secret_answer"]]
    assert not any("hiskers" in str(value) or "first_pet" in str(value) for value in row), "hashed and sealed"


async def test_a_name_that_nobody_has_is_compared_as_well_and_never_matches(on: Api) -> None:
    checked = await check_secret_answer(on.parts.services, NOBODY_ID, "anything")
    assert (checked.matches, checked.set_at) == (False, None)


async def test_bad_answers_are_refused_beside_the_field(on: Api) -> None:
    anna = await on.signed_up(ANNA)
    for question, answer, wrong in (
        ("first_pet", "a.", ("secret_answer", "secret_answer_short")),
        ("first_pet", "x" * 101, ("secret_answer", "secret_answer_long")),
        ("my_own", "Whiskers", ("question", "question_unknown")),
    ):
        assert (await set_answer(anna, question, answer)).fields == [wrong]
    assert (await anna.read("account/secret-question"))["question"] == ""


async def test_it_is_replaced_and_removed(on: Api) -> None:
    anna = await on.signed_up(ANNA)
    await set_answer(anna, "first_pet", "Whiskers")
    await set_answer(anna, "first_teacher", "Miss Tree")
    assert (await anna.read("account/secret-question"))["question"] == "first_teacher"
    assert (await set_answer(anna, "", "")).state == "done"
    assert (await anna.read("account/secret-question"))["set_at"] is None


async def test_off_unless_switched_on(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    assert (await set_answer(anna, "first_pet", "Whiskers")).fields == [("", "secret_question_off")]
    assert await anna.read("account/secret-question") == {"on": False, "question": "", "set_at": None, "questions": []}


def test_strict_refuses_it() -> None:
    with pytest.raises(BadSettings, match="SPAREKEY_SECRET_QUESTION"):
        read_settings({"SPAREKEY_PROFILE": "strict", "SPAREKEY_SECRET_QUESTION": "on"})


@pytest.mark.parametrize("profile", ["shop", "strict"])
def test_no_action_takes_it_as_a_proof(profile: str) -> None:
    policy = load_policy(profile, {})
    assert [a for a, rules in policy.actions.items() if FactorKind.SECRET_QUESTION in order_of_kinds(rules, policy)] == []
