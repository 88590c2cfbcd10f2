"""Passkeys and security keys through JSON: added, used in any flow, signing in with one (F4, I2, R5), and every lie refused."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from sparekey.domain.values import replace
from tests.doors.api import PASSWORD, Answer, Api, Program
from tests.soft_key import BE, UV, SoftKey, text

ANNA, BERT = "anna@example.com", "bert@example.com"


async def member(api: Api, email: str = ANNA) -> Program:
    return await api.signed_up(email)


def new_key(api: Api, **about: Any) -> SoftKey:
    return SoftKey(api.settings.base_url, **about)


async def begin(program: Program, kind: str = "passkey", label: str = "", *, by: SoftKey | None = None) -> Answer:
    """A flow that is allowed to add a key, and asks for it. ``by``: the passkey that the account has already."""
    began = await program.start("add_factor", factor=kind, label=label)
    if began.state == "asking" and by:
        began = await answer(program, began.flow_id, "passkey", by.get(await ask(program, began.flow_id, "passkey")))
    elif began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    assert (began.state, began.said["finish"]) == ("allowed", "key"), began
    return began


async def send_new(program: Program, began: Answer, credential: object) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{began.flow_id}/new-key", {"credential": credential})


async def add(program: Program, key: SoftKey, kind: str = "passkey", label: str = "", *, by: SoftKey | None = None) -> None:
    began = await begin(program, kind, label, by=by)
    added = await send_new(program, began, key.create(began.said["key_options"]))
    if added.said["finish"] == "backup_codes":  # after the first one: a lost key must not lock its owner out
        added = await keep_codes(program, added)
    assert (added.status, added.state) == (200, "done"), added


async def keep_codes(program: Program, flow: Answer) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow.flow_id}/keep-codes", {"code": "3 " + flow.said["new_codes"][2]})


async def ask(program: Program, flow_id: str, kind: str) -> Any:
    asked = await program.call("POST", f"/api/v1/flows/{flow_id}/send", {"challenge": kind})
    assert asked.status == 200, asked
    return asked.said["key_options"]


async def answer(program: Program, flow_id: str, kind: str, credential: object) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": kind, "credential": credential}})


async def options(program: Program) -> Any:
    return (await program.read("passkeys/options"))["options"]


async def sign_in(program: Program, key: SoftKey, **lies: Any) -> Answer:
    return await program.start("sign_in_passkey", credential=key.get(await options(program), **lies))


# ---------------------------------------------------------------- adding


@pytest.mark.row("F4")
async def test_several_keys_with_names(api: Api) -> None:
    program = await member(api)
    phone, blue = new_key(api, flags=UV | BE), new_key(api, flags=0)
    await add(program, phone, "passkey", "my phone")
    await add(program, blue, "security_key", "the blue one", by=phone)
    keys = (await program.read("account/keys"))["keys"]
    assert [(k["kind"], k["label"]) for k in keys] == [("passkey", "my phone"), ("security_key", "the blue one")]
    assert [bool(k["used_at"]) for k in keys] == [True, False], "the first one allowed the second"
    told = [m["kind"] for m in (await program.read("account/messages"))["messages"]]
    assert told.count("factor_added") == 2
    began = await begin(program, by=phone)
    known = [k["id"] for k in began.said["key_options"]["excludeCredentials"]]
    assert known == [text(phone.credential_id), text(blue.credential_id)], "none is added twice"


@pytest.mark.row("F4")
async def test_a_key_is_renamed(api: Api) -> None:
    program, mine = await member(api), new_key(api)
    await add(program, mine)
    (key,) = (await program.read("account/keys"))["keys"]
    renamed = await program.start("rename_factor", factor_id=key["factor_id"], label="at my mother's")
    done = await answer(program, renamed.flow_id, "passkey", mine.get(await ask(program, renamed.flow_id, "passkey")))
    assert done.state == "done"
    assert (await program.read("account/keys"))["keys"][0]["label"] == "at my mother's"
    assert (await program.start("rename_factor", factor_id="0" * 32, label="x")).fields == [("factor", "factor_unknown")]
    assert (await program.start("rename_factor", factor_id=key["factor_id"], label="\u202eevil")).fields == [
        ("label", "name_bad_character")
    ]


@pytest.mark.row("F4")
async def test_adding_asks_for_a_fresh_proof(api: Api) -> None:
    """A session that was left open, or stolen, adds no key."""
    program = await member(api)
    api.clock.wait(minutes=16)
    began = await program.start("add_factor", factor="passkey")
    assert (began.state, began.said["key_options"]) == ("asking", None)
    refused = await send_new(program, began, new_key(api).create({"user": {"id": "AA"}, "rp": {"id": "localhost"}, "challenge": "AA"}))
    assert refused.status == 409
    assert (await program.password(began.flow_id, PASSWORD)).said["key_options"] is not None
    stranger = await api.program().start("add_factor", factor="passkey")
    assert stranger.status == 401


NEW_LIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("wrong origin", {}, {"client": {"origin": "https://localhost.evil.test"}}),
    ("wrong RP id", {}, {"rp_id": "evil.test"}),
    ("not unlocked", {"flags": 0}, {}),
    ("another challenge", {}, {"client": {"challenge": text(b"another challenge, long enough")}}),
    ("unknown attestation", {}, {"fmt": "homemade"}),
    ("in a frame", {}, {"client": {"crossOrigin": True}}),
    ("another algorithm", {}, {"cose": {3: -37}}),
    ("of another ceremony", {}, {"client": {"type": "webauthn.get"}}),
]


@pytest.mark.row("F4")
@pytest.mark.parametrize(("about", "lie"), [pytest.param(a, li, id=n) for n, a, li in NEW_LIES])
async def test_a_new_key_that_lies_is_refused_and_nothing_changes(api: Api, about: Mapping[str, Any], lie: Mapping[str, Any]) -> None:
    program = await member(api)
    began = await begin(program)
    before = await api.rows("account", "factor")
    refused = await send_new(program, began, new_key(api, **about).create(began.said["key_options"], **lie))
    assert (refused.status, refused.fields) == (422, [("", "key_refused")])
    assert await api.rows("account", "factor") == before
    again = await program.show(began.flow_id)
    assert again.said["key_options"]["challenge"] != began.said["key_options"]["challenge"], "and another try is a new question"
    assert (await send_new(program, began, new_key(api).create(again.said["key_options"]))).said["finish"] == "backup_codes"


@pytest.mark.row("F4")
async def test_huge_and_odd_payloads_are_refused(api: Api) -> None:
    program = await member(api)
    began = await begin(program)
    good = new_key(api).create(began.said["key_options"])
    huge = {**good, "response": {**good["response"], "attestationObject": "A" * 30_000}}
    assert (await send_new(program, began, huge)).problem == "bad_json"
    assert (await send_new(program, began, {**good, "id": "A" * 100_000})).problem == "too_large"
    odd: object
    for odd in ({}, [], None, "x", {**good, "type": "password"}, {**good, "response": {}}):
        assert (await send_new(program, began, odd)).problem == "bad_json"
    assert (await keep_codes(program, await send_new(program, began, good))).state == "done"


@pytest.mark.row("F4")
async def test_one_key_is_one_accounts(api: Api) -> None:
    """Whoever made a key that calls itself like another's is told that it is taken, and the other's stays what it was."""
    anna, bert, key = await member(api), await member(api, BERT), new_key(api)
    await add(anna, key)
    stolen = new_key(api, credential_id=key.credential_id)
    began = await begin(bert)
    assert (await send_new(bert, began, stolen.create(began.said["key_options"]))).fields == [("", "factor_taken")]
    assert (await sign_in(api.program(), key)).state == "done"


# ---------------------------------------------------------------- signing in with a passkey alone


@pytest.mark.row("I2")
async def test_sign_in_with_a_passkey_and_no_name(api: Api) -> None:
    key = new_key(api)
    await add(await member(api), key)
    program = api.program()
    done = await sign_in(program, key)
    assert (done.status, done.state) == (201, "done")
    session = await program.read("session")
    assert (session["email"], session["proofs"]) == (ANNA, ["passkey"])
    assert (await program.read("account/keys"))["keys"][0]["used_at"]


SIGN_IN_LIES: list[tuple[str, dict[str, Any]]] = [
    ("wrong origin", {"client": {"origin": "http://localhost:1"}}),
    ("wrong RP id", {"rp_id": "evil.test"}),
    ("another challenge", {"client": {"challenge": text(b"1.guessed.0000")}}),
    ("no challenge", {"client": {"challenge": ""}}),
    ("in a frame", {"client": {"topOrigin": "https://evil.test"}}),
    ("in another's name", {"handle": b"somebody"}),
]


@pytest.mark.row("I2")
@pytest.mark.parametrize("lie", [pytest.param(li, id=n) for n, li in SIGN_IN_LIES])
async def test_a_sign_in_that_lies_is_refused(api: Api, lie: Mapping[str, Any]) -> None:
    key = new_key(api)
    await add(await member(api), key)
    refused = await sign_in(api.program(), key, **lie)
    assert (refused.status, refused.problem) == (401, "not_proven")
    assert (await sign_in(api.program(), key)).state == "done", "and the owner still gets in"


@pytest.mark.row("I2", "D3")
async def test_one_answer_for_everything_that_is_wrong(api: Api) -> None:
    key, plain = new_key(api), new_key(api, flags=0)
    owner = await member(api)
    await add(owner, key)
    await add(owner, plain, "security_key", by=key)
    unknown = new_key(api, user_id=key.user_id)
    forged = new_key(api, credential_id=key.credential_id, user_id=key.user_id)
    locked = replace(key, flags=0)
    answers = [await sign_in(api.program(), k) for k in (unknown, forged, locked, plain)]
    assert {(a.status, str(a.said), a.headers["content-length"]) for a in answers} == {
        (401, str(answers[0].said), answers[0].headers["content-length"])
    }


@pytest.mark.row("I2")
async def test_an_answer_is_good_once_and_within_an_hour(api: Api) -> None:
    key = new_key(api, counts=False)
    await add(await member(api), key)
    program = api.program()
    said = key.get(await options(program))
    assert (await program.start("sign_in_passkey", credential=said)).state == "done"
    assert (await api.program().start("sign_in_passkey", credential=said)).problem == "not_proven"
    late = key.get(await options(program))
    api.clock.wait(hours=1)
    assert (await api.program().start("sign_in_passkey", credential=late)).problem == "not_proven"


@pytest.mark.row("I2")
async def test_a_copied_key_is_refused(api: Api) -> None:
    key = new_key(api)
    await add(await member(api), key)
    copy = replace(key)
    for _ in range(3):
        assert (await sign_in(api.program(), key)).state == "done"
    assert (await sign_in(api.program(), copy)).problem == "not_proven"
    assert (await sign_in(api.program(), key)).state == "done"


@pytest.mark.row("I2", "F4")
async def test_fifty_at_once_are_one(api: Api) -> None:
    """One answer of a key that does not count, so that only the spent challenge stands between."""
    key = new_key(api, counts=False)
    await add(await member(api), key)
    said = key.get(await options(api.program()))
    answers = await asyncio.gather(*(api.program().start("sign_in_passkey", credential=said) for _ in range(50)))
    assert sorted(a.status for a in answers).count(201) == 1
    assert {a.status for a in answers} == {201, 401}


# ---------------------------------------------------------------- as a proof in a flow


@pytest.mark.row("F4")
async def test_a_security_key_after_the_password(api: Api) -> None:
    key = new_key(api, flags=0)
    await add(await member(api), key, "security_key")
    program = api.program()
    began = await program.sign_in(ANNA)
    assert (began.state, "security_key" in began.said["choices"]) == ("asking", True)
    asked = await ask(program, began.flow_id, "security_key")
    assert [c["id"] for c in asked["allowCredentials"]] == [text(key.credential_id)]
    assert (await answer(program, began.flow_id, "security_key", key.get(asked))).state == "done"
    assert (await program.read("session"))["proofs"] == ["password", "security_key"]


@pytest.mark.row("F4")
async def test_in_a_flow_each_question_is_answered_once(api: Api) -> None:
    key, other = new_key(api, counts=False), new_key(api)
    await add(await member(api), key, "security_key")
    program = api.program()
    flow_id = (await program.sign_in(ANNA)).flow_id
    asked = await ask(program, flow_id, "security_key")
    wrong = await answer(program, flow_id, "security_key", other.get(asked))
    assert (wrong.status, wrong.problem) == (401, "not_proven")
    assert (await answer(program, flow_id, "security_key", key.get(asked))).problem == "not_proven", "the question is spent"
    again = (await program.show(flow_id)).said["key_options"]
    assert (await answer(program, flow_id, "security_key", key.get(again))).state == "done"


@pytest.mark.row("F4")
async def test_fifty_at_once_in_one_flow_are_one(api: Api) -> None:
    key = new_key(api, flags=0, counts=False)
    await add(await member(api), key, "security_key")
    program = api.program()
    flow_id = (await program.sign_in(ANNA)).flow_id
    said = key.get(await ask(program, flow_id, "security_key"))
    answers = await asyncio.gather(*(answer(program, flow_id, "security_key", said) for _ in range(50)))
    assert [a.status for a in answers].count(200) == 1
    assert len(await api.rows("session")) == 1


@pytest.mark.row("F4", "D3")
async def test_before_the_first_proof_nobody_learns_whether_a_name_has_keys(api: Api) -> None:
    await add(await member(api), new_key(api))
    await api.signed_up(BERT)
    seen = []
    for name in (ANNA, BERT, "nobody@example.com"):
        program = api.program()
        began = await program.start("recover", identifier=name)
        asked = await ask(program, began.flow_id, "passkey")
        assert "security_key" not in began.said["choices"]
        refused = await answer(program, began.flow_id, "passkey", new_key(api).get(asked))
        seen.append((began.said["choices"], {**asked, "challenge": ""}, refused.status, refused.problem))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1]["allowCredentials"] == []


@pytest.mark.row("F4")
async def test_a_key_that_is_not_this_accounts_or_not_of_this_kind(api: Api) -> None:
    passkey, plain, berts = new_key(api), new_key(api, flags=UV), new_key(api)
    anna = await member(api)
    await add(anna, passkey)
    await add(anna, plain, "security_key", by=passkey)
    await add(await member(api, BERT), berts)
    program = api.program()
    flow_id = (await program.sign_in(ANNA)).flow_id
    for wrong in (plain, berts, replace(passkey, flags=0)):
        asked = await ask(program, flow_id, "passkey")
        assert (await answer(program, flow_id, "passkey", wrong.get(asked))).problem == "not_proven"
    asked = await ask(program, flow_id, "passkey")
    assert (await answer(program, flow_id, "passkey", passkey.get(asked))).state == "done"


@pytest.mark.row("R5")
async def test_a_passkey_is_a_proof_in_recovery(api: Api) -> None:
    key = new_key(api)
    await add(await member(api), key)
    api.clock.wait(days=31)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    asked = await ask(program, began.flow_id, "passkey")
    proven = await answer(program, began.flow_id, "passkey", key.get(asked))
    assert (proven.state, proven.said["finish"]) == ("allowed", "password"), "the key and what unlocks it are two things"
    assert (await program.finish(began.flow_id, "seven grey herons on one leg")).state == "done"


@pytest.mark.row("R5", "R12")
async def test_a_passkey_that_is_not_settled_recovers_nothing(api: Api) -> None:
    key = new_key(api)
    await add(await member(api), key)
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    proven = await answer(program, began.flow_id, "passkey", key.get(await ask(program, began.flow_id, "passkey")))
    assert proven.state == "asking"


@pytest.mark.row("F4")
async def test_a_passkey_is_the_fresh_proof_of_a_guarded_action(api: Api) -> None:
    key = new_key(api)
    program = await member(api)
    await add(program, key)
    api.clock.wait(minutes=16)
    began = await program.start("change_details", name="Anna B.", language="en")
    assert (began.state, "passkey" in began.said["choices"]) == ("asking", True)
    done = await answer(program, began.flow_id, "passkey", key.get(await ask(program, began.flow_id, "passkey")))
    assert done.state == "done"


@pytest.mark.row("F4")
async def test_what_a_key_is_refused_for_stands_in_the_audit_log(api: Api) -> None:
    key = new_key(api)
    await add(await member(api), key)
    await sign_in(api.program(), key, client={"origin": "https://evil.test"})
    assert "another_origin" in str(await api.rows("audit_event"))


@pytest.mark.row("F4")
async def test_without_a_question_there_is_no_answer(api: Api) -> None:
    key = new_key(api)
    await add(await member(api), key)
    program = api.program()
    flow_id = (await program.start("recover", identifier=ANNA)).flow_id
    made_up = {"rpId": "localhost", "challenge": text(b"made up")}
    assert (await answer(program, flow_id, "passkey", key.get(made_up))).status == 409
    assert (await program.call("POST", f"/api/v1/flows/{flow_id}/send", {"challenge": "security_key"})).status == 409


@pytest.mark.row("F4", "F7")
async def test_after_the_password_the_key_is_asked_for_at_once(api: Api) -> None:
    key = new_key(api, flags=0)
    await add(await member(api), key, "security_key")
    program = api.program()
    began = await program.sign_in(ANNA)
    assert (await answer(program, began.flow_id, "security_key", key.get(began.said["key_options"]))).state == "done"


async def changed(api: Api, program: Program, **how: Any) -> None:
    """The account as somebody else has made it meanwhile."""
    account_id = (await program.read("account"))["account_id"]
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.get(account_id)
        await tx.accounts.save(account, replace(account, **how), api.clock.now())


@pytest.mark.row("I2", "H1")
async def test_a_frozen_account_is_not_opened_by_its_passkey(api: Api) -> None:
    owner, key = await member(api), new_key(api)
    await add(owner, key)
    await changed(api, owner, frozen_at=api.clock.now())
    refused = await sign_in(api.program(), key)
    assert (refused.state, refused.said["session"]) == ("denied", None)


@pytest.mark.row("F9")
async def test_a_key_that_was_reported_stolen_stops_at_once(api: Api) -> None:
    owner, key = await member(api), new_key(api)
    await add(owner, key)
    await add(owner, new_key(api), by=key)
    (stolen, other) = (await owner.read("account/keys"))["keys"]
    await report_stolen(api, owner, stolen["factor_id"])
    assert (await sign_in(api.program(), key)).problem == "not_proven"
    keys = (await owner.read("account/keys"))["keys"]
    assert [(k["factor_id"], k["stolen"]) for k in keys] == [(stolen["factor_id"], True), (other["factor_id"], False)]


async def report_stolen(api: Api, program: Program, factor_id: str) -> None:
    account_id = (await program.read("account"))["account_id"]
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.get(account_id)
        reported = tuple(replace(f, stolen=f.stolen or f.factor_id == factor_id) for f in account.enrolled)
        await tx.accounts.save(account, replace(account, enrolled=reported), api.clock.now())


@pytest.mark.row("F9")
async def test_a_removed_key_opens_nothing_and_can_be_added_anew(api: Api) -> None:
    owner, key, other = await member(api), new_key(api), new_key(api)
    await add(owner, key)
    await add(owner, other, by=key)
    (gone, _) = (await owner.read("account/keys"))["keys"]
    began = await owner.start("remove_factor", factor_id=gone["factor_id"])
    if began.state == "asking":
        began = await answer(owner, began.flow_id, "passkey", other.get(await ask(owner, began.flow_id, "passkey")))
    assert began.state == "done", began
    assert (await sign_in(api.program(), key)).problem == "not_proven"
    await add(owner, key, by=other)
    assert (await sign_in(api.program(), key)).state == "done"
