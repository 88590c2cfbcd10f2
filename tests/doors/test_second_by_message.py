"""Codes by text (F2) and by e-mail (F3) as a second factor, and signing in with a mailed code or a text (I3)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.domain.policy.parse import standard_texts
from tests.doors.api import PASSWORD, Answer, Api, Program, served
from tests.doors.phones import ANNA, NUMBER, OTHER, address_id, answer_text, newest, number_added, send, settled, texts
from tests.doors.second_factors import answer

ADDED = "A way to verify was added to your account at Sparekey"
REMOVED = "A way to verify was removed from your account at Sparekey"


async def second_step(api: Api, owner: Program, kind: str, value: str) -> list[str]:
    """Codes to this address become the second step; the ten backup codes, if it is the first one."""
    began = await owner.start("add_factor", factor=kind, address_id=await address_id(owner, value))
    assert (began.state, began.said["finish"], began.said["sent_by"]) == ("allowed", "code", [kind]), began
    done = await code_of(api, owner, began.flow_id, kind, value)
    if done.state == "done":
        return []
    assert done.said["finish"] == "backup_codes", done
    codes = [f"{number} {code}" for number, code in enumerate(done.said["new_codes"], 1)]
    kept = await owner.call("POST", f"/api/v1/flows/{began.flow_id}/keep-codes", {"code": codes[0]})
    assert kept.state == "done", kept
    return codes


async def code_of(api: Api, program: Program, flow_id: str, kind: str, value: str) -> Answer:
    if kind == "sms":
        return await answer_text(program, flow_id, (await newest(api, value)).code)
    return await program.code(flow_id, (await api.newest(value)).code)


async def owner_with_text(api: Api) -> tuple[Program, list[str]]:
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    return owner, await second_step(api, owner, "sms", NUMBER)


@pytest.mark.row("F2")
async def test_password_then_a_text(patient_api: Api) -> None:
    api = patient_api
    _, codes = await owner_with_text(api)
    assert len(codes) == 10
    program = api.program()
    asked = await program.sign_in(ANNA)
    assert (asked.state, asked.said["choices"], asked.said["session"]) == ("asking", ["backup_code", "sms"], None) or set(
        asked.said["choices"]
    ) == {"sms", "backup_code"}, "another way is always offered"
    said = (await send(program, asked.flow_id)).said
    assert (said["sent_to"], said["sent_by"]) == ("+37•••01", ["sms"])
    text = await newest(api, NUMBER)
    assert text.text.startswith(f"{text.code} is your code for Sparekey.")
    assert (await answer_text(program, asked.flow_id, text.code)).state == "done"
    assert await program.is_signed_in()
    assert (await api.about(ANNA))[-1].startswith("New sign-in")


@pytest.mark.row("F2")
async def test_enrolling_proves_nothing_else_and_the_notice_says_so(patient_api: Api) -> None:
    api = patient_api
    owner, _ = await owner_with_text(api)
    account = await owner.read("account")
    assert [a["second_factor"] for a in account["addresses"]] == [False, True]
    assert ADDED in await api.about(ANNA)
    assert "Not you? http" in (await newest(api, NUMBER)).text, "and the phone is told, too"
    again = await owner.start("add_factor", factor="sms", address_id=account["addresses"][1]["address_id"])
    assert again.status == 422
    assert again.fields == [("address", "factor_taken")]


@pytest.mark.row("F2")
@pytest.mark.parametrize("kind", ["sms", "email"])
async def test_only_own_addresses_of_the_right_kind_become_a_second_step(patient_api: Api, kind: str) -> None:
    api = patient_api
    owner, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    mine, hers = await number_added(api, owner), await number_added(api, eve, OTHER)
    mailbox = await address_id(owner, ANNA)
    for wrong in (hers, "", "0" * 32, mailbox if kind == "sms" else mine):
        assert (await owner.start("add_factor", factor=kind, address_id=wrong)).fields == [("address", "address_unknown")]


@pytest.mark.row("F2")
async def test_the_mailed_code_does_not_stand_in_for_the_text(patient_api: Api) -> None:
    """It proves its own thing, and that is not the second factor."""
    api = patient_api
    owner, _ = await owner_with_text(api)
    await settled_two(api, owner)
    program = api.program()
    asked = await program.sign_in(ANNA)
    recovery = await program.start("recover", identifier=ANNA)
    mailed = (await api.newest(ANNA)).code
    await send(program, asked.flow_id)
    assert (await answer_text(program, asked.flow_id, mailed)).problem == "not_proven"
    assert (await program.show(recovery.flow_id)).state == "asking"


async def settled_two(api: Api, owner: Program) -> None:
    api.clock.wait(days=31)
    asked = await owner.sign_in(ANNA)
    if asked.state != "done":
        await send(owner, asked.flow_id)
        done = await answer_text(owner, asked.flow_id, (await newest(api, NUMBER)).code)
        assert done.state == "done", done


@pytest.mark.row("F11", "F9")
async def test_with_the_number_its_second_step_goes(patient_api: Api) -> None:
    api = patient_api
    owner, _ = await owner_with_text(api)
    leaves = await owner.start("remove_address", address_id=await address_id(owner, NUMBER))
    assert leaves.state == "asking", "as strong as signing in by now"
    await owner.password(leaves.flow_id, PASSWORD)
    await send(owner, leaves.flow_id)
    assert (await answer_text(owner, leaves.flow_id, (await newest(api, NUMBER)).code)).state == "done"
    assert (await api.program().sign_in(ANNA)).state == "done"
    assert REMOVED in await api.about(ANNA)
    await number_added(api, owner)
    assert not any(a["second_factor"] for a in (await owner.read("account"))["addresses"]), "it comes back only by enrolling it anew"


@pytest.mark.row("F2", "R12")
async def test_the_lost_phone_is_not_the_end(patient_api: Api) -> None:
    api = patient_api
    _, codes = await owner_with_text(api)
    program = api.program()
    asked = await program.sign_in(ANNA)
    assert (await answer(program, asked.flow_id, "backup_code", code=codes[1])).state == "done"


@pytest.mark.row("F3")
async def test_password_then_a_mail_on_a_known_device(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    codes = await second_step(api, owner, "email", ANNA)
    asked = await owner.sign_in(ANNA)
    assert asked.state == "asking"
    assert "email" in asked.said["choices"]
    await send(owner, asked.flow_id, "email")
    letter = await api.newest(ANNA)
    assert "/l/" not in letter.text, "a code as a factor has no link"
    assert "10 minutes" in letter.text
    assert (await owner.code(asked.flow_id, letter.code)).state == "done"
    elsewhere = api.program()
    asked = await elsewhere.sign_in(ANNA)
    assert "email" not in asked.said["choices"], "password and mailbox are often stolen together"
    assert (await answer(elsewhere, asked.flow_id, "backup_code", code=codes[1])).state == "done"


@pytest.mark.row("F3")
async def test_one_mailbox_never_counts_twice_in_one_flow(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await second_step(api, owner, "email", ANNA)
    api.clock.wait(days=31)
    program = api.program()
    flow = (await program.start("recover", identifier=ANNA)).flow_id
    shown = await program.code(flow, (await api.newest(ANNA)).code)
    assert shown.state == "asking"
    assert "email" not in shown.said["choices"]
    assert (await send(program, flow, "email")).problem == "wrong_step"


@pytest.mark.row("F2", "F3")
async def test_a_step_up_by_text_before_a_change(patient_api: Api) -> None:
    api = patient_api
    owner, _ = await owner_with_text(api)
    api.clock.wait(minutes=20)
    began = await owner.start("change_details", name="Bea", language="en")
    assert began.state == "asking"
    assert (await owner.password(began.flow_id, PASSWORD)).state == "asking"
    await send(owner, began.flow_id)
    assert (await answer_text(owner, began.flow_id, (await newest(api, NUMBER)).code)).state == "done"


# ---------------------------------------------------------------- strict


@pytest.fixture
async def strict_api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite, profile="strict", insecure_no_volume_limits="true") as api:
        yield api


@pytest.mark.row("F3", "F2", "I3")
async def test_strict_has_neither(strict_api: Api) -> None:
    api = strict_api
    owner = await api.signed_up(ANNA)
    assert (await owner.sign_in(ANNA)).state == "done"
    await number_added(api, owner)
    for kind, value in (("sms", NUMBER), ("email", ANNA)):
        asked = await owner.start("add_factor", factor=kind, address_id=await address_id(owner, value))
        assert asked.fields == [("factor", "not_offered")]
        began = await api.program().start("sign_in", identifier=ANNA, by=kind)
        assert began.fields == [("by", "not_offered")]


# ---------------------------------------------------------------- signing in with a code


@pytest.mark.row("I3")
async def test_signing_in_with_the_mailed_code_on_another_device_than_the_mailbox(api: Api) -> None:
    await api.signed_up(ANNA)
    program = api.program()
    began = await program.start("sign_in", identifier=ANNA)
    letter = await api.newest(ANNA)
    assert letter.link, "the link is in the same mail"
    assert (await program.code(began.flow_id, letter.code)).state == "done"
    assert await program.is_signed_in()
    assert (await api.program().open(letter.link)).problem == "link_over", "using one kills all"


@pytest.mark.row("I3")
async def test_with_a_second_factor_the_mailed_code_is_not_enough(patient_api: Api) -> None:
    api = patient_api
    await owner_with_text(api)
    program = api.program()
    began = await program.start("sign_in", identifier=ANNA)
    shown = await program.code(began.flow_id, (await api.newest(ANNA)).code)
    assert (shown.state, shown.said["session"]) == ("asking", None)


SIGN_IN_BY_TEXT = """
[route.texted_code]
why = "This site trusts numbers as much as passwords."
then = "allow"
second_factor = false
all_of = ["sms"]
settled = true
"""


@pytest.fixture
async def texting_api(database_url: str, data_dir: Path, migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Api]:
    """A site whose policy lets people in by text."""
    folder = tmp_path / "policy"
    folder.mkdir()
    own = standard_texts()["sign_in"].replace('"passkey", "email", "social"]', '"passkey", "email", "sms", "social"]', 1) + SIGN_IN_BY_TEXT
    (folder / "sign_in.toml").write_text(own)
    async with served(database_url, data_dir, migrated_sqlite, policy_dir=str(folder), insecure_no_volume_limits="true") as api:
        yield api


@pytest.mark.row("I3")
async def test_signing_in_by_text_where_the_site_has_it(texting_api: Api) -> None:
    api = texting_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    await settled(api, owner)
    program = api.program()
    began = await program.start("sign_in", identifier=NUMBER, by="sms")
    text = await newest(api, NUMBER)
    assert "is your code to sign in" in text.text
    assert (await answer_text(program, began.flow_id, text.code)).state == "done"
    sent = len(await texts(api))
    nobody = await api.program().start("sign_in", identifier="+37120000099", by="sms")
    assert (nobody.state, nobody.said["sent"]) == ("asking", True)
    assert len(await texts(api)) == sent


@pytest.mark.row("I3")
async def test_by_text_is_off_in_the_shop_profile(api: Api) -> None:
    await api.signed_up(ANNA)
    assert (await api.program().start("sign_in", identifier=NUMBER, by="sms")).fields == [("by", "not_offered")]
