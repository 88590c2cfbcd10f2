"""One press undoes what a thief did (H1, H2), addresses that left lead back (R13), and who cannot use either."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sparekey.adapters.sql.sessions import SqlSessions
from sparekey.bootstrap import dev_mailbox
from sparekey.domain import changes
from sparekey.domain.accounts import Account, Address
from sparekey.domain.changes import Undoing, leads_back
from sparekey.domain.contacts import contacts_factor
from sparekey.domain.values import replace
from sparekey.use_cases.carry_out import undo as carry_out_undo
from sparekey.use_cases.carry_out.change import Change
from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api, served
from tests.doors.friends import BORIS, CLARA, DORA, with_friends
from tests.doors.robbed import HER_NUMBER, THIEF, account_of, add_mailbox, add_number, press_only, remove, rob, shown, texted_code
from tests.doors.second_factors import answer, call, enrol
from tests.doors.waits import ANNA, SECOND, add_second, full_sign_in, letters_about, look_at, nothing_more, owner_with_two, press

ON_ONE_DATABASE = ""
"""For what no database does differently."""

NEW_DEVICE, UNDONE, FROZEN, LEFT = "New sign-in", "were undone", "is frozen", "Something changed"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(ON_ONE_DATABASE, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


# ---------------------------------------------------------------- the story


@pytest.mark.row("H1", "H2", "R13", "S3")
async def test_a_thief_with_mailbox_and_password_changed_everything_and_one_press_undoes_it(patient_api: Api) -> None:
    api = patient_api
    home = await api.signed_up(ANNA)
    await add_number(api, home, HER_NUMBER)
    api.clock.wait(days=40)
    robbery = await rob(api, api.program())
    [first] = await letters_about(api, ANNA, NEW_DEVICE)
    anybody = api.program()
    seen = (await look_at(anybody, first)).said
    assert (seen["does"], seen["password"], seen["closing"]) == ("freeze", True, True)
    assert {u["kind"] for u in seen["undoes"]} == {
        *("account.password.changed", "account.address.added", "account.address.removed", "account.address.main_changed"),
        *("account.factor.added", "account.backup_codes.made", "account.details.changed"),
    }
    assert await robbery.program.is_signed_in(), "looking changes nothing"

    pressed = await press(anybody, first)

    undone = pressed.said["undone"]
    assert (pressed.status, pressed.said["frozen"], undone["password"], undone["closing"]) == (200, True, True, True)
    assert pressed.said.get("session") is None
    assert not await robbery.program.is_signed_in()
    account = await account_of(api, ANNA)
    assert {a.value: a.main for a in account.addresses} == {ANNA: True, HER_NUMBER.replace(" ", ""): True}
    assert (account.name, account.user_name, account.enrolled, account.password_hash) == ("Anna", "", (), "")
    assert account.closing_at is None
    assert len(await letters_about(api, ANNA, UNDONE)) == len(await letters_about(api, ANNA, FROZEN)) == 1
    assert "place" not in (left := (await letters_about(api, THIEF, LEFT))[-1].text).lower()
    assert ANNA not in left

    # The thief knows both passwords and has his own mailbox, number, app and codes.
    for name in (ANNA, THIEF, "eve"):
        for password in (PASSWORD, ANOTHER):
            assert (await api.program().sign_in(name, password)).problem == "not_proven"
    for letter in await api.letters(THIEF):
        if "/d/" in letter.text:
            said = (await press(robbery.program, letter)).said
            assert (said.get("frozen", False), said.get("objected", False)) == (False, False), said

    # The owner is in by what was there before.
    owner = api.program()
    began = await owner.start("recover", identifier=ANNA)
    assert (await owner.code(began.flow_id, (await letters_about(api, ANNA, "Get back in"))[-1].code)).state == "asking"
    await owner.call("POST", f"/api/v1/flows/{began.flow_id}/send", {"challenge": "sms"})
    assert (await answer(owner, began.flow_id, "sms", code=await texted_code(api))).state == "allowed"
    assert (await owner.finish(began.flow_id, THIRD)).state == "done"
    assert (await api.program().sign_in(ANNA, THIRD)).state == "done"


@pytest.mark.row("H1", "H2", "R13")
async def test_variant_the_thief_still_reads_the_mailbox_and_never_gets_in(api: Api) -> None:
    """A stolen laptop, on which mailbox and password open the account for an hour. The owner has an app and backup codes besides."""
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    owner = await enrol(api, home, ANNA)
    api.clock.wait(days=31)
    laptop = await full_sign_in(api, owner)
    api.clock.wait(minutes=1)
    began = await laptop.start("change_password")
    began = await laptop.password(began.flow_id, PASSWORD) if began.state == "asking" else began
    assert (await laptop.finish(began.flow_id, ANOTHER)).state == "done"
    began = await shown(laptop, await laptop.start("add_address", email=THIEF), ANOTHER, owner)
    assert (await laptop.code(began.flow_id, (await api.newest(THIEF)).code)).state == "done"
    assert (await remove(laptop, SECOND, password=ANOTHER, app=owner)).state == "done"

    [first] = await letters_about(api, ANNA, "was changed")
    assert (await press(api.program(), first)).said["frozen"]

    # The mailbox alone opens nothing, whatever else he knows.
    thief = api.program()
    for action in ("recover", "thaw"):
        began = await thief.start(action, identifier=ANNA)
        await thief.code(began.flow_id, (await api.newest(ANNA)).code)
        for password in (PASSWORD, ANOTHER):
            assert (await thief.password(began.flow_id, password)).problem in {"not_proven", "wrong_step"}
        assert (await nothing_more(thief, began.flow_id)).state == ("referred" if action == "recover" else "ended")
    for password in (PASSWORD, ANOTHER):
        assert (await api.program().sign_in(ANNA, password)).problem == "not_proven"

    # The owner: the other mailbox and a backup code, at once.
    mine = api.program()
    began = await mine.start("recover", identifier=SECOND)
    await mine.code(began.flow_id, (await letters_about(api, SECOND, "Get back in"))[-1].code)
    assert (await answer(mine, began.flow_id, "backup_code", code=owner.codes[0])).state == "allowed"
    assert (await mine.finish(began.flow_id, THIRD)).state == "done"
    asked = await mine.sign_in(ANNA, THIRD)
    assert (await answer(mine, asked.flow_id, "totp", code=owner.app.next_code())).state == "done"

    # The mailbox is in strange hands, so the owner gives it up. From then on it leads nowhere.
    other = next(a["address_id"] for a in (await mine.read("account"))["addresses"] if a["value"] == SECOND)
    assert (await shown(mine, await mine.start("set_main_address", address_id=other), THIRD, owner)).state == "done"
    leaving = await remove(mine, ANNA, password=THIRD, app=owner, given_up=True)
    if leaving.state == "asking":
        leaving = await answer(mine, leaving.flow_id, "backup_code", code=owner.codes[1])
    assert leaving.state == "done", leaving
    sent = len(await api.letters(ANNA))
    for action in ("recover", "undo", "thaw"):
        await api.program().start(action, identifier=ANNA)
    assert len(await api.letters(ANNA)) == sent
    for letter in [x for x in await api.letters(ANNA) if "/d/" in x.text]:
        assert not (await press(thief, letter)).said.get("frozen")
    assert await mine.is_signed_in()


# ---------------------------------------------------------------- what returns, what stays


@pytest.mark.row("H2", "S3")
async def test_what_was_added_before_stays_and_what_came_since_leaves(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=3)
    await home.sign_in(ANNA)
    await add_mailbox(api, home, THIEF)
    [letter] = [x for x in await letters_about(api, ANNA, "was added") if "t•••" in x.text]
    assert (await press(api.program(), letter)).said["undone"]["kinds"] == ["account.address.added"]
    assert {a.value for a in (await account_of(api, ANNA)).addresses} == {ANNA, SECOND}


@pytest.mark.row("H2", "F9")
async def test_an_app_and_backup_codes_return_with_their_secrets(api: Api) -> None:
    owner = await owner_with_two(api)
    thief = await full_sign_in(api, owner)
    began = await shown(thief, await thief.start("renew_backup_codes"), PASSWORD, owner)
    codes = began.said["new_codes"]
    assert (await call(thief, began.flow_id, "keep-codes", code=f"1 {codes[0]}")).state == "done"
    began = await shown(thief, await thief.start("remove_factor"), PASSWORD, owner)
    assert began.state == "done", began
    assert (await account_of(api, ANNA)).enrolled == ()
    letter = (await letters_about(api, ANNA, "new backup codes"))[-1]
    assert (await press(api.program(), letter)).said["frozen"]
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await program.code(began.flow_id, (await letters_about(api, ANNA, "Get back in"))[-1].code)
    assert (await answer(program, began.flow_id, "backup_code", code=f"2 {codes[1]}")).problem == "not_proven", "the thief's are void"
    assert (await answer(program, began.flow_id, "backup_code", code=owner.codes[0])).state == "allowed"
    assert (await program.finish(began.flow_id, ANOTHER)).state == "done"
    assert (await (await full_sign_in(api, owner, ANOTHER)).read("account"))["addresses"]


@pytest.mark.row("H2")
async def test_only_the_one_change_is_undone_in_two_clicks_and_nothing_is_locked(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    assert (await remove(home, SECOND)).state == "done"
    await home.start("change_details", name="Anna Berg", language="en", user_name="")
    [letter] = await letters_about(api, SECOND, LEFT)
    seen = (await look_at(api.program(), letter)).said
    assert [t["kind"] for t in seen["only"]] == ["account.address.removed"]
    assert len(seen["undoes"]) == 2
    pressed = (await press_only(api.program(), letter)).said
    assert (pressed["frozen"], pressed["undone"]["kinds"], pressed["undone"]["password"]) == (False, ["account.address.removed"], False)
    account = await account_of(api, ANNA)
    assert ({a.value for a in account.addresses}, account.name, account.frozen_at) == ({ANNA, SECOND}, "Anna Berg", None)
    assert not await home.is_signed_in(), "sessions end, whatever is undone"
    assert (await api.program().sign_in(ANNA)).state == "done", "the password was not changed"


@pytest.mark.row("H2")
async def test_a_link_from_before_the_account_was_opened_again_undoes_nothing_of_the_owners(api: Api) -> None:
    await api.signed_up(ANNA)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_mailbox(api, thief, THIEF)
    letters = [x for x in await api.letters(ANNA) if "/d/" in x.text][-2:]
    assert (await press(api.program(), letters[0])).said["frozen"]
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await program.code(began.flow_id, (await letters_about(api, ANNA, "Get back in"))[-1].code)
    assert (await program.finish(began.flow_id, THIRD)).state == "done"
    home = api.program()
    await home.sign_in(ANNA, THIRD)
    await add_mailbox(api, home, SECOND, password=THIRD)
    again = await press(api.program(), letters[1])
    assert again.said["undone"]["kinds"] == []
    assert {a.value for a in (await account_of(api, ANNA)).addresses} == {ANNA, SECOND}


@pytest.mark.row("H2")
async def test_a_thing_reported_stolen_stays_so_whoever_undoes(api: Api) -> None:
    owner = await owner_with_two(api)
    home = await full_sign_in(api, owner)
    account = await account_of(api, ANNA)
    app = next(f.factor_id for f in account.enrolled if f.kind == "totp")
    assert (await home.start("report_stolen", factor_id=app)).state == "done"
    [letter] = await letters_about(api, SECOND, "stolen")
    assert (await press(api.program(), letter)).said["frozen"]
    assert next(f.stolen for f in (await account_of(api, ANNA)).enrolled if f.factor_id == app)


# ---------------------------------------------------------------- by a name (R13)


@pytest.mark.row("R13", "H2")
async def test_an_address_that_a_thief_took_off_leads_back_by_its_name(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_mailbox(api, thief, THIEF)
    assert (await remove(thief, SECOND)).state == "done"
    program = api.program()
    began = await program.start("undo", identifier=SECOND)
    code = await api.newest(SECOND)
    assert (await program.code(began.flow_id, code.code)).state == "allowed"
    found = (await program.call("GET", f"/api/v1/flows/{began.flow_id}/changes")).said["changes"]
    assert [c["kind"] for c in found] == ["account.address.removed", "account.address.added"]
    assert THIEF not in str(found)
    assert (await call(program, began.flow_id, "undo", since="0" * 32)).fields == [("since", "change_unknown")]
    done = await call(program, began.flow_id, "undo", since=found[1]["change_id"], password=True)
    assert done.status == 200, done
    assert (done.said["password"], len(done.said["kinds"])) == (True, 2)
    account = await account_of(api, ANNA)
    assert ({a.value for a in account.addresses}, account.frozen_at is not None) == ({ANNA, SECOND}, True)
    assert (await call(program, began.flow_id, "undo", since="")).problem == "done"


@pytest.mark.row("R13")
async def test_after_thirty_days_it_leads_nowhere(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    assert (await remove(home, SECOND)).state == "done"
    api.clock.wait(days=31)
    for action in ("recover", "undo"):
        before = len(await api.letters(SECOND))
        await api.program().start(action, identifier=SECOND)
        assert len(await api.letters(SECOND)) == before


@pytest.mark.row("R13", "D3")
async def test_to_undo_looks_the_same_for_every_name(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    await remove(home, SECOND)
    shapes = []
    for name in (ANNA, SECOND, "nobody@example.com"):
        said = (await api.program().start("undo", identifier=name)).said
        shapes.append({k: v for k, v in said.items() if k not in {"flow_id", "flow_token", "expires_at", "resend_at", "sent_to"}})
    assert shapes[0] == shapes[1] == shapes[2]


@pytest.mark.row("R13")
async def test_the_owner_of_an_address_that_was_taken_off_gets_back_in_and_learns_no_other_address(api: Api) -> None:
    """The only mailbox of the owner, replaced by the thief's: nobody else could hear of a wait, so it opens."""
    await api.signed_up(ANNA)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_mailbox(api, thief, THIEF)
    other = next(a["address_id"] for a in (await thief.read("account"))["addresses"] if a["value"] == THIEF)
    await thief.start("set_main_address", address_id=other)
    assert (await remove(thief, ANNA)).state == "done"
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    letter = await api.newest(ANNA)
    assert "t•••" not in letter.text, "an address that left learns no other one"
    assert (await program.code(began.flow_id, letter.code)).state == "allowed"
    assert (await program.finish(began.flow_id, THIRD)).state == "done"
    assert (await api.program().sign_in(ANNA, THIRD)).state == "done", "it is on the account again"
    assert next(a.added_at for a in (await account_of(api, ANNA)).addresses if a.value == ANNA) < api.clock.now() - timedelta(days=30)


