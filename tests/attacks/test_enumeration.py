"""Does an answer tell whether a name is somebody's? (mission.md, D3; replay set: GitLab, Keycloak and 93.7 % of the sites studied)

The same road with the same name is walked in three worlds: nobody has the name; somebody has it; somebody began to sign up with it
and never proved the mailbox. Every answer must be the same, with the same headers and length, after what is random anyway (flow
ids, tokens, nonces, times) is masked; and so must the work behind it: statements and hashes, one by one. ``bench/timing.py``
looks at the clock itself.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import ndiff
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sparekey.adapters.sql.connection import Statement
from sparekey.domain.accounts import AddressKind
from sparekey.domain.agents import Choice
from sparekey.domain.errors import NotProven
from sparekey.domain.values import Struct, replace
from sparekey.use_cases import read_case as read_case_module
from sparekey.use_cases import sign_in as sign_in_module
from sparekey.use_cases import start_by_name as start_by_name_module
from sparekey.use_cases.ports_of_delivery import NoSuchRecipient
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, standing
from tests.doors.api import PASSWORD, Api, Program, served
from tests.doors.cases import begin, decided, pass_until
from tests.doors.phones import number_added
from tests.doors.robbed import add_mailbox, remove
from tests.pages.browser import new_browser

NAME = "anna@example.com"
USER_NAME = "anna.b"
NUMBER = "+37120000001"
WRONG = "a passphrase that nobody has"

RANDOM = (
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"), "csrf token"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "flow id"),
    (re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])"), "flow token"),
    (re.compile(r"(?<=nonce[=-])\"?[\w-]{24}"), "nonce"),
    (re.compile(r"(?<=challenge&#34;: &#34;)[\w-]+"), "passkey challenge"),
    (re.compile(r"\d{10}\.[\w-]{22}(?=\.)"), "waiting ticket"),
    (re.compile(r"(?<=expiresAt\":)\d{10}|(?<=expiresAt&#34;:)\d{10}"), "until"),
    (re.compile(r"(?<![A-Z0-9])[A-Z]\d-\d{4}-[A-Z]{2}(?![A-Z0-9])"), "number of a case"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"), "time"),
)

pytestmark = pytest.mark.row("D3")


class Seen(Struct):
    """One answer as a stranger sees it, and the work behind it."""

    request: str
    status: int
    headers: list[tuple[str, str]]
    body: str
    work: list[str]


@dataclass
class World:
    api: Api
    seen: list[Seen] = field(default_factory=list)
    work: list[str] = field(default_factory=list)

    async def note(self, answered: httpx2.Response) -> None:
        await answered.aread()
        headers = [(name, "" if name in {"retry-after", "date"} else masked(value)) for name, value in answered.headers.multi_items()]
        request = f"{answered.request.method} {masked(answered.request.url.path)}"
        self.seen.append(Seen(request, answered.status_code, sorted(headers), masked(answered.text), self.work))
        self.work = []

    def listen(self, http: httpx2.AsyncClient) -> httpx2.AsyncClient:
        http.event_hooks["response"].append(self.note)
        return http


def masked(text: str) -> str:
    for pattern, what in RANDOM:
        text = pattern.sub(lambda m, what=what: what[0] * len(m[0]), text)  # type: ignore[misc]
    return text


Walk = Callable[[World, str], Awaitable[None]]


async def guess_passwords(world: World, password: str) -> None:
    program = Program(world.api.http)
    for name in (NAME, NAME.upper(), f"  {NAME} ", USER_NAME):
        await program.sign_in(name, password)
    for _ in range(9):
        await program.sign_in(NAME, password)


async def recover(world: World, password: str) -> None:
    program = Program(world.api.http)
    flow = (await program.start("recover", identifier=NAME)).flow_id
    for code in ("000000", "999 999", "\uff11\uff12\uff13\uff14\uff15\uff16", "not a code", "", "222222", "333333"):
        await program.code(flow, code)
    await program.show(flow)
    await program.send(flow)
    world.api.clock.wait(seconds=61)
    await program.send(flow)
    await program.code(flow, "444444")
    await program.call("POST", f"/api/v1/flows/{flow}/nothing-more")
    await program.finish(flow, password)
    await program.password(flow, password)
    await program.look(flow + "x" * 43)
    await program.open(flow + "x" * 43)
    await program.leave(flow)
    await program.show(flow)


async def recover_again_and_again(world: World, password: str) -> None:
    program = Program(world.api.http)
    for name in (NAME, NAME, NAME, USER_NAME, NAME, NAME, NAME, NAME, USER_NAME):
        flow = (await program.start("recover", identifier=name)).flow_id
        await program.send(flow)


async def ask_for_texts(world: World, password: str) -> None:
    """By the name and by the number; the operator refuses the second text of the one that is somebody's, which nobody may see."""
    program = Program(world.api.http)
    for name in (NAME, NUMBER, "+371 20 000-001", USER_NAME):
        flow = (await program.start("recover", identifier=name)).flow_id
        await program.call("POST", f"/api/v1/flows/{flow}/send", {"challenge": "sms"})
        await program.call("POST", f"/api/v1/flows/{flow}/answer", {"answer": {"challenge": "sms", "code": "000000"}})
        world.api.clock.wait(seconds=61)
        await refuse_all_texts(world.api)
        world.work = []
        await program.call("POST", f"/api/v1/flows/{flow}/send", {"challenge": "sms"})
        await program.show(flow)
        world.api.clock.wait(seconds=61)
        await program.send(flow)
        await program.show(flow)
        await program.call("POST", f"/api/v1/flows/{flow}/nothing-more")


