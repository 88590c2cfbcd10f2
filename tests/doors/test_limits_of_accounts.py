"""What one who is signed in can do often, and how often: strangers' mailboxes, other people's user names, actions without end (D1, D3).

And what nobody can use up for the owner (D2).
"""

from collections.abc import Mapping

import pytest

from sparekey.domain.limits import VOLUME_LIMITS
from tests.attacks.people import FAR, HOME, at
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program

ANNA, EVE = "anna@example.com", "eve@example.com"


def most(limit: str) -> int:
    return VOLUME_LIMITS[limit].most


async def renamed(program: Program, user_name: str, name: str = "Eve") -> Answer:
    return await program.start("change_details", name=name, language="en", user_name=user_name)


def seconds_left(answer: Answer) -> int:
    assert (answer.status, int(answer.headers["retry-after"]) > 0) == (429, True), answer
    return int(answer.headers["retry-after"])


async def written_to(api: Api) -> set[str]:
    return {letter.to for letter in await api.letters() if letter.to.startswith("stranger")}


async def adds_many(program: Program, number: int) -> list[Answer]:
    return [await program.start("add_address", email=f"stranger{n}@example.net") for n in range(number)]


@pytest.mark.row("D1")
async def test_one_account_cannot_write_to_many_strangers(api: Api) -> None:
    eve, allowed = await api.signed_up(EVE), most("send.account")
    began = await adds_many(eve, allowed)
    assert {a.state for a in began} == {"allowed"}
    before = await api.rows("flow", "outbox", "account", "address")
    refused = await eve.start("add_address", email="one-more@example.net")
    assert refused.problem == "too_many_messages"
    assert 0 < seconds_left(refused) <= 3600
    assert await api.rows("flow", "outbox", "account", "address") == before
    assert len(await written_to(api)) == allowed
    # What went out is good, and nobody else is held back.
    assert (await eve.code(began[0].flow_id, (await api.newest("stranger0@example.net")).code)).state == "done"
    assert (await (await api.signed_up(ANNA)).start("add_address", email="second@example.com")).state == "allowed"


@pytest.mark.row("D1")
async def test_another_code_for_a_new_address_counts_as_well(api: Api) -> None:
    eve = await api.signed_up(EVE)
    *_, last = await adds_many(eve, most("send.account"))
    api.clock.wait(seconds=61)
    before = await api.rows("flow", "outbox")
    assert (await eve.send(last.flow_id)).problem == "too_many_messages"
    assert await api.rows("flow", "outbox") == before
    # Codes to mailboxes of the account's own are another matter.
    recovery = await eve.start("recover", identifier=EVE)
    assert recovery.said["held"] is False


@pytest.mark.row("D1", "R7")
async def test_friends_who_are_invited_are_counted_with_them(api: Api) -> None:
    eve = await api.signed_up(EVE)
    await adds_many(eve, most("send.account") - 2)
    friends = [{"name": f"Friend {n}", "email": f"stranger-friend{n}@example.net"} for n in range(3)]
    before = await written_to(api)
    assert (await eve.start("change_contacts", friends=friends, needed=2)).problem == "too_many_messages"
    assert await written_to(api) == before


@pytest.mark.row("D1", "R7")
@pytest.mark.parametrize("limit", ["guarded.account", "send.account"])
async def test_a_list_of_friends_that_a_limit_refuses_is_not_written_down(api: Api, limit: str) -> None:
    eve = await api.signed_up(EVE)
    session = (await eve.read("session"))["account_id"]
    while not await api.parts.services.limits.hit(limit, session):
        pass
    tables = ("contact_circle", "contact", "flow", "outbox", "audit_event")
    before = await api.rows(*tables)
    friends = [{"name": f"Friend {n}", "email": f"stranger-friend{n}@example.net"} for n in range(3)]
    assert (await eve.start("change_contacts", friends=friends, needed=2)).problem == VOLUME_LIMITS[limit].reason
    assert await api.rows(*tables) == before


@pytest.mark.row("D1")
async def test_without_the_limits_all_of_them_would_be_written_to(patient_api: Api) -> None:
    """So that the tests above are known to see more mails, if there were more."""
    eve, more = await patient_api.signed_up(EVE), most("send.account") + 5
    assert {a.state for a in await adds_many(eve, more)} == {"allowed"}
    assert len(await written_to(patient_api)) == more


