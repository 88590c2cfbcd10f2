"""Bad input at the JSON door: a clear problem, nothing changed, and never a 5xx (N3).

A table of requests, each sent by a stranger and by one who is signed in. ``{flow}`` stands for a flow of one's own.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from json import dumps

import pytest

from tests.doors.api import ANOTHER, PASSWORD, Answer, Api, Program, encoded, read

pytestmark = pytest.mark.row("N3")

ANNA = "anna@example.com"
JSON = {"Content-Type": "application/json"}
SIGN_IN = {"action": "sign_in", "identifier": ANNA, "password": PASSWORD}
MEGABYTE = "x" * 1024 * 1024


def start(**given: object) -> bytes:
    return dumps({"flow": {"action": "sign_up", "email": "new@example.com", "name": "New", "password": PASSWORD, **given}}).encode()


ANSWER = "/api/v1/flows/{flow}/answer"


@dataclass(frozen=True)
class Bad:
    """``problem``: the stable name that the answer must have."""

    status: int
    problem: str
    body: bytes = b""
    method: str = "POST"
    path: str = "/api/v1/flows"
    headers: dict[str, str] = field(default_factory=lambda: JSON)


BAD = {
    "empty body": Bad(400, "bad_json"),
    "only a space": Bad(400, "bad_json", b" "),
    "not JSON": Bad(400, "bad_json", b"flow=sign_in"),
    "half of it": Bad(400, "bad_json", b'{"flow": {"action": "sign_in"'),
    "an array for the body": Bad(400, "bad_json", b"[]"),
    "null": Bad(400, "bad_json", b"null"),
    "an array for a text": Bad(400, "bad_json", start(email=["new@example.com"])),
    "an object for a text": Bad(400, "bad_json", start(name={"first": "New"})),
    "a number for a text": Bad(400, "bad_json", start(password=123456789012345)),
    "null for a text": Bad(400, "bad_json", start(name=None)),
    "a field too many": Bad(400, "bad_json", start(admin=True)),
    "a field too few": Bad(400, "bad_json", b'{"flow": {"action": "sign_up"}}'),
    "no such action": Bad(400, "bad_json", b'{"flow": {"action": "sell_account"}}'),
    "a doubled field": Bad(400, "duplicate_field", b'{"flow": {"action": "recover", "identifier": "a", "identifier": "b"}}'),
    "a doubled body": Bad(400, "duplicate_field", b'{"flow": {"action": "end_sessions"}, "flow": {"action": "change_password"}}'),
    "NaN": Bad(400, "bad_json", b'{"flow": NaN}'),
    "a number of 10,000 digits": Bad(400, "bad_json", b'{"flow": ' + b"9" * 10_000 + b"}"),
    "nested 30,000 deep": Bad(400, "bad_json", b"[" * 30_000 + b"]" * 30_000),
    "objects nested 10,000 deep": Bad(400, "bad_json", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "invalid UTF-8": Bad(400, "bad_json", b'{"flow": {"action": "recover", "identifier": "\xff\xfe"}}'),
    "an overlong slash": Bad(400, "bad_json", b'{"flow": {"action": "recover", "identifier": "\xc0\xaf"}}'),
    "UTF-16 that is not announced": Bad(400, "bad_json", '{"flow": ['.encode("utf-16")),
    "a megabyte": Bad(413, "too_large", start(name=MEGABYTE)),
    "a length that is no number": Bad(413, "too_large", start(), headers={**JSON, "Content-Length": "many"}),
    "a length of 5,000 digits": Bad(413, "too_large", start(), headers={**JSON, "Content-Length": "9" * 5000}),
    "a negative length": Bad(413, "too_large", start(), headers={**JSON, "Content-Length": "-1"}),
    "a name of 60,000 characters": Bad(400, "bad_json", start(name="x" * 60_000)),
    "an address of 321 characters": Bad(400, "bad_json", start(email=f"{'x' * 309}@example.com")),
    "a password of 1,025 characters": Bad(422, "invalid_input", start(password="correct horse " * 74)),
    "an empty address": Bad(422, "invalid_input", start(email="")),
    "NUL in the address": Bad(400, "bad_json", start(email="new\0@example.com")),
    "NUL in the name": Bad(400, "bad_json", start(name="N\0w")),
    "NUL in the password": Bad(422, "invalid_input", start(password=f"{PASSWORD}\0")),
    "a line break in the address": Bad(400, "bad_json", start(email="new@example.com\nBcc: all@example.com")),
    "a line break at the end of a name": Bad(400, "bad_json", start(name="New\n")),
    "a bell in the name": Bad(400, "bad_json", start(name="N\aew")),
    "C1 control characters in the name": Bad(422, "invalid_input", start(name="N\x85ew")),
    "a right-to-left override in the name": Bad(422, "invalid_input", start(name="New \u202etxt.exe")),
    "a right-to-left override in the address": Bad(422, "invalid_input", start(email="new\u202e@example.com")),
    "an isolate in the name": Bad(422, "invalid_input", start(name="\u2066New")),
    "half of a pair in the name": Bad(422, "invalid_input", start(name="N\ud83dw")),
    "half of a pair in the address": Bad(422, "invalid_input", start(email="n\ud83dw@example.com")),
    "half of a pair in the domain": Bad(422, "invalid_input", start(email="new@ex\udc00mple.com")),
    "half of a pair in the password": Bad(422, "invalid_input", start(password=f"{PASSWORD}\ud83d")),
    "half of a pair in the language": Bad(201, "", start(language="\ud83d", email="other@example.com")),
    "half of a pair in an action": Bad(400, "bad_json", b'{"flow": {"action": "\\ud83d"}}'),
    "half of a pair in a field's name": Bad(400, "bad_json", b'{"flow": {"action": "change_password", "\\ud83d": 1}}'),
    "half of a pair in who signs in": Bad(401, "not_proven", b'{"flow": {"action": "sign_in", "identifier": "\\ud83d", "password": "x"}}'),
    "half of a pair in a sign-in's password": Bad(401, "not_proven", dumps({"flow": {**SIGN_IN, "password": "\ud83d"}}).encode()),
    "half of a pair in who recovers": Bad(422, "invalid_input", b'{"flow": {"action": "recover", "identifier": "\\ud83d"}}'),
    "nobody to recover": Bad(422, "invalid_input", b'{"flow": {"action": "recover", "identifier": "  "}}'),
    "nobody to sign in": Bad(422, "invalid_input", b'{"flow": {"action": "sign_in", "identifier": "", "password": "x"}}'),
    "no content type": Bad(415, "wrong_content_type", start(), headers={}),
    "a form": Bad(415, "wrong_content_type", b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    "JSON called text": Bad(415, "wrong_content_type", start(), headers={"Content-Type": "text/plain"}),
    "a content type that is noise": Bad(415, "wrong_content_type", start(), headers={"Content-Type": "\xff;;;="}),
    "a Host that is not ours": Bad(421, "foreign_host", start(), headers={**JSON, "Host": "evil.example"}),
    "a Host that only begins like ours": Bad(421, "foreign_host", start(), headers={**JSON, "Host": "localhost:8400.evil.example"}),
    "an empty Host": Bad(421, "foreign_host", start(), headers={**JSON, "Host": ""}),
    "a method that flows do not have": Bad(405, "method_not_allowed", start(), "PUT"),
    "a method that nobody has": Bad(405, "method_not_allowed", start(), "BREW"),
    "GET where POST is": Bad(405, "method_not_allowed", method="GET", headers={}),
    "no such place": Bad(404, "not_found", method="GET", path="/api/v1/accounts", headers={}),
    "a place with NUL": Bad(404, "not_found", method="GET", path="/api/v1/%00", headers={}),
    "a place with dots": Bad(404, "not_found", method="GET", path="/api/v1/flows/../../etc/passwd/x", headers={}),
    "no such flow": Bad(404, "unknown", method="GET", path=f"/api/v1/flows/{'0' * 32}", headers={}),
    "a flow id of NULs": Bad(404, "unknown", method="GET", path=f"/api/v1/flows/{'%00' * 32}", headers={}),
    "a flow id in Cyrillic": Bad(404, "unknown", method="GET", path=f"/api/v1/flows/{'%D0%B0' * 32}", headers={}),
    "a flow id of quotes": Bad(404, "unknown", method="DELETE", path="/api/v1/flows/'%20or%201=1%20--", headers={}),
    "a flow id of 5,000 letters": Bad(404, "unknown", method="GET", path=f"/api/v1/flows/{'a' * 5000}", headers={}),
    "a code that is an array": Bad(400, "bad_json", b'{"answer": {"challenge": "email", "code": [1, 2]}}', path=ANSWER),
    "a code that is a number": Bad(400, "bad_json", b'{"answer": {"challenge": "email", "code": 123456}}', path=ANSWER),
    "an empty code": Bad(401, "not_proven", b'{"answer": {"challenge": "email", "code": ""}}', path=ANSWER),
    "a code of NUL": Bad(401, "not_proven", b'{"answer": {"challenge": "email", "code": "\\u0000"}}', path=ANSWER),
    "a code of half a pair": Bad(401, "not_proven", b'{"answer": {"challenge": "email", "code": "\\ud83d"}}', path=ANSWER),
    "a code of superscripts": Bad(401, "not_proven", '{"answer": {"challenge": "email", "code": "¹²³⁴⁵⁶"}}'.encode(), path=ANSWER),
    "a challenge that there is not": Bad(400, "bad_json", b'{"answer": {"challenge": "fax", "code": "1"}}', path=ANSWER),
    "a code by another way": Bad(400, "bad_json", b'{"challenge": "fax"}', path="/api/v1/flows/{flow}/send"),
    "a new password before any proof": Bad(409, "wrong_step", dumps({"password": ANOTHER}).encode(), path="/api/v1/flows/{flow}/finish"),
    "an empty link": Bad(404, "link_over", b'{"token": ""}', path="/api/v1/links/open"),
    "a link of noise": Bad(404, "link_over", b'{"token": "\\u0000\\ud83d' + b"x" * 60 + b'"}', path="/api/v1/links/open"),
    "a link of half pairs": Bad(404, "link_over", b'{"token": "' + b"a" * 32 + b'\\ud83d"}', path="/api/v1/links/look"),
    "a link of 201 characters": Bad(400, "bad_json", dumps({"token": "a" * 201}).encode(), path="/api/v1/links/look"),
    "a link that is an array": Bad(400, "bad_json", b'{"token": ["a"]}', path="/api/v1/links/look"),
}  # fmt: skip


async def send(program: Program, bad: Bad, flow_id: str) -> Answer:
    """As it stands, with this program's tokens."""
    tokens = {"Authorization": f"Bearer {program.session}"} if program.session else {}
    headers = {"Flow-Token": program.flow_tokens[flow_id], **tokens, **bad.headers}
    path = bad.path.replace("{flow}", flow_id)
    return read(await program.http.request(bad.method, path, content=bad.body, headers=encoded(headers)))


