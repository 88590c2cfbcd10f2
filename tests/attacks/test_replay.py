"""Public failures of other servers, tried on this one; each test is named after the failure. Races, counters and enumeration have
files of their own.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api, Program, served

VICTIM, THIEF = "anna@example.com", "mallory@example.com"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def recovery(api: Api, email: str = VICTIM) -> tuple[Program, str]:
    program = api.program()
    return program, (await program.start("recover", identifier=email)).flow_id


@pytest.mark.row("R1")
async def test_keycloak_2026_18963_a_reset_without_its_proof(api: Api) -> None:
    await api.signed_up(VICTIM)
    thief, flow = await recovery(api)
    assert (await thief.finish(flow, ANOTHER)).status == 409
    assert (await thief.finish(flow, ANOTHER, name="Mallory")).status == 409
    assert (await thief.password(flow, ANOTHER)).status in {401, 409}
    assert (await thief.call("POST", f"/api/v1/flows/{flow}/nothing-more")).status == 200
    assert (await thief.show(flow)).state == "asking"
    assert (await api.program().sign_in(VICTIM)).state == "done"


@pytest.mark.row("R1", "D1")
async def test_keycloak_2026_4325_and_authorizer_711_a_secret_of_one_purpose_taken_for_another(api: Api) -> None:
    owner = await api.signed_up(VICTIM)
    program, flow = await recovery(api)
    other, other_flow = await recovery(api)
    letter = next(m for m in reversed(await api.letters(VICTIM)) if m.link.startswith(flow))
    secrets = {
        "session": owner.session,
        "device": owner.device,
        "flow token": program.flow_tokens[flow],
        "token of another flow": other.flow_tokens[other_flow],
        "link": letter.link,
        "secret of a link": letter.link[32:],
        "code": letter.code,
        "flow id": flow,
    }
    stranger = api.program()
    for what, secret in secrets.items():
        bearer = {"Authorization": f"Bearer {secret}"}
        as_session = (await stranger.call("GET", "/api/v1/session", headers=bearer)).status == 200
        as_flow_token = (await stranger.call("GET", f"/api/v1/flows/{flow}", headers={"Flow-Token": secret})).status == 200
        as_link = [(await stranger.look(text)).status == 200 for text in (secret, flow + secret, other_flow + secret)]
        as_code = (await other.code(other_flow, secret[:64])).status == 200
        good = [as_session, as_flow_token, *as_link, as_code]
        own = [what == "session", what == "flow token", what == "link", what == "secret of a link", False, False]
        assert good == own, f"{what} is good for something else"
    # As the mark of a known device, everything but one is nothing: it does not even open a lane of guesses.
    for _ in range(10):
        await stranger.sign_in(VICTIM, ANOTHER)
    for what, secret in secrets.items():
        known = (await stranger.call("POST", "/api/v1/flows", sign_in_with(PASSWORD), headers={"Device-Token": secret})).status
        assert known == (201 if what == "device" else 429), f"{what} as the mark of a device"


def sign_in_with(password: str) -> object:
    return {"flow": {"action": "sign_in", "identifier": VICTIM, "password": password}}


@pytest.mark.row("R1")
async def test_keycloak_37231_two_browsers_one_link(api: Api) -> None:
    await api.signed_up(VICTIM)
    first, flow = await recovery(api)
    link = (await api.newest(VICTIM)).link
    second = api.program()
    assert (await second.open(link)).state == "allowed"
    assert (await first.show(flow)).status == 404, "the browser that began is cut off"
    assert (await first.finish(flow, ANOTHER)).status == 404
    assert (await first.open(link)).status == 404
    assert (await second.finish(flow, THIRD)).state == "done"
    assert (await second.finish(flow, ANOTHER)).status == 410
    assert (await api.program().sign_in(VICTIM, THIRD)).state == "done"
    assert len([s for s in await api.about(VICTIM) if "password" in s.lower() and "code" not in s.lower()]) >= 1


@pytest.mark.row("R1")
async def test_keycloak_40631_older_links_live_on_after_one_is_used(api: Api) -> None:
    """Three recoveries by three programs, and three messages of one flow: one use kills all."""
    await api.signed_up(VICTIM)
    links = []
    for _ in range(2):
        await recovery(api)
        links.append((await api.newest(VICTIM)).link)
    program, flow = await recovery(api)
    links.append((await api.newest(VICTIM)).link)
    for _ in range(2):
        api.clock.wait(seconds=61)
        await program.send(flow)
        links.append((await api.newest(VICTIM)).link)
    assert len(set(links)) == 5
    user = api.program()
    opened = await user.open(links[0])
    assert (await user.finish(opened.flow_id, ANOTHER)).state == "done"
    assert [(await api.program().look(link)).status for link in links] == [404] * 5


@pytest.mark.row("R1")
async def test_keycloak_12759_a_reset_signs_in(api: Api) -> None:
    await api.signed_up(VICTIM)
    program, flow = await recovery(api)
    await program.code(flow, (await api.newest(VICTIM)).code)
    done = await program.finish(flow, ANOTHER)
    assert done.said["session"] is None
    assert not program.session
    goes_on = await program.show(done.said["next_flow"])
    assert goes_on.state == "asking", "the mailbox is used up: the new password is still asked for"
    assert goes_on.said["session"] is None


@pytest.mark.row("P6")
async def test_vaultwarden_2026_43911_tokens_survive_a_new_password(api: Api) -> None:
    """Every kind of token that an account can have open, after a recovery: nothing is left but the mark of the device."""
    owner = await api.signed_up(VICTIM)
    thief = api.program()
    assert (await thief.sign_in(VICTIM)).state == "done"
    adding = await thief.start("add_address", email=THIEF)
    changing = await thief.start("change_password")
    pending, pending_flow = await recovery(api)
    pending_link = (await api.newest(VICTIM)).link
    signing, signing_flow = api.program(), ""
    signing_flow = (await signing.start("sign_in", identifier=VICTIM)).flow_id

    program, flow = await recovery(api)
    await program.code(flow, (await api.newest(VICTIM)).code)
    assert (await program.finish(flow, ANOTHER)).state == "done"

    assert not await owner.is_signed_in()
    assert not await thief.is_signed_in()
    assert (await thief.code(adding.flow_id, (await api.newest(THIEF)).code)).status in {401, 410}
    assert (await thief.finish(changing.flow_id, THIRD)).status in {401, 410}
    assert (await pending.show(pending_flow)).said["ended"] == "replaced"
    assert (await signing.show(signing_flow)).said["ended"] == "replaced"
    assert (await signing.look(pending_link)).status == 404
    # The mark of a known device proves nothing: it needs the new password like everyone.
    assert (await thief.sign_in(VICTIM)).status == 401


@pytest.mark.row("R1")
@pytest.mark.parametrize(
    "body",
    [
        {"action": "recover", "identifier": [VICTIM, THIEF]},
        {"action": "recover", "identifier": {"0": VICTIM, "1": THIEF}},
        {"action": "recover", "identifier": VICTIM, "email": THIEF},
        {"action": "sign_up", "email": [VICTIM, THIEF], "name": "A", "password": PASSWORD},
    ],
)
async def test_gitlab_2023_7028_two_recipients(api: Api, body: object) -> None:
    await api.signed_up(VICTIM)
    before = len(await api.letters())
    assert (await api.program().call("POST", "/api/v1/flows", {"flow": body})).status == 400
    assert len(await api.letters()) == before


@pytest.mark.row("R1")
@pytest.mark.parametrize(
    "typed",
    [
        f"{VICTIM},{THIEF}",
        f"{VICTIM} {THIEF}",
        f"{VICTIM};{THIEF}",
        f"{VICTIM}\u2028{THIEF}",
        f'"{THIEF}" <{VICTIM}>',
        "\uff41nna@example.com",
    ],
)
async def test_a_recipient_is_read_from_the_database_alone(api: Api, typed: str) -> None:
    """Also for a spelling that means the same name: what was typed is never written to."""
    await api.signed_up(VICTIM)
    before = len(await api.letters())
    await api.program().start("recover", identifier=typed)
    assert {letter.to for letter in (await api.letters())[before:]} <= {VICTIM}


@pytest.mark.row("R1")
async def test_two_recipients_by_a_doubled_field(api: Api) -> None:
    await api.signed_up(VICTIM)
    before = len(await api.letters())
    body = f'{{"flow": {{"action": "recover", "identifier": "{VICTIM}", "identifier": "{THIEF}"}}}}'
    answered = await api.http.post("/api/v1/flows", content=body, headers={"content-type": "application/json"})
    assert answered.status_code == 400
    assert len(await api.letters()) == before


# ---------------------------------------------------------------- pre-hijacking (USENIX Security 2022): the thief is there first


async def thief_signs_up(api: Api) -> Program:
    thief = api.program()
    began = await thief.start("sign_up", email=VICTIM, name="Mallory", password=ANOTHER)
    assert began.state == "asking"
    return thief


@pytest.mark.row("S1")
async def test_prehijacking_classic_merge(api: Api) -> None:
    """The thief signs up with the victim's address and waits; the victim signs up as well."""
    thief = await thief_signs_up(api)
    await api.signed_up(VICTIM)
    assert (await thief.sign_in(VICTIM, ANOTHER)).status == 401
    for flow in thief.flow_tokens:
        assert (await thief.finish(flow, ANOTHER)).status == 409


