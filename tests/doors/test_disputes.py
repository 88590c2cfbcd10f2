"""Disputes (R16): who may start one, what is held, who wins, when it is over; neither side is kept out or robbed by the other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.bootstrap import dev_phone
from sparekey.domain.accounts import Account
from sparekey.domain.disputes import Dispute
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.flow import waiting as waiting_module
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out import disputes as carry_out
from sparekey.use_cases.carry_out.disputes import at_account, decided_by_people
from sparekey.use_cases.services import WORKER
from sparekey.worker.waits import look_at_waits
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Letter, Program, served
from tests.doors.second_factors import answer, enrol, owner_of
from tests.doors.waits import (
    ANNA,
    SECOND,
    WAITING,
    begin_with_mailbox,
    begin_with_password,
    disown_token,
    full_sign_in,
    letters_about,
    nothing_more,
    owner_with_two,
    pass_time,
    press,
)

pytestmark = pytest.mark.row("R16")

ON_ONE_DATABASE = ""
"""For what no database does differently."""

CLAIMED, ENDED, NOTED = "Two sides claim", "The dispute about", "objected to the recovery"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(ON_ONE_DATABASE, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


@pytest.fixture
async def on_both(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def account_of(api: Api, email: str = ANNA) -> Account:
    async with api.parts.services.store.transaction() as tx:
        return await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(email))


async def dispute_of(api: Api) -> Dispute | None:
    account = await account_of(api)
    async with api.parts.services.store.transaction() as tx:
        return await tx.disputes.open_of(account.account_id)


async def object_in_session(program: Program, flow_id: str = "", **shown: str) -> Answer:
    """With one more thing, or with none at all."""
    began = await program.start("object", flow_id=flow_id)
    if "password" in shown:
        return await program.password(began.flow_id, shown["password"])
    if "code" in shown:
        return await answer(program, began.flow_id, "totp", code=shown["code"])
    return await nothing_more(program, began.flow_id)


async def told(program: Program) -> tuple[int, str, bool] | None:
    """What somebody who is signed in sees: own things, those of the other side, and whether people look at it."""
    found = (await program.read("account/dispute"))["dispute"]
    return found and (found["mine"], found["other"], found["tied"])


# ---------------------------------------------------------------- who starts one


async def test_a_settled_witness_starts_one_and_then_nothing_can_be_changed(api: Api) -> None:
    owner = await owner_of(api)
    home = owner.program
    recovering, waits = await begin_with_password(api)
    held = await home.start("change_password")
    [letter] = await letters_about(api, ANNA, WAITING)
    pressed = await press(api.program(), letter)
    assert (pressed.said["objected"], pressed.said["disputed"], pressed.said["frozen"]) == (True, True, False)
    assert (await account_of(api)).disputed_at is not None
    assert len(await letters_about(api, ANNA, CLAIMED)) == 1
    assert (await home.show(held.flow_id)).state == "asking", "what has shown nothing yet is told when it has"
    for action, asked in (
        ("change_password", {}),
        ("add_address", {"email": "new@example.com"}),
        ("add_factor", {"factor": "totp", "label": ""}),
        ("close_account", {}),
        ("report_stolen", {"factor_id": ""}),
    ):
        began = await home.start(action, **asked)
        if began.status == 201 and began.state == "asking":
            began = await home.password(began.flow_id, PASSWORD)
        if began.status < 300 and began.state == "asking":
            began = await answer(home, began.flow_id, "totp", code=owner.app.next_code())
        assert began.status >= 400 or (began.state, began.said["ended"]) == ("denied", "disputed"), action
    assert await (await full_sign_in(api, owner)).is_signed_in(), "signing in is not held"
    assert (await recovering.show(waits.flow_id)).state == "waiting"
    assert await told(home) == (1, "as_much", False)


async def test_a_change_that_was_allowed_before_ends(api: Api) -> None:
    owner = await owner_of(api)
    home = await full_sign_in(api, owner)
    allowed = await home.start("change_password")
    allowed = await home.password(allowed.flow_id, PASSWORD) if allowed.state == "asking" else allowed
    assert allowed.state == "allowed"
    await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    gone = await home.show(allowed.flow_id)
    assert (gone.state, gone.said["ended"]) == ("ended", "disputed")
    assert (await home.finish(allowed.flow_id, ANOTHER)).problem == "disputed"


async def test_a_young_factor_weighs_nothing(api: Api) -> None:
    """The thief, in a session, has enrolled an authenticator of his own."""
    home = await api.signed_up(ANNA)
    await _with_number(api)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    his = await enrol(api, home, ANNA)
    _, waits = await _begin_with_number(api)
    api.clock.wait(minutes=20)
    began = await home.start("object", flow_id=waits.flow_id)
    assert (began.state, set(began.said["choices"])) == ("asking", {"email", "password", "sms"})
    assert (await answer(home, began.flow_id, "totp", code=his.app.next_code())).problem == "wrong_step"
    assert (await account_of(api)).disputed_at is None


async def test_a_living_session_alone_is_noted_and_changes_nothing(api: Api) -> None:
    owner = await owner_of(api)
    recovering, waits = await begin_with_password(api)
    for _ in range(3):
        assert (await object_in_session(owner.program, waits.flow_id)).state == "done"
    assert len(await letters_about(api, ANNA, NOTED)) == 1
    assert (await account_of(api)).disputed_at is None
    await pass_time(api, 24 * 7 + 1)
    assert (await recovering.show(waits.flow_id)).state == "allowed", "after its own week, as if nothing had been said"


@pytest.mark.row("R10")
async def test_a_second_tie_in_thirty_days_is_an_objection(api: Api) -> None:
    home = await api.signed_up(ANNA)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    await _with_number(api)
    first, waits = await _begin_with_number(api)
    cancelled = await home.start("cancel_recovery", flow_id=waits.flow_id)
    assert (await home.password(cancelled.flow_id, PASSWORD)).state == "done"
    assert (await first.show(waits.flow_id)).said["ended"] == "cancelled"
    assert (await account_of(api)).disputed_at is None
    second, waits = await _begin_with_number(api)
    cancelled = await home.start("cancel_recovery", flow_id=waits.flow_id)
    assert (await home.password(cancelled.flow_id, PASSWORD)).state == "done"
    now = await second.show(waits.flow_id)
    assert (now.state, now.said["objected"]) == ("waiting", True)
    dispute = await dispute_of(api)
    assert dispute is not None
    assert [p.kind for p in dispute.shown] == [FactorKind.PASSWORD]


NUMBER = "+37120123456"


async def _with_number(api: Api) -> None:
    """A settled number, without the detour of texts."""
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{ANNA}")
        mailbox = account.addresses[0]
        number = replace(mailbox, address_id="9" * 32, kind=type(mailbox.kind).PHONE, value=NUMBER, key=f"phone:{NUMBER}")
        await tx.accounts.save(account, replace(account, addresses=(mailbox, number)), api.clock.now())


async def _begin_with_number(api: Api) -> tuple[Program, Answer]:
    """A wait of three days, with the number shown."""
    program = api.program()
    began = await program.start("recover", identifier=NUMBER)
    await _show(api, began.flow_id, Proof(FactorKind.SMS, "9" * 32, Thing(ThingKind.NUMBER, f"phone:{NUMBER}"), api.clock.now()))
    waits = await nothing_more(program, began.flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 3), waits
    return program, waits


async def _show(api: Api, flow_id: str, proof: Proof) -> None:
    """As if it had been shown in the flow."""
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(flow_id)
        assert flow is not None
        await tx.flows.save(replace(flow, proofs=(*flow.proofs, proof)))


async def test_two_recoveries_of_one_account_are_in_dispute_with_each_other(api: Api) -> None:
    owner = await owner_with_two(api)
    first, mine = await begin_with_password(api)
    second, his = await begin_with_password(api)
    assert (await account_of(api)).disputed_at is not None
    states = [(await p.call("GET", f"/api/v1/flows/{f.flow_id}/dispute")).said["dispute"] for p, f in ((first, mine), (second, his))]
    assert [(s["mine"], s["other"]) for s in states] == [(1, "as_much")] * 2
    shown = await answer(first, mine.flow_id, "totp", code=owner.app.next_code())
    assert shown.state == "waiting", "enough to open at once, but not before it is weighed"
    assert (await first.call("GET", f"/api/v1/flows/{mine.flow_id}/dispute")).said["dispute"]["other"] == "less"
    await pass_time(api, 73)
    assert (await account_of(api)).disputed_at is None
    assert ((await first.show(mine.flow_id)).state, (await second.show(his.flow_id)).said["ended"]) == ("allowed", "outweighed")
    assert (await first.finish(mine.flow_id, ANOTHER)).state == "done"


async def test_whoever_began_twice_takes_one_back_and_nothing_is_disputed_any_more(api: Api) -> None:
    await owner_of(api)
    first, one = await begin_with_password(api)
    second, two = await begin_with_password(api)
    assert (await second.leave(two.flow_id)).status == 204
    await pass_time(api, 1)
    assert (await account_of(api)).disputed_at is None
    await pass_time(api, 24 * 7)
    assert (await first.show(one.flow_id)).state == "allowed"


async def test_two_recoveries_of_one_browser_are_one_side(api: Api) -> None:
    await owner_of(api)
    _, one = await begin_with_password(api)
    async with api.parts.services.store.transaction() as tx:
        before = await tx.flows.get(one.flow_id)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(began.flow_id)
        assert flow is not None
        assert before is not None
        account = await tx.accounts.get(flow.account_id)
        lock = await tx.audit.lock(account.account_id)
        at = await at_account(tx, api.parts.services, WORKER, lock, account.account_id)
        _, met = await carry_out.meet(at, replace(before, flow_id=flow.flow_id))
        assert met.waiting == before.waiting
    assert (await account_of(api)).disputed_at is None


# ---------------------------------------------------------------- who wins


async def test_whoever_objects_with_more_wins(api: Api) -> None:
    """The thief has the password. The owner presses in the mail, and shows the authenticator from there, without being signed in."""
    owner = await owner_of(api)
    thief, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    person = api.program()
    await press(person, letter)
    more = await person.call("POST", "/api/v1/disputes/show-more", {"token": disown_token(letter)})
    assert (more.status, more.state) == (201, "asking"), more
    assert "email" not in more.said["choices"], "the mailbox counts already"
    assert (await answer(person, more.flow_id, "totp", code=owner.app.next_code())).state == "done"
    seen = (await person.call("POST", "/api/v1/disputes/look", {"token": disown_token(letter)})).said["dispute"]
    assert (seen["mine"], seen["other"]) == (2, "less")
    await pass_time(api, 71)
    assert (await thief.show(waits.flow_id)).state == "waiting"
    await pass_time(api, 2)
    gone = await thief.show(waits.flow_id)
    assert (gone.state, gone.said["ended"]) == ("ended", "outweighed")
    assert (await account_of(api)).disputed_at is None
    assert len(await letters_about(api, ANNA, ENDED)) == 1
    over = await person.call("POST", "/api/v1/disputes/look", {"token": disown_token(letter)})
    assert over.problem == "link_over"


async def test_a_recovery_that_has_shown_more_goes_on_to_its_own_end_and_is_not_held_up_again(api: Api) -> None:
    """The thief reads the second mailbox. The owner has the password and the main one; he cannot be kept out."""
    await owner_with_two(api)
    owner, waits = await begin_with_mailbox(api)
    assert waits.said["wait_days"] == 1
    letters = await letters_about(api, SECOND, WAITING)
    assert (await press(api.program(), letters[0])).said["disputed"]
    await pass_time(api, 71)
    assert (await owner.show(waits.flow_id)).state == "waiting", "its own day is over, but it is not weighed yet"
    await pass_time(api, 2)
    assert (await owner.show(waits.flow_id)).state == "allowed"
    for letter in (await letters_about(api, SECOND, WAITING))[1:2] + await letters_about(api, SECOND, CLAIMED):
        assert (await press(api.program(), letter)).said["disputed"] is False
    assert (await owner.show(waits.flow_id)).state == "allowed"
    thief, again = await begin_with_password(api)
    assert (await owner.show(waits.flow_id)).state == "allowed", "nor by a recovery that has shown less"
    assert (await owner.finish(waits.flow_id, ANOTHER)).state == "done"
    assert (await thief.show(again.flow_id)).state == "waiting"


async def test_an_objector_may_show_more_after_all_and_the_recovery_too(api: Api) -> None:
    """Each is asked for more: the thief with the password shows the mailbox as well, the owner the authenticator and a backup code."""
    owner = await owner_with_two(api)
    thief, waits = await begin_with_password(api)
    letter = (await letters_about(api, SECOND, WAITING))[0]
    await press(api.program(), letter)
    asked = await thief.show(waits.flow_id)
    assert {"email", "totp", "backup_code"} <= set(asked.said["choices"])
    api.clock.wait(seconds=61)
    assert (await thief.send(waits.flow_id)).said["sent"]
    shown = await thief.code(waits.flow_id, (await api.newest(ANNA)).code)
    assert shown.state == "waiting"
    home = await full_sign_in(api, owner)
    assert await told(home) == (1, "more", False)
    assert (await object_in_session(home, code=owner.app.next_code())).state == "done"
    began = await home.start("object")
    assert (await answer(home, began.flow_id, "backup_code", code=owner.codes[0])).state == "done"
    assert await told(home) == (3, "less", False)
    await pass_time(api, 74)
    assert (await thief.show(waits.flow_id)).said["ended"] == "outweighed"


async def test_the_same_thing_counts_once(api: Api) -> None:
    owner = await owner_of(api)
    _, waits = await begin_with_password(api)
    home = await full_sign_in(api, owner)
    assert (await object_in_session(home, waits.flow_id, code=owner.app.next_code())).state == "done"
    began = await home.start("object")
    assert "totp" not in began.said["choices"]
    assert (await answer(home, began.flow_id, "totp", code=owner.app.next_code())).problem == "wrong_step"
    assert await told(home) == (1, "as_much", False)


async def test_a_tie_goes_to_people_and_is_over_in_fourteen_days(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    await pass_time(api, 73)
    assert (await program.show(waits.flow_id)).state == "referred"
    dispute = await dispute_of(api)
    assert dispute is not None
    assert dispute.tied_at is not None
    assert (await account_of(api)).disputed_at is not None, "held until a case is decided"
    assert len(await letters_about(api, ANNA, ENDED)) == 1
    await pass_time(api, 24 * 11 - 2)
    assert (await account_of(api)).disputed_at is not None
    await pass_time(api, 3)
    assert (await account_of(api)).disputed_at is None
    assert await dispute_of(api) is None


async def test_after_a_tie_who_shows_more_wins_at_once_or_after_three_days(api: Api) -> None:
    owner = await owner_of(api)
    _, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    await pass_time(api, 73)
    assert waits.state == "waiting"
    again, more = await begin_with_password(api)
    assert (await answer(again, more.flow_id, "totp", code=owner.app.next_code())).state == "waiting"
    await pass_time(api, 71)
    assert (await again.show(more.flow_id)).state == "waiting", "the other side has three days again"
    await pass_time(api, 2)
    assert (await again.show(more.flow_id)).state == "allowed"
    assert (await account_of(api)).disputed_at is None


async def test_an_objector_who_shows_more_after_a_tie_wins_at_once(api: Api) -> None:
    owner = await owner_of(api)
    await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    await pass_time(api, 73)
    home = await full_sign_in(api, owner)
    assert await told(home) == (1, "as_much", True)
    assert (await object_in_session(home, code=owner.app.next_code())).state == "done"
    assert (await account_of(api)).disputed_at is None


@pytest.mark.row("C6")
async def test_the_decision_of_a_case_frees_what_a_tie_held_and_nothing_else(api: Api) -> None:
    await owner_of(api)
    await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    account = await account_of(api)
    for hours, disputed in ((1, True), (73, False)):
        await pass_time(api, hours)
        async with api.parts.services.store.transaction() as tx:
            lock = await tx.audit.lock(account.account_id)
            await decided_by_people(await at_account(tx, api.parts.services, WORKER, lock, account.account_id))
        assert ((await account_of(api)).disputed_at is not None) is disputed


async def test_a_cancel_ends_the_recovery_and_the_dispute_at_once(api: Api) -> None:
    owner = await owner_of(api)
    thief, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    home = await full_sign_in(api, owner)
    began = await home.start("cancel_recovery", flow_id=waits.flow_id)
    began = await home.password(began.flow_id, PASSWORD)
    assert (await answer(home, began.flow_id, "totp", code=owner.app.next_code())).state == "done"
    assert (await thief.show(waits.flow_id)).said["ended"] == "cancelled"
    assert (await account_of(api)).disputed_at is None
    assert await told(home) is None


async def test_a_recovery_that_would_open_at_once_waits_too(api: Api) -> None:
    """A thief with everything but the authenticator: what he could do without any wait he cannot do while it is disputed."""
    owner = await owner_of(api)
    _, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    late = api.program()
    began = await late.start("recover", identifier=ANNA)
    assert (await late.code(began.flow_id, (await api.newest(ANNA)).code)).state == "asking"
    both = await answer(late, began.flow_id, "backup_code", code=owner.codes[0])
    assert both.state in {"asking", "waiting"}
    now = both if both.state == "waiting" else await nothing_more(late, began.flow_id)
    assert now.state == "waiting"
    assert (await late.finish(began.flow_id, ANOTHER)).problem == "wrong_step"
    assert waits.flow_id != began.flow_id
    await pass_time(api, 74)
    assert (await late.show(began.flow_id)).state == "allowed", "two things against one, and one"


async def test_one_that_was_open_already_waits_again(api: Api) -> None:
    owner = await owner_of(api)
    ready = api.program()
    began = await ready.start("recover", identifier=ANNA)
    await ready.code(began.flow_id, (await api.newest(ANNA)).code)
    assert (await answer(ready, began.flow_id, "backup_code", code=owner.codes[0])).state == "allowed"
    await begin_with_password(api)
    letter = (await letters_about(api, ANNA, WAITING))[0]
    await press(api.program(), letter)
    assert (await ready.show(began.flow_id)).state == "waiting"
    assert (await ready.finish(began.flow_id, ANOTHER)).problem == "wrong_step"


# ---------------------------------------------------------------- weapons


@pytest.mark.row("R10")
async def test_a_case_that_was_approved_is_not_kept_out_by_one_stolen_mailbox(api: Api) -> None:
    """Who has nothing left comes by two agents; the thief who reads the mailbox objects, every day."""
    owner = await owner_with_two(api)
    program, waits = await begin_with_password(api)
    approved = Proof(FactorKind.SUPPORT_APPROVAL, "support_approval", Thing(ThingKind.AGENTS, "two agents"), api.clock.now())
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(waits.flow_id)
        assert flow is not None
        await tx.flows.save(replace(flow, proofs=(approved,), route="support_approved"))
    for letter in await letters_about(api, SECOND, WAITING):
        assert (await press(api.program(), letter)).said["disputed"]
    await pass_time(api, 73)
    assert (await account_of(api)).disputed_at is None
    for letter in await letters_about(api, SECOND, CLAIMED):
        assert (await press(api.program(), letter)).said["disputed"] is False
    assert (await program.show(waits.flow_id)).state == "waiting"
    assert owner.email == ANNA


async def test_the_link_of_a_young_address_leads_to_no_guessing(api: Api) -> None:
    owner = await owner_of(api)
    home = await full_sign_in(api, owner)
    began = await home.start("add_address", email="thief@evil.example")
    assert (await home.code(began.flow_id, (await api.newest("thief@evil.example")).code)).state == "done"
    await begin_with_password(api)
    [his] = await letters_about(api, "thief@evil.example", WAITING)
    [hers] = await letters_about(api, ANNA, WAITING)
    assert (await press(api.program(), his)).said["disputed"] is False
    assert (await press(api.program(), hers)).said["disputed"] is True
    for path in ("look", "show-more"):
        assert (await api.program().call("POST", f"/api/v1/disputes/{path}", {"token": disown_token(his)})).problem == "link_over"


@pytest.mark.parametrize("token", ["", "x", "a" * 22, "a" * 200, "\u0000", "é" * 22])
async def test_what_is_no_link_of_ours_is_over(api: Api, token: str) -> None:
    for path in ("look", "show-more"):
        assert (await api.program().call("POST", f"/api/v1/disputes/{path}", {"token": token})).problem == "link_over"


async def test_a_stranger_sees_no_dispute(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    assert (await api.program().call("GET", f"/api/v1/flows/{waits.flow_id}/dispute")).problem == "unknown"
    assert (await api.program().call("GET", "/api/v1/account/dispute")).problem == "not_signed_in"
    eve = await api.signed_up("eve@example.com")
    assert await told(eve) is None
    assert (await eve.start("object", flow_id=waits.flow_id)).problem == "wrong_step"
    assert (await program.show(waits.flow_id)).state == "waiting"


@pytest.mark.row("H1")
async def test_whoever_reads_the_mailbox_of_a_locked_account_waits_where_another_address_hears_of_it(api: Api) -> None:
    """The owner has locked the account; the thief reads the mailbox still. The owner hears of his recovery at the number, and objects."""
    await api.signed_up(ANNA)
    await _with_number(api)
    api.clock.wait(days=31)
    await api.program().sign_in(ANNA)
    assert (await press(api.program(), (await letters_about(api, ANNA, "New sign-in"))[-1])).said["frozen"]
    thief = api.program()
    began = await thief.start("recover", identifier=ANNA)
    shown = await thief.code(began.flow_id, (await api.newest(ANNA)).code)
    waits = shown if shown.state == "waiting" else await nothing_more(thief, began.flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 3)
    await api.letters()
    text = next(t.text for t in dev_phone(api.settings, api.clock).list() if "/d/" in t.text and "getting back" in t.text)
    assert (await press(api.program(), Letter(NUMBER, "", text))).said["disputed"]
    await pass_time(api, 74)
    assert (await thief.show(began.flow_id)).state == "referred"


# ---------------------------------------------------------------- clocks and mail


@pytest.mark.row("R10")
async def test_mail_that_is_down_stretches_it_but_not_beyond_fourteen_days(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    await pass_time(api, 24 * 4, mail=False)
    assert (await program.show(waits.flow_id)).state == "waiting", "nobody has heard of it"
    dispute = await dispute_of(api)
    assert dispute is not None
    assert dispute.waiting.counted <= 1
    await pass_time(api, 24 * 10 + 1, mail=False)
    assert (await account_of(api)).disputed_at is None
    assert (await program.show(waits.flow_id)).state == "referred"


@pytest.mark.row("R10")
@pytest.mark.parametrize("leap", [{"hours": 1}, {"hours": -1}, {"days": 31}, {"days": -31}, {"days": 400}])
async def test_a_clock_that_leaps_decides_nothing(api: Api, leap: dict[str, float]) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    await pass_time(api, 5)
    api.clock.wait(**leap)
    await pass_time(api, 3)
    api.clock.wait(**{unit: -by for unit, by in leap.items()})
    await pass_time(api, 3)
    dispute = await dispute_of(api)
    assert dispute is not None
    assert dispute.tied_at is None
    assert dispute.waiting.credited.total_seconds() <= 14 * 3600
    assert (await program.show(waits.flow_id)).state == "waiting"
    await pass_time(api, 80)
    assert (await program.show(waits.flow_id)).state == "referred"


async def test_a_planted_clock_that_is_believed_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on purpose: all time that passed is credited."""
    monkeypatch.setattr(waiting_module, "STEP_AT_MOST", waiting_module.NOTICE_EVERY * 400)
    await owner_of(api)
    await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    api.clock.wait(days=31)
    await pass_time(api, 1)
    assert (await account_of(api)).disputed_at is None


