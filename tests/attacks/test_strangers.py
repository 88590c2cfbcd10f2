"""A stranger who knows only a name, and never stops: few guesses reach the hash, and the owner gets in all the same.

Replay set 9, 10, 19, 20: counters that a new flow, another process, a crash or a waiting time resets; and "28 of the other 51", the
sites whose throttle locks the owner out as well (ACSAC 2018).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from sparekey.adapters.crypto.hashing_pool import HashingPool
from sparekey.domain.limits import GUESSES_A_DAY
from tests.attacks.conftest import NODES, UNLIMITED, MakeSite
from tests.attacks.test_races import field_of, new_address
from tests.doors.api import ANOTHER, PASSWORD, THIRD, Api, Letter, Program, served

NAME = "anna@example.com"
USER_NAME = "anna.b"
WRONG = "a passphrase that nobody has"

SIGN_IN, RECOVERY = "Sign in to", "Get back into"
"""What letters with a link are about."""

ROUNDS = 60
MANY_ROUNDS = 1_000
"""Ten attempts each."""


@dataclass
class FromManyAddresses:
    """The application as it looks to requests of which each comes from another address: no limit on a network is reached."""

    app: ASGIApp
    addresses: Iterator[int] = field(default_factory=count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = next(self.addresses)
        client = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 40000)
        await self.app({**scope, "client": client}, receive, send)


@dataclass
class Hashes:
    """How often a password was compared with the hash of an account."""

    compared: int = 0

    def watch(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        hasher = api.parts.hasher
        true = hasher.verify

        async def verify(stored: str, password: str) -> bool:
            self.compared += bool(stored) and password == WRONG
            return await true(stored, password)

        monkeypatch.setattr(type(hasher), "verify", lambda _, stored, password: verify(stored, password))


@dataclass
class Stranger:
    """Tries everything that needs no more than the name."""

    api: Api
    program: Program
    flows: list[str] = field(default_factory=list)
    codes: int = 0

    async def attack(self) -> None:
        """Ten attempts: passwords, new recoveries and links, wrong codes, resends, leaving, finishing out of turn."""
        for name in (NAME, USER_NAME, NAME.upper()):
            await self.program.sign_in(name, WRONG)
        began = await self.program.start("recover", identifier=NAME)
        link = await self.program.start("sign_in", identifier=USER_NAME)
        self.flows = [*self.flows, began.flow_id, link.flow_id][-20:]
        self.codes += 1
        for flow in self.flows[-3:]:
            await self.program.code(flow, f"{self.codes:06}")
        await self.program.send(self.flows[0])
        await self.program.call("POST", f"/api/v1/flows/{self.flows[0]}/nothing-more")
        await self.program.leave(self.flows[-1])


async def watched(api: Api, monkeypatch: pytest.MonkeyPatch) -> Hashes:
    hashes = Hashes()
    hashes.watch(api, monkeypatch)
    return hashes


@pytest.fixture
async def api(database_url: str, data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """With all limits, also those of volume, in the time of the test."""
    async with served(database_url, data_dir, migrated_sqlite) as api:
        for module in ("limits.aio.storage.memory", "limits.aio.strategies"):
            monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: api.clock.now().timestamp()))
        yield api


def newest_link(letters: list[Letter], about: str) -> str:
    return next(letter.link for letter in reversed(letters) if about in letter.subject)


async def the_stranger_never_gets_through(api: Api, monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    owner = await api.signed_up(NAME)
    assert (await owner.start("change_details", name="Anna", language="en", user_name=USER_NAME)).state == "done"
    hashes, began_at = await watched(api, monkeypatch), api.clock.now()
    password = PASSWORD
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(FromManyAddresses(api.app)), base_url=api.settings.base_url) as http:
        stranger = Stranger(api, Program(http))
        looks = max(1, rounds // 6)
        for turn in range(rounds):
            await stranger.attack()
            if turn % looks == looks - 1:
                api.clock.wait(minutes=6)
                await stranger.attack()
                await the_owner_gets_in(api, owner, password)
                password = await the_owner_recovers(api, [ANOTHER, THIRD][turn // looks % 2] + str(turn))
                owner.session = ""
                assert (await owner.sign_in(NAME, password)).state == "done", "on the known device, after the recovery"
    days = 1 + (api.clock.now() - began_at).days
    assert 0 < hashes.compared <= GUESSES_A_DAY * days, "also after the password was changed, and by whichever name"


async def the_owner_gets_in(api: Api, owner: Program, password: str) -> None:
    """In a few minutes the stranger has used up what is mailed to this name, and has left the flows: their links are the owner's."""
    assert (await owner.sign_in(NAME, password)).state == "done", "on the known device"
    new_device = api.program()
    assert (await new_device.start("sign_in", identifier=NAME)).status == 201
    opened = await new_device.open(newest_link(await api.letters(NAME), SIGN_IN))
    assert (opened.said["action"], opened.state) == ("sign_in", "done"), "on a new device, by a mailed link"
    assert await new_device.is_signed_in()
    assert (await new_device.start("change_password")).state == "asking", "the mailbox alone is a session, and no new password"


