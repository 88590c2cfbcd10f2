"""A browser profile copied by malware: saved passwords, all cookies, the mailbox among them. Used elsewhere it is an unknown device."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sparekey.bootstrap import open_store
from sparekey.use_cases import standing
from tests.attacks.conftest import MakeSite
from tests.attacks.people import CHROME, FAR, FIREFOX, HOME, MOBILE, NEWER_CHROME, at, client, copied, has_had_an_authenticator
from tests.doors.api import PASSWORD, Answer, Api, Program, served

ANNA = "anna@example.com"
NEW_DEVICE = "New sign-in to your account at Sparekey"


@pytest.fixture
async def api(database_url: str, data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served(database_url, data_dir, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


async def owner_at_home(api: Api) -> Program:
    """Signed up at home, and long since with an authenticator."""
    owner = at(api, HOME)
    began = await owner.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    await owner.code(began.flow_id, (await api.newest(ANNA)).code)
    await has_had_an_authenticator(api.parts.services.store, (await owner.read("session"))["account_id"])
    return owner


async def with_mailbox_and_password(api: Api, who: Program) -> Answer:
    """All that a browser profile holds, shown in a recovery."""
    api.clock.wait(minutes=6)
    began = await who.start("recover", identifier=ANNA)
    shown = await who.code(began.flow_id, (await api.newest(ANNA)).code)
    return await who.password(shown.flow_id, PASSWORD) if shown.state == "asking" else shown


@pytest.mark.row("R12", "R15")
async def test_a_stolen_profile_used_elsewhere_opens_nothing_and_the_owners_own_browser_does(api: Api) -> None:
    owner = await owner_at_home(api)
    assert (await with_mailbox_and_password(api, copied(owner, at(api, FAR)))).state != "allowed"
    assert (await with_mailbox_and_password(api, copied(owner, at(api, HOME, FIREFOX)))).state != "allowed", "copied to another browser"
    assert (await with_mailbox_and_password(api, at(api, HOME))).state != "allowed", "the network alone is nothing"
    assert (await with_mailbox_and_password(api, copied(owner, at(api, HOME, NEWER_CHROME)))).state == "allowed", "a newer version"


@pytest.mark.row("R12")
async def test_a_server_that_goes_by_the_cookie_alone_would_be_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await owner_at_home(api)
    monkeypatch.setattr(standing, "in_usual_surroundings", lambda *_: True)
    assert (await with_mailbox_and_password(api, copied(owner, at(api, FAR)))).state == "allowed"


@pytest.mark.row("I8")
async def test_a_device_that_changes_networks_is_told_of_once_and_then_usual(api: Api) -> None:
    owner = at(api, HOME)
    began = await owner.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    await owner.code(began.flow_id, (await api.newest(ANNA)).code)
    on_the_road = copied(owner, at(api, MOBILE))
    assert (await on_the_road.sign_in(ANNA)).state == "done"
    assert on_the_road.device == owner.device, "still the same device"
    assert (await on_the_road.sign_in(ANNA)).state == "done"
    assert (await owner.sign_in(ANNA)).state == "done"
    assert (await api.about(ANNA)).count(NEW_DEVICE) == 1


@pytest.mark.row("D7")
async def test_networks_are_kept_as_hashes_of_one_account(api: Api) -> None:
    owner = await owner_at_home(api)
    eve = at(api, HOME)
    began = await eve.start("sign_up", email="eve@example.com", name="Eve", password=PASSWORD)
    await eve.code(began.flow_id, (await api.newest("eve@example.com")).code)
    rows = (await api.rows("device"))["device"]
    assert "203.0" not in str(rows)
    assert len({row[-1] for row in rows}) == 2, "equal networks of two people do not look alike"
    assert await owner.is_signed_in()


@pytest.mark.row("R12")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_behind_a_trusted_proxy_the_networks_of_the_people_count(make_site: MakeSite, kind: str) -> None:
    """``sparekey serve`` as it is; what the person writes into X-Forwarded-For stands left of what the proxy saw."""
    site = make_site(kind, nodes=1, trusted_proxies="127.0.0.1", insecure_no_volume_limits="true")

    async with AsyncExitStack() as stack:

        async def behind(network: str) -> Program:
            http = client(None, site.all[0].url, CHROME, {"X-Forwarded-For": network})
            return Program(await stack.enter_async_context(http))

        owner = await behind(HOME)
        began = await owner.start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
        await owner.code(began.flow_id, (await site.mail(ANNA)).code)
        async with open_store(site.read()) as store:
            await has_had_an_authenticator(store, (await owner.read("session"))["account_id"])

        await site.mail(ANNA, 2)  # the welcome

        async def shows_all(who: Program, letters: int) -> Answer:
            recovery = await who.start("recover", identifier=ANNA)
            shown = await who.code(recovery.flow_id, (await site.mail(ANNA, letters)).code)
            return await who.password(shown.flow_id, PASSWORD)

        assert (await shows_all(copied(owner, await behind(f"{HOME}, {FAR}")), 3)).state != "allowed"
        assert (await shows_all(copied(owner, await behind(HOME)), 4)).state == "allowed"
