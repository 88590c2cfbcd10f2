"""Recovery contacts and secret answers in the database: what is personal is sealed, and a list goes when no factor names it any more."""

from datetime import timedelta

import pytest

from sparekey.domain.accounts import AccountId
from sparekey.domain.contacts import AskKind, AskState, Circle, Contact, ContactAsk, ContactState, Friend, new_factor
from sparekey.domain.retention import CIRCLE_KEPT, CONTACT_ASK_KEPT
from sparekey.domain.values import replace
from sparekey.use_cases.stores_of_contacts import SecretAnswer
from tests.contracts.stores import NOW, Held, new_account

BORIS = Friend("Boris", "boris@friends.example", "email:boris@friends.example")
CLARA = Friend("Clara", "clara@friends.example", "email:clara@friends.example")
LATER = NOW + timedelta(days=365)
ANNA = AccountId("a" * 32)


def circle(circle_id: str = "1" * 32, account_id: AccountId = ANNA) -> Circle:
    contacts = (
        Contact(f"{circle_id[:30]}01", BORIS, "Anna", ContactState.ACCEPTED, NOW),
        Contact(f"{circle_id[:30]}02", CLARA, "Anna", ContactState.INVITED, NOW),
    )
    return Circle(circle_id, account_id, 2, NOW, LATER, contacts)


def asked(contact_id: str = "c" * 32) -> ContactAsk:
    return ContactAsk(AskKind.PHRASE, "f" * 32, ANNA, contact_id, "four short plain words", NOW, NOW + timedelta(days=3))


@pytest.mark.row("R7")
async def test_a_circle_comes_back_as_it_was_kept(at: Held) -> None:
    async with at.store.transaction() as tx:
        await tx.circles.add(circle())
        assert await tx.circles.get("1" * 32) == circle()
        assert await tx.circles.get("2" * 32) is None
        await tx.circles.set_state(f"{'1' * 30}02", ContactState.DECLINED)
        found = await tx.circles.get("1" * 32)
        assert found is not None
        assert [c.state for c in found.contacts] == [ContactState.ACCEPTED, ContactState.DECLINED]


@pytest.mark.row("R7")
async def test_who_is_to_be_reminded(at: Held) -> None:
    async with at.store.transaction() as tx:
        await tx.circles.add(circle())
        assert await tx.circles.to_remind(LATER - timedelta(milliseconds=1), 10) == []
        assert [c.circle_id for c in await tx.circles.to_remind(LATER, 10)] == ["1" * 32]
        await tx.circles.remind_at("1" * 32, LATER + timedelta(days=365))
        assert await tx.circles.to_remind(LATER, 10) == []


@pytest.mark.row("R7")
async def test_what_a_friend_is_asked(at: Held) -> None:
    async with at.store.transaction() as tx:
        await tx.contact_asks.add(asked(), b"token")
        await tx.contact_asks.add(replace(asked("d" * 32), asked_at=NOW + timedelta(seconds=1)), b"other")
        assert await tx.contact_asks.find(b"token") == asked()
        assert await tx.contact_asks.find(b"none") is None
        answered = replace(asked(), state=AskState.ANSWERED, wrong=2, answered_at=NOW)
        await tx.contact_asks.save(answered, b"token")
        assert [a.contact_id for a in await tx.contact_asks.of_flow("f" * 32)] == ["c" * 32, "d" * 32]
        assert (await tx.contact_asks.of_flow("f" * 32))[0] == answered


@pytest.mark.row("D7")
async def test_friends_words_and_questions_are_sealed(at: Held) -> None:
    async with at.store.transaction() as tx:
        await tx.circles.add(circle())
        await tx.contact_asks.add(asked(), b"token")
        await tx.secret_answers.put(ANNA, SecretAnswer("first_pet", "$argon2id$…", NOW))
    rows = [row for table in ("contact", "contact_ask", "secret_answer") for row in await at.rows(f"select * from {table}")]
    dump = b" ".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)
    for word in (b"boris", b"Boris", b"Anna", b"short", b"plain", b"first_pet"):
        assert word not in dump


@pytest.mark.row("R9")
async def test_one_secret_answer_for_each_account(at: Held) -> None:
    async with at.store.transaction() as tx:
        assert await tx.secret_answers.get(ANNA) is None
        await tx.secret_answers.put(ANNA, SecretAnswer("first_pet", "one", NOW))
        await tx.secret_answers.put(ANNA, SecretAnswer("first_teacher", "two", LATER))
        assert await tx.secret_answers.get(ANNA) == SecretAnswer("first_teacher", "two", LATER)
        assert (await tx.secret_answers.remove(ANNA), await tx.secret_answers.remove(ANNA)) == (True, False)


@pytest.mark.row("R7")
async def test_a_list_goes_when_no_factor_names_it_and_asks_when_they_are_over(at: Held) -> None:
    anna = new_account()
    async with at.store.transaction() as tx:
        await tx.accounts.add(anna)
        for n in "12":
            await tx.circles.add(circle(n * 32, anna.account_id))
        await tx.factors.add(anna.account_id, new_factor("1" * 32, NOW), b"")
        await tx.contact_asks.add(asked(), b"token")
    await at.store.prune(NOW + CONTACT_ASK_KEPT + timedelta(days=2), 100)
    assert (await at.count("contact_ask"), await at.count("contact_circle")) == (1, 2)
    await at.store.prune(NOW + CONTACT_ASK_KEPT + timedelta(days=4), 100)
    assert (await at.count("contact_ask"), await at.count("contact_circle")) == (0, 2)
    await at.store.prune(NOW + CIRCLE_KEPT + timedelta(days=1), 100)
    assert await at.rows("select circle_id from contact_circle") == [("1" * 32,)]
    assert await at.rows("select distinct circle_id from contact") == [("1" * 32,)]
