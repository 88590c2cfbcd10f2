"""A session that ended changes nothing any more, whatever it had begun (S3, I7, P6; ASVS 7.4.1).

A guarded action was allowed, and one thing was still to be given: the new password, the code of a new address, a key. Then the session
ended. Whoever holds the flow's own token, the old session, or a session of somebody else gets no further, on any road and in any order.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.routing import Route

from sparekey.domain.actions import RECOVERIES, Action
from sparekey.domain.flow.state import State
from sparekey.domain.flow.wants import Wants
from sparekey.domain.policy.parse import load_policy
from sparekey.use_cases import load_flow
from sparekey.use_cases.advance import GIVES_LAST
from sparekey.use_cases.answer_password import answer_password
from sparekey.use_cases.block_account import block_account
from sparekey.use_cases.carry_out import session_over
from sparekey.use_cases.services import WORKER, Client
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.who_is import SessionChecks
from sparekey.web.routes import routes
from tests.doors import phones
from tests.doors.api import ANOTHER, PASSWORD, THIRD, Answer, Program
from tests.doors.robbed import shown
from tests.doors.second_factors import App, Owner, answer, call, enrol
from tests.doors.waits import pass_time, press
from tests.pages.browser import Browser, signed_in
from tests.social.stand_ins import allow
from tests.social.world import World, bring, go, world
from tests.soft_key import SoftKey
from tests.soft_phone import SoftPhone, pairing

ANNA, EVE, SECOND = "anna@example.com", "eve@example.com", "second@example.com"
LIVES_IN = ("account", "address", "factor", "backup_code", "former_password", "session", "device", "contact_circle", "secret_answer")

pytestmark = pytest.mark.row("S3", "I7", "P6")


@pytest.fixture
async def w(database_url: str, data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with world(database_url, data_dir, migrated_sqlite, monkeypatch) as w:
        yield w


# ---------------------------------------------------------------- what was begun

Last = Callable[[Program], Awaitable[Answer]]
"""The last step of an allowed flow, by whoever has these tokens."""


@dataclass
class Begun:
    """A flow that is allowed. ``other``: another step that it would take now."""

    flow_id: str
    last: Last
    other: Last | None = None


async def _allowed(program: Program, action: str, **given: object) -> Answer:
    began = await program.start(action, **given)
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    assert began.state == "allowed", began
    return began


async def change_password(w: World, thief: Program) -> Begun:
    flow_id = (await _allowed(thief, "change_password")).flow_id
    return Begun(flow_id, lambda p: p.finish(flow_id, THIRD))


async def new_totp(w: World, thief: Program) -> Begun:
    began = await _allowed(thief, "add_factor", factor="totp", label="mine")
    code = App(w.api, began.said["authenticator"]["key"])
    return Begun(began.flow_id, lambda p: call(p, began.flow_id, "new-totp", code=code.code()))


async def keep_codes(w: World, thief: Program) -> Begun:
    begun = await new_totp(w, thief)
    codes = (await begun.last(thief)).said["new_codes"]
    return Begun(begun.flow_id, lambda p: call(p, begun.flow_id, "keep-codes", code=f"3 {codes[2]}"))


async def new_key(w: World, thief: Program) -> Begun:
    began = await _allowed(thief, "add_factor", factor="passkey", label="mine")
    made = SoftKey(w.api.settings.base_url).create(began.said["key_options"])
    return Begun(began.flow_id, lambda p: call(p, began.flow_id, "new-key", credential=made))


async def new_second_by_text(w: World, thief: Program) -> Begun:
    """The number is on the account; its code makes it a second factor."""
    number = await phones.address_id(thief, phones.NUMBER)
    began = await _allowed(thief, "add_factor", factor="sms", address_id=number)
    code = (await phones.newest(w.api, phones.NUMBER)).code
    return Begun(began.flow_id, lambda p: phones.answer_text(p, began.flow_id, code), lambda p: phones.send(p, began.flow_id))


async def new_phone(w: World, thief: Program) -> Begun:
    """The phone itself has no session: its key and the code of the pairing speak."""
    flow_id, code = await pairing(thief)
    return Begun(flow_id, lambda p: SoftPhone(p).enrol(code), lambda p: p.call("POST", f"/api/v1/flows/{flow_id}/pair"))


async def renew_codes(w: World, thief: Program) -> Begun:
    began = await _allowed(thief, "renew_backup_codes")
    code = f"5 {began.said['new_codes'][4]}"
    return Begun(began.flow_id, lambda p: call(p, began.flow_id, "keep-codes", code=code))


async def link_social(w: World, thief: Program) -> Begun:
    began = await _allowed(thief, "link_social", provider="oidc")
    back = await allow((await go(thief, began.flow_id)).said["authorization_url"])
    return Begun(began.flow_id, lambda p: bring(p, began.flow_id, "oidc", back), lambda p: go(p, began.flow_id))


async def approve_sign_in(w: World, thief: Program) -> Begun:
    code = (await w.api.program().call("POST", "/api/v1/qr-sign-ins")).said
    began = await _allowed(thief, "approve_sign_in", token=code["token"])
    return Begun(began.flow_id, lambda p: call(p, began.flow_id, "approve", number=code["number"]))


async def download_data(w: World, thief: Program) -> Begun:
    flow_id = (await _allowed(thief, "download_data")).flow_id
    return Begun(flow_id, lambda p: p.call("POST", f"/api/v1/flows/{flow_id}/data"))


async def new_address(w: World, thief: Program) -> Begun:
    flow_id = (await _allowed(thief, "add_address", email=SECOND)).flow_id
    letter = await w.api.newest(SECOND)
    return Begun(flow_id, lambda p: p.code(flow_id, letter.code), lambda p: p.send(flow_id))


async def new_address_by_link(w: World, thief: Program) -> Begun:
    flow_id = (await _allowed(thief, "add_address", email=SECOND)).flow_id
    letter = await w.api.newest(SECOND)
    return Begun(flow_id, lambda p: p.open(letter.link))


async def new_number(w: World, thief: Program) -> Begun:
    flow_id = (await _allowed(thief, "add_address", phone=phones.OTHER)).flow_id
    code = (await phones.newest(w.api, phones.OTHER)).code
    return Begun(flow_id, lambda p: phones.answer_text(p, flow_id, code))


BEGUN = {
    f.__name__: f
    for f in (
        *(change_password, new_totp, keep_codes, new_key, new_second_by_text, new_phone, renew_codes, link_social),
        *(approve_sign_in, download_data, new_address, new_address_by_link, new_number),
    )
}
ACTIONS = {
    **dict.fromkeys(("new_totp", "keep_codes", "new_key", "new_second_by_text", "new_phone"), Action.ADD_FACTOR),
    **dict.fromkeys(("new_address", "new_address_by_link", "new_number"), Action.ADD_ADDRESS),
    "change_password": Action.CHANGE_PASSWORD,
    "renew_codes": Action.RENEW_BACKUP_CODES,
    "link_social": Action.LINK_SOCIAL,
    "approve_sign_in": Action.APPROVE_SIGN_IN,
    "download_data": Action.DOWNLOAD_DATA,
}


def test_every_action_that_is_given_something_last_is_attacked_here() -> None:
    """All but those whose routes ask for no session: they are begun by a name, and stay free."""
    routes = load_policy("shop", {}).actions
    guarded = {a for a in GIVES_LAST | {Action.ADD_ADDRESS} if any(r.signed_in for r in routes[a].routes)}
    assert set(BEGUN) == set(ACTIONS)
    assert set(ACTIONS.values()) == guarded
    assert guarded == (GIVES_LAST | {Action.ADD_ADDRESS}) - RECOVERIES - {Action.UNDO}


# ---------------------------------------------------------------- how the session ended


@dataclass
class Robbed:
    """An owner, and a thief with a session of the same account, whose proofs are fresh. ``app``: what the owner enrolled."""

    owner: Program
    thief: Program
    app: Owner | None


async def signs_out(w: World, at: Robbed) -> None:
    assert (await at.thief.call("DELETE", "/api/v1/session")).status == 204


async def is_signed_out_from_another_device(w: World, at: Robbed) -> None:
    session_id = (await at.thief.read("session"))["session_id"]
    assert (await at.owner.start("end_sessions", session_id=session_id)).state == "done"


async def all_others_are_signed_out(w: World, at: Robbed) -> None:
    assert (await at.owner.start("end_sessions")).state == "done"


async def the_password_is_changed(w: World, at: Robbed) -> None:
    began = await at.owner.start("change_password")
    began = await shown(at.owner, began, app=at.app)
    assert (await at.owner.finish(began.flow_id, ANOTHER)).state == "done"


async def the_account_is_locked(w: World, at: Robbed) -> None:
    letter = next(letter for letter in await w.api.letters(ANNA) if letter.subject.startswith("New sign-in"))
    assert (await press(w.api.program(), letter, lock=True)).status == 200


async def the_account_is_blocked(w: World, at: Robbed) -> None:
    assert await block_account(w.api.parts.services, WORKER, ANNA)


ENDS = {
    f.__name__: f
    for f in (
        *(signs_out, is_signed_out_from_another_device, all_others_are_signed_out),
        *(the_password_is_changed, the_account_is_locked, the_account_is_blocked),
    )
}


async def robbed(w: World, begun: str = "") -> Robbed:
    owner = await w.api.signed_up(ANNA)
    if begun == "new_second_by_text":
        await phones.number_added(w.api, owner)
    app = await enrol(w.api, owner, ANNA) if begun == "renew_codes" else None
    thief = w.api.program()
    came = await thief.sign_in(ANNA)
    if app is not None:
        came = await answer(thief, came.flow_id, "totp", code=app.app.next_code())
    assert came.state == "done", came
    return Robbed(owner, thief, app)


def with_session(thief: Program, token: str) -> Program:
    """The thief's program with all that it holds, and this session."""
    return Program(thief.http, session=token, device=thief.device, flow_tokens=dict(thief.flow_tokens))


