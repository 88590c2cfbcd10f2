"""Details (S3), several addresses and a user name (S6): who is told, what stays reserved, what a stranger learns."""

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program

ANNA, SECOND = "anna@example.com", "second@example.com"


async def added(api: Api, owner: Program, email: str = SECOND) -> str:
    """The id of an address that was just added and verified."""
    began = await owner.start("add_address", email=email)
    done = await owner.code(began.flow_id, (await api.newest(email)).code)
    assert done.state == "done", done
    found: str = next(a["address_id"] for a in (await owner.read("account"))["addresses"] if a["value"] == email)
    return found


@pytest.mark.row("S6")
async def test_an_address_is_added_inside_a_session_and_all_are_told(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    began = await owner.start("add_address", email=SECOND)
    assert (began.state, began.said["finish"], began.said["sent_to"]) == ("allowed", "code", "s•••@example.com")
    assert (await owner.code(began.flow_id, (await api.newest(SECOND)).code)).state == "done"
    addresses = (await owner.read("account"))["addresses"]
    assert [(a["value"], a["main"], a["settled"]) for a in addresses] == [(ANNA, True, True), (SECOND, False, False)]
    for address in (ANNA, SECOND):
        assert (await api.about(address))[-1] == "An address was added to your account at Sparekey"
    assert (await api.program().sign_in(SECOND)).state == "done"


@pytest.mark.row("S3")
async def test_the_link_of_a_new_address_works_only_in_a_session_of_that_account(api: Api) -> None:
    """Else a thief adds the victim's address, and the victim's own click would confirm it for him."""
    owner, stranger = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    await owner.start("add_address", email=SECOND)
    link = (await api.newest(SECOND)).link
    before = await api.rows()
    for other in (stranger, api.program()):
        assert (await other.open(link)).problem == "not_signed_in"
    assert await api.rows() == before
    assert (await owner.open(link)).state == "done"


@pytest.mark.row("S3", "S6")
async def test_a_session_left_open_asks_before_anything_changes(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    second_id = await added(api, owner)
    api.clock.wait(minutes=16)
    before = await api.rows()
    wishes: list[tuple[str, dict[str, str]]] = [
        ("add_address", {"email": "third@example.com"}),
        ("remove_address", {"address_id": second_id}),
        ("set_main_address", {"address_id": second_id}),
        ("change_details", {"name": "Bea", "language": "en"}),
    ]
    for action, given in wishes:
        asked = await owner.start(action, **given)
        assert (asked.state, asked.said["choices"]) == ("asking", ["password", "email"]), action
    assert await api.rows() == before
    assert await api.letters("third@example.com") == []
    began = await owner.start("change_details", name="Bea", language="en")
    assert (await owner.password(began.flow_id, PASSWORD)).state == "done"
    assert (await owner.start("set_main_address", address_id=second_id)).state == "done", "the session is fresh again"


@pytest.mark.row("S6")
async def test_another_becomes_the_main_one(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    second_id = await added(api, owner)
    assert (await owner.start("set_main_address", address_id=second_id)).state == "done"
    assert {a["value"]: a["main"] for a in (await owner.read("account"))["addresses"]} == {ANNA: False, SECOND: True}
    assert (await owner.read("session"))["email"] == SECOND
    for address in (ANNA, SECOND):
        assert (await api.about(address))[-1] == "Your main address at Sparekey was changed"
    again = await owner.start("set_main_address", address_id=second_id)
    assert again.fields == [("address", "address_is_main")]


@pytest.mark.row("S6")
async def test_an_address_that_leaves_is_told_that_something_changed_and_no_more(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    second_id = await added(api, owner)
    assert (await owner.start("remove_address", address_id=second_id)).state == "done"
    assert [a["value"] for a in (await owner.read("account"))["addresses"]] == [ANNA]
    stays, leaves = await api.newest(ANNA), await api.newest(SECOND)
    assert stays.subject == "An address was removed from your account at Sparekey"
    assert "s•••@example.com" in stays.text
    assert leaves.subject == "Something changed in your account at Sparekey"
    for told_to_nobody in ("Device", "Place", "place unknown", ANNA, "a•••"):
        assert told_to_nobody not in leaves.text
    assert (await api.program().sign_in(SECOND)).problem == "not_proven"


@pytest.mark.row("S6")
async def test_the_main_address_cannot_be_removed(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    main_id = (await owner.read("account"))["addresses"][0]["address_id"]
    before = await api.rows()
    assert (await owner.start("remove_address", address_id=main_id)).fields == [("address", "address_is_main")]
    assert await api.rows() == before


@pytest.mark.row("S6")
async def test_an_address_of_another_account_cannot_be_touched(api: Api) -> None:
    owner, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    second_id = await added(api, owner)
    before = await api.rows()
    for action in ("remove_address", "set_main_address"):
        assert (await eve.start(action, address_id=second_id)).fields == [("address", "address_unknown")]
    assert await api.rows() == before


@pytest.mark.row("S6")
async def test_a_former_address_is_reserved_for_thirty_days(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    second_id = await added(api, owner)
    await owner.start("remove_address", address_id=second_id)

    async def signing_up() -> list[str]:
        """What is sent to the address when someone signs up with it."""
        sent = len(await api.letters(SECOND))
        began = await api.program().start("sign_up", email=SECOND, name="Eve", password=ANOTHER)
        assert (began.state, began.said["sent"]) == ("asking", True)
        return (await api.about(SECOND))[sent:]

    assert await signing_up() == []
    api.clock.wait(days=29, hours=23)
    assert await signing_up() == []
    api.clock.wait(hours=1)
    assert await signing_up() == ["Confirm your address for Sparekey"]


@pytest.mark.row("S6")
async def test_the_former_owner_may_add_it_again_at_once(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    second_id = await added(api, owner)
    await owner.start("remove_address", address_id=second_id)
    assert await added(api, owner) != second_id


@pytest.mark.row("S6", "D3")
async def test_adding_an_address_that_another_has_looks_the_same_and_its_owner_is_told(api: Api) -> None:
    owner, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    before = await api.rows("account", "address")
    taken, free = await eve.start("add_address", email=ANNA), await eve.start("add_address", email="free@example.com")

    def shape(answer: Answer) -> dict[str, object]:
        by_chance = {"flow_id", "flow_token", "expires_at", "resend_at", "sent_to"}
        return {k: v for k, v in answer.said.items() if k not in by_chance}

    assert shape(taken) == shape(free)
    letter = await api.newest(ANNA)
    assert letter.subject == "This address is already used at Sparekey"
    assert "eve@" not in letter.text
    assert (await eve.code(taken.flow_id, "123456")).problem == "not_proven"
    assert await api.rows("account", "address") == before
    assert await owner.is_signed_in()


@pytest.mark.row("S6")
async def test_whoever_proves_an_address_first_has_it(api: Api) -> None:
    owner, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    slow, quick = await owner.start("add_address", email=SECOND), await eve.start("add_address", email=SECOND)
    first, second = (await api.letters(SECOND))[-2:]
    assert (await eve.code(quick.flow_id, second.code)).state == "done"
    before = await api.rows()
    late = await owner.code(slow.flow_id, first.code)
    assert (late.status, late.problem) == (410, "taken")
    assert await api.rows() == before


@pytest.mark.row("S6")
async def test_ones_own_address_cannot_be_added_twice(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    assert (await owner.start("add_address", email="Anna@EXAMPLE.com")).fields == [("email", "address_is_yours")]


@pytest.mark.row("S3", "S6")
async def test_details_are_changed_and_every_address_is_told_what(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    await added(api, owner)
    assert (await owner.start("change_details", name="Bea", language="ru", user_name="Bea_1")).state == "done"
    account = await owner.read("account")
    assert (account["name"], account["language"], account["user_name"]) == ("Bea", "ru", "Bea_1")
    for address in (ANNA, SECOND):
        assert len(await api.letters(address)) == {ANNA: 4, SECOND: 3}[address]
    assert (await owner.start("change_details", name="Bea", language="ru", user_name="Bea_1")).state == "done"
    assert len(await api.letters(ANNA)) == 4, "nothing changed, so nobody is told"


@pytest.mark.row("S6")
@pytest.mark.parametrize("user_name", ["an", "a" * 31, "-anna", "anna@home", "аnna", "an na", "anna\u202e", "ａnna"])
async def test_a_user_name_has_one_alphabet_so_that_no_two_look_alike(api: Api, user_name: str) -> None:
    owner = await api.signed_up(ANNA)
    assert (await owner.start("change_details", name="Anna", language="en", user_name=user_name)).fields == [
        ("user_name", "user_name_invalid")
    ]


@pytest.mark.row("S6")
async def test_a_user_name_is_one_persons_and_can_be_given_up(api: Api) -> None:
    owner, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    await owner.start("change_details", name="Anna", language="en", user_name="anna.b")
    before = await api.rows()
    assert (await eve.start("change_details", name="Eve", language="en", user_name="ANNA.B")).fields == [("user_name", "user_name_taken")]
    assert await api.rows() == before
    await owner.start("change_details", name="Anna", language="en")
    assert (await eve.start("change_details", name="Eve", language="en", user_name="anna.b")).state == "done"


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": " "}, ("name", "name_missing")),
        ({"name": "x" * 101}, ("name", "name_too_long")),
        ({"name": "Anna \u202egnp.exe"}, ("name", "name_bad_character")),
        ({"name": "An\u200fna"}, ("name", "name_bad_character")),
        ({"name": "half \ud83d"}, ("name", "name_bad_character")),
        ({"language": "xx"}, ("language", "language_unknown")),
    ],
    ids=lambda v: v[1] if isinstance(v, tuple) else None,
)
async def test_bad_details_change_nothing(api: Api, given: dict[str, str], problem: tuple[str, str]) -> None:
    owner = await api.signed_up(ANNA)
    before = await api.rows()
    answer = await owner.start("change_details", **{"name": "Anna", "language": "en", **given})
    assert (answer.status, answer.fields) == (422, [problem])
    assert await api.rows() == before


@pytest.mark.row("D1")
async def test_many_accounts_that_add_one_address_do_not_flood_its_mailbox(api: Api) -> None:
    programs = [await api.signed_up(f"{name}@example.com") for name in ("anna", "bob", "eve", "dan", "fay", "gus", "hal", "ivy")]
    began = [await owner.start("add_address", email="victim@example.net") for owner in programs]
    assert [b.said["held"] for b in began] == [False] * 6 + [True] * 2, "one always, five more an hour, whoever asks"
    assert len(await api.about("victim@example.net")) == 6