@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "signed in"])
async def test_each_is_answered_with_a_clear_problem_and_changes_nothing(patient_api: Api, *, signed_in: bool) -> None:
    api = patient_api
    owner = await api.signed_up(ANNA)
    program = owner if signed_in else api.program()
    wrong = []
    for name, bad in BAD.items():
        flow_id = (await program.start("recover", identifier=ANNA)).flow_id
        before = await api.rows()
        answer = await send(program, bad, flow_id)
        said = answer.problem if answer.status >= 400 else ""
        if (answer.status, said) != (bad.status, bad.problem):
            wrong.append(f"{name}: {answer.status} {said}")
        assert await api.rows() == before, name
        assert PASSWORD not in str(answer.said)
    assert wrong == []


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Bearer x", "bearer \xff\xfe", "Basic YTpi", "Bearer " + "x" * 5000, ", ,", "Bearer a b"]
)
async def test_a_bad_authorization_is_nobody(api: Api, authorization: str) -> None:
    await api.signed_up(ANNA)
    for method, path in (("GET", "/api/v1/session"), ("GET", "/api/v1/account"), ("DELETE", "/api/v1/session")):
        answer = await api.program().call(method, path, headers={"Authorization": authorization})
        assert (answer.status, answer.problem) == (401, "not_signed_in")
    start_guarded = {"flow": {"action": "change_password"}}
    answer = await api.program().call("POST", "/api/v1/flows", start_guarded, headers={"Authorization": authorization})
    assert (answer.status, answer.problem) == (401, "not_signed_in")


