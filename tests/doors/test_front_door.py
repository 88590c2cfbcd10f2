"""What every request meets first: the host, the headers of every answer, cookies. On a site to which people come by https."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.routing import Route

from sparekey.web.routes import routes
from tests.doors.api import Api, encoded, read, served

ANNA = "anna@example.com"
SITE = "https://id.example.com"
SESSION = "/api/v1/session"
OF_EVERY_ANSWER = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
async def by_https(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, base_url=SITE) as api:
        yield api


async def get(api: Api, path: str, **headers: str) -> httpx2.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.http.get(path, headers=encoded(sent), follow_redirects=False)


@pytest.mark.row("D7")
async def test_no_address_is_led_to_another_one_with_the_secret_in_it(by_https: Api) -> None:
    """A proxy before us speaks http to us: an address made of the request would send the secret of a mail in clear."""
    paths = {r.path for r in routes(development=True) if isinstance(r, Route)}
    secret = ("/l/", "/d/", "/w/", "/friend/")
    assert all(any(p.startswith(s) for p in paths) for s in secret), "those whose mails carry a secret are among them"
    for path in sorted(paths):
        filled = "/".join("0" * 43 if part.startswith("{") else part for part in path.split("/"))
        for other in {filled.rstrip("/") + "/", filled.rstrip("/") or "/"} - {filled}:
            answered = await get(by_https, other)
            assert answered.status_code == 404, other
            assert "location" not in answered.headers


@pytest.mark.row("D7")
async def test_whose_session_is_told_to_our_own_host_alone(by_https: Api) -> None:
    owner = await by_https.signed_up(ANNA)
    cookie = f"__Host-sparekey-session={owner.session}"
    for headers in ({"cookie": cookie}, {"authorization": f"Bearer {owner.session}"}):
        assert (await get(by_https, SESSION, **headers)).status_code == 200
        assert (await get(by_https, SESSION, host="ID.example.com", **headers)).status_code == 200
        for host in ("evil.example", "id.example.com.evil.example", "id.example.com:8400", "", "\xff"):
            assert read(await get(by_https, SESSION, host=host, **headers)).problem == "foreign_host"
        for hosts in (("id.example.com", "evil.example"), ("evil.example", "id.example.com")):
            both = [*headers.items(), *(("host", h) for h in hosts)]
            assert read(await by_https.http.get(SESSION, headers=both)).problem == "foreign_host"


@pytest.mark.row("D7")
async def test_every_answer_keeps_the_browser_to_https(by_https: Api) -> None:
    owner = await by_https.signed_up(ANNA)
    bearer = f"Bearer {owner.session}"
    for path in (SESSION, "/api/v1/account", "/", "/account", "/static/app.css", "/health/live", "/no-such-page"):
        for headers in ({}, {"authorization": bearer}, {"host": "evil.example"}):
            answered = await get(by_https, path, **headers)
            assert {name: answered.headers.get(name) for name in OF_EVERY_ANSWER} == OF_EVERY_ANSWER, (path, headers)
    for path in (SESSION, "/api/v1/account"):
        assert (await get(by_https, path, authorization=bearer)).headers["cache-control"] == "no-store"


@pytest.mark.row("I10")
async def test_pages_and_programs_read_the_same_session_out_of_one_cookie(by_https: Api) -> None:
    """What other software on the host sets beside our cookies must not show two different people, or nobody on one of two sides."""
    anna, eve = (await by_https.signed_up(ANNA)).session, (await by_https.signed_up("eve@example.com")).session
    name = "__Host-sparekey-session"
    signed_in = {
        f"{name}={anna}": True,
        f"a=b; {name}={anna}; c=d": True,
        f"a=b;{name}={anna}": True,
        f"a=b;\t{name}={anna} ;c": True,
        f"=;;; {name}={anna};": True,
        f'a="{name}={eve}"; {name}={anna}': True,
        f'{name}="{anna}"': False,
        f"{name}={anna}x": False,
        f"{name}{name}={anna}": False,
        f"x{name}={anna}": False,
        f"{name.lower()}={anna}": False,
        f"{name}={anna}; {name}={eve}": False,
        f"{name}={eve}; {name}={anna}": False,
        f"{name}=; {name}={anna}": False,
        f"{name}": False,
        f"{name}=": False,
        f"{name}={'x' * 5000}": False,
        f"{name}=\xff": False,
        "": False,
    }
    for cookie, is_signed_in in signed_in.items():
        asked = await get(by_https, SESSION, cookie=cookie)
        page = await get(by_https, "/account", cookie=cookie)
        assert (asked.status_code == 200, page.status_code == 200) == (is_signed_in, is_signed_in), cookie
        assert not is_signed_in or asked.json()["email"] == ANNA
    twice = [("cookie", "a=b"), ("cookie", f"{name}={anna}")]  # as HTTP/2 may send them (RFC 9113, 8.2.3)
    assert [(await by_https.http.get(path, headers=twice)).status_code for path in (SESSION, "/account")] == [200, 200]
    both = [("cookie", f"{name}={eve}"), ("cookie", f"{name}={anna}")]
    answers = [await by_https.http.get(path, headers=both, follow_redirects=False) for path in (SESSION, "/account")]
    assert [a.status_code == 200 for a in answers] == [False, False]