INSTEAD = {"new_phone": "pairing_over", "new_address_by_link": "link_over"}
"""What is said where no session is asked for first: codes of a pairing and mailed links are void."""


async def gets_nowhere(w: World, thief: Program, begun: Begun, *, instead: str = "not_signed_in") -> None:
    eve = await w.api.signed_up(EVE)
    before = await w.api.rows(*LIVES_IN)
    for token in ("", thief.session, eve.session):
        holder = with_session(thief, token)
        assert (answered := await begun.last(holder)).problem == instead, (token, answered)
        if begun.other is not None:
            assert (answered := await begun.other(holder)).problem == "not_signed_in", (token, answered)
        assert (seen := await holder.show(begun.flow_id)).status == 401, (token, seen)
        assert (await holder.leave(begun.flow_id)).problem == "not_signed_in"
    assert await w.api.rows(*LIVES_IN) == before


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("begun", BEGUN)
async def test_an_ended_session_takes_no_further_step(w: World, begun: str, ends: str) -> None:
    at = await robbed(w, begun)
    flow = await BEGUN[begun](w, at.thief)
    await ENDS[ends](w, at)
    assert not await at.thief.is_signed_in()
    await gets_nowhere(w, at.thief, flow, instead=INSTEAD.get(begun, "not_signed_in"))


