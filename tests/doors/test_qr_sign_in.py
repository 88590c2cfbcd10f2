"""Signing in a computer by QR code (I4): what a phone approves, what it cannot, and what a phishing page gains. On both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparekey.adapters.sql.connection import Statement
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.verdict import Allow, Deny
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from sparekey.use_cases.block_account import block_account
from sparekey.use_cases.services import Client
from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program, served
from tests.soft_phone import PhoneOwner, ask, collect, phone_owner

ANNA = "anna@example.com"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"

pytestmark = pytest.mark.row("I4")


class Computer:
    """A computer that shows a QR code. ``program``: what runs on it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.token = self.number = self.holder = ""

    async def show_code(self) -> None:
        shown = await self.program.call("POST", "/api/v1/qr-sign-ins", headers={"User-Agent": CHROME})
        assert shown.status == 201, shown
        self.token, self.number, self.holder = shown.said["token"], shown.said["number"], shown.said["holder_token"]

    async def send(self, step: str) -> Answer:
        headers = {"User-Agent": CHROME, "Flow-Token": self.holder}
        return await self.program.call("POST", f"/api/v1/qr-sign-ins/{step}", {"token": self.token}, headers=headers)

    async def state(self) -> str:
        found: str = (await self.send("show")).said["state"]
        return found

    async def sign_in(self) -> Answer:
        collected = await self.send("collect")
        if collected.status == 200:
            self.program.session = collected.said["token"]
        return collected


async def computer(api: Api, program: Program | None = None) -> Computer:
    made = Computer(program or api.program())
    await made.show_code()
    return made


async def scan(phone: Program, token: str, *, password: str = PASSWORD) -> Answer:
    """The phone's side up to the number: a fresh proof where one is asked for."""
    began = await phone.start("approve_sign_in", token=token)
    return await phone.password(began.flow_id, password) if began.status == 201 and began.state == "asking" else began


async def approve(phone: Program, flow_id: str, number: str) -> Answer:
    return await phone.call("POST", f"/api/v1/flows/{flow_id}/approve", {"number": number})