# ---------------------------------------------------------------- many at once


async def test_many_workers_at_once_weigh_once(on_both: Api) -> None:
    api = on_both
    await owner_of(api)
    program, waits = await begin_with_password(api)
    [letter] = await letters_about(api, ANNA, WAITING)
    await press(api.program(), letter)
    await pass_time(api, 71.8)
    api.clock.wait(hours=1)
    await asyncio.gather(*(look_at_waits(api.parts.services, asyncio.Event()) for _ in range(8)))
    assert (await program.show(waits.flow_id)).state == "referred"
    assert len(await letters_about(api, ANNA, ENDED)) == 1


@pytest.mark.row("R10")
async def test_of_fifty_who_cancel_finish_and_object_at_once_one_is_first(on_both: Api) -> None:
    """The recovery is open; its owner finishes, another one cancels, and others object, in the same instant."""
    api = on_both
    owner = await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 24 * 7 + 1)
    assert (await program.show(waits.flow_id)).state == "allowed"
    letters = (await letters_about(api, ANNA, WAITING))[:5]
    cancels = []
    for _ in range(10):
        home = await full_sign_in(api, owner)
        began = await home.start("cancel_recovery", flow_id=waits.flow_id)
        cancels.append((home, (await home.password(began.flow_id, PASSWORD)).flow_id))
    api.clock.wait(seconds=30)
    code = owner.app.code()
    done = await asyncio.gather(
        *(program.finish(waits.flow_id, ANOTHER) for _ in range(35)),
        *(answer(home, flow_id, "totp", code=code) for home, flow_id in cancels),
        *(press(api.program(), letter) for letter in letters),
    )
    assert max(d.status for d in done) < 500
    finished = [d for d in done[:35] if d.status == 200 and d.state == "done"]
    cancelled = [d for d in done[35:45] if d.status == 200 and d.state == "done"]
    now = await program.show(waits.flow_id)
    account = await account_of(api)
    assert len(finished) <= 1
    assert not (finished and now.state != "done"), "what was finished stays"
    if now.state == "done":
        assert len(finished) == 1
        assert account.disputed_at is None
    elif now.said["ended"] == "cancelled":
        assert cancelled
        assert (not finished, account.disputed_at) == (True, None)
    else:
        assert (now.state, account.disputed_at is not None, finished) == ("waiting", True, [])


