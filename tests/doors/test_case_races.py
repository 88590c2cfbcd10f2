"""Fifty at once in one support case (C2): each thing happens once, on both databases."""

import asyncio
from collections import Counter

import pytest

from sparekey.domain.agents import Choice
from sparekey.domain.cases import Case
from sparekey.domain.values import replace
from sparekey.use_cases import open_case as open_case_module
from sparekey.use_cases.load_case import LoadedCase, load_case
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.worker.cases import look_at_cases
from tests.doors.api import Api
from tests.doors.cases import NEW, Person, begin, decided, of_number, opened
from tests.doors.waits import ANNA, WAITING, letters_about

pytestmark = pytest.mark.row("C2")

AT_ONCE = 50


@pytest.fixture
def api(patient_api: Api) -> Api:
    return patient_api


async def confirmed_at_once(api: Api) -> tuple[Counter[int], Person]:
    person, _ = await begin(api, ANNA)
    code = (await api.newest(NEW)).code
    answered = await asyncio.gather(*(person.confirm(code) for _ in range(AT_ONCE)))
    return Counter(a.status for a in answered), person


async def test_a_code_opens_a_case_once(api: Api) -> None:
    seen, _ = await confirmed_at_once(api)
    assert seen == {200: 1, 409: AT_ONCE - 1}
    assert len(await letters_about(api, NEW, "is open")) == 1


async def test_statements_are_given_once(api: Api) -> None:
    person = await opened(api, ANNA)
    answered = await asyncio.gather(*(person.state(sign_up=f"20{n:02}-01") for n in range(AT_ONCE)))
    assert Counter(a.status for a in answered) == {200: 1, 409: AT_ONCE - 1}


async def test_messages_at_once_are_all_kept_in_one_row(api: Api) -> None:
    person = await opened(api, ANNA)
    answered = await asyncio.gather(*(person.say(str(n)) for n in range(AT_ONCE)))
    assert {a.status for a in answered} == {200}
    said = (await person.show()).said["messages"]
    assert sorted(int(m["text"]) for m in said) == list(range(AT_ONCE))
    assert [m["seq"] for m in said] == list(range(1, AT_ONCE + 1))


async def test_a_decision_leaves_once_however_many_workers_look(api: Api) -> None:
    await api.signed_up(ANNA)
    person = await opened(api, ANNA)
    case = await decided(api, person, Choice.APPROVE)
    assert case.due_at is not None
    api.clock.wait(seconds=(case.due_at - api.clock.now()).total_seconds())
    stop = asyncio.Event()
    await asyncio.gather(*(look_at_cases(api.parts.services, stop) for _ in range(AT_ONCE)))
    assert len(await letters_about(api, NEW, "it goes on")) == 1
    assert len(await letters_about(api, ANNA, WAITING)) == 1
    flows = [row for row in (await api.rows("flow"))["flow"] if "bind_after_case" in row]
    assert len(flows) == 1


async def test_a_code_that_is_judged_before_the_lock_is_caught(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the case is taken as it was read before its transaction, and saved over whatever stands there."""

    async def check_then_act(tx: Transaction, services: Services, client: Client, seen: Case) -> LoadedCase:
        await asyncio.sleep(0.01)
        at = await load_case(tx, services, client, seen)
        return replace(at, case=replace(seen, version=at.case.version))

    monkeypatch.setattr(open_case_module, "load_case", check_then_act)
    seen, person = await confirmed_at_once(api)
    assert seen[200] > 1
    assert (await of_number(api, person.number)).version > 2
