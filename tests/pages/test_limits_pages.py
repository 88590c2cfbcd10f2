"""What pages show to one who is signed in and has done something too often: nothing typed is lost, and the rest goes on (D1, I10)."""

import pytest

from sparekey.adapters.volume import MemoryVolumeLimits
from sparekey.domain.limits import VOLUME_LIMITS
from sparekey.domain.values import replace
from tests.doors.api import ANOTHER, PASSWORD, Api
from tests.pages.browser import Browser, signed_in, signed_up

ANNA, EVE = "anna@example.com", "eve@example.com"


async def often(api: Api, browser: Browser, path: str, times: int, **typed: str) -> None:
    """A form sent again and again. ``typed``: with ``{n}`` for the number of the try."""
    for n in range(times):
        await browser.open(path)
        await browser.fill(form=path, **{name: text.format(n=n) for name, text in typed.items()})


@pytest.mark.row("D1", "D3", "I10")
async def test_too_many_user_names_are_told_beside_the_field(api: Api) -> None:
    anna, eve = await signed_up(api, ANNA, PASSWORD), await signed_up(api, EVE, PASSWORD)
    await often(api, anna, "/account/details", 1, user_name="anna.b")
    await often(api, eve, "/account/details", VOLUME_LIMITS["user_name.account"].most, user_name="anna.b")
    assert eve.page.status == 422
    before = await api.rows()
    for user_name in ("anna.b", "nobody.has.it"):
        await often(api, eve, "/account/details", 1, name="Eve Adams", user_name=user_name)
        assert eve.page.status == 429
        assert "Too many user names were tried. Everything else can be changed now. Try again in 24 hours." in eve.page.text
        assert "taken" not in eve.page.text
        assert eve.page.input("user_name")["aria-invalid"] == "true"
        assert (eve.page.input("name")["value"], eve.page.input("user_name")["value"]) == ("Eve Adams", user_name)
    assert await api.rows() == before
    await eve.fill(form="/account/details", user_name="")
    assert "Your details are saved." in eve.page.text


@pytest.mark.row("D1", "I10")
async def test_too_many_new_addresses_are_told_and_the_one_typed_is_kept(api: Api) -> None:
    eve = await signed_up(api, EVE, PASSWORD)
    await often(api, eve, "/account/addresses", VOLUME_LIMITS["send.account"].most, email="stranger{n}@example.net")
    assert eve.page.heading != "Too many messages for now"
    before = await api.rows("flow", "outbox", "address")
    await often(api, eve, "/account/addresses", 1, email="one-more@example.net")
    assert (eve.page.status, eve.page.heading) == (429, "Too many messages for now")
    assert "mailbox" in eve.page.text
    assert "guess" not in eve.page.text
    assert eve.page.input("email")["value"] == "one-more@example.net"
    assert await api.rows("flow", "outbox", "address") == before
    assert await api.about("one-more@example.net") == []


@pytest.mark.row("D1", "D2")
async def test_the_owner_still_stops_a_thief_who_did_too_much(api: Api) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    thief = await signed_in(api, ANNA, PASSWORD)
    await often(api, thief, "/account/details", VOLUME_LIMITS["guarded.account"].most + 1, name="Eve {n}")
    assert (thief.page.status, thief.page.heading) == (429, "Please wait a little")
    assert "how much can be begun" in thief.page.text
    assert "guess" not in thief.page.text
    await anna.open("/account/security/password")
    await anna.fill(current_password=PASSWORD, new_password=ANOTHER, new_password_again=ANOTHER)
    assert anna.page.status == 200, anna.page.text
    await thief.open("/account/details")
    assert thief.page.path == "/sign-in", "a new password ends the others"


@pytest.mark.row("D1", "I10")
@pytest.mark.parametrize("reason", sorted(({v.reason for v in VOLUME_LIMITS.values()} | {"prompts_used_up"}) - {"user_names_used_up"}))
async def test_the_general_page_says_what_there_was_too_much_of(api: Api, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    """Whichever limit it was: true words, when it is over, and what was typed. User names are told of beside their field."""
    anna = await signed_up(api, ANNA, PASSWORD)

    async def refuse(_: object, limit: str, __: str) -> int:
        return 90 if limit == "guarded.account" else 0

    monkeypatch.setattr(MemoryVolumeLimits, "hit", refuse)
    monkeypatch.setitem(VOLUME_LIMITS, "guarded.account", replace(VOLUME_LIMITS["guarded.account"], reason=reason))
    await often(api, anna, "/account/details", 1, name="Anna B.")
    page = anna.page
    assert (page.status, page.answered.headers["retry-after"]) == (429, "90")
    assert page.heading in {"Too many tries for now", "Too many messages for now", "Please wait a little"}
    assert ("guessers" in page.text) == (reason == "too_many_tries")
    assert "Try again in 90 seconds." in page.text
    assert page.input("name")["value"] == "Anna B."
