"""A second factor offered, and required (F8): on every road that ends in a session, and through every door behind it."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.routing import Mount, Route

from sparekey.cli.accounts import OPERATOR
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.offers import is_offer_due
from sparekey.domain.values import replace
from sparekey.use_cases import open_session
from sparekey.use_cases.require_second import require_second
from sparekey.web.guard import LEADS_TO_SECOND_FACTOR, csrf_token
from sparekey.web.routes import routes
from tests.doors.api import ANOTHER, PASSWORD, Api, Program, served
from tests.doors.test_keys import add, member, new_key, sign_in
from tests.pages.browser import signed_up

ANNA = "anna@example.com"
HOLDER = "h" * 43
FIELDS = (
    *("name", "email", "language", "user_name", "password", "password_again", "current_password", "new_password", "new_password_again"),
    *("identifier", "kind", "label", "answer", "back", "next", "number", "provider", "address", "token", "code", "factor_id"),
)


@pytest.fixture
async def strict_api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """A site that requires a second factor of everybody."""
    async with served(database_url, data_dir, migrated_sqlite, second_factor="required", insecure_no_volume_limits="true") as api:
        yield api


async def is_limited(program: Program) -> bool:
    """As the site's other parts see it: nobody is signed in, and the account is not shown."""
    refused = await program.call("GET", "/api/v1/account")
    signed_in = await program.is_signed_in()
    assert signed_in == (refused.status == 200)
    return not signed_in and refused.problem == "second_factor_needed"


async def limited(api: Api) -> Program:
    program = await api.signed_up(ANNA)
    assert await is_limited(program)
    return program


@pytest.mark.row("F8")
@pytest.mark.parametrize("road", ["sign up", "password", "mailed link", "recovery"])
async def test_every_road_ends_in_a_session_that_is_good_for_one_thing(strict_api: Api, road: str) -> None:
    api = strict_api
    program = await api.signed_up(ANNA)
    match road:
        case "sign up":
            pass
        case "password":
            program = api.program()
            assert (await program.sign_in(ANNA)).said["session"]["limited"] is True
        case "mailed link":
            program = api.program()
            await program.start("sign_in", identifier=ANNA)
            assert (await program.open((await api.newest(ANNA)).link)).said["session"]["limited"] is True
        case _:
            program = api.program()
            began = await program.start("recover", identifier=ANNA)
            await program.code(began.flow_id, (await api.newest(ANNA)).code)
            done = await program.finish(began.flow_id, ANOTHER)
            assert (await program.password(done.said["next_flow"], ANOTHER)).said["session"]["limited"] is True
    assert await is_limited(program)
    assert (await api.rows("device"))["device"] == [], "not signed in fully, so the browser is not known"


@pytest.mark.row("F8", "I7")
@pytest.mark.parametrize("who", [ANNA, "berta@example.com"], ids=["herself", "somebody else"])
async def test_signing_in_again_in_a_browser_ends_its_limited_session(strict_api: Api, who: str) -> None:
    """As it ends a full one: nobody has two at a time, and none is left behind in a shared browser."""
    api = strict_api
    await (await api.signed_up("berta@example.com")).call("DELETE", "/api/v1/session")
    browser = await signed_up(api, ANNA, PASSWORD)
    former = browser.cookie("session")
    await browser.open("/sign-in")
    await browser.fill(identifier=who, password=PASSWORD)
    assert browser.page.path == "/account/second-factor"
    assert browser.cookie("session") not in {"", former}
    left = api.program()
    left.session = former
    assert (await left.call("GET", "/api/v1/account")).problem == "not_signed_in"
    assert len((await api.rows("session"))["session"]) == 1


@pytest.mark.row("F8")
async def test_with_a_second_factor_the_same_session_is_good_for_everything(strict_api: Api) -> None:
    api = strict_api
    program = await member_of(api)
    other = api.program()
    await other.sign_in(ANNA)
    key = new_key(api)
    await add(program, key)
    assert not await is_limited(program)
    assert not await other.is_signed_in(), "opened without the second factor, it ends"
    by_key = api.program()
    assert (await sign_in(by_key, key)).said["session"]["limited"] is False
    assert not await is_limited(by_key)