@pytest.mark.parametrize("begun", BEGUN)
async def test_what_an_ended_session_had_begun_is_over_for_a_new_one_as_well(w: World, begun: str) -> None:
    """It was ended with the session, so that what was shown in the one is not used in the other."""
    at = await robbed(w, begun)
    flow = await BEGUN[begun](w, at.thief)
    await all_others_are_signed_out(w, at)
    before = await w.api.rows(*LIVES_IN)
    answered = await flow.last(with_session(at.thief, at.owner.session))
    assert answered.problem in {"signed_out", "pairing_over", "link_over"}, answered
    assert await w.api.rows(*LIVES_IN) == before


@pytest.mark.parametrize("begun", BEGUN)
async def test_in_its_session_every_last_step_works(w: World, begun: str) -> None:
    """Else the attacks above would fail for another reason."""
    at = await robbed(w, begun)
    flow = await BEGUN[begun](w, at.thief)
    done = await flow.last(at.thief)
    assert done.status == 200, done


async def test_a_session_that_lasted_its_time_takes_no_further_step(w: World) -> None:
    """Nobody ended it, so what it began goes on in the next session of the same account."""
    at = await robbed(w)
    w.api.clock.wait(days=29, hours=23, minutes=50)
    flow = await change_password(w, at.thief)
    w.api.clock.wait(minutes=20)
    assert (await flow.last(at.thief)).problem == "not_signed_in"
    again = w.api.program()
    assert (await again.sign_in(ANNA)).state == "done"
    assert (await flow.last(with_session(at.thief, again.session))).state == "done"