@pytest.mark.row("S1")
async def test_prehijacking_unexpired_session(api: Api) -> None:
    """A session from before the address was proven: there is none."""
    thief = await thief_signs_up(api)
    assert not thief.session
    assert (await thief.sign_in(VICTIM, ANOTHER)).status == 401
    victim = api.program()
    opened = await victim.open((await api.newest(VICTIM)).link)
    assert opened.said["finish"] == "sign_up_password"
    assert (await victim.finish(opened.flow_id, PASSWORD)).status == 401, "the victim's own password is not the one chosen by the thief"
    assert (await victim.finish(opened.flow_id, PASSWORD, name="Anna")).state == "done"
    assert (await thief.sign_in(VICTIM, ANOTHER)).status == 401, "all that was set before is wiped"
    assert (await victim.read("account"))["name"] == "Anna"
    assert len((await victim.read("account/sessions"))["sessions"]) == 1
    assert (await thief.show(opened.flow_id)).status == 404


@pytest.mark.row("S1")
async def test_prehijacking_trojan_identifier(api: Api) -> None:
    """The thief attaches something of his own to the account before the victim comes: nothing can be attached."""
    thief = await thief_signs_up(api)
    assert (await thief.start("add_address", email=THIEF)).status == 401
    assert (await thief.start("change_details", name="M", language="en", user_name="mallory")).status == 401
    victim = api.program()
    opened = await victim.open((await api.newest(VICTIM)).link)
    await victim.finish(opened.flow_id, PASSWORD, name="Anna")
    assert [a["value"] for a in (await victim.read("account"))["addresses"]] == [VICTIM]