async def refuse_all_texts(api: Api) -> None:
    """Everything that is due goes out; no text is taken."""

    class Refusing:
        name = "refusing"

        async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
            raise NoSuchRecipient("21211")

    deliverer = api.parts.deliverer
    deliverer._deliveries = {**deliverer._deliveries, AddressKind.PHONE: [Refusing()]}
    while await deliverer.deliver_due():
        pass


async def ask_for_a_link(world: World, password: str) -> None:
    program = Program(world.api.http)
    for _ in range(3):
        flow = (await program.start("sign_in", identifier=NAME)).flow_id
        await program.code(flow, "000000")
        await program.password(flow, password)
        world.api.clock.wait(minutes=2)
        await program.send(flow)


async def sign_up(world: World, password: str) -> None:
    program = Program(world.api.http)
    for address in (NAME, NAME.upper()):
        flow = (await program.start("sign_up", email=address, name="Anna", password=PASSWORD)).flow_id
        await program.code(flow, "000000")
        await program.send(flow)
        world.api.clock.wait(seconds=61)
        await program.send(flow)
        await program.finish(flow, password, name="Anna")
        await program.show(flow)


async def guess_passwords_on_pages(world: World, password: str) -> None:
    browser = new_browser(world.api)
    world.listen(browser.http)
    await browser.open("/sign-in")
    for _ in range(11):
        await browser.fill(identifier=NAME, password=password)


async def walk_through_the_pages(world: World, password: str) -> None:
    browser = new_browser(world.api)
    world.listen(browser.http)
    await browser.open("/forgot")
    await browser.fill(identifier=NAME)
    await browser.fill(answer="000 000")
    await browser.fill(answer="111111")
    flow = "/".join(browser.page.path.split("/")[:3])
    await browser.send(f"{flow}/send", {**browser.page.form().fields, "kind": "email"})
    world.api.clock.wait(seconds=61)
    await browser.open(flow)
    await browser.send(f"{flow}/send", {**browser.page.form().fields, "kind": "email"})
    await browser.send(f"{flow}/nothing-more", browser.page.form().fields)
    await browser.open(flow)
    await browser.send(f"{flow}/finish", {**browser.page.form().fields, "password": WRONG, "password_again": WRONG})
    await browser.open("/sign-in")
    await browser.send("/sign-in/link", {**browser.page.form("/sign-in").fields, "identifier": NAME})
    await browser.open("/sign-up")
    await browser.fill(name="Anna", email=NAME, password=PASSWORD)
    await browser.fill(answer="000000")


async def open_a_case(world: World, password: str) -> None:
    """To the refusal that two agents agree on."""
    for name, contact in ((NAME, "new@example.org"), (USER_NAME, "another@example.org")):
        person, _ = await begin(world.api, name, contact)
        await person.confirm("000000")
        code = (await world.api.newest(contact)).code
        world.work = []
        await person.confirm(code)
        await person.state(sign_up="2030-01", address=NAME, device="Firefox", order="1")
        await person.say("It is mine.")
        case = await decided(world.api, person, Choice.REFUSE)
        await person.show()
        await pass_until(world.api, case)
        world.work = []
        await person.show()
        await person.say("It is mine.")


async def open_a_case_on_pages(world: World, password: str) -> None:
    at = datetime(2031, 1, 1, 12, tzinfo=UTC)  # the page says when an answer comes
    world.api.clock.wait(seconds=(at - world.api.clock.now()).total_seconds())
    browser = new_browser(world.api)
    world.listen(browser.http)
    await browser.open("/forgot")
    await browser.fill(identifier=NAME)
    await browser.press("I have no other way")
    await browser.follow("Open a case, so that people look at it")
    await browser.send("/help/case", {**browser.page.form().fields, "kind": "lost", "contact": "new@example.org"})
    code = (await world.api.newest("new@example.org")).code
    world.work = []
    await browser.fill(answer="000000")
    await browser.fill(answer=code)
    await browser.fill(sign_up="2030-01")
    page = browser.page.path
    await browser.send(f"{page}/messages", {**browser.page.form().fields, "message": "It is mine."})
    await browser.send(f"{page}/withdraw", browser.page.form(f"{page}/withdraw").fields)
    await browser.open("/help/case")
    await browser.send("/help/case", {**browser.page.form().fields, "kind": "appeal", "identifier": NAME, "contact": "x@example.org"})


