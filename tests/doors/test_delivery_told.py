"""A message that does not come (R14): what is told to whom, receipts, the mail that follows a refused text; and gone addresses (S6)."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from sparekey.adapters.standard_webhooks import signature
from sparekey.bootstrap import build_app
from sparekey.domain.accounts import AddressKind
from sparekey.domain.values import replace
from sparekey.use_cases.ports_of_delivery import NoSuchRecipient, Refused
from tests.doors.api import Api, Program, served
from tests.doors.phones import ANNA, NUMBER, address_id, answer_text, newest, number_added, send, settled, texts
from tests.doors.test_second_by_message import second_step

KEY = b"0123456789abcdefghijklmn"
SECRET = "whsec_" + base64.b64encode(KEY).decode()

pytestmark = pytest.mark.row("R14")


class Refusing:
    """A provider that refuses everything."""

    name = "refusing"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        raise self._error


def refuse(api: Api, channel: AddressKind, error: Exception) -> Callable[[], None]:
    """From now on, until what is answered is called."""
    deliverer = api.parts.deliverer
    before = deliverer._deliveries
    deliverer._deliveries = {**before, channel: [Refusing(error)]}

    def no_more() -> None:
        deliverer._deliveries = before

    return no_more


async def with_settled_number(api: Api) -> Program:
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    await settled(api, owner)
    return owner


# ---------------------------------------------------------------- told to whom


async def test_the_delivery_is_told_on_a_known_device_and_to_no_stranger(patient_api: Api) -> None:
    api = patient_api
    owner = await with_settled_number(api)
    for program, told in ((owner, True), (api.program(), False)):
        flow = (await program.start("recover", identifier=NUMBER)).flow_id
        assert ((await program.show(flow)).said["delivery"] is not None) is told
        await texts(api)
        delivery = (await program.show(flow)).said["delivery"]
        assert (delivery["state"] if told else delivery) == ("accepted" if told else None)


async def test_a_refused_text_is_told_after_a_first_proof_and_a_mail_goes_by_itself(patient_api: Api) -> None:
    api = patient_api
    await with_settled_number(api)
    await api.signed_up("eve@example.com")
    owner, stranger = api.program(), api.program()
    refuse(api, AddressKind.PHONE, Refused("30007"))
    shown, flows = [], []
    for program, name in ((owner, NUMBER), (stranger, "+37120000077")):
        flow = (await program.start("recover", identifier=name)).flow_id
        await texts(api)
        said = (await program.show(flow)).said
        shown.append({k: said[k] for k in ("state", "choices", "sent", "sent_by", "held", "delivery")})
        flows.append(flow)
    assert shown[0] == shown[1], "before the first proof a stranger sees nothing of it"
    letter = await api.newest(ANNA)
    assert letter.subject.startswith("Get back into"), "to the settled mailbox, once"
    assert (await answer_text(owner, flows[0], letter.code)).state == "allowed", "the mailed code fits the same field"


async def test_the_mail_goes_once_and_only_to_a_settled_mailbox(patient_api: Api) -> None:
    api = patient_api
    await with_settled_number(api)
    program = api.program()
    refuse(api, AddressKind.PHONE, Refused("30007"))
    flow = (await program.start("recover", identifier=NUMBER)).flow_id
    before = len(await api.letters(ANNA))
    for _ in range(2):
        api.clock.wait(seconds=61)
        await send(program, flow)
        await texts(api)
    assert len(await api.letters(ANNA)) == before


async def test_when_the_text_of_a_sign_in_is_refused_its_owner_is_told_when_and_why(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    await number_added(api, owner)
    await second_step(api, owner, "sms", NUMBER)
    program = api.program()
    asked = await program.sign_in(ANNA)
    refuse(api, AddressKind.PHONE, NoSuchRecipient("21211"))
    await send(program, asked.flow_id)
    await texts(api)
    delivery = (await program.show(asked.flow_id)).said["delivery"]
    assert (delivery["by"], delivery["state"], delivery["reason"]) == ("sms", "refused", "gone")
    assert delivery["at"]
    assert "backup_code" in (await program.show(asked.flow_id)).said["choices"]


# ---------------------------------------------------------------- gone addresses


@pytest.mark.row("S6")
async def test_a_mailbox_that_is_gone_counts_only_beside_another_thing(patient_api: Api) -> None:
    api = patient_api
    owner = await with_settled_number(api)
    no_more = refuse(api, AddressKind.EMAIL, NoSuchRecipient("550 5.1.1"))
    await api.program().start("recover", identifier=ANNA)
    await api.letters()
    addresses = (await owner.read("account"))["addresses"]
    assert [a["weak"] for a in addresses] == ["bounced", ""]
    assert any(e["name"] == "account.address.bounced" for e in (await owner.read("account/activity"))["events"])
    no_more()
    program = api.program()
    api.clock.wait(days=40)
    flow = (await program.start("recover", identifier=ANNA)).flow_id
    shown = await program.code(flow, (await api.newest(ANNA)).code)
    assert (shown.state, shown.said["otherwise"]) == ("asking", "refer"), "after so long it may be somebody else's mailbox"
    await send(program, flow)
    assert (await answer_text(program, flow, (await newest(api, NUMBER)).code)).state == "allowed"


@pytest.mark.row("S6")
async def test_a_mailbox_that_takes_mail_again_soon_is_the_same_one(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    no_more = refuse(api, AddressKind.EMAIL, NoSuchRecipient("550 5.1.1"))
    await api.program().start("recover", identifier=ANNA)
    await api.letters()
    assert (await owner.read("account"))["addresses"][0]["weak"] == "bounced"
    no_more()
    api.clock.wait(days=3)
    await api.program().start("recover", identifier=ANNA)
    await api.letters()
    await owner.sign_in(ANNA)
    assert (await owner.read("account"))["addresses"][0]["weak"] == ""


@pytest.mark.row("S6")
async def test_a_mail_that_is_not_liked_says_nothing_of_the_mailbox(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    refuse(api, AddressKind.EMAIL, Refused("554 5.7.1 spam"))
    await api.program().start("recover", identifier=ANNA)
    await api.letters()
    assert (await owner.read("account"))["addresses"][0]["weak"] == ""


@pytest.mark.row("S6")
async def test_the_owner_confirms_a_refused_mailbox_again(patient_api: Api) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    no_more = refuse(api, AddressKind.EMAIL, NoSuchRecipient("550 5.1.1"))
    await api.program().start("recover", identifier=ANNA)
    await api.letters()
    no_more()
    await owner.sign_in(ANNA)
    began = await owner.start("add_address", email=ANNA)
    assert began.state == "allowed", began
    assert (await owner.code(began.flow_id, (await api.newest(ANNA)).code)).state == "done"
    assert [a["weak"] for a in (await owner.read("account"))["addresses"]] == [""]


# ---------------------------------------------------------------- receipts

HOOK = {"sms": "webhook", "sms_url": "http://127.0.0.1:9/", "sms_secret": SECRET}
TWILIO = {"sms": "twilio", "sms_url": "http://127.0.0.1:9/", "sms_secret": "token", "sms_account": "AC1", "sms_from": "+1"}


class Taking:
    """A provider that takes everything, and names each message by its own id."""

    name = "taking"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        self.sent.append((message_id, to, text))
        return message_id

    @property
    def newest(self) -> tuple[str, str]:
        """Id and code of the newest text with a code: databases hand out what is due in any order."""
        return max((message_id, text.rpartition("#")[2]) for message_id, _, text in self.sent if "#" in text)


@pytest.fixture(params=["webhook", "twilio"])
async def reporting(
    request: pytest.FixtureRequest, database_url: str, data_dir: Path, migrated_sqlite: Path
) -> AsyncIterator[tuple[Api, str, Taking]]:
    given = HOOK if request.param == "webhook" else TWILIO
    async with served(database_url, data_dir, migrated_sqlite, insecure_no_volume_limits="true", **given) as api:
        taking = Taking()
        api.parts.deliverer._deliveries = {**api.parts.deliverer._deliveries, AddressKind.PHONE: [taking]}
        yield api, request.param, taking


def signed(api: Api, provider: str, receipt: str, state: str, reason: str = "") -> tuple[bytes, dict[str, str]]:
    if provider == "webhook":
        body = f'{{"type": "sms.receipt", "id": "{receipt}", "state": "{state}", "reason": "{reason}"}}'.encode()
        at = int(api.clock.now().timestamp())
        return body, {
            "content-type": "application/json",
            "webhook-id": "r1",
            "webhook-timestamp": str(at),
            "webhook-signature": signature(KEY, "r1", at, body),
        }
    codes = {"gone": "30005", "switched_off": "30003", "": ""}
    status = {"delivered": "delivered", "failed": "undelivered", "under_way": "sent"}[state]
    form = {"MessageSid": receipt, "MessageStatus": status, "To": NUMBER, **({"ErrorCode": codes[reason]} if reason else {})}
    said = f"{api.settings.base_url}/receipts/sms" + "".join(f"{k}{form[k]}" for k in sorted(form))
    mac = base64.b64encode(hmac.new(b"token", said.encode(), hashlib.sha1).digest()).decode()
    return urlencode(form).encode(), {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": mac}


async def report(api: Api, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
    return await api.http.post("/receipts/sms", content=body, headers=dict(headers))


async def asked_by_text(api: Api, taking: Taking) -> tuple[Program, str, str]:
    """An owner on a known device who waits for a text: the program, the flow, the receipt."""
    owner = await api.signed_up(ANNA)
    began = await owner.start("add_address", phone=NUMBER)
    await api.letters()
    await answer_text(owner, began.flow_id, taking.newest[1])
    await settled(api, owner)
    flow = (await owner.start("recover", identifier=NUMBER)).flow_id
    await api.letters()
    return owner, flow, taking.newest[0]


async def test_receipts_say_what_became_of_it(reporting: tuple[Api, str, Taking]) -> None:
    api, provider, taking = reporting
    owner, flow, receipt = await asked_by_text(api, taking)
    for state, told in (("under_way", "accepted"), ("delivered", "arrived")):
        assert (await report(api, *signed(api, provider, receipt, state))).status_code == 204
        assert (await owner.show(flow)).said["delivery"]["state"] == told


@pytest.mark.row("S6")
async def test_an_unknown_subscriber_makes_the_number_weak_and_a_mail_follows(reporting: tuple[Api, str, Taking]) -> None:
    api, provider, taking = reporting
    owner, flow, receipt = await asked_by_text(api, taking)
    assert (await report(api, *signed(api, provider, receipt, "failed", "gone"))).status_code == 204
    delivery = (await owner.show(flow)).said["delivery"]
    assert (delivery["state"], delivery["reason"], delivery["mailed_instead"]) == ("refused", "gone", True)
    assert (await owner.code(flow, (await api.newest(ANNA)).code)).state == "allowed"
    await owner.sign_in(ANNA)
    number = next(a for a in (await owner.read("account"))["addresses"] if a["kind"] == "phone")
    assert number["weak"] == "bounced"


async def test_foreign_unsigned_replayed_and_late_receipts_change_nothing(reporting: tuple[Api, str, Taking]) -> None:
    api, provider, taking = reporting
    owner, flow, receipt = await asked_by_text(api, taking)
    body, headers = signed(api, provider, receipt, "delivered")
    name = next(h for h in headers if h.endswith("signature"))
    for wrong in ({}, {**headers, name: "AAAA"}, {**headers, name: ""}, {**headers, name: "\u00e9"}):
        answered = await api.http.post("/receipts/sms", content=body, headers={k.encode(): v.encode("latin-1") for k, v in wrong.items()})
        assert answered.status_code == 403, wrong
    changed = body.replace(b"delivered", b"failed")
    assert (await report(api, changed, headers)).status_code == 403
    assert (await report(api, *signed(api, provider, "0" * 32, "delivered"))).status_code == 404
    assert (await owner.show(flow)).said["delivery"]["state"] == "accepted"
    assert (await report(api, body, headers)).status_code == 204
    assert (await report(api, body, headers)).status_code == 409, "again"
    assert (await report(api, *signed(api, provider, receipt, "failed", "gone"))).status_code == 409, "nothing comes after the last word"
    assert (await owner.show(flow)).said["delivery"]["state"] == "arrived"
    flow = (await owner.start("recover", identifier=NUMBER)).flow_id
    await api.letters()
    receipt = taking.newest[0]
    body, headers = signed(api, provider, receipt, "failed", "gone")
    api.clock.wait(days=5)
    assert (await report(api, body, headers)).status_code in {403, 409}, "too late"
    assert (await report(api, *signed(api, provider, receipt, "failed", "gone"))).status_code == 409


async def test_garbage_at_the_door_of_receipts(reporting: tuple[Api, str, Taking]) -> None:
    api, _, _ = reporting
    for body in (b"", b"\xff\xfe", b"{}", b"a" * 100_000, b"MessageSid=1&MessageSid=2", b"[" * 9000):
        answered = await api.http.post("/receipts/sms", content=body, headers={"webhook-timestamp": "x" * 50, "webhook-signature": "v1,="})
        assert answered.status_code in {403, 413}


async def test_where_nobody_reports_there_is_no_door(api: Api) -> None:
    assert (await api.http.post("/receipts/sms", content=b"{}")).status_code == 404


async def test_an_operator_that_refuses_many_is_named_before_the_first_proof_to_everybody(patient_api: Api) -> None:
    api = patient_api
    operators, now = api.parts.services.operators, api.clock.now()
    for n in range(10):
        operators.note(f"+3712000{n:04}", arrived=n < 3, now=now)
    for number, refuses in ((NUMBER, True), ("+37120009999", True), ("+37129999999", False)):
        assert (await api.program().start("recover", identifier=number)).said["operator_refuses"] is refuses
    api.clock.wait(days=1)
    assert (await api.program().start("recover", identifier=NUMBER)).said["operator_refuses"] is False


async def test_where_no_texts_are_sent_none_is_offered(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    without = replace(api.parts.services, site=replace(api.parts.services.site, texts=False))
    parts = replace(api.parts, services=without)
    silent = httpx2.AsyncClient(transport=httpx2.ASGITransport(build_app(api.settings, parts)), base_url=api.settings.base_url)
    program = Program(silent, session=owner.session, device=owner.device)
    assert (await program.start("add_address", phone=NUMBER)).fields == [("phone", "texts_not_offered")]
    began = await program.start("recover", identifier=NUMBER)
    assert (began.said["sent_by"], "sms" in began.said["choices"]) == (["email"], False)
    assert await address_id(owner, ANNA)