async def the_owner_recovers(api: Api, new_password: str) -> str:
    """To the end: into the account on a device that it never saw, through a recovery."""
    new_device = api.program()
    assert (await new_device.start("recover", identifier=NAME)).status == 201
    opened = await new_device.open(newest_link(await api.letters(NAME), RECOVERY))
    assert (opened.said["action"], opened.state) == ("recover", "allowed")
    done = await new_device.finish(opened.flow_id, new_password)
    assert done.state == "done", done
    signed_in = await new_device.password(done.said["next_flow"], new_password)
    assert signed_in.state == "done", "after a recovery the stranger's guesses do not count"
    assert await new_device.is_signed_in()
    return new_password


@pytest.mark.row("D1", "D2")
async def test_a_stranger_with_the_name_alone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await the_stranger_never_gets_through(api, monkeypatch, ROUNDS)


@pytest.mark.soak
@pytest.mark.row("D1", "D2")
async def test_ten_thousand_attempts_of_a_stranger(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await the_stranger_never_gets_through(api, monkeypatch, MANY_ROUNDS)


@pytest.mark.row("D2")
async def test_a_link_from_a_flow_about_to_end_is_good_as_long_as_its_mail_says(api: Api) -> None:
    """Found here: a stranger keeps old flows, and lets each send the one mail of five minutes just before it ends."""
    await api.signed_up(NAME)
    stranger = api.program()
    began = await stranger.start("recover", identifier=NAME)
    api.clock.wait(minutes=59)
    assert (await stranger.send(began.flow_id)).status == 200
    link = newest_link(await api.letters(NAME), RECOVERY)
    api.clock.wait(minutes=29)
    assert (await api.program().open(link)).state == "allowed"


@pytest.mark.row("D2")
async def test_a_full_queue_uses_up_no_guess_of_the_owner(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found here: a flood of strangers made the server too busy to compare, and each 503 was counted against the known device."""
    owner = await api.signed_up(NAME)
    with monkeypatch.context() as flood:
        flood.setattr(api.parts.hasher, "_hashing", HashingPool(1, most_waiting=-1))
        for _ in range(GUESSES_A_DAY + 2):
            assert (await owner.sign_in(NAME)).status == 503
            assert (await api.program().sign_in(NAME)).status == 503
    assert (await owner.sign_in(NAME)).state == "done"
    assert (await api.program().sign_in(NAME)).state == "done"


@pytest.mark.row("D1")
async def test_many_flows_one_counter_for_codes(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replay set 10 and 20: five tries in each flow, and flows without end. The right code is refused once ten wrong ones were
    tried today; from then on codes are long, and links work all along."""
    await api.signed_up(NAME)
    stranger = api.program()
    flows = []
    for _ in range(3):
        flows.append((await stranger.start("recover", identifier=NAME)).flow_id)
        for code in range(4):
            await stranger.code(flows[-1], f"{code:06}")
        api.clock.wait(minutes=6)
    short = (await api.newest(NAME)).code
    assert len(short.replace(" ", "")) == 6
    assert (await stranger.code(flows[-1], short)).status == 401, "right, but short codes are closed for today"
    owner = api.program()
    began = await owner.start("recover", identifier=NAME)
    letter = await api.newest(NAME)
    assert len(letter.code.replace(" ", "")) == 16
    assert (await owner.code(began.flow_id, letter.code)).state == "allowed"


@pytest.mark.row("D1")
@pytest.mark.parametrize("kind", NODES)
async def test_neither_kill_nor_more_processes_give_more_guesses(kind: str, make_site: MakeSite) -> None:
    """Real servers, killed between the rounds: every 401 is a guess that reached the hash."""
    site, email, statuses = make_site(kind, **UNLIMITED), new_address(), []
    began_at = datetime.now(UTC)
    async with field_of(site) as field_:
        owner = await field_.signed_up(email)
    for _ in range(3):
        async with field_of(site) as field_:
            body = {"flow": {"action": "sign_in", "identifier": email, "password": WRONG}}
            answers = await asyncio.gather(*(client.post("/api/v1/flows", json=body) for client in field_.clients for _ in range(6)))
            statuses += [a.status_code for a in answers]
        site.restart_after_kill()
    days = 1 + (datetime.now(UTC).date() - began_at.date()).days
    assert set(statuses) <= {401, 429}
    assert statuses.count(401) <= GUESSES_A_DAY * days
    async with site.client() as http:
        assert (await Program(http, device=owner.device).sign_in(email)).state == "done"
    for node in site.all:
        node.stop()