async def test_a_flow_that_still_asks_takes_no_proof_without_its_session(w: World) -> None:
    at = await robbed(w)
    w.api.clock.wait(minutes=20)
    asked = await at.thief.start("download_data")
    assert asked.state == "asking"
    await is_signed_out_from_another_device(w, at)
    for token in ("", at.thief.session):
        holder = with_session(at.thief, token)
        assert (await holder.password(asked.flow_id, PASSWORD)).problem == "not_signed_in"
        assert (await holder.send(asked.flow_id)).problem == "not_signed_in"


async def test_a_computer_gets_no_session_from_a_phone_that_was_signed_out(w: World) -> None:
    """The phone had approved it already."""
    at = await robbed(w)
    computer = w.api.program()
    code = (await computer.call("POST", "/api/v1/qr-sign-ins")).said
    began = await _allowed(at.thief, "approve_sign_in", token=code["token"])
    assert (await call(at.thief, began.flow_id, "approve", number=code["number"])).status == 200
    await is_signed_out_from_another_device(w, at)
    headers = {"Flow-Token": code["holder_token"]}
    collected = await computer.call("POST", "/api/v1/qr-sign-ins/collect", {"token": code["token"]}, headers=headers)
    assert collected.status == 410, collected


# ---------------------------------------------------------------- the same on the pages

POSTS = [r.path for r in routes(development=False) if isinstance(r, Route) and r.path.startswith("/flow/") and "POST" in (r.methods or ())]

FILLED = {
    "password": THIRD,
    "password_again": THIRD,
    "kind": "email",
    "provider": "oidc",
    "factor": "0" * 32,
    "number": "42",
    "name": "Eve",
    "email": EVE,
    "answer": "1 BCDFG-HJKLM-NPQRS",
}
"""Every field that any page of a flow has."""

WANTED = {
    Action.CHANGE_PASSWORD: Wants(),
    Action.ADD_FACTOR: Wants(factor_kind="totp", label="mine"),
    Action.LINK_SOCIAL: Wants(label="oidc"),
    Action.DOWNLOAD_DATA: Wants(),
    Action.ADD_ADDRESS: Wants(address=SECOND, address_key=f"email:{SECOND}"),
}


async def allowed_in(browser: Browser, wanted: Action) -> str:
    """The id of a flow that this browser began and was allowed, and whose page it sees."""
    services = browser.api.parts.services
    who = await SessionChecks(services.store, services.clock, services.policy.sessions).any_session(browser.cookie("session"))
    assert who is not None
    client = Client(browser.cookie("browser"), "", "", "en", session=who.session)
    standing = await start_guarded(services, client, wanted, WANTED[wanted])
    if standing.flow.state is State.ASKING:
        standing = await answer_password(services, client, standing.flow.flow_id, PASSWORD)
    assert standing.flow.state is State.ALLOWED
    page = await browser.open(f"/flow/{standing.flow.flow_id}")
    assert (page.status, page.path) == (200, f"/flow/{standing.flow.flow_id}")
    return standing.flow.flow_id


