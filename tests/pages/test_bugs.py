"""What nobody expected: one line in the log says what and where, whatever had been sent before, and no value of it goes anywhere."""

from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from sparekey.domain.errors import StoreUnavailable
from sparekey.web.pages import chat
from sparekey.web.pages.secret_link import SecretLink
from tests.doors.agents import case_of
from tests.doors.api import Api
from tests.pages.browser import Browser, new_browser

TOKEN = "h8Jq_2vX-secret-of-a-mailed-link"
SECRET = "correct-horse-battery-staple"
NEVER_ENDS = "^$"
"""What the client in these tests says of an answer without an end."""

Line = MutableMapping[str, Any]


def broken(*_: object, **__: object) -> bytes:
    raise ValueError(SECRET)


def bugs(lines: list[Line]) -> list[tuple[str, str, int]]:
    """What was logged of them: the kind of error, where it was asked for, and the status that had been sent."""
    assert not any(secret in str(lines) for secret in (SECRET, TOKEN))
    found = [line for line in lines if line["event"] == "bug"]
    assert all(line["log_level"] == "error" and line["place"] for line in found)
    return [(line["error"], line["path"], line["status"]) for line in found]


async def test_a_bug_is_answered_and_logged_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecretLink, "keep", broken)
    with capture_logs() as lines:
        page = await browser.open(f"/l/{TOKEN}")
    assert page.status == 500
    assert SECRET not in page.html
    assert bugs(lines) == [("ValueError", "/l/…", 500)]


@pytest.mark.row("C3")
@pytest.mark.parametrize("error", [ValueError, StoreUnavailable])
async def test_an_answer_that_is_cut_off_is_logged_too(api: Api, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    """Nobody can be told any more: the status went out before. So the log must tell."""

    def too_late(_: object) -> bytes:
        raise error(SECRET)

    person = await case_of(api, "vera@example.com")
    await person.say("Is anybody there?")
    own = new_browser(api)
    own.http.cookies.set("sparekey-browser", person.client.holder)
    path = f"/case/{person.number}/stream"
    monkeypatch.setattr(chat, "_encode", too_late)
    with capture_logs() as lines, pytest.raises(AssertionError, match=NEVER_ENDS):
        await own.http.get(path)
    assert bugs(lines) == [(error.__name__, path, 200)]


async def test_a_bug_in_the_page_of_bugs_is_logged(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be sent at all."""
    monkeypatch.setattr(SecretLink, "keep", broken)
    monkeypatch.setattr("sparekey.web.app.plain_problem_page", broken)
    with capture_logs() as lines, pytest.raises(AssertionError, match=NEVER_ENDS):
        await browser.open(f"/l/{TOKEN}")
    assert bugs(lines) == [("ValueError", "/l/…", 0)]