async def test_a_press_that_came_first_wins_over_every_finish(api: Api) -> None:
    await owner_of(api)
    program, waits = await begin_with_password(api)
    await pass_time(api, 24 * 7 + 1)
    assert (await press(api.program(), (await letters_about(api, ANNA, WAITING))[0])).said["disputed"]
    done = await asyncio.gather(*(program.finish(waits.flow_id, ANOTHER) for _ in range(50)))
    assert {d.problem for d in done} == {"wrong_step"}


async def test_fifty_second_recoveries_at_once_make_one_dispute(on_both: Api) -> None:
    api = on_both
    await owner_of(api)
    await begin_with_password(api)
    programs = [api.program() for _ in range(50)]
    begun = [await p.start("recover", identifier=ANNA) for p in programs[:10]]
    shown = [await p.password(b.flow_id, PASSWORD) for p, b in zip(programs[:10], begun, strict=True)]
    assert {s.state for s in shown} == {"asking"}
    waits = await asyncio.gather(*(nothing_more(p, b.flow_id) for p, b in zip(programs[:10] * 5, begun * 5, strict=True)))
    assert max(w.status for w in waits) < 500
    dispute = await dispute_of(api)
    assert dispute is not None
    assert len(set(dispute.claims)) == len(dispute.claims) == 11
    assert len(await letters_about(api, ANNA, CLAIMED)) == 1
    assert len((await api.rows("dispute"))["dispute"]) == 1


# ---------------------------------------------------------------- planted


async def test_a_planted_weighing_of_young_things_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug on purpose: whatever was shown counts, settled or not."""
    monkeypatch.setattr(carry_out.At, "weight_of", lambda _, proofs: len(proofs))
    owner = await owner_of(api)
    home = await full_sign_in(api, owner)
    began = await home.start("add_address", email="thief@evil.example")
    await home.code(began.flow_id, (await api.newest("thief@evil.example")).code)
    await begin_with_password(api)
    [his] = await letters_about(api, "thief@evil.example", WAITING)
    assert (await press(api.program(), his)).said["disputed"] is True
