"""What the shop reports and what it is told, as every store keeps it; and what warnings are looked for by."""

from datetime import timedelta

import pytest

from sparekey.domain.accounts import NOBODY_ID, AccountId
from sparekey.domain.actions import Action
from sparekey.domain.confirmations import Confirmation, ConfirmationState
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.shop import Activity, ActivityKind
from sparekey.domain.values import replace
from sparekey.use_cases.stores_of_shop import ShopEvent
from tests.contracts.stores import NOW, Held

ANNA, BERT = AccountId("a" * 32), AccountId("b" * 32)
HOUR = timedelta(hours=1)

ORDER = Activity(ANNA, "order-17", ActivityKind.ORDER, NOW, "Чайник 🫖", "39.90", "EUR", "203.0.113.7", "Firefox")


async def test_a_report_is_read_as_it_was_written_and_kept_once(at: Held) -> None:
    async with at.store.transaction() as tx:
        assert await tx.shop_activities.add(ORDER)
        assert not await tx.shop_activities.add(replace(ORDER, title="Another"))
        assert await tx.shop_activities.add(replace(ORDER, account_id=BERT))
        assert await tx.shop_activities.add(replace(ORDER, reference="order-18", at=NOW + HOUR))
    async with at.store.transaction() as tx:
        assert await tx.shop_activities.get(ANNA, "order-17") == ORDER
        assert await tx.shop_activities.get(ANNA, "order-19") is None
        assert [a.reference for a in await tx.shop_activities.of_account(ANNA, NOW, 10)] == ["order-18", "order-17"]
        assert [a.reference for a in await tx.shop_activities.of_account(ANNA, NOW + HOUR, 10)] == ["order-18"]
        assert [a.reference for a in await tx.shop_activities.of_account(ANNA, NOW, 1)] == ["order-18"]


ASKED = Confirmation("c" * 32, ANNA, "link_card", "card-17", "Карта 🫖", "https://shop.example.com/cards", NOW)


@pytest.mark.row("G1")
async def test_a_question_is_read_as_it_was_written_and_kept_once(at: Held) -> None:
    younger = replace(ASKED, confirmation_id="d" * 32, reference="card-18", asked_at=NOW + HOUR)
    async with at.store.transaction() as tx:
        assert await tx.confirmations.add(ASKED)
        assert not await tx.confirmations.add(replace(ASKED, confirmation_id="e" * 32, title="Another"))
        assert await tx.confirmations.add(replace(ASKED, confirmation_id="f" * 32, account_id=BERT))
        assert await tx.confirmations.add(younger)
    async with at.store.transaction() as tx:
        assert await tx.confirmations.get("c" * 32) == ASKED
        assert await tx.confirmations.get("0" * 32) is None
        assert await tx.confirmations.by_reference(ANNA, "card-17") == ASKED
        assert await tx.confirmations.by_reference(ANNA, "card-19") is None
        assert list(await tx.confirmations.of_account(ANNA, 10)) == [younger, ASKED]
        assert list(await tx.confirmations.of_account(ANNA, 1)) == [younger]


@pytest.mark.row("G1")
async def test_a_question_is_answered_once_and_used_once(at: Held) -> None:
    proofs = (FactorKind.PASSWORD, FactorKind.TOTP)
    confirmed = replace(ASKED, state=ConfirmationState.CONFIRMED, answered_at=NOW + HOUR, proofs=proofs)
    refused = replace(ASKED, state=ConfirmationState.REFUSED, answered_at=NOW + HOUR)
    other = replace(refused, confirmation_id="d" * 32, reference="card-18")
    async with at.store.transaction() as tx:
        for asked in (ASKED, replace(ASKED, confirmation_id="d" * 32, reference="card-18")):
            await tx.confirmations.add(asked)
        assert not await tx.confirmations.use("c" * 32, NOW), "nobody has confirmed it"
        assert await tx.confirmations.answer(confirmed)
        assert not await tx.confirmations.answer(refused)
        assert await tx.confirmations.answer(other)
        assert not await tx.confirmations.use("d" * 32, NOW), "it was refused"
    async with at.store.transaction() as tx:
        assert await tx.confirmations.get("c" * 32) == confirmed
        assert await tx.confirmations.get("d" * 32) == other
        assert await tx.confirmations.use("c" * 32, NOW + 2 * HOUR)
        assert not await tx.confirmations.use("c" * 32, NOW + 3 * HOUR)
        assert await tx.confirmations.get("c" * 32) == replace(confirmed, used_at=NOW + 2 * HOUR)