@pytest.mark.row("D1", "D3")
async def test_one_account_cannot_ask_for_many_user_names(api: Api) -> None:
    """ "Taken" says that somebody is here under that name."""
    anna, eve = await api.signed_up(ANNA), await api.signed_up(EVE)
    assert (await renamed(anna, "anna.b", "Anna")).state == "done"
    answers = [await renamed(eve, "anna.b") for _ in range(most("user_name.account"))]
    assert {tuple(a.fields) for a in answers} == {(("user_name", "user_name_taken"),)}
    before = await api.rows()
    taken, free = await renamed(eve, "anna.b"), await renamed(eve, "nobody.has.it")
    assert (taken.problem, taken.status, taken.said) == (free.problem, free.status, free.said)
    assert taken.problem == "user_names_used_up"
    assert seconds_left(taken) <= 86_400
    assert await api.rows() == before
    # All else can be changed, also by a program that always sends the user name that the account has.
    assert (await renamed(eve, "", "Eva")).state == "done"
    assert (await renamed(anna, "anna.b", "Ann")).state == "done"


@pytest.mark.row("D1", "D3")
async def test_many_accounts_in_one_network_cannot_ask_for_many_user_names_either(api: Api) -> None:
    each = most("user_name.account")
    accounts = most("user_name.network") // each
    for n in range(accounts):
        program = await moved(api, await api.signed_up(f"eve{n}@example.com"), FAR)
        assert {(await renamed(program, f"{n}.name{i}")).state for i in range(each)} == {"done"}
    late = await api.signed_up("late@example.com")
    assert (await renamed(await moved(api, late, FAR), "late.name")).problem == "user_names_used_up"
    assert (await renamed(await moved(api, late, HOME), "late.name")).state == "done"


async def moved(api: Api, program: Program, network: str) -> Program:
    """The same session in some network."""
    there = at(api, network)
    there.session, there.device = program.session, program.device
    return there


@pytest.mark.row("D1")
async def test_what_one_account_begins_has_an_end(api: Api) -> None:
    eve = await api.signed_up(EVE)
    assert {(await renamed(eve, "", f"Eve {n}")).state for n in range(most("guarded.account"))} == {"done"}
    before = await api.rows("flow", "audit_event", "account", "outbox")
    for action, given in (("change_details", {"name": "E", "language": "en"}), ("download_data", {}), ("close_account", {})):
        refused = await eve.start(action, **given)
        assert refused.problem == "too_much_begun"
        assert seconds_left(refused) <= 3600
    assert await api.rows("flow", "audit_event", "account", "outbox") == before
    # In another session it is the same account.
    again = api.program()
    await again.sign_in(EVE)
    assert (await renamed(again, "", "E")).problem == "too_much_begun"


@pytest.mark.row("D2")
async def test_nobody_inside_uses_up_what_the_owner_stops_him_with(api: Api) -> None:
    owner, thief = await api.signed_up(ANNA), api.program()
    await thief.sign_in(ANNA)
    often = range(most("guarded.account") + 1)
    assert [await renamed(thief, "", f"Eve {n}") for n in often][-1].problem == "too_much_begun"
    assert [await thief.start("change_password") for _ in often][-1].problem == "too_much_begun"
    assert (await thief.start("end_sessions")).problem == "too_much_begun"
    for action, given in DEFENCES.items():
        assert (await owner.start(action, **given)).status != 429, action
    assert (await owner.start("end_sessions")).state == "done"
    assert not await thief.is_signed_in()
    changed = await owner.start("change_password")
    if changed.state == "asking":
        changed = await owner.password(changed.flow_id, PASSWORD)
    assert (await owner.finish(changed.flow_id, ANOTHER)).state == "done"


DEFENCES: Mapping[str, Mapping[str, str]] = {
    "undo": {},
    "cancel_recovery": {"flow_id": "0" * 32},
    "object": {"flow_id": "0" * 32},
    "report_stolen": {"factor_id": "0" * 32},
    "remove_factor": {"factor_id": "0" * 32},
    "remove_address": {"address_id": "0" * 32},
    "stop_closing": {},
}


@pytest.mark.row("D2")
async def test_a_stranger_without_a_session_uses_up_nothing(api: Api) -> None:
    owner, stranger = await api.signed_up(ANNA), api.program()
    for session in ("", "x" * 43):
        stranger.session = session
        for _ in range(most("guarded.network") // 2 + 1):
            assert (await stranger.start("change_password")).problem == "not_signed_in"
    assert (await renamed(owner, "anna.b", "Ann")).state == "done"
    assert (await owner.start("change_password")).status == 201
    assert (await owner.start("end_sessions")).state == "done"


@pytest.mark.row("D1")
async def test_what_one_network_begins_has_an_end_and_others_go_on(api: Api) -> None:
    accounts = -(-most("guarded.network") // most("guarded.account")) + 1
    programs = [await api.signed_up(f"eve{n}@example.com") for n in range(accounts)]
    answers = []
    for program in programs:
        there = await moved(api, program, FAR)
        answers += [await renamed(there, "", f"Eve {n}") for n in range(most("guarded.account"))]
    assert [a.status for a in answers].count(201) == most("guarded.network")
    last = programs[-1]
    assert (await (await moved(api, last, FAR)).start("end_sessions")).state == "done", "what defends an account goes by session"
    assert (await renamed(await moved(api, last, HOME), "", "Eve")).state == "done"