async def undo(world: World, password: str) -> None:
    program = Program(world.api.http)
    for name in (NAME, USER_NAME):
        flow = (await program.start("undo", identifier=name)).flow_id
        for code in ("000000", "222222"):
            await program.code(flow, code)
        await program.call("GET", f"/api/v1/flows/{flow}/changes")
        await program.call("POST", f"/api/v1/flows/{flow}/undo", {"since": "everything"})
        await program.call("POST", f"/api/v1/flows/{flow}/nothing-more")
    browser = new_browser(world.api)
    world.listen(browser.http)
    await browser.open("/undo")
    await browser.fill(identifier=NAME)
    await browser.fill(answer="000000")
    flow = browser.page.path.split("/")[2]
    await browser.open(f"/undo/{flow}")


async def other_things_by_name(world: World, password: str) -> None:
    """To thaw, to report a thing stolen, to stop a closing: whatever stands, each begins with the name."""
    program = Program(world.api.http)
    for action in ("thaw", "report_stolen", "stop_closing"):
        for name in (NAME, USER_NAME):
            flow = (await program.start(action, identifier=name)).flow_id
            await program.code(flow, "000000")
            await program.password(flow, password)
            await program.call("POST", f"/api/v1/flows/{flow}/nothing-more")
            await program.finish(flow, password)
            await program.show(flow)
            await program.leave(flow)


WALKS: tuple[Walk, ...] = (
    other_things_by_name,
    undo,
    guess_passwords,
    recover,
    recover_again_and_again,
    ask_for_texts,
    ask_for_a_link,
    sign_up,
    guess_passwords_on_pages,
    walk_through_the_pages,
    open_a_case,
    open_a_case_on_pages,
)


async def nobody_has_it(world: World) -> str:
    return WRONG


async def somebody_has_it(world: World) -> str:
    program = await world.api.signed_up(NAME)
    details = await program.start("change_details", name="Anna", language="en", user_name=USER_NAME)
    assert details.state == "done", details
    return WRONG


async def somebody_has_it_and_a_number(world: World) -> str:
    password = await somebody_has_it(world)
    program = Program(world.api.http)
    assert (await program.sign_in(NAME)).state == "done"
    await number_added(world.api, program, NUMBER)
    world.api.clock.wait(days=31)
    return password


async def somebody_left_it(world: World) -> str:
    """It was taken off the account lately, so it still leads back to it."""
    password = await somebody_has_it(world)
    program = Program(world.api.http)
    assert (await program.sign_in(NAME)).state == "done"
    await add_mailbox(world.api, program, "other@example.com")
    world.api.clock.wait(days=31)
    await program.sign_in(NAME)
    other = next(a["address_id"] for a in (await program.read("account"))["addresses"] if a["value"] == "other@example.com")
    assert (await program.start("set_main_address", address_id=other)).state == "done"
    assert (await remove(program, NAME)).state == "done"
    return password


async def somebody_began_to_sign_up(world: World) -> str:
    """Tried with the password that was chosen: it must not be right yet."""
    await Program(world.api.http).start("sign_up", email=NAME, name="Anna", password=PASSWORD)
    return PASSWORD


Make = Callable[[World], Awaitable[str]]


@pytest.fixture
def new_url(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Of databases for servers of their own: SQLite, or what the test asks for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return lambda: ""
    urls: Callable[[], str] = request.getfixturevalue("postgres_urls")
    return urls


@pytest.fixture
async def new_world(
    new_url: Callable[[], str], tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], Awaitable[World]]]:
    """Makes servers of their own, on which every statement and every hash is noted."""
    async with AsyncExitStack() as opened:
        count = iter(range(100))

        async def make() -> World:
            api = await opened.enter_async_context(served(new_url(), tmp_path / f"data{next(count)}", migrated_sqlite))
            world = World(api)
            watch_statements(api, world, monkeypatch)
            watch_hashes(api, world, monkeypatch)
            return world

        yield make


def kind_of(statement: str) -> str:
    """What a statement does to which tables: the same work, whatever columns it names."""
    return " ".join([statement.split(maxsplit=1)[0], *re.findall(r"(?:from|join|into|update) ([a-z_]+)", statement)])