async def member_of(api: Api) -> Program:
    """A limited session of an account that has backup codes already, so that the first key ends with nothing more."""
    program = await limited(api)
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(ANNA))
        paper = Factor("0" * 32, FactorKind.BACKUP_CODE, Thing(ThingKind.PAPER, "0" * 32), account.created_at)
        await tx.accounts.save(account, replace(account, enrolled=(paper,)), account.created_at)
    return program


@pytest.mark.row("F8")
async def test_nothing_else_can_be_begun(strict_api: Api) -> None:
    program = await limited(strict_api)
    for action, given in (
        ("change_password", {}),
        ("change_details", {"name": "Eve", "language": "en"}),
        ("add_address", {"email": "eve@example.com"}),
        ("end_sessions", {}),
    ):
        assert (await program.start(action, **given)).problem == "second_factor_needed", action


def paths(kind: str) -> Iterator[tuple[str, str]]:
    """Method and address of every route, with something in the place of each parameter; what signs out stands last."""
    found = sorted(_paths(kind), key=lambda route: route in {("POST", "/sign-out"), ("DELETE", "/api/v1/session")})
    yield from found


def _paths(kind: str) -> Iterator[tuple[str, str]]:
    for route in routes(development=False):
        if isinstance(route, Route) and route.path.startswith("/api/") == (kind == "api"):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, re.sub(r"{\w+}", "0" * 32, route.path)
        else:
            assert isinstance(route, Route | Mount)


async def crawl(api: Api, session: str, kind: str) -> list[tuple[str, str, int, str]]:
    """What every route answers: method, path, status, and where it leads or what it says is wrong."""
    found = []
    csrf = csrf_token(api.parts.services.sealer, HOLDER)
    for method, path in paths(kind):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api.app), base_url=api.settings.base_url) as http:
            if kind == "api":
                headers = {"Authorization": f"Bearer {session}"} if session else {}
                body = "{}" if method in {"POST", "PUT"} else None
                headers |= {"Content-Type": "application/json"} if body else {}
                answered = await http.request(method, path, headers=headers, content=body)
            else:
                http.cookies.update({"sparekey-session": session, "sparekey-browser": HOLDER})
                form = {"csrf": csrf, **dict.fromkeys(FIELDS, "x")} if method == "POST" else None
                answered = await http.request(method, path, data=form)
        leads_to = re.sub(r"/flow/\w+", "/flow/ID", answered.headers.get("location", ""))
        found.append((method, path, answered.status_code, leads_to))
    return found


@pytest.mark.row("F8")
@pytest.mark.parametrize("kind", ["pages", "api"])
async def test_a_crawl_of_all_routes_opens_nothing(strict_api: Api, kind: str) -> None:
    """Each door answers one who lacks the second factor as it answers a stranger, or leads to adding one."""
    api = strict_api
    program = await limited(api)
    before = await api.rows("account", "address", "session")
    stranger, inside = await crawl(api, "", kind), await crawl(api, program.session, kind)
    assert len(inside) > 20
    opened = [
        got
        for was, got in zip(stranger, inside, strict=True)
        if got != was and not LEADS_TO_SECOND_FACTOR.fullmatch(got[1]) and got[2] != 403 and not got[3].startswith("/account/second-factor")
    ]
    assert opened == []
    account = [(m, s, to) for m, p, s, to in inside if "/account" in p and "/shop/" not in p and not p.startswith("/account/second-factor")]
    assert {(s, to) for m, s, to in account if m == "GET" or kind == "api"} == {
        (303, "/account/second-factor") if kind == "pages" else (403, "")
    }
    rows = await api.rows("account", "address", "session")
    assert (rows["account"], rows["address"]) == (before["account"], before["address"])