@pytest.mark.row("S1")
async def test_prehijacking_unexpired_change_of_address(api: Api) -> None:
    """A thief with an account of his own begins to add the victim's address, and hopes that the victim will click."""
    thief = await api.signed_up(THIEF)
    adding = await thief.start("add_address", email=VICTIM)
    link = (await api.newest(VICTIM)).link
    victim = api.program()
    assert (await victim.open(link)).status == 401, "only inside the session that asked"
    await api.signed_up(VICTIM)
    assert (await victim.open(link)).status == 401
    assert [a["value"] for a in (await thief.read("account"))["addresses"]] == [THIEF]
    assert (await thief.show(adding.flow_id)).state == "allowed"


@pytest.mark.row("S1")
async def test_prehijacking_the_old_mail_is_clicked_after_the_own_sign_up(api: Api) -> None:
    """The thief's mail lies in the mailbox still; the victim, signed up by now, clicks the wrong link."""
    thief = await thief_signs_up(api)
    old = (await api.newest(VICTIM)).link
    owner = await api.signed_up(VICTIM)
    opened = await owner.open(old)
    assert opened.status in {200, 404, 410}
    if opened.status == 200:
        assert (await owner.finish(opened.flow_id, ANOTHER)).status == 410
        assert (await owner.finish(opened.flow_id, THIRD, name="Mallory")).status == 410
    assert (await thief.sign_in(VICTIM, ANOTHER)).status == 401
    assert (await owner.read("account"))["name"] == "Anna"
    assert (await api.program().sign_in(VICTIM)).state == "done"


@pytest.mark.row("S3")
async def test_vaultwarden_2026_27801_a_stolen_session_changes_what_it_likes(api: Api) -> None:
    """A cookie stolen an hour after the sign-in: everything that changes the account asks for a fresh proof first."""
    owner = await api.signed_up(VICTIM)
    other = await api.signed_up(THIEF)
    began = await owner.start("add_address", email="anna.berg@example.com")
    await owner.code(began.flow_id, (await api.newest("anna.berg@example.com")).code)
    second = next(a["address_id"] for a in (await owner.read("account"))["addresses"] if not a["main"])
    api.clock.wait(hours=1)
    thief = Program(api.http, session=owner.session)
    before = await api.rows("account", "address")
    for action, given in {
        "change_password": {},
        "change_details": {"name": "Mallory", "language": "en"},
        "add_address": {"email": "mallory2@example.com"},
        "remove_address": {"address_id": second},
        "set_main_address": {"address_id": second},
    }.items():
        answer = await thief.start(action, **given)
        assert answer.state == "asking", action
        assert (await thief.finish(answer.flow_id, ANOTHER)).status == 409, action
        assert (await other.call("GET", f"/api/v1/flows/{answer.flow_id}")).status == 404
    assert await api.rows("account", "address") == before
