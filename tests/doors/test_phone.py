"""Numbers: added in any form (S2, S3, S6), signed in and recovered with (R2, I1), recycled (S6), and the limits of texts (D1, F2)."""

import asyncio
from datetime import timedelta

import pytest

from sparekey.worker.waits import look_at_waits
from tests.doors.api import ANOTHER, PASSWORD, Api, Program
from tests.doors.phones import ANNA, NUMBER, OTHER, answer_text, newest, number_added, send, settled, texts

pytestmark = pytest.mark.row("S2")


@pytest.mark.row("S6")
async def test_a_number_is_added_inside_a_session_and_all_are_told(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    began = await owner.start("add_address", phone="+371 20 000-001")
    assert (began.state, began.said["finish"], began.said["sent_to"]) == ("allowed", "code", "+37•••01")
    text = await newest(api, NUMBER)
    assert "confirms this number" in text.text
    assert (await answer_text(owner, began.flow_id, text.code)).state == "done"
    number = (await owner.read("account"))["addresses"][1]
    assert (number["kind"], number["value"], number["main"], number["settled"]) == ("phone", NUMBER, True, False)
    assert (await api.about(ANNA))[-1] == "An address was added to your account at Sparekey"
    assert "http" in (await newest(api, NUMBER)).text, "the notice goes to the number, too"
    for typed in (NUMBER, "00371 20000001", " +371 (20) 000-001 "):
        assert (await api.program().sign_in(typed)).state == "done"


ODD = {
    "nothing": ("", "email_missing"),
    "spaces": ("   ", "phone_missing"),
    "letters": ("my phone", "phone_needs_country"),
    "no country": ("20000001", "phone_needs_country"),
    "too short": ("+371 20", "phone_invalid"),
    "too long": ("+371 2000 0001 2345 6789", "phone_invalid"),
    "no such country": ("+999 20000001", "phone_invalid"),
    "a landline": ("+371 6700 0000", "phone_gets_no_texts"),
    "free of charge": ("+1 800 555 0199", "phone_gets_no_texts"),
    "dear": ("+44 909 879 0000", "phone_gets_no_texts"),
    "an extension": ("+371 20000001 ext. 5", "phone_invalid"),
    "two numbers": ("+37120000001, +37120000002", "phone_invalid"),
    "a mailbox": ("anna@example.com", "phone_needs_country"),
    "an emergency": ("112", "phone_needs_country"),
    "vanity": ("+1-800-FLOWERS", "phone_invalid"),
    "very long": ("+" + "1" * 300, "phone_invalid"),
    "pluses": ("++++", "phone_invalid"),
}


@pytest.mark.parametrize("typed", ODD)
async def test_what_is_no_mobile_number_is_refused_beside_the_field(api: Api, typed: str) -> None:
    owner = await api.signed_up(ANNA)
    before = await api.rows()
    number, reason = ODD[typed]
    answer = await owner.start("add_address", phone=number)
    field = "email" if reason == "email_missing" else "phone"
    assert (answer.status, answer.fields) == (422, [(field, reason)])
    assert await api.rows() == before
    assert await texts(api) == []


WELL_KNOWN_FORMS = (
    "+37120000001",
    "+371 20 000 001",
    "+371-20-000-001",
    "+371 (20) 000.001",
    "0037120000001",
    "00 371 20 000 001",
    "tel:+371-20-000-001",
    "\uff0b\uff13\uff17\uff11\uff12\uff10\uff10\uff10\uff10\uff10\uff10\uff11",
    "+٣٧١٢٠٠٠٠٠٠١",
    "\u00a0+371\u00a020\u00a0000\u00a0001",
)


@pytest.mark.parametrize("typed", WELL_KNOWN_FORMS)
async def test_every_way_to_write_a_number_is_the_same_number(api: Api, typed: str) -> None:
    owner = await api.signed_up(ANNA)
    began = await owner.start("add_address", phone=typed)
    assert began.state == "allowed", began
    assert [t.to for t in await texts(api)] == [NUMBER]
    await answer_text(owner, began.flow_id, (await newest(api, NUMBER)).code)
    assert (await api.program().sign_in(typed)).state == "done"


@pytest.mark.row("S6")
async def test_several_numbers_one_of_them_the_main_one(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    first, second = await number_added(api, owner), await number_added(api, owner, OTHER)
    assert (await owner.start("remove_address", address_id=first)).fields == [("address", "address_is_main")]
    assert (await owner.start("set_main_address", address_id=second)).state == "done"
    assert (await owner.start("remove_address", address_id=first)).state == "done"
    assert (await owner.start("remove_address", address_id=second)).state == "done", "the last one may go, main or not"
    assert [a["kind"] for a in (await owner.read("account"))["addresses"]] == ["email"]
    assert "something changed" in (await newest(api, OTHER)).text


@pytest.mark.row("S3")
async def test_one_address_at_a_time(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    assert (await owner.start("add_address", email="b@example.com", phone=NUMBER)).fields == [("phone", "one_address_at_a_time")]


@pytest.mark.row("S6")
async def test_an_own_number_may_be_confirmed_again(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    number = await number_added(api, owner)
    api.clock.wait(days=366)
    await owner.sign_in(ANNA)
    seen = next(a for a in (await owner.read("account"))["addresses"] if a["kind"] == "phone")
    assert (seen["weak"], seen["settled"]) == ("unconfirmed", True)
    assert await number_added(api, owner) == number
    seen = next(a for a in (await owner.read("account"))["addresses"] if a["kind"] == "phone")
    assert seen["weak"] == ""


async def signed_in(api: Api) -> Program:
    program = api.program()
    assert (await program.sign_in(ANNA)).state == "done"
    return program


@pytest.mark.row("S6")
async def test_a_number_not_confirmed_for_a_year_counts_only_beside_another_thing(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    stories = []
    program, flow = api.program(), ""
    for days in (360, 6):
        api.clock.wait(days=days)
        program = api.program()
        flow = (await program.start("recover", identifier=NUMBER)).flow_id
        shown = await answer_text(program, flow, (await newest(api, NUMBER)).code)
        stories.append((shown.state, shown.said["otherwise"]))
    assert stories == [("asking", "delay"), ("asking", "refer")], "nor does the code by itself make it new: it may be anybody's by now"
    await send(program, flow, "email")
    assert (await program.code(flow, (await api.newest(ANNA)).code)).state == "allowed"
    weak = [a["weak"] for a in (await (await signed_in(api)).read("account"))["addresses"]]
    assert weak == ["", "unconfirmed"]


# ---------------------------------------------------------------- recovery by text


@pytest.mark.row("R2")
async def test_by_text_alone_it_never_opens_at_once(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    api.clock.wait(days=31)
    program = api.program()
    began = await program.start("recover", identifier="+371 20000001")
    assert (began.said["sent_by"], began.said["sent_to"]) == (["sms"], "+•••")
    text = await newest(api, NUMBER)
    assert "get back into" in text.text
    assert "/l/" not in text.text, "no link but the short one"
    shown = await answer_text(program, began.flow_id, text.code)
    assert (shown.state, shown.said["otherwise"]) == ("asking", "delay")
    waits = await program.call("POST", f"/api/v1/flows/{began.flow_id}/nothing-more")
    assert waits.state == "waiting"


@pytest.mark.row("R2")
async def test_text_and_mail_together_open_it(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    await settled(api, owner)
    program = api.program()
    flow = (await program.start("recover", identifier=NUMBER)).flow_id
    assert (await answer_text(program, flow, (await newest(api, NUMBER)).code)).state == "asking"
    assert (await send(program, flow, "email")).said["sent_to"] == "a•••@example.com"
    assert (await program.code(flow, (await api.newest(ANNA)).code)).state == "allowed"
    assert (await program.finish(flow, ANOTHER)).state == "done"


@pytest.mark.row("R1")
async def test_who_does_not_remember_which_account_reads_it_in_the_text(patient_api: Api) -> None:
    api = patient_api
    owner, other = await api.signed_up(ANNA), await api.signed_up("berta@example.org")
    await number_added(api, owner)
    await number_added(api, other, OTHER)
    api.clock.wait(days=31)
    for number, named, not_named in ((NUMBER, "a***@example.com", "example.org"), (OTHER, "b***@example.org", "example.com")):
        await api.program().start("recover", identifier=number)
        text = await newest(api, number)
        assert f"get back into {named} at Sparekey" in text.text
        assert not_named not in text.text
        assert text.text.isascii(), "else it takes three parts"
        assert ANNA not in text.text


@pytest.mark.row("R2", "D3")
async def test_a_text_asked_for_by_mailbox_goes_to_the_main_number_or_looks_as_if(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await api.signed_up("eve@example.com")
    await number_added(api, owner)
    sent = len(await texts(api))
    answers = []
    for name in (ANNA, "eve@example.com", "nobody@example.com"):
        program = api.program()
        flow = (await program.start("recover", identifier=name)).flow_id
        said = (await send(program, flow)).said
        answers.append((said["state"], said["choices"], said["sent_by"], said["held"], said["sent_to"][1:]))
        assert (await answer_text(program, flow, "000000")).problem == "not_proven"
    assert answers[0] == answers[1] == answers[2] or [a[:4] for a in answers] == [answers[0][:4]] * 3
    new = (await texts(api))[sent:]
    assert [t.to for t in new] == [NUMBER]


@pytest.mark.row("R2", "S6")
async def test_a_young_number_gets_no_code(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    program = api.program()
    assert (await program.start("recover", identifier=NUMBER)).said["sent"] is True
    text = await newest(api, NUMBER)
    assert "#" not in text.text


@pytest.mark.row("F2")
async def test_a_code_by_text_is_good_for_ten_minutes(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    for number, minutes, state in ((NUMBER, 9, "done"), (OTHER, 10, "")):
        began = await owner.start("add_address", phone=number)
        code = (await newest(api, number)).code
        api.clock.wait(minutes=minutes)
        assert (await answer_text(owner, began.flow_id, code)).said.get("state", "") == state


@pytest.mark.row("F2")
async def test_a_code_belongs_to_its_flow(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    first, second = await owner.start("add_address", phone=NUMBER), await owner.start("add_address", phone=NUMBER)
    codes = [t.code for t in await texts(api, NUMBER)]
    assert (await answer_text(owner, second.flow_id, codes[0])).problem == "not_proven"
    assert (await answer_text(owner, first.flow_id, codes[0])).state == "done"


@pytest.mark.row("F2", "D1")
async def test_eleven_wrong_codes_over_three_flows_and_two_channels_are_one_counter(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    await settled(api, owner)
    stranger = api.program()
    flows = [(await stranger.start("recover", identifier=name)).flow_id for name in (ANNA, NUMBER, ANNA)]
    await send(stranger, flows[2])
    short = (await api.newest(ANNA)).code
    for n in range(10):
        flow = flows[n % 3]
        answer = await (answer_text(stranger, flow, "000000") if n % 2 else stranger.code(flow, "000000"))
        assert answer.problem == "not_proven"
    assert (await stranger.code(flows[2], short)).problem == "not_proven", "the eleventh is refused, though it is right"
    # From now on codes need no throttle: they are long, by mail and by text.
    other = api.program()
    flow = (await other.start("recover", identifier=NUMBER)).flow_id
    long = (await newest(api, NUMBER)).code
    assert len(long) == 16
    assert (await answer_text(other, flow, long)).state == "asking"


@pytest.mark.row("F2")
async def test_the_code_of_the_other_channel_proves_its_own_and_not_the_one_that_was_asked(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    await settled(api, owner)
    program = api.program()
    flow = (await program.start("recover", identifier=ANNA)).flow_id
    await send(program, flow)
    mailed, texted = (await api.newest(ANNA)).code, (await newest(api, NUMBER)).code
    assert mailed.replace(" ", "") != texted
    answer = await answer_text(program, flow, mailed)
    assert answer.state == "allowed", "without a second factor the settled mailbox is enough, and it was the mailbox"
    other = api.program()
    flow = (await other.start("recover", identifier=NUMBER)).flow_id
    shown = await other.code(flow, (await newest(api, NUMBER)).code)
    assert (shown.state, shown.said["otherwise"]) == ("asking", "delay"), "typed as if mailed, it is still only the number"


# ---------------------------------------------------------------- a number that changes hands


@pytest.mark.row("S6")
async def test_a_recycled_number_is_told_of_and_moves_after_seven_days(patient_api: Api) -> None:
    api = patient_api
    old = await api.signed_up("old@example.com")
    await number_added(api, old)
    new = await api.signed_up(ANNA)
    taken = await new.start("add_address", phone=NUMBER)
    assert taken.state == "allowed", "it looks like any other"
    waits = await answer_text(new, taken.flow_id, (await newest(api, NUMBER)).code)
    assert (waits.state, waits.said["waits_until"] is not None) == ("waiting", True)
    sent = len(await texts(api, NUMBER))
    letter = await api.newest("old@example.com")
    assert "number" in letter.text
    assert "+37•••01" in letter.text
    assert len(await texts(api, NUMBER)) == sent, "the number itself may be the new person's"
    assert (await api.program().sign_in(NUMBER, PASSWORD)).state == "done", "meanwhile it is still the old account's"
    await days_pass(api, 8)
    assert [a["value"] for a in (await old.read("account"))["addresses"]] == ["old@example.com"]
    await new.sign_in(ANNA)
    assert NUMBER in [a["value"] for a in (await new.read("account"))["addresses"]]
    assert (await new.show(taken.flow_id)).state == "done"
    moved = await api.newest("old@example.com")
    assert "left your account" in moved.text
    number = next(a for a in (await new.read("account"))["addresses"] if a["value"] == NUMBER)
    assert not number["settled"]
    async with api.parts.services.store.transaction() as tx:
        holder = await tx.accounts.find_by_key(api.parts.services.identifiers.key_of("old@example.com"))
        left = await tx.accounts.former(holder.account_id, api.clock.now() - timedelta(days=30))
    assert [a.given_up for a in left] == [True], "whoever has it now does not get into the account that it left (R13)"


async def days_pass(api: Api, days: int) -> None:
    """With a worker that looks at what waits every half hour."""
    for _ in range(days * 48):
        api.clock.wait(minutes=30)
        await look_at_waits(api.parts.services, asyncio.Event())
        await api.parts.deliverer.deliver_due()


@pytest.mark.row("S6")
async def test_who_confirms_the_number_again_keeps_it(patient_api: Api) -> None:
    api = patient_api
    old = await api.signed_up("old@example.com")
    await number_added(api, old)
    new = await api.signed_up(ANNA)
    taken = await new.start("add_address", phone=NUMBER)
    await answer_text(new, taken.flow_id, (await newest(api, NUMBER)).code)
    api.clock.wait(days=1)
    await old.sign_in("old@example.com")
    await number_added(api, old)
    await days_pass(api, 8)
    await old.sign_in("old@example.com")
    assert NUMBER in [a["value"] for a in (await old.read("account"))["addresses"]]
    over = await new.show(taken.flow_id)
    assert (over.state, over.said["ended"]) == ("ended", "number_kept")


@pytest.mark.row("S6")
async def test_a_number_that_left_an_account_lately_is_kept_for_it(patient_api: Api) -> None:
    api = patient_api
    old = await api.signed_up("old@example.com")
    number = await number_added(api, old)
    await old.start("remove_address", address_id=number)
    new = await api.signed_up(ANNA)
    taken = await new.start("add_address", phone=NUMBER)
    over = await answer_text(new, taken.flow_id, (await newest(api, NUMBER)).code)
    assert (over.state, over.said["ended"]) == ("ended", "number_reserved")
    assert await number_added(api, old) != number, "its former owner may have it back at once"


# ---------------------------------------------------------------- budgets


@pytest.mark.row("D1", "F2")
async def test_texts_to_one_number_have_a_budget_whoever_asks(api: Api) -> None:
    """Pumping: strangers with accounts of their own make us send to numbers of an operator that pays them."""
    owners = [await api.signed_up(f"p{n}@example.com") for n in range(4)]
    sent = 0
    for n in range(14):
        began = await owners[n % 4].start("add_address", phone=NUMBER)
        sent += began.said["sent"]
        assert began.said["held"] is not began.said["sent"]
    assert sent == 10
    assert len(await texts(api, NUMBER)) == 10


@pytest.mark.row("D1", "R14")
async def test_a_network_that_asks_for_texts_all_day_is_held_back_for_every_name(api: Api) -> None:
    held = []
    for n in range(25):
        program = api.program()
        held.append((await program.start("recover", identifier=f"+3712000{n:04}")).said["held"])
    assert held == [False] * 20 + [True] * 5