async def test_an_event_is_claimed_by_one_and_comes_back(at: Held) -> None:
    event = ShopEvent("e" * 32, ANNA, "account.frozen", NOW, b'{"type": "account.frozen"}')
    async with at.store.transaction() as tx:
        await tx.shop_events.add(event)
        assert await tx.shop_events.claim(NOW - HOUR, NOW, 10) == []
        [claimed] = await tx.shop_events.claim(NOW, NOW + HOUR, 10)
        assert (claimed.event, claimed.tries) == (event, 0)
        assert await tx.shop_events.claim(NOW, NOW + HOUR, 10) == []
        await tx.shop_events.failed(event.event_id, "500", NOW + HOUR / 2)
        [again] = await tx.shop_events.claim(NOW + HOUR / 2, NOW + HOUR, 10)
        assert again.tries == 1
        await tx.shop_events.dead(event.event_id, "500")
        assert await tx.shop_events.counts() == {"dead": 1}
        assert await tx.shop_events.retry_dead(event.event_id, NOW)
        await tx.shop_events.delivered(event.event_id, NOW)
        assert [(e.state, e.tries, e.error) for e in await tx.shop_events.in_state("delivered", 10)] == [("delivered", 0, "")]
        assert await tx.shop_events.claim(NOW + HOUR, NOW + HOUR, 10) == []


def sign_in(flow_id: str, account_id: AccountId, **more: object) -> Flow:
    expires_at = NOW + HOUR / 2
    flow = Flow(flow_id, Action.SIGN_IN, account_id, account_id, b"", State.ASKING, 1, NOW - HOUR / 2, expires_at, "en")
    return replace(flow, **more)  # type: ignore[arg-type]


async def test_sign_ins_that_stand_half_done_are_found_page_by_page(at: Held) -> None:
    found = [sign_in(c * 32, ANNA, strange=True) for c in "123"]
    others = (
        sign_in("4" * 32, NOBODY_ID),
        sign_in("5" * 32, ANNA, state=State.DONE),
        sign_in("6" * 32, ANNA, action=Action.RECOVER),
        sign_in("7" * 32, ANNA, expires_at=NOW + HOUR),
        sign_in("8" * 32, ANNA, expires_at=NOW),
    )
    async with at.store.transaction() as tx:
        for flow in (*found, *others):
            await tx.flows.add(flow)
    async with at.store.transaction() as tx:
        assert list(await tx.flows.half_signed_in(NOW, NOW + HOUR * 3 / 4, "", 2)) == found[:2]
        assert list(await tx.flows.half_signed_in(NOW, NOW + HOUR * 3 / 4, found[1].flow_id, 2)) == found[2:]


async def test_accounts_with_many_wrong_answers_are_found_and_names_are_not(at: Held) -> None:
    async with at.store.transaction() as tx:
        for subject, tries, day in ((ANNA, 10, 7), (BERT, 9, 7), ("x" + "a" * 31, 10, 7), (AccountId("c" * 32), 10, 6)):
            for _ in range(tries):
                await tx.guesses.count_one(subject, "password/unknown", day)
        await tx.guesses.count_one(ANNA, "totp/unknown", 7)
    async with at.store.transaction() as tx:
        assert list(await tx.guesses.many_today("password/unknown", 7, 10, "", 10)) == [ANNA]
        assert list(await tx.guesses.many_today("password/unknown", 7, 9, ANNA, 10)) == [BERT]