@pytest.mark.parametrize("ends", ["here", "elsewhere"])
@pytest.mark.parametrize("wanted", WANTED)
async def test_no_page_of_a_flow_works_after_its_session(w: World, wanted: Action, ends: str) -> None:
    at = await robbed(w)
    browser = await signed_in(w.api, ANNA, PASSWORD)
    flow_id = await allowed_in(browser, wanted)
    code = (await w.api.newest(SECOND)).code if wanted == Action.ADD_ADDRESS else FILLED["answer"]
    csrf = browser.page.form().fields["csrf"]
    if ends == "here":
        await browser.press("Sign out")
    else:
        await all_others_are_signed_out(w, at)
    before = await w.api.rows(*LIVES_IN)
    for path in (f"/flow/{flow_id}", f"/flow/{flow_id}/codes.txt"):
        assert (await browser.open(path)).path == "/sign-in"
    for path in POSTS:
        page = await browser.send(path.format(flow_id=flow_id), {**FILLED, "answer": code, "csrf": csrf})
        assert page.path == "/sign-in", (path, page.status, page.text)
    assert await w.api.rows(*LIVES_IN) == before
    await browser.open(f"/sign-in?next=/flow/{flow_id}")
    page = await browser.fill(identifier=ANNA, password=PASSWORD)
    assert (page.status, page.heading) == (410, "This ended when you were signed out")


# ---------------------------------------------------------------- numbers that change hands


@pytest.mark.parametrize("ends", ["signs_out", "all_others_are_signed_out"])
async def test_a_claimed_number_moves_for_who_signs_out_and_not_for_who_is_signed_out(w: World, ends: str) -> None:
    """The claim waits for a week without anybody's doing. Its account hears of it only at the end."""
    boris = await w.api.signed_up("boris@example.com")
    await phones.number_added(w.api, boris, phones.OTHER)
    at = await robbed(w)
    claimed = await new_number(w, at.thief)
    assert (await claimed.last(at.thief)).state == "waiting"
    await ENDS[ends](w, at)
    await pass_time(w.api, 24 * 9)
    assert (await at.owner.sign_in(ANNA)).state == "done"
    values = [a["value"] for a in (await at.owner.read("account"))["addresses"]]
    assert (phones.OTHER in values) == (ends == "signs_out")


# ---------------------------------------------------------------- what stays free


async def test_what_is_begun_by_a_name_goes_on_without_a_session(w: World) -> None:
    """Also in a program that was signed in when it began."""
    at = await robbed(w)
    recovery = await at.owner.start("recover", identifier=ANNA)
    of_recovery = (await w.api.newest(ANNA)).code
    undo = await at.owner.start("undo")
    assert (await at.owner.send(undo.flow_id)).status == 200
    of_undo = (await w.api.newest(ANNA)).code
    await all_others_are_signed_out(w, Robbed(at.thief, at.owner, None))
    assert not await at.owner.is_signed_in()
    report = await at.owner.start("report_stolen", identifier=ANNA)
    assert (await at.owner.password(report.flow_id, PASSWORD)).said["finish"] == "stolen"
    assert (await at.owner.code(undo.flow_id, of_undo)).state == "allowed"
    assert (await at.owner.code(recovery.flow_id, of_recovery)).said["finish"] == "password"
    assert (await at.owner.finish(recovery.flow_id, ANOTHER)).state == "done"


# ---------------------------------------------------------------- the check can fail


@pytest.mark.parametrize("begun", ["change_password", "new_totp", "download_data", "new_address"])
async def test_a_server_that_asks_for_the_session_only_before_it_allows_is_found_out(
    w: World, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was once: after that nothing asks for it, and what a session has begun outlives it."""

    async def ends_no_flow(*_: object) -> None: ...

    monkeypatch.setattr(load_flow, "must_be_signed_in", lambda *_: None)
    monkeypatch.setattr(session_over, "_end_flows", ends_no_flow)
    at = await robbed(w, begun)
    flow = await BEGUN[begun](w, at.thief)
    await all_others_are_signed_out(w, at)
    with pytest.raises(AssertionError):
        await gets_nowhere(w, at.thief, flow)


def test_sessions_end_in_one_place() -> None:
    """So that no other way to end one forgets what it had begun."""
    ends = re.compile(r"\bsessions\.end(_all)?\(")
    source = Path(session_over.__file__).parents[2]
    found = [file.name for file in source.rglob("*.py") if ends.search(file.read_text(encoding="utf-8"))]
    assert found == ["session_over.py"]