async def test_a_phone_signs_in_a_computer(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    assert len(shown.token) * 6 >= 112
    seen = await phone.call("POST", "/api/v1/qr-sign-ins/look", {"token": shown.token})
    assert (seen.said["device"], seen.said["place"]) == ("Chrome · Windows", "")
    began = await scan(phone, shown.token)
    assert began.said["finish"] == "number"
    assert shown.number not in str(began.said), "the phone is not told what to type"
    assert await shown.state() == "asked"
    assert (await shown.sign_in()).problem == "not_proven"
    assert (await approve(phone, began.flow_id, f" {shown.number[0]} {shown.number[1:]} ")).status == 200
    told = await shown.send("show")
    assert (told.said["state"], told.said["account"]) == ("approved", "a•••@example.com")
    assert (await shown.sign_in()).status == 200
    assert await shown.program.is_signed_in()
    assert (await phone.show(began.flow_id)).state == "done"


async def test_the_computer_has_a_session_of_its_own_and_the_owner_is_told(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await _signed_in(api, phone)
    await phone.call("DELETE", "/api/v1/session")
    assert await shown.program.is_signed_in()
    sessions = (await shown.program.read("account/sessions"))["sessions"]
    assert [s["device"] for s in sessions] == ["Chrome · Windows"]
    assert [m["kind"] for m in (await shown.program.read("account/messages"))["messages"]].count("new_device") == 1
    names = [e["name"] for e in (await shown.program.read("account/activity"))["events"]]
    assert names[:3].count("account.sign_in.done") == 1
    assert "account.sign_in.approved" in names


async def _signed_in(api: Api, phone: Program) -> Computer:
    shown = await computer(api)
    began = await scan(phone, shown.token)
    await approve(phone, began.flow_id, shown.number)
    assert (await shown.sign_in()).status == 200
    return shown


async def test_the_phones_session_alone_is_not_enough(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    api.clock.wait(minutes=16)
    shown = await computer(api)
    began = await phone.start("approve_sign_in", token=shown.token)
    assert began.state == "asking"
    assert "password" in began.said["choices"]
    assert (await approve(phone, began.flow_id, shown.number)).problem == "wrong_step"
    assert await shown.state() == "asked"


async def test_with_a_second_factor_the_phone_proves_both(api: Api) -> None:
    owner = await phone_owner(api)
    shown = await computer(api)
    began = await scan(owner.program, shown.token)
    assert began.state == "asking", "the password is not enough"
    assert (await approve(owner.program, began.flow_id, shown.number)).problem == "wrong_step"
    await _second_proof(owner, began.flow_id)
    assert (await approve(owner.program, began.flow_id, shown.number)).status == 200
    assert (await shown.sign_in()).status == 200


async def _second_proof(owner: PhoneOwner, flow_id: str) -> None:
    asked = await ask(owner.program, flow_id)
    question = (await owner.phone.asked())[0]
    assert question["action"] == "approve_sign_in"
    await owner.phone.approve(question["prompt_id"], asked.said["prompt"]["number"])
    assert (await collect(owner.program, flow_id)).state == "allowed"


# ---------------------------------------------------------------- what the computer's session is worth


async def test_a_phishing_page_that_relays_code_and_number_gains_one_factor_standing_and_no_more(api: Api) -> None:
    """The thief's computer begins; his page shows its code and number to the owner, who scans, proves, and types it.

    He is signed in on an unknown device. He reads, and can sign devices out, as every session can; he changes nothing, adds nothing,
    approves nothing, and the device stays unknown. The owner hears of it at once and ends it. docs/qr-sign-in.md says the same.
    """
    owner = await phone_owner(api)
    thief = await computer(api)
    relayed_code, relayed_number = thief.token, thief.number
    began = await scan(owner.program, relayed_code)
    await _second_proof(owner, began.flow_id)
    assert (await approve(owner.program, began.flow_id, relayed_number)).status == 200
    collected = await thief.sign_in()
    assert collected.said["device_token"] == "", "the computer is not a known device from now on"
    assert (await thief.program.read("session"))["proofs"] == []
    assert (await thief.program.read("account"))["addresses"]
    guarded: dict[str, dict[str, object]] = {
        "change_password": {},
        "change_details": {"name": "Eve", "language": "en"},
        "add_address": {"email": "eve@example.com"},
        "add_factor": {"factor": "phone_approval"},
        "approve_sign_in": {"token": (await computer(api)).token},
    }
    for action, given in guarded.items():
        assert (await thief.program.start(action, **given)).state == "asking", action
    tried = await thief.program.start("change_password")
    assert (await thief.program.password(tried.flow_id, PASSWORD)).state == "asking", "with the password, too, another thing is asked for"
    await api.letters()
    kinds = [m["kind"] for m in (await thief.program.read("account/messages"))["messages"]]
    assert kinds.count("new_device") == 1
    mine = (await owner.program.read("session"))["session_id"]
    theirs = next(s["session_id"] for s in (await owner.program.read("account/sessions"))["sessions"] if s["session_id"] != mine)
    assert (await owner.program.start("end_sessions", session_id=theirs)).state == "done"
    assert not await thief.program.is_signed_in()


async def test_a_known_device_gets_what_the_phone_has_proven(api: Api) -> None:
    home = api.program()
    phone = await api.signed_up(ANNA)
    sign_in = {"flow": {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}}
    await home.call("POST", "/api/v1/flows", sign_in, headers={"User-Agent": CHROME})
    device = home.device
    await home.call("DELETE", "/api/v1/session")
    shown = await computer(api, Program(api.http, device=device))
    began = await scan(phone, shown.token)
    await approve(phone, began.flow_id, shown.number)
    messages = len(await api.letters(ANNA))
    await shown.sign_in()
    assert (await shown.program.read("session"))["proofs"] == (await phone.read("session"))["proofs"] != []
    assert (await shown.program.start("add_factor", factor="phone_approval")).state == "allowed"
    assert len(await api.letters(ANNA)) == messages, "no notice for a device that is known"


async def test_a_proof_on_the_computer_makes_its_session_worth_it(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await _signed_in(api, phone)
    began = await shown.program.start("change_password")
    assert (await shown.program.password(began.flow_id, PASSWORD)).state == "allowed"
    assert (await shown.program.finish(began.flow_id, ANOTHER)).state == "done"


# ---------------------------------------------------------------- codes that are none


async def test_photographed_and_replayed(api: Api) -> None:
    """Whoever photographs code and number cannot collect the session, and after it was used the code says nothing."""
    phone, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    shown = await computer(api)
    began, eves = await scan(phone, shown.token), await scan(eve, shown.token)
    photographer = Computer(api.program())
    photographer.token = shown.token
    await approve(phone, began.flow_id, shown.number)
    assert (await photographer.sign_in()).problem == "qr_over"
    assert (await photographer.send("show")).problem == "qr_over"
    assert (await approve(eve, eves.flow_id, shown.number)).problem == "qr_over"
    assert (await eve.call("POST", "/api/v1/qr-sign-ins/look", {"token": shown.token})).problem == "qr_over"
    assert (await shown.sign_in()).said["account_id"] == (await phone.read("session"))["account_id"]
    assert (await shown.sign_in()).problem == "qr_over", "collected once"
    assert (await eve.start("approve_sign_in", token=shown.token)).problem == "qr_over"


async def test_a_wrong_number_ends_it(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    began, second = await scan(phone, shown.token), await scan(phone, shown.token)
    assert (await approve(phone, began.flow_id, f"{(int(shown.number) + 1) % 1000:03}")).problem == "wrong_number"
    assert (await approve(phone, began.flow_id, shown.number)).problem == "wrong_number", "this flow has ended"
    assert (await approve(phone, second.flow_id, shown.number)).problem == "qr_over"
    assert await shown.state() == "over"
    assert (await shown.sign_in()).problem == "qr_over"


@pytest.mark.parametrize("number", ["", "yes", "0", "12345", "１", "\u0000"])
async def test_what_is_no_number_ends_it_too(api: Api, number: str) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    began = await scan(phone, shown.token)
    assert (await approve(phone, began.flow_id, number)).problem == "wrong_number"
    assert (await shown.sign_in()).problem == "qr_over"


async def test_after_two_minutes_it_is_over(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    began = await scan(phone, shown.token)
    api.clock.wait(minutes=2)
    assert (await approve(phone, began.flow_id, shown.number)).problem == "qr_over"
    assert (await phone.start("approve_sign_in", token=shown.token)).problem == "qr_over"
    assert await shown.state() == "over"


async def test_an_approval_that_nobody_collects_is_over_after_two_minutes(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    began = await scan(phone, shown.token)
    await approve(phone, began.flow_id, shown.number)
    api.clock.wait(minutes=2)
    assert (await shown.sign_in()).problem == "qr_over"


async def test_who_is_not_signed_in_is_asked_to(api: Api) -> None:
    shown = await computer(api)
    stranger = api.program()
    assert (await stranger.call("POST", "/api/v1/qr-sign-ins/look", {"token": shown.token})).problem == "not_signed_in"
    assert (await stranger.start("approve_sign_in", token=shown.token)).problem == "not_signed_in"


async def test_a_flow_of_another_action_or_another_person_approves_nothing(api: Api) -> None:
    phone, eve = await api.signed_up(ANNA), await api.signed_up("eve@example.com")
    shown = await computer(api)
    other = await phone.start("change_password")
    assert (await approve(phone, other.flow_id, shown.number)).problem == "wrong_step"
    began = await scan(phone, shown.token)
    assert (await approve(eve, began.flow_id, shown.number)).problem == "unknown"
    eve.flow_tokens[began.flow_id] = phone.flow_tokens[began.flow_id]
    assert (await approve(eve, began.flow_id, shown.number)).problem == "not_signed_in", "the flow of another account's session"
    assert (await approve(phone, began.flow_id, shown.number)).status == 200


async def test_codes_that_never_were(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    for token in ("", "x", "A" * 22, "A" * 100, "é" * 22, "../../etc"):
        assert (await phone.start("approve_sign_in", token=token)).problem == "qr_over"
        for step in ("look", "show", "collect"):
            assert (await phone.call("POST", f"/api/v1/qr-sign-ins/{step}", {"token": token})).problem == "qr_over"


async def test_looking_and_asking_change_nothing(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    before = await api.rows("prompt", "session", "flow", "account", "audit_event")
    await phone.call("POST", "/api/v1/qr-sign-ins/look", {"token": shown.token})
    await shown.state()
    await shown.sign_in()
    assert await api.rows("prompt", "session", "flow", "account", "audit_event") == before


# ---------------------------------------------------------------- accounts that are held


@pytest.mark.row("H1")
@pytest.mark.parametrize("when", ["before", "number", "collect"])
async def test_a_frozen_account_approves_nothing(api: Api, when: str) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    if when == "before":
        await _freeze(api)
        began = await phone.start("approve_sign_in", token=shown.token)
        assert (began.state, began.said["ended"]) == ("denied", "frozen")
        return
    began = await scan(phone, shown.token)
    if when == "number":
        await _freeze(api)
        assert (await approve(phone, began.flow_id, shown.number)).problem == "frozen"
        return
    await approve(phone, began.flow_id, shown.number)
    await _freeze(api)
    assert (await shown.sign_in()).problem == "frozen"
    assert not await shown.program.is_signed_in()


async def _freeze(api: Api) -> None:
    async with api.parts.database.transaction() as connection:
        await connection.run(Statement("update account set frozen_at = 1"))


async def test_a_new_password_meanwhile_ends_the_approval(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    began = await scan(phone, shown.token)
    await approve(phone, began.flow_id, shown.number)
    changing = await phone.start("change_password")
    if changing.state == "asking":
        changing = await phone.password(changing.flow_id, PASSWORD)
    assert (await phone.finish(changing.flow_id, ANOTHER)).state == "done"
    assert (await shown.sign_in()).problem == "replaced"
    assert not await shown.program.is_signed_in()


@pytest.mark.row("R16")
async def test_a_disputed_account_approves_nothing(api: Api) -> None:
    await api.signed_up(ANNA)
    services = api.parts.services
    async with services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(ANNA)
    memory = next(f for f in account.factors() if f.kind == "password")
    now = api.clock.now()
    proofs = (Proof(memory.kind, memory.factor_id, memory.thing, now),)
    situation = Situation(account=account, proofs=proofs, now=now, signed_in=True, session_proofs=proofs)
    assert isinstance(decide(services.policy, "approve_sign_in", situation), Allow)
    assert decide(services.policy, "approve_sign_in", replace(situation, account=replace(account, disputed_at=now))) == Deny("disputed")


@pytest.mark.row("F5")
@pytest.mark.parametrize("right", [True, False])
async def test_a_backup_code_is_spent_with_the_computers_session_and_not_before(api: Api, right: bool) -> None:
    owner = await phone_owner(api)
    shown = await computer(api)
    began = await scan(owner.program, shown.token)
    code = {"challenge": "backup_code", "code": owner.codes[0]}
    proven = await owner.program.call("POST", f"/api/v1/flows/{began.flow_id}/answer", {"answer": code})
    assert proven.state == "allowed"
    assert await _codes_left(api) == 10
    number = shown.number if right else f"{(int(shown.number) + 1) % 1000:03}"
    await approve(owner.program, began.flow_id, number)
    assert await _codes_left(api) == 10
    assert ((await shown.sign_in()).status == 200) is right
    assert await _codes_left(api) == (9 if right else 10)


async def _codes_left(api: Api) -> int:
    async with api.parts.database.transaction() as connection:
        row = await connection.one(Statement("select count(*) from backup_code where spent_at is null"))
    assert row is not None
    return int(row[0])


@pytest.fixture
async def strict(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite, profile="strict") as api:
        yield api


async def test_strict_does_not_offer_it(strict: Api) -> None:
    program = strict.program()
    assert (await program.call("POST", "/api/v1/qr-sign-ins")).problem == "not_offered"
    for step in ("show", "collect"):
        assert (await program.call("POST", f"/api/v1/qr-sign-ins/{step}", {"token": "A" * 22})).problem == "not_offered"
    phone = await strict.signed_up(ANNA)
    assert (await phone.start("approve_sign_in", token="A" * 22)).problem == "not_offered"
    assert (await phone.call("POST", "/api/v1/qr-sign-ins/look", {"token": "A" * 22})).problem == "not_offered"


@pytest.fixture
async def demanding(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """A site that requires a second factor of everybody."""
    async with served(database_url, data_dir, migrated_sqlite, second_factor="required") as api:
        yield api


@pytest.mark.row("F8")
async def test_where_a_second_factor_is_required_a_session_without_one_approves_nothing(demanding: Api) -> None:
    phone = await demanding.signed_up(ANNA)
    shown = await computer(demanding)
    began = await phone.start("approve_sign_in", token=shown.token)
    assert began.status in {401, 403} or began.state == "denied", began
    assert (await phone.call("POST", "/api/v1/qr-sign-ins/look", {"token": shown.token})).status in {401, 403}
    assert await shown.state() == "asked"
    assert (await shown.sign_in()).problem == "not_proven"


@pytest.mark.row("F8")
async def test_where_a_second_factor_is_required_it_is_shown_on_the_phone(demanding: Api) -> None:
    """The computer's session is whole and unproven: what it does asks for both things there."""
    owner = await phone_owner(demanding)
    shown = await computer(demanding)
    await owner.program.sign_in(ANNA)
    began = await scan(owner.program, shown.token)
    if began.state == "asking":
        await _second_proof(owner, began.flow_id)
    assert (await approve(owner.program, began.flow_id, shown.number)).status == 200
    collected = await shown.sign_in()
    assert collected.said["limited"] is False
    assert (await shown.program.read("session"))["proofs"] == []
    assert (await shown.program.start("add_factor", factor="phone_approval")).state == "asking"


@pytest.mark.row("C4")
async def test_an_approval_from_before_a_block_opens_nothing_after_it(api: Api) -> None:
    phone = await api.signed_up(ANNA)
    shown = await computer(api)
    began = await scan(phone, shown.token)
    assert (await approve(phone, began.flow_id, shown.number)).status == 200
    assert await block_account(api.parts.services, Client(holder="", network="", user_agent="", language=""), ANNA)
    assert (await shown.sign_in()).status == 410
    assert not await shown.program.is_signed_in()