@pytest.mark.row("H2")
async def test_in_a_session_a_settled_address_is_shown_first(api: Api) -> None:
    home = await api.signed_up(ANNA)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    await add_mailbox(api, home, THIEF)
    began = await home.start("undo")
    assert (began.state, began.said["choices"]) == ("asking", ["email"]), "a living session may be the thief's"
    assert (await call(home, began.flow_id, "undo", since="everything")).problem == "wrong_step"
    sent = await home.send(began.flow_id)
    assert sent.said["sent"]
    assert (await home.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed"
    done = await call(home, began.flow_id, "undo", since="everything")
    assert done.said["kinds"] == ["account.address.added"]
    assert not await home.is_signed_in(), "no session is given, and none stays"


@pytest.mark.row("H2", "R7")
async def test_the_friends_of_before_return(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await with_friends(api, home, (BORIS, CLARA, DORA))
    before = contacts_factor(await account_of(api, ANNA))
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    [letter] = await letters_about(api, ANNA, NEW_DEVICE)
    await with_friends(api, thief, ("eve@friends.example", "mallory@friends.example"), settled=False, all_needed=True)
    assert contacts_factor(await account_of(api, ANNA)) != before
    assert "account.contacts.changed" in (await press(api.program(), letter)).said["undone"]["kinds"]
    assert contacts_factor(await account_of(api, ANNA)) == before


# ---------------------------------------------------------------- who cannot


@pytest.mark.row("R13", "H1", "H2")
async def test_the_holder_of_a_mailbox_that_is_not_the_owners_any_more_can_only_object(api: Api) -> None:
    """An old employer reads it. Undo, recovery, freeze, and stopping a recovery."""
    owner = await owner_with_two(api)
    home = await full_sign_in(api, owner)
    first = await remove(home, SECOND, given_up=True)
    assert first.state == "done", "password and app, just shown, are two settled things"
    [left] = await letters_about(api, SECOND, LEFT)
    holder = api.program()
    before = await account_of(api, ANNA)
    fresh = [x for x in await api.letters(SECOND) if "/d/" in x.text and (await look_at(holder, x)).status == 200]
    assert len(fresh) == 2, "of the sign-in, and that it left"
    for letter in fresh:
        assert (await look_at(holder, letter)).said["does"] == "object"
        said = (await press(holder, letter)).said
        assert (said["frozen"], said["undone"]["kinds"]) == (False, [])
        assert not (await press(holder, letter, lock=True)).said.get("frozen")
    for action in ("undo", "recover", "stop_closing"):
        sent = len(await api.letters(SECOND))
        await holder.start(action, identifier=SECOND)
        assert len(await api.letters(SECOND)) == sent, "as if nobody had it"
    assert await account_of(api, ANNA) == before
    assert await home.is_signed_in()
    assert left.text


@pytest.mark.row("R13", "H2")
async def test_giving_an_address_up_takes_two_settled_things_and_not_that_address(api: Api) -> None:
    """A thief with password and mailbox would say so of the owner's other address."""
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    assert (await remove(thief, SECOND, given_up=True)).state == "denied", "password and mailbox are one thing on a browser as young as his"
    assert {a.value for a in (await account_of(api, ANNA)).addresses} == {ANNA, SECOND}


@pytest.mark.row("H1", "H2", "R13")
async def test_the_thiefs_own_address_can_neither_undo_the_owners_changes_nor_the_undoing(api: Api) -> None:
    await api.signed_up(ANNA)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_mailbox(api, thief, THIEF)
    his = [x for x in await api.letters(THIEF) if "/d/" in x.text]
    [hers] = await letters_about(api, ANNA, "was added")
    for letter in his[:1]:
        assert (await look_at(thief, letter)).said["does"] in {"object", "stop"}
    assert (await press(api.program(), hers)).said["frozen"]
    before = await account_of(api, ANNA)
    async with api.parts.services.store.transaction() as tx:
        left = await tx.accounts.former(before.account_id, api.clock.now() - timedelta(days=1))
    assert [(a.value, a.stolen) for a in left] == [(THIEF, True)], "it has no say in a dispute either"
    for letter in [x for x in await api.letters(THIEF) if "/d/" in x.text]:
        said = (await press(thief, letter)).said
        assert not any(said.get(what) for what in ("frozen", "objected", "can_lock")), said
    for action in ("undo", "recover", "stop_closing", "thaw"):
        sent = len(await api.letters(THIEF))
        await thief.start(action, identifier=THIEF)
        assert len(await api.letters(THIEF)) == sent, action
    assert await account_of(api, ANNA) == before


@pytest.mark.row("H2")
async def test_a_young_address_undoes_nothing_by_name(api: Api) -> None:
    home = await api.signed_up(ANNA)
    api.clock.wait(days=31)
    await home.sign_in(ANNA)
    await add_mailbox(api, home, THIEF)
    program = api.program()
    began = await program.start("undo", identifier=THIEF)
    letter = await api.newest(THIEF)
    assert (await program.show(began.flow_id)).state == "asking"
    assert (await program.code(began.flow_id, letter.code if "    " in letter.text else "000000")).status in {200, 401, 422}
    assert (await call(program, began.flow_id, "undo", since="everything")).status >= 400
    assert await home.is_signed_in()


@pytest.mark.row("H2", "I9")
async def test_what_was_changed_and_undone_is_in_the_history(api: Api) -> None:
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    changes = (await home.read("account/changes"))["changes"]
    assert [(c["kind"], c["undone"], c["undoable"]) for c in changes] == [("account.address.added", False, True)]
    [letter] = await letters_about(api, ANNA, "was added")
    await press_only(api.program(), letter)
    await home.sign_in(ANNA)
    changes = (await home.read("account/changes"))["changes"]
    assert [(c["undone"], c["undoable"]) for c in changes] == [(True, False)]
    events = (await home.read("account/activity"))["events"]
    assert "account.changes.undone" in {e["name"] for e in events}


@pytest.mark.row("H1", "H2")
async def test_fifty_presses_at_once_undo_once(patient_api: Api) -> None:
    api = patient_api
    home = await api.signed_up(ANNA)
    await add_second(api, home)
    api.clock.wait(days=31)
    thief = api.program()
    await thief.sign_in(ANNA)
    await add_mailbox(api, thief, THIEF)
    assert (await remove(thief, SECOND)).state == "done"
    letters = [x for to in (ANNA, SECOND) for x in await letters_about(api, to, NEW_DEVICE)]
    fifty = [letters[n % len(letters)] for n in range(50)]
    done = await asyncio.gather(*(press(api.program(), letter) for letter in fifty))
    undone = [d.said["undone"]["kinds"] for d in done if d.status == 200 and d.said["undone"]["kinds"]]
    assert len(undone) == 1, "who came first has undone it; the others found nothing left"
    assert {a.value for a in (await account_of(api, ANNA)).addresses} == {ANNA, SECOND}
    assert len(await letters_about(api, SECOND, UNDONE)) == 1


@pytest.mark.row("H1", "H2")
async def test_a_press_and_a_change_of_the_thief_at_the_same_instant(patient_api: Api) -> None:
    """Fifty tries. Whichever came first, nothing of the thief's is left, and nothing new begins."""
    api = patient_api
    for n in range(50):
        email = f"anna{n}@example.com"
        dev_mailbox(api.settings, api.clock).clear()
        await api.signed_up(email)
        api.clock.wait(minutes=1)
        thief = api.program()
        await thief.sign_in(email)
        letter = await api.newest(email)
        pressed, changed = await asyncio.gather(
            press(api.program(), letter), thief.start("change_details", name="Eve", language="en", user_name=f"eve{n}")
        )
        assert pressed.said["frozen"], pressed
        account = await account_of(api, email)
        assert (account.name, account.user_name) == ("Anna", ""), changed
        assert not await thief.is_signed_in()


# ---------------------------------------------------------------- bugs on purpose, which the tests above find


@pytest.mark.row("R13", "H2")
async def test_a_planted_rule_that_forgets_what_was_given_up_is_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def leads(address: Address, contested_at: datetime | None, now: datetime) -> bool:
        return leads_back(replace(address, given_up=False), contested_at, now)

    monkeypatch.setattr(changes, "leads_back", leads)
    with pytest.raises(AssertionError):
        await test_the_holder_of_a_mailbox_that_is_not_the_owners_any_more_can_only_object(api)


@pytest.mark.row("R13", "H2")
async def test_a_planted_undo_that_leaves_what_came_unmarked_is_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def left(change: Change, plan: Undoing, now: datetime, *, password: bool) -> Account:
        rest = changes.without_what_came(change.account, plan, now, password=password)
        await change.tx.accounts.save(change.account, rest, now)
        return rest

    monkeypatch.setattr(carry_out_undo, "_left", left)
    with pytest.raises(AssertionError):
        await test_the_thiefs_own_address_can_neither_undo_the_owners_changes_nor_the_undoing(api)


@pytest.mark.row("H2")
async def test_a_planted_undo_that_ends_no_session_is_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: object) -> int:
        return 0

    monkeypatch.setattr(SqlSessions, "end_all", none)
    with pytest.raises(AssertionError):
        await test_only_the_one_change_is_undone_in_two_clicks_and_nothing_is_locked(api)