@pytest.mark.row("F8")
async def test_a_crawl_would_find_an_open_door(strict_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same crawl with a session that is not limited, as a road that forgot the rule would open it."""
    monkeypatch.setattr(open_session, "lacks_second_factor", lambda *_, **__: False)
    api = strict_api
    program = await api.signed_up(ANNA)
    opened = [p for m, p, s, _ in await crawl(api, program.session, "pages") if p.startswith("/account") and (m, s) == ("GET", 200)]
    assert len(opened) > 5


@pytest.mark.row("F8")
async def test_required_of_one_account_its_open_sessions_are_held_too(api: Api) -> None:
    program, bert = await member(api), await api.signed_up("bert@example.com")
    services = api.parts.services
    assert await require_second(services, OPERATOR, ANNA, required=True)
    assert await is_limited(program)
    assert not await is_limited(bert)
    await add(program, new_key(api))
    assert not await is_limited(program)
    events = [e["name"] for e in (await program.read("account/activity"))["events"]]
    assert "account.second_factor.required" in events
    assert not await require_second(services, OPERATOR, "nobody@example.com", required=True)


@pytest.mark.row("F8")
async def test_offered_kindly_after_a_week_and_again_after_ninety_days(api: Api) -> None:
    owner = await member(api)
    assert (await owner.sign_in(ANNA)).said["session"]["offer_second_factor"] is False, "who has just come is left in peace"
    api.clock.wait(days=8)
    assert (await owner.sign_in(ANNA)).said["session"]["offer_second_factor"] is True
    assert (await owner.call("POST", "/api/v1/account/second-factor/not-now")).status == 204
    api.clock.wait(days=80)
    assert (await owner.sign_in(ANNA)).said["session"]["offer_second_factor"] is False
    api.clock.wait(days=10)
    assert (await owner.sign_in(ANNA)).said["session"]["offer_second_factor"] is True
    await add(owner, new_key(api), "security_key")
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(ANNA))
    api.clock.wait(days=100)
    assert not is_offer_due(account, api.clock.now())


@pytest.mark.row("P1")
async def test_eight_characters_only_where_every_sign_in_has_a_second_factor_and_none_is_skipped(
    database_url: str, data_dir: Path, migrated_sqlite: Path, tmp_path: Path
) -> None:
    short = "Vq7#mzW2"
    none_remembered = tmp_path / "policy"
    none_remembered.mkdir()
    shipped = Path(open_session.__file__).parents[1] / "domain" / "policy" / "standard" / "remember_device.toml"
    (none_remembered / "remember_device.toml").write_text(shipped.read_text().replace('profiles = ["shop"]', "profiles = []", 1))
    both = {"second_factor": "required", "policy_dir": str(none_remembered)}

    async def asked(**settings: str) -> bool:
        async with served(database_url, data_dir, migrated_sqlite, **settings) as api:
            judged = await api.program().call("POST", "/api/v1/passwords/check", {"password": short})
            return not judged.said["problems"]

    assert await asked(**both)
    assert not await asked(second_factor="required")
    assert not await asked(policy_dir=str(none_remembered))
    assert not await asked()


@pytest.mark.row("P1")
async def test_when_that_ends_a_longer_password_is_asked_for_at_the_next_sign_in(api: Api) -> None:
    """The same account, met by a site that no longer requires a second factor."""
    await api.signed_up(ANNA)
    services = api.parts.services
    async with services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(api.parts.services.identifiers.key_of(ANNA))
        short = await services.hasher.hash("Vq7#mzW2")
        await tx.accounts.save(account, replace(account, password_hash=short), api.clock.now())
    program = api.program()
    done = await program.sign_in(ANNA, "Vq7#mzW2")
    assert (done.state, done.said["session"]) == ("done", None)
    to_new = done.said["next_flow"]
    assert (await program.show(to_new)).said["choices"] != []
    await program.send(to_new)
    assert (await program.code(to_new, (await api.newest(ANNA)).code)).said["finish"] == "password"
    assert (await program.finish(to_new, PASSWORD)).state == "done"
    assert (await program.sign_in(ANNA)).said["session"] is not None