def watch_statements(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    true = api.parts.database.transaction

    def noted(do: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def note(statement: Statement, **values: object) -> Any:
            world.work.append(kind_of(statement.sqlite))
            return await do(statement, **values)

        return note

    @asynccontextmanager
    async def transaction() -> AsyncIterator[Any]:
        async with true() as connection:
            world.work.append("begin")
            for name in ("one", "all", "run", "later"):
                setattr(connection, name, noted(getattr(connection, name)))
            yield connection
            world.work.append("commit")

    monkeypatch.setattr(api.parts.database, "transaction", transaction)


def watch_hashes(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hashing = api.parts.hasher._hashing
    true = hashing.run

    async def run(line: str) -> str:
        world.work.append("hash")
        return await true(line)

    monkeypatch.setattr(hashing, "run", run)


async def walked(world: World, make: Make, walk: Walk) -> list[Seen]:
    password = await make(world)
    world.work = []
    world.listen(world.api.http)
    await walk(world, password)
    assert world.seen
    return world.seen


async def compare(new_world: Callable[[], Awaitable[World]], make: Make, walk: Walk) -> None:
    """Raises for the first answer that is not the same as where nobody has the name."""
    unknown = await walked(await new_world(), nobody_has_it, walk)
    known = await walked(await new_world(), make, walk)
    for step, (a, b) in enumerate(zip_longest(unknown, known)):
        assert a is not None, f"step {step}: more answers"
        assert b is not None, f"step {step}: fewer answers"
        assert replace(a, work=[]) == replace(b, work=[]), f"step {step} tells by its answer"
        assert a.work == b.work, f"step {step} ({a.request}) tells by its work: {difference(a.work, b.work)}"


def difference(one: Sequence[str], other: Sequence[str]) -> str:
    return "\n".join(line for line in ndiff(one, other) if not line.startswith("?"))


@pytest.mark.parametrize(
    "make", [somebody_has_it, somebody_has_it_and_a_number, somebody_left_it, somebody_began_to_sign_up], ids=lambda m: m.__name__
)
@pytest.mark.parametrize("walk", WALKS, ids=lambda w: w.__name__)
async def test_no_answer_tells_whether_a_name_is_known(new_world: Callable[[], Awaitable[World]], make: Make, walk: Walk) -> None:
    await compare(new_world, make, walk)


@pytest.mark.parametrize("new_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("walk", WALKS, ids=lambda w: w.__name__)
async def test_on_the_other_database_no_answer_tells_either(new_world: Callable[[], Awaitable[World]], walk: Walk) -> None:
    await compare(new_world, somebody_has_it, walk)


async def test_a_planted_quick_answer_is_caught(new_world: Callable[[], Awaitable[World]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest leak of all: no hash for a name that nobody has."""
    true = sign_in_module.sign_in

    async def quick(services: Services, client: Client, typed: str, password: str) -> Standing:
        async with services.store.transaction() as tx:
            account = await tx.accounts.find_by_key(services.identifiers.key_of(typed))
        if not account.exists:
            raise NotProven
        return await true(services, client, typed, password)

    monkeypatch.setattr("sparekey.web.api.flows.sign_in", quick)
    with pytest.raises(AssertionError, match="tells by its"):
        await compare(new_world, somebody_has_it, guess_passwords)


async def test_a_planted_mail_that_shows_is_caught(new_world: Callable[[], Awaitable[World]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail that follows a refused text goes only where there is an account."""

    def showing(value: Any, **changes: Any) -> Any:
        return replace(value, **{name: to for name, to in changes.items() if name != "by_itself"})

    monkeypatch.setattr("sparekey.use_cases.message_refused.replace", showing)
    with pytest.raises(AssertionError, match="tells by its answer"):
        await compare(new_world, somebody_has_it_and_a_number, ask_for_texts)


async def test_a_planted_telling_answer_is_caught(new_world: Callable[[], Awaitable[World]], monkeypatch: pytest.MonkeyPatch) -> None:
    """One field that is true only where something was really sent."""

    def telling(services: Services, flow: Any, situation: Any, *, held: bool = False) -> Standing:
        return replace(standing(services, flow, situation, held=held), sent=situation.account.exists)

    monkeypatch.setattr(start_by_name_module, "standing", telling)
    with pytest.raises(AssertionError, match="tells by its answer"):
        await compare(new_world, somebody_has_it, recover)


async def test_a_planted_time_of_answers_is_caught(new_world: Callable[[], Awaitable[World]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at a case for a name that nobody has, and the case says so."""
    true = read_case_module._answer_at
    monkeypatch.setattr(read_case_module, "_answer_at", lambda case, now: true(case, now) if case.is_of_somebody else None)
    with pytest.raises(AssertionError, match="tells by its answer"):
        await compare(new_world, somebody_has_it, open_a_case)
