"""A thief in an account, step by step: what the tests of undoing do again and again."""

import re
from dataclasses import dataclass

from sparekey.bootstrap import dev_phone
from sparekey.domain.accounts import Account
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Letter, Program
from tests.doors.second_factors import Owner, answer, enrol
from tests.doors.waits import ANNA, disown_token

THIEF, HIS_NUMBER, HER_NUMBER = "thief@evil.example", "+371 20 999 999", "+371 20 123 456"


@dataclass
class Robbery:
    """``program``: the thief's. ``his``: his authenticator and codes."""

    program: Program
    his: Owner


async def texted_code(api: Api) -> str:
    """The code of the newest text."""
    await api.letters()
    found = re.search(r"#([0-9A-Z]+)$", dev_phone(api.settings, api.clock).list()[0].text)
    assert found
    return found[1]


async def remove(program: Program, value: str, *, password: str = PASSWORD, app: Owner | None = None, given_up: bool = False) -> Answer:
    """Take an address off, showing what is asked for, as far as it is at hand."""
    address = next(a["address_id"] for a in (await program.read("account"))["addresses"] if a["value"] == value)
    return await shown(program, await program.start("remove_address", address_id=address, given_up=given_up), password, app)


async def shown(program: Program, began: Answer, password: str = PASSWORD, app: Owner | None = None) -> Answer:
    """The flow after password and app were shown, as far as they are asked for and at hand."""
    if began.state == "asking" and "password" in began.said["choices"]:
        began = await program.password(began.flow_id, password)
    if began.state == "asking" and app is not None and "totp" in began.said["choices"]:
        began = await answer(program, began.flow_id, "totp", code=app.app.next_code())
    return began


async def add_mailbox(api: Api, program: Program, email: str, *, password: str = PASSWORD) -> None:
    began = await program.start("add_address", email=email)
    if began.state == "asking":
        began = await program.password(began.flow_id, password)
    assert (await program.code(began.flow_id, (await api.newest(email)).code)).state == "done"


async def add_number(api: Api, program: Program, number: str) -> None:
    began = await program.start("add_address", phone=number)
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    assert (await answer(program, began.flow_id, "sms", code=await texted_code(api))).state == "done"


async def rob(api: Api, thief: Program, owner_email: str = ANNA) -> Robbery:
    """With password and mailbox for one hour: everything is the thief's then, and the account is about to close."""
    assert (await thief.sign_in(owner_email)).state == "done"
    began = await thief.start("change_password")
    if began.state == "asking":
        began = await thief.password(began.flow_id, PASSWORD)
    assert (await thief.finish(began.flow_id, ANOTHER)).state == "done"
    assert (await thief.sign_in(owner_email, ANOTHER)).state == "done"
    await add_mailbox(api, thief, THIEF, password=ANOTHER)
    await add_number(api, thief, HIS_NUMBER)
    his = await enrol(api, thief, THIEF)
    account = await thief.read("account")
    for value in (THIEF, HIS_NUMBER.replace(" ", "")):
        main = next(a["address_id"] for a in account["addresses"] if a["value"] == value)
        assert (await shown(thief, await thief.start("set_main_address", address_id=main), ANOTHER, his)).state == "done"
    for hers in [a["value"] for a in account["addresses"] if a["value"] not in {THIEF, HIS_NUMBER.replace(" ", "")}]:
        assert (await remove(thief, hers, password=ANOTHER, app=his)).state == "done"
    renamed = await thief.start("change_details", name="Eve", language="en", user_name="eve")
    assert (await shown(thief, renamed, ANOTHER, his)).state == "done"
    assert (await shown(thief, await thief.start("close_account"), ANOTHER, his)).state == "waiting"
    return Robbery(thief, his)


async def account_of(api: Api, email: str) -> Account:
    async with api.parts.services.store.transaction() as tx:
        return await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(email))


async def press_only(program: Program, letter: Letter) -> Answer:
    return await program.call("POST", "/api/v1/notices/disown", {"token": disown_token(letter), "only": True})