async def test_a_session_cookie_is_not_enough_for_the_api(api: Api) -> None:
    """Else another site could borrow it. Only the question who is signed in takes it."""
    owner = await api.signed_up(ANNA)
    cookie = {"Cookie": f"sparekey-session={owner.session}"}
    stranger = api.program()
    assert (await stranger.call("GET", "/api/v1/account", headers=cookie)).problem == "not_signed_in"
    assert (await stranger.call("DELETE", "/api/v1/session", headers=cookie)).problem == "not_signed_in"
    assert (await stranger.call("GET", "/api/v1/session", headers=cookie)).status == 200
    cut_off = {"Cookie": f"sparekey-session={owner.session[:-1]}"}
    assert (await stranger.call("GET", "/api/v1/session", headers=cut_off)).problem == "not_signed_in"


async def test_doubled_headers_do_not_open_what_each_alone_does_not(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    both = [("Authorization", "Bearer garbage"), ("Authorization", f"Bearer {owner.session}")]
    assert read(await api.http.get("/api/v1/account", headers=both)).problem == "not_signed_in"
    hosts = [("Host", "localhost:8400"), ("Host", "evil.example"), ("Content-Type", "application/json")]
    assert read(await api.http.post("/api/v1/flows", headers=hosts, content=start())).problem == "foreign_host"
    hosts.reverse()
    assert read(await api.http.post("/api/v1/flows", headers=hosts, content=start())).problem == "foreign_host"


async def test_a_flow_is_driven_with_its_own_token_alone(api: Api) -> None:
    await api.signed_up(ANNA)
    owner, eve = api.program(), api.program()
    mine = (await owner.start("recover", identifier=ANNA)).flow_id
    code = (await api.newest(ANNA)).code
    eves = (await eve.start("recover", identifier="eve@example.com")).flow_id
    before = await api.rows("flow")
    for token in ("", "x", eve.flow_tokens[eves], owner.flow_tokens[mine][:-1], owner.flow_tokens[mine] + "x", mine, "\xff"):
        eve.flow_tokens[mine] = token
        for answer in (
            await eve.show(mine),
            await eve.code(mine, code),
            await eve.send(mine),
            await eve.finish(mine, ANOTHER),
            await eve.leave(mine),
            await eve.call("POST", f"/api/v1/flows/{mine}/nothing-more"),
        ):
            assert (answer.status, answer.problem) == (404, "unknown")
    assert await api.rows("flow") == before
    assert (await owner.code(mine, code)).state == "allowed"


async def test_a_flow_that_is_over_takes_nothing_more(api: Api) -> None:
    program = api.program()
    began = await program.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    letter = await api.newest(ANNA)
    await program.code(began.flow_id, letter.code)
    before = await api.rows()
    for answer in (
        await program.code(began.flow_id, letter.code),
        await program.send(began.flow_id),
        await program.finish(began.flow_id, ANOTHER, name="Eve"),
        await program.call("POST", f"/api/v1/flows/{began.flow_id}/nothing-more"),
        await program.leave(began.flow_id),
    ):
        assert (answer.status, answer.problem) == (410, "done")
    assert (await program.open(letter.link)).problem == "link_over"
    assert (await program.show(began.flow_id)).state == "done"
    assert await api.rows() == before


async def test_a_body_without_a_length_is_cut_off(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"flow": "'
        for _ in range(1000):
            sent += 16_384
            yield b"x" * 16_384
            await asyncio.sleep(0)

    answer = read(await api.http.post("/api/v1/flows", content=endless(), headers=JSON))
    assert (answer.status, answer.problem) == (413, "too_large")
    assert sent <= 6 * 16_384, "nothing is read beyond what is allowed"


@pytest.mark.parametrize("path", ["/api/v1/flows", "/api/v1/passwords/check"])
async def test_a_query_is_not_an_input(api: Api, path: str) -> None:
    """There are no parameters in addresses, so doubled ones cannot disagree."""
    answer = read(await api.http.post(f"{path}?password=a&password=b&email[]=c", content=b"{}", headers=JSON))
    assert (answer.status, answer.problem) == (400, "bad_json")


async def test_the_answer_says_where_the_mistake_is_and_not_what_was_sent(api: Api) -> None:
    answer = await api.program().start("sign_up", email=ANNA, name="Anna", password=[PASSWORD])
    assert "password" in answer.said["detail"]
    assert PASSWORD not in str(answer.said)


async def test_a_bug_would_be_answered_without_a_word_of_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of defence: what nobody expected shows neither text nor place."""

    async def broken(*_: object) -> bool:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr(type(api.parts.services.breached), "has", broken)
    answered = await api.http.post("/api/v1/passwords/check", json={"password": PASSWORD})
    assert answered.status_code == 500
    assert answered.json()["type"] == "urn:sparekey:problem:internal"
    assert PASSWORD not in answered.text
