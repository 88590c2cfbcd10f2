"""Recovery contacts (R7): k of n friends help, each alone can do nothing, and none learns anything."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sparekey.domain.contacts import ASKED_FOR, INVITED_FOR, MOST, AskState
from sparekey.domain.limits import WRONG_CODES
from sparekey.domain.offers import REMIND_EVERY
from sparekey.domain.values import replace
from sparekey.use_cases import friends_asked as friends_module
from sparekey.use_cases.remind_contacts import remind_contacts
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program, served
from tests.doors.friends import (
    ASKED,
    BORIS,
    CLARA,
    DORA,
    INVITED,
    LEAVING,
    WAIT,
    ask,
    change,
    go_on,
    named,
    newest,
    owner,
    recover,
    say,
    token_of,
    type_phrase,
    with_friends,
)
from tests.doors.second_factors import enrol, owner_of, sign_in
from tests.doors.waits import ANNA, SECOND, add_second, full_sign_in, letters_about, nothing_more, owner_with_two, pass_time, press

pytestmark = pytest.mark.row("R7")

CHANGING, CHANGED, LEFT, REFUSED = (
    "are going to change",
    "contacts at Sparekey have changed",
    "is not your recovery contact",
    "did not call",
)


@pytest.fixture(params=[""], ids=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """On PostgreSQL only where locks differ; what else is special about a database is tried in tests/contracts."""
    return str(request.getfixturevalue("fresh_postgres_url")) if request.param else ""


@pytest.fixture
def api(patient_api: Api) -> Api:
    return patient_api


async def contacts(program: Program) -> Any:
    return await program.read("account/contacts")


# ---------------------------------------------------------------- the way through


async def test_two_of_three_friends_help_their_friend_back_in(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    assert len(phrase.split()) == 4
    for friend, typed in ((BORIS, phrase), (DORA, f" {phrase.upper().replace(' ', ', ')} ")):
        assert (await go_on(program, flow_id)).problem == "not_proven"
        assert (await type_phrase(api, await newest(api, friend), typed)).status == 204
    shown = (await program.show(flow_id)).said["friends"]
    assert (shown["answered"], shown["enough"]) == (2, True)
    proven = await go_on(program, flow_id)
    waits = proven if proven.state == "waiting" else await nothing_more(program, flow_id)
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 3)
    await pass_time(api, 73)
    assert (await program.finish(flow_id, ANOTHER)).state == "done"
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"


async def test_with_another_thing_friends_open_at_once(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    for friend in (CLARA, DORA):
        await type_phrase(api, await newest(api, friend), phrase)
    await program.password(flow_id, PASSWORD)
    assert (await go_on(program, flow_id)).state == "allowed"


async def test_a_new_list_waits_for_three_days_and_for_enough_friends(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await add_second(api, anna)
    began = await change(anna, (BORIS, CLARA, DORA))
    assert (began.state, began.said["wait_days"]) == ("waiting", 3)
    for address in (ANNA, SECOND):
        assert len(await letters_about(api, address, CHANGING)) == 1, "every address is told"
    assert (await say(api, BORIS)).status == 204
    await pass_time(api, WAIT + 24)
    found = await contacts(anna)
    assert (found["holds"], found["told"]) == (None, True), "one friend is not enough"
    assert Counter(f["state"] for f in found["comes"]["friends"]) == {"accepted": 1, "invited": 2}
    assert (await say(api, CLARA)).status == 204
    await pass_time(api, 1)
    found = await contacts(anna)
    assert (found["holds"]["needed"], found["comes"]) == (2, None)
    assert found["counts_from"], "young"
    assert len(await letters_about(api, ANNA, CHANGED)) == 1
    assert (await say(api, DORA)).status == 204, "who says yes later is a friend, too"
    assert {f["state"] for f in (await contacts(anna))["holds"]["friends"]} == {"accepted"}
    api.clock.wait(days=31)
    await anna.sign_in(ANNA)
    assert (await contacts(anna))["counts_from"] is None


async def test_the_former_list_holds_until_the_new_one_does_and_who_is_to_go_is_told_at_once(api: Api) -> None:
    anna = await owner(api)
    await anna.sign_in(ANNA)
    assert (await change(anna, (BORIS, "eve@friends.example", "fay@friends.example"))).state == "waiting"
    assert len(await letters_about(api, CLARA, LEAVING)) == 1
    assert await letters_about(api, BORIS, LEAVING) == []
    assert len(await letters_about(api, BORIS, INVITED)) == 1, "asked before the first list, and not again"
    assert (await say(api, "eve@friends.example")).status == 204
    program, flow_id, phrase = await recover(api)
    assert (await type_phrase(api, await newest(api, CLARA), phrase)).status == 204
    await pass_time(api, WAIT)
    assert [f["name"] for f in (await contacts(anna))["holds"]["friends"]] == ["Boris", "Eve", "Fay"], "as they were named"
    assert (await type_phrase(api, await newest(api, BORIS), phrase)).problem == "link_over", "asked as a friend of the former list"
    assert (await program.show(flow_id)).said["friends"]["answered"] == 0


# ---------------------------------------------------------------- what a friend learns, and can do


async def test_a_friend_learns_the_name_that_was_given_and_nothing_else(api: Api) -> None:
    anna = await owner(api)
    await anna.sign_in(ANNA)
    began = await anna.start("change_details", name="Anna Secretova", language="en", user_name="anna99")
    assert began.state == "done"
    await recover(api)
    token = await newest(api, BORIS)
    seen = await api.program().call("POST", "/api/v1/contacts/look", {"token": token})
    assert seen.said == {"kind": "phrase", "owner": "Anna", "accepted": True}
    letters = await api.letters(BORIS)
    assert [letter.text for letter in letters if _betrays(letter.text)] == []
    assert _betrays(letters[0].text.replace("Anna", "Anna Secretova")), "what is looked for would be found"


def _betrays(text: str) -> bool:
    return any(word in text for word in (ANNA, "Secretova", "anna99", CLARA, DORA, "unknown device", "place unknown"))


@pytest.mark.row("D7")
async def test_a_stolen_database_knows_neither_friends_nor_words_nor_links(api: Api) -> None:
    anna = await owner(api)
    program, flow_id, phrase = await recover(api)
    secrets = [phrase, await newest(api, BORIS), await newest(api, BORIS, INVITED), "Boris", BORIS]

    async def found_in(tables: set[str]) -> list[str]:
        dump = b" ".join(
            v if isinstance(v, bytes) else str(v).encode() for rows in (await api.rows(*tables)).values() for r in rows for v in r
        )
        return [secret for secret in secrets if secret.encode() in dump]

    assert await found_in({"contact", "contact_ask", "contact_circle", "flow", "outbox", "audit_event", "notice_link", "change"}) == []
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get(flow_id)
        assert flow is not None
        await tx.flows.save(replace(flow, typed=phrase))
    assert await found_in({"flow"}) == [phrase], "a planted one is found"
    assert anna.session
    assert program.flow_tokens


async def test_a_friend_who_is_the_thief_gets_no_further_alone(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)  # by the thief: he is shown the words, and has one of the links
    token = await newest(api, BORIS)
    assert (await type_phrase(api, token, phrase)).status == 204
    for _ in range(3):
        assert (await type_phrase(api, token, phrase)).problem == "link_over"
        assert (await go_on(program, flow_id)).problem == "not_proven"
    await ask(program, flow_id)
    assert len(await letters_about(api, BORIS, ASKED)) == 1, "who has answered is not asked again"
    assert (await program.show(flow_id)).said["friends"]["answered"] == 1
    assert (await nothing_more(program, flow_id)).state == "referred"


async def _both_links_of_one_friend(api: Api) -> Any:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    await ask(program, flow_id)
    for letter in await letters_about(api, BORIS, ASKED):
        assert (await type_phrase(api, token_of(letter), phrase)).status == 204
    return (await program.show(flow_id)).said["friends"]


async def test_two_links_of_one_friend_count_as_one(api: Api) -> None:
    shown = await _both_links_of_one_friend(api)
    assert (shown["answered"], shown["enough"]) == (1, False)


async def test_a_count_of_links_in_place_of_friends_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(friends_module, "answered", lambda asks, _: sum(a.state is AskState.ANSWERED for a in asks))
    assert (await _both_links_of_one_friend(api))["enough"]


async def test_two_of_three_friends_who_are_thieves_wait_and_the_owner_stops_them(api: Api) -> None:
    anna = await owner_with_two(api)
    await sign_in(anna)
    await with_friends(api, anna.program)
    program, flow_id, phrase = await recover(api)
    for friend in (BORIS, CLARA):
        assert (await type_phrase(api, await newest(api, friend), phrase)).status == 204
    proven = await go_on(program, flow_id)
    assert proven.state in {"asking", "waiting"}, "never at once"
    waits = await nothing_more(program, flow_id) if proven.state == "asking" else proven
    assert (waits.state, waits.said["wait_days"]) == ("waiting", 7)
    told = {to: len(await letters_about(api, to, "getting back into your account")) for to in (ANNA, SECOND)}
    assert told == {ANNA: 1, SECOND: 1}
    home = await full_sign_in(api, anna)
    began = await home.start("cancel_recovery", flow_id=flow_id)
    began = await home.password(began.flow_id, PASSWORD) if began.state == "asking" else began
    if began.state == "asking":
        code = {"answer": {"challenge": "totp", "code": anna.app.next_code()}}
        began = await home.call("POST", f"/api/v1/flows/{began.flow_id}/answer", code)
    assert began.state == "done", began
    assert (await program.show(flow_id)).said["ended"] == "cancelled"


async def test_a_friend_takes_the_yes_back_and_the_owner_is_told(api: Api) -> None:
    anna = await owner(api, settled=False)
    assert (await say(api, BORIS, accept=False)).status == 204
    assert len(await letters_about(api, ANNA, LEFT)) == 1
    await anna.sign_in(ANNA)
    assert {f["state"] for f in (await contacts(anna))["holds"]["friends"]} == {"accepted", "declined"}
    api.clock.wait(days=31)
    program, flow_id, phrase = await recover(api)
    assert await letters_about(api, BORIS, ASKED) == []
    for friend in (CLARA, DORA):
        await type_phrase(api, await newest(api, friend), phrase)
    assert (await program.show(flow_id)).said["friends"]["enough"], "two are left, and two are needed"


async def test_a_friend_whom_nobody_called_says_so_and_the_owner_is_told(api: Api) -> None:
    await owner(api)
    _, _, phrase = await recover(api)
    token = await newest(api, BORIS)
    assert (await api.program().call("POST", "/api/v1/contacts/refuse", {"token": token})).status == 204
    assert len(await letters_about(api, ANNA, REFUSED)) == 1
    assert (await type_phrase(api, token, phrase)).problem == "link_over"


async def test_a_friend_whose_mailbox_is_the_owners_by_now_is_not_asked(api: Api) -> None:
    anna = await owner(api)
    await anna.sign_in(ANNA)
    await add_second(api, anna, BORIS)
    await recover(api)
    assert await letters_about(api, BORIS, ASKED) == []
    assert len(await letters_about(api, CLARA, ASKED)) == 1


# ---------------------------------------------------------------- links and words


async def test_opening_a_link_changes_nothing_however_often_a_scanner_does(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await change(anna, (BORIS, CLARA, DORA))
    token = await newest(api, BORIS, INVITED)
    before = await api.rows("contact", "contact_ask", "contact_circle", "outbox")
    for _ in range(3):
        assert (await api.program().call("POST", "/api/v1/contacts/look", {"token": token})).status == 200
        assert (await api.http.get(f"/f/{token}", follow_redirects=True)).status_code == 200
    assert await api.rows("contact", "contact_ask", "contact_circle", "outbox") == before


async def test_a_link_dies_after_five_wrong_phrases_and_wrong_ones_are_counted(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    token = await newest(api, BORIS)
    assert (await type_phrase(api, token, " , ")).fields == [("phrase", "phrase_missing")]
    for _ in range(WRONG_CODES):
        assert (await type_phrase(api, token, "four wrong words here")).problem == "not_proven"
    assert (await type_phrase(api, token, phrase)).problem == "link_over"
    assert (await program.show(flow_id)).said["friends"]["answered"] == 0
    await ask(program, flow_id)
    assert (await type_phrase(api, await newest(api, BORIS), phrase)).status == 204, "asked again, with the same words"


async def test_links_are_over_when_they_are_late_used_foreign_or_nobodys(api: Api) -> None:
    anna = await owner(api)
    program, flow_id, phrase = await recover(api)
    invitation, asked = await newest(api, BORIS, INVITED), await newest(api, BORIS)
    assert (await type_phrase(api, invitation, phrase)).problem == "link_over", "an invitation takes no words"
    accepts = {"token": asked, "accept": True}
    assert (await api.program().call("POST", "/api/v1/contacts/accept", accepts)).problem == "link_over"
    for token in ("", "x", "A" * 43):
        assert (await type_phrase(api, token, phrase)).problem == "link_over"
    api.clock.wait(seconds=ASKED_FOR.total_seconds() + 1)
    assert (await type_phrase(api, asked, phrase)).problem == "link_over"
    assert (await go_on(program, flow_id)).problem == "expired"
    api.clock.wait(seconds=INVITED_FOR.total_seconds())
    assert (await say(api, BORIS)).problem == "link_over"
    assert anna.session


async def test_the_words_of_one_recovery_are_good_for_no_other(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    mine = await newest(api, BORIS)
    _, other_flow, others_phrase = await recover(api)
    assert phrase != others_phrase
    assert (await type_phrase(api, mine, others_phrase)).problem == "not_proven"
    assert (await type_phrase(api, await newest(api, BORIS), phrase)).problem == "not_proven"
    assert (await type_phrase(api, mine, phrase)).status == 204
    assert (await program.show(flow_id)).said["friends"]["answered"] == 1
    assert (await program.show(other_flow)).problem == "unknown"


@pytest.mark.parametrize("database_url", ["", "postgres"], indirect=True, ids=["sqlite", "postgres"])
@pytest.mark.parametrize("right", [True, False])
async def test_fifty_answers_at_once_count_as_one_or_as_five_wrong_ones(api: Api, right: bool) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    token = await newest(api, BORIS)
    typed = phrase if right else "not these four words"
    said = Counter(a.status for a in await asyncio.gather(*(type_phrase(api, token, typed) for _ in range(50))))
    assert said == ({204: 1, 404: 49} if right else {401: WRONG_CODES, 404: 50 - WRONG_CODES})
    assert (await program.show(flow_id)).said["friends"]["answered"] == (1 if right else 0)


async def test_fifty_times_continue_gives_one_proof(api: Api) -> None:
    await owner(api)
    program, flow_id, phrase = await recover(api)
    for friend in (BORIS, CLARA):
        await type_phrase(api, await newest(api, friend), phrase)
    done = await asyncio.gather(*(go_on(program, flow_id) for _ in range(50)))
    assert sum(a.status == 200 for a in done) == 1


# ---------------------------------------------------------------- unknown names


def _masked(answer: Answer) -> tuple[int, dict[str, Any]]:
    varies = {"flow_id", "flow_token", "expires_at", "resend_at"}
    said = {k: v for k, v in answer.said.items() if k not in varies}
    said["friends"] = {**said["friends"], "phrase": len(said["friends"]["phrase"].split()), "until": ""}
    return answer.status, {k: v for k, v in said.items() if k != "sent_to"}


async def test_a_name_that_nobody_has_gets_the_same_answers_and_rows(api: Api) -> None:
    await owner(api)
    await api.signed_up("lone@example.com")
    seen, rows = [], []
    for email in (ANNA, "lone@example.com", "nobody@example.com"):
        program = api.program()
        began = await program.start("recover", identifier=email)
        before = {t: len(found) for t, found in (await api.rows("outbox", "contact_ask")).items()}
        asked = await ask(program, began.flow_id)
        after = {t: len(found) for t, found in (await api.rows("outbox", "contact_ask")).items()}
        rows.append({t: after[t] - before[t] for t in after})
        refused = await go_on(program, began.flow_id)
        seen.append((_masked(asked), (refused.status, refused.said), _masked(await program.show(began.flow_id))))
    assert seen[0] == seen[1] == seen[2]
    assert rows == [{"outbox": MOST, "contact_ask": MOST}] * 3
    assert not [letter for letter in await api.letters() if "invalid" in letter.to]


async def test_friends_are_asked_three_times_a_day_from_one_network(data_dir: Path, migrated_sqlite: Path) -> None:
    async for api in _with_limits(data_dir, migrated_sqlite):
        for email in (ANNA, "nobody@example.com"):
            program = api.program()
            began = await program.start("recover", identifier=email)
            assert [(await ask(program, began.flow_id)).status for _ in range(4)] == [200, 200, 200, 429]


async def _with_limits(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite) as api:
        await owner(api)
        yield api


# ---------------------------------------------------------------- changing the list


@pytest.mark.parametrize(
    ("friends", "needed", "wrong"),
    [
        ((BORIS,), 2, [("friends", "contacts_too_few")]),
        ((), 2, [("friends", "contacts_too_few")]),
        ([f"friend{n}@friends.example" for n in range(6)], 2, [("friends", "contacts_too_many")]),
        ((BORIS, CLARA, DORA), 1, [("needed", "contacts_needed")]),
        ((BORIS, CLARA, DORA), 4, [("needed", "contacts_needed")]),
        ((BORIS, "BORIS@friends.example"), 2, [("email_2", "contact_twice")]),
        ((BORIS, "Anna@Example.com", CLARA), 2, [("email_2", "contact_is_you")]),
        ((BORIS, "no address"), 2, [("email_2", "email_invalid")]),
        ((BORIS, CLARA), 2, [("all_needed", "contacts_all_needed")]),
    ],
)
async def test_a_list_that_helps_nobody_is_refused_beside_the_field(
    api: Api, friends: tuple[str, ...], needed: int, wrong: list[tuple[str, str]]
) -> None:
    anna = await api.signed_up(ANNA)
    before = await api.rows("contact_circle", "contact", "flow", "outbox")
    refused = await change(anna, friends, needed)
    assert (refused.status, refused.fields) == (422, wrong)
    assert await api.rows("contact_circle", "contact", "flow", "outbox") == before


async def test_a_friend_without_a_name_or_with_a_trick_in_it_is_refused(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    friends = [{"name": " ", "email": BORIS}, {"name": "Cla\u202era", "email": "nowhere"}]
    refused = await anna.start("change_contacts", friends=friends, needed=2)
    assert refused.fields == [("name_1", "contact_name_missing"), ("name_2", "name_bad_character"), ("email_2", "email_invalid")]


async def test_all_of_them_needed_and_one_unreachable_is_warned_of_and_then_no_way_in(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    assert (await change(anna, (BORIS, CLARA), 2)).fields == [("all_needed", "contacts_all_needed")]
    await with_friends(api, anna, (BORIS, CLARA), 2, all_needed=True)
    program, flow_id, phrase = await recover(api)
    await type_phrase(api, await newest(api, BORIS), phrase)
    assert (await go_on(program, flow_id)).problem == "not_proven"
    assert "password" in (await program.show(flow_id)).said["choices"], "the other ways stay open"


async def test_only_one_change_waits_and_whoever_is_signed_in_stops_it(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    began = await change(anna, (BORIS, CLARA, DORA))
    assert (await change(anna, (BORIS, DORA, "eve@friends.example"))).fields == [("", "contacts_change_waits")]
    other = api.program()
    await other.sign_in(ANNA)
    assert (await other.call("POST", "/api/v1/account/contacts/stop")).status == 204
    assert (await other.call("POST", "/api/v1/account/contacts/stop")).problem == "wrong_step"
    assert (await anna.show(began.flow_id)).state == "ended"
    assert (await say(api, BORIS)).problem == "link_over"
    await pass_time(api, WAIT)
    assert (await contacts(anna))["holds"] is None


async def test_the_link_in_the_notice_freezes_and_ends_the_change(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await change(anna, (BORIS, CLARA, DORA))
    for friend in (BORIS, CLARA):
        await say(api, friend)
    [notice] = await letters_about(api, ANNA, CHANGING)
    pressed = await press(api.program(), notice)
    assert pressed.said["frozen"]
    await pass_time(api, WAIT + 24)
    assert (await letters_about(api, ANNA, CHANGED), await api.rows("factor")) == ([], {"factor": []})


async def test_a_new_password_ends_a_change_that_a_thief_began(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    thief = api.program()
    await thief.sign_in(ANNA)
    assert (await change(thief, (BORIS, CLARA, DORA))).state == "waiting"
    began = await anna.start("change_password")
    if began.state == "asking":
        began = await anna.password(began.flow_id, PASSWORD)
    assert (await anna.finish(began.flow_id, ANOTHER)).state == "done"
    for friend in (BORIS, CLARA):
        assert (await say(api, friend)).problem == "link_over"
    await pass_time(api, WAIT)
    assert (await contacts(anna))["holds"] is None


@pytest.mark.row("H2")
async def test_undone_the_former_list_holds_again(api: Api) -> None:
    anna = await owner(api)
    thief = api.program()
    await thief.sign_in(ANNA)
    friends = ("mallory@thieves.example", "trudy@thieves.example", "eve@thieves.example")
    assert (await change(thief, friends)).state == "waiting"
    for friend in friends:
        assert (await say(api, friend)).status == 204
    await pass_time(api, WAIT)
    assert [f["email"] for f in (await contacts(thief))["holds"]["friends"]] == list(friends)
    [notice] = (await letters_about(api, ANNA, CHANGED))[-1:]
    assert (await press(api.program(), notice)).said["frozen"]
    program, flow_id, phrase = await recover(api)
    for friend in (BORIS, CLARA):
        assert (await type_phrase(api, await newest(api, friend), phrase)).status == 204
    assert (await program.show(flow_id)).said["friends"]["enough"]
    assert await letters_about(api, friends[0], ASKED) == []
    assert anna.session


async def test_a_young_list_counts_for_nothing_in_a_recovery(api: Api) -> None:
    await owner(api, settled=False)
    program, flow_id, phrase = await recover(api)
    for friend in (BORIS, CLARA):
        await type_phrase(api, await newest(api, friend), phrase)
    proven = await go_on(program, flow_id)
    assert proven.state == "asking"
    assert (await nothing_more(program, flow_id)).state == "referred"


@pytest.mark.row("F9")
async def test_reported_the_list_stops_at_once(api: Api) -> None:
    anna = await owner(api)
    await anna.sign_in(ANNA)
    program, flow_id, phrase = await recover(api)
    token = await newest(api, BORIS)
    reported = await anna.start("report_stolen", factor_id=(await contacts(anna))["factor_id"])
    if reported.state == "asking":
        reported = await anna.password(reported.flow_id, PASSWORD)
    assert reported.state == "done"
    found = await contacts(anna)
    assert (found["holds"], found["stopped"]) == (None, True)
    assert (await type_phrase(api, token, phrase)).problem == "link_over"
    assert (await go_on(program, flow_id)).status >= 400


async def test_an_owner_may_have_no_friends_any_more(api: Api) -> None:
    anna = await owner(api)
    await anna.sign_in(ANNA)
    assert (await change(anna, (), 0)).state == "waiting"
    assert len(await letters_about(api, BORIS, LEAVING)) == 1
    await pass_time(api, WAIT)
    found = await contacts(anna)
    assert (found["holds"], found["factor_id"]) == (None, "")


async def test_an_invitation_is_mailed_again_to_who_has_not_answered(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await change(anna, (BORIS, CLARA, DORA))
    await say(api, BORIS)
    ids = {f["name"]: f["contact_id"] for f in (await contacts(anna))["comes"]["friends"]}
    assert (await anna.call("POST", f"/api/v1/account/contacts/{ids['Clara']}/invite")).status == 204
    first, second = [token_of(letter) for letter in await letters_about(api, CLARA, INVITED)]
    assert first != second
    assert (await say(api, CLARA)).status == 204
    for friend in ("Boris", "Clara"):
        again = await anna.call("POST", f"/api/v1/account/contacts/{ids[friend]}/invite")
        assert again.problem == "wrong_step", "has answered"


async def test_strangers_and_other_accounts_change_no_list(api: Api) -> None:
    await owner(api)
    nobody = api.program()
    for path in ("stop", "0" * 32 + "/invite"):
        assert (await nobody.call("POST", f"/api/v1/account/contacts/{path}")).problem == "not_signed_in"
    assert (await nobody.start("change_contacts", friends=named(BORIS, CLARA, DORA), needed=2)).problem == "not_signed_in"
    assert (await nobody.call("GET", "/api/v1/account/contacts")).problem == "not_signed_in"


async def test_with_a_second_factor_the_list_takes_both_to_change(api: Api) -> None:
    anna = await owner_of(api)
    began = await change(anna.program, (BORIS, CLARA, DORA))
    assert began.state == "asking", "the password alone, in a session that is stale"
    proven = await anna.program.call(
        "POST", f"/api/v1/flows/{began.flow_id}/answer", {"answer": {"challenge": "totp", "code": anna.app.next_code()}}
    )
    assert proven.state == "waiting"


async def test_a_thiefs_young_list_goes_with_a_recovery(api: Api) -> None:
    anna = await api.signed_up(ANNA)
    await with_friends(api, anna, settled=False)
    await anna.sign_in(ANNA)
    await enrol(api, anna, ANNA)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    assert (await program.code(began.flow_id, (await api.newest(ANNA)).code)).state == "allowed"
    assert (await program.finish(began.flow_id, ANOTHER)).state == "done"
    home = api.program()
    await home.sign_in(ANNA, ANOTHER)
    assert (await contacts(home))["holds"] is None


@pytest.mark.row("F11")
async def test_once_a_year_the_owner_is_asked_whether_they_are_friends_still(api: Api) -> None:
    await owner(api)
    reminder = "Are these still your friends"
    assert await remind_contacts(api.parts.services) == 0
    api.clock.wait(seconds=REMIND_EVERY.total_seconds())
    assert await remind_contacts(api.parts.services) == 1
    assert await remind_contacts(api.parts.services) == 0
    assert len(await letters_about(api, ANNA, reminder)) == 1
    api.clock.wait(seconds=REMIND_EVERY.total_seconds())
    assert await remind_contacts(api.parts.services) == 1


async def test_the_owner_reads_what_friends_did_and_not_where(api: Api) -> None:
    anna = await owner(api)
    _, _, phrase = await recover(api)
    await type_phrase(api, await newest(api, BORIS), phrase)
    await anna.sign_in(ANNA)
    events = {e["name"]: e for e in (await anna.read("account/activity"))["events"]}
    assert events["flow.contacts.asked"]
    assert (events["flow.contact.answered"]["device"], events["flow.contact.answered"]["place"]) == ("", "")
