"""One stolen thing opens no account with a second factor: computed on the graph, then walked on the server, waits and all.

The thief tries every door with what he has, reads what it lets him read, and waits. The owner hears of a wait only where the thief does
not read along, and then cancels it. What is looked at afterwards is the account itself: whose sessions there are, and what is on it.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from sparekey.domain.accounts import Account, has_settled_second_factor
from sparekey.domain.factors import FactorKind, Thing, things_behind
from sparekey.domain.flow.flow import Flow
from sparekey.domain.graph.draw import draw
from sparekey.domain.graph.takeover import lets_in
from sparekey.domain.policy.model import Policy
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.domain.values import replace
from sparekey.use_cases import open_link as open_link_module
from sparekey.use_cases import standing
from tests.attacks.wallet import ENROLMENTS, NOT_IN_STRICT, Town, Wallet, code_in, town
from tests.doors.api import Answer, Program
from tests.doors.second_factors import App
from tests.doors.waits import come_back, look_at, nothing_more, press

GUARDED = [name for name in ENROLMENTS if name not in {"nothing", "social"}]
"""Enrolments with a second factor."""


@dataclass(frozen=True)
class Loot:
    """``holds``: what it shows, by the words of the wallet. ``reads``: whose messages. ``session``: a living session, left open a while
    ago. ``at_home``: the thief uses the owner's own browser; otherwise another one, far away."""

    holds: tuple[str, ...] = ()
    session: bool = False
    cookies: bool = False
    at_home: bool = False


STOLEN: Mapping[str, Loot] = {
    "mailbox": Loot(("mailbox",)),
    "second mailbox": Loot(("second_mailbox",)),
    "number": Loot(("number",)),
    "password": Loot(("password",)),
    "session": Loot(session=True),
    "unlocked phone": Loot(
        ("mailbox", "second_mailbox", "number", "totp", "phone", "remembered"), session=True, cookies=True, at_home=True
    ),
    "browser profile": Loot(("password", "remembered"), session=True, cookies=True),
}


GUARDED_ACTIONS: Sequence[tuple[str, dict[str, str]]] = (
    ("change_password", {}),
    ("change_details", {"name": "Eve", "language": "en", "user_name": "eve"}),
    ("add_address", {"email": "eve@example.com"}),
    ("add_address", {"phone": "+79169999999"}),
    ("add_factor", {"factor": "totp"}),
    ("add_factor", {"factor": "passkey"}),
    ("add_factor", {"factor": "phone_approval"}),
    ("add_factor", {"factor": "email", "address_id": "{first}"}),
    ("remove_factor", {}),
    ("remove_factor", {"factor_id": "{factor}"}),
    ("remove_address", {"address_id": "{last}"}),
    ("set_main_address", {"address_id": "{last}"}),
    ("rename_factor", {"factor_id": "{factor}", "label": "mine"}),
    ("renew_backup_codes", {}),
    ("link_social", {"provider": "oidc"}),
    ("unlink_social", {"factor_id": "{factor}"}),
)
"""What a session is asked for. In braces: the first factor, the first and the last address of the account."""


@dataclass
class Thief:
    """``sessions``: those that are not his doing."""

    victim: Wallet
    loot: Loot
    sessions: frozenset[str]
    app: App | None = None
    tried: list[str] = field(default_factory=list)

    @property
    def town(self) -> Town:
        return self.victim.town

    def program(self, *, signed_in: bool = False) -> Program:
        program = self.town.at_home() if self.loot.at_home else self.town.stranger()
        home = self.victim.home
        if self.loot.cookies:
            program.device, program.remembered = home.device, home.remembered if "remembered" in self.loot.holds else ""
        if signed_in and self.loot.session:
            program.session = home.session
        return program

    async def meet(self, program: Program, flow: Answer) -> Answer:
        self.tried.append(f"{flow.said.get('action', flow.said.get('type'))} {flow.said.get('state', '')}")
        if flow.status >= 400:
            return flow
        return await self.victim.meet(program, flow, self.loot.holds)

    def reads(self) -> set[str]:
        where = {"mailbox": self.victim.email, "second_mailbox": self.victim.second_email, "number": self.victim.number}
        return {where[h] for h in self.loot.holds if h in where}

    # ------------------------------------------------------------ every door

    async def sign_in_by_every_road(self) -> None:
        victim, program = self.victim, self.program()
        if "password" in self.loot.holds:
            await self.meet(program, await program.sign_in(victim.email, victim.password))
        for identifier in (victim.email, victim.second_email, victim.number):
            for by in ("email", "sms"):
                program = self.program()
                began = await program.start("sign_in", identifier=identifier, by=by)
                await self.meet(program, began)
        for letter in await self.town.mails():
            if letter.to in self.reads() and "/l/" in letter.text:
                program = self.program()
                await self.meet(program, await program.open(letter.link))

    async def use_the_session(self, actions: Sequence[tuple[str, dict[str, str]]] = ()) -> None:
        """Every guarded action, or these, for whoever is signed in, with all that comes after it."""
        if not self.loot.session:
            return
        account = await self.victim.account()
        ids = {"factor": account.enrolled[0].factor_id, "first": account.addresses[0].address_id, "last": account.addresses[-1].address_id}
        for action, wanted in actions or GUARDED_ACTIONS:
            given = {name: value.format(**ids) for name, value in wanted.items()}
            program = self.program(signed_in=True)
            began = await program.start(action, **given)
            asked = await self.meet(program, began)
            if asked.status < 400 and asked.state == "allowed":
                await self._finish(program, asked)
        await self._let_in_his_computer()

    async def _let_in_his_computer(self) -> None:
        """By QR code: his own computer shows it, the stolen session approves."""
        computer, phone = self.town.stranger(), self.program(signed_in=True)
        shown = await computer.call("POST", "/api/v1/qr-sign-ins")
        if shown.status != 201:
            return
        asked = await self.meet(phone, await phone.start("approve_sign_in", token=shown.said["token"]))
        await phone.call("POST", f"/api/v1/flows/{asked.said.get('flow_id')}/approve", {"number": shown.said["number"]})
        headers = {"Flow-Token": shown.said["holder_token"]}
        await computer.call("POST", "/api/v1/qr-sign-ins/collect", {"token": shown.said["token"]}, headers=headers)

    async def _finish(self, program: Program, asked: Answer) -> None:
        """The last step of an action that was allowed: it should never come so far."""
        path = f"/api/v1/flows/{asked.flow_id}"
        match asked.said["finish"]:
            case "password":
                lost = [m["factor_id"] for m in asked.said["methods"]]
                chosen = "the thief sat under a pear tree"
                finished = await program.call("POST", f"{path}/finish", {"password": chosen, "lost": lost})
                if finished.status == 200 and finished.said["next_flow"]:
                    wallet = replace(self.victim, password=chosen)
                    await wallet.meet(program, await program.show(finished.said["next_flow"]), (*self.loot.holds, "password"))
            case "totp":
                app = App(self.town.api, asked.said["authenticator"]["key"])
                await program.call("POST", f"{path}/new-totp", {"code": app.code()})
            case "code":
                for letter in await self.town.mails():
                    if letter.to in {"eve@example.com", "+79169999999", *self.reads()}:
                        await program.code(asked.flow_id, letter.text.rpartition("#")[2].strip() if "#" in letter.text else letter.code)
            case "backup_codes":
                await program.call("POST", f"{path}/keep-codes", {"code": f"1 {asked.said['new_codes'][0]}"})
            case "stolen":
                for method in asked.said["methods"][:1]:
                    await program.call("POST", f"{path}/stolen", {"factor_id": method["factor_id"]})
            case _:
                pass

    async def recover(self, *, nothing_else: bool = True) -> tuple[Program, Answer]:
        """With everything that he has; for as long as it takes."""
        program = self.program()
        identifier = self.victim.email if "mailbox" in self.loot.holds else self.victim.second_email
        ready = await self.meet(program, await program.start("recover", identifier=identifier))
        if ready.state == "asking" and nothing_else:
            ready = await nothing_more(program, ready.flow_id)
        if ready.state == "allowed":
            await self._finish(program, ready)
        return program, ready

    async def report_everything_stolen(self) -> None:
        """One thing after the other, in the hope that less is asked for then."""
        for _ in (await self.victim.account()).enrolled:
            program = self.program()
            asked = await self.meet(program, await program.start("report_stolen", identifier=self.victim.email))
            if asked.status < 400 and asked.state == "allowed":
                await self._finish(program, asked)

    async def disown_everything(self) -> None:
        """Press "this wasn't me" wherever he reads it: that may lock the account, and gives nobody anything."""
        for letter in await self.town.mails():
            if letter.to in self.reads() and "/d/" in letter.text:
                program = self.program()
                await look_at(program, letter)
                await press(program, letter)
                await press(program, letter, lock=True)

    async def thaw(self) -> None:
        program = self.program()
        await self.meet(program, await program.start("thaw", identifier=self.victim.email))

    async def wait(self, days: int = 15) -> None:
        """With a recovery that waits as long as the owner lets it; begun again whenever it was cancelled."""
        left = days * 24
        while left > 0:
            program, ready = await self.recover()
            if ready.state != "waiting":
                self.town.api.clock.wait(hours=left)
                return
            heard = {m.to for m in await self.town.mails()} - self.reads()
            assert heard & {self.victim.email, self.victim.second_email, self.victim.number}, f"{ready} waits, and nobody else hears of it"
            await self.town.pass_hours(26)
            await self._cancelled_by_the_owner()
            ended = await program.show(ready.flow_id)
            assert ended.state in {"ended", "waiting"}, ended
            left -= 26 if left > 13 * 24 else left  # twice is as good as every day
        self.town.api.clock.wait(days=days)

    async def _cancelled_by_the_owner(self) -> None:
        victim = self.victim
        before = {s.session_id for s in await victim.sessions()}
        await victim.sign_in_at_home()
        self.sessions |= {s.session_id for s in await victim.sessions()} - before
        for recovery in (await victim.home.read("account/recoveries"))["recoveries"]:
            began = await victim.home.start("cancel_recovery", flow_id=recovery["flow_id"])
            done = await victim.meet(victim.home, began, await victim.has())
            assert done.state == "done", done

    # ------------------------------------------------------------ and what came of it

    async def gained(self, before: Account) -> list[str]:
        """What the thief has brought about that he must not."""
        now, found = await self.victim.account(), []
        if now.password_hash not in {before.password_hash, ""}:
            found.append("password replaced")
        if [a.key for a in now.addresses] != [a.key for a in before.addresses]:
            found.append("addresses changed")
        if _ids(now) != _ids(before):
            found.append(f"factors changed from {_ids(before)} to {_ids(now)}")
        if (now.name, now.user_name, [f.label for f in now.enrolled if f.factor_id in _ids(before)]) != (
            before.name,
            before.user_name,
            [f.label for f in before.enrolled if f.factor_id in _ids(now)],
        ):
            found.append("details changed")
        if {s.session_id for s in await self.victim.sessions()} - self.sessions:
            found.append("a session of his own")
        return found


def _ids(account: Account) -> set[str]:
    """What is on the account for good: remembered devices lapse by themselves."""
    return {f.factor_id for f in account.enrolled if f.kind is not FactorKind.REMEMBERED_DEVICE}


async def thief_of(victim: Wallet, what: str) -> Thief:
    """The owner is signed in at home; the session is 20 minutes old when it is stolen, so none of its proofs is fresh."""
    if victim.home.remembered:
        victim.home.remembered = ""
        await victim.be_remembered()  # for the next 30 days
    else:
        await victim.sign_in_at_home()
    sessions = frozenset(s.session_id for s in await victim.sessions())
    victim.town.api.clock.wait(minutes=20)
    await victim.town.throw_mails_away()
    return Thief(victim, STOLEN[what], sessions)


async def quiet_attack(thief: Thief) -> list[str]:
    """All that leaves the account as it was."""
    before = await thief.victim.account()
    await thief.sign_in_by_every_road()
    await thief.use_the_session()
    await thief.recover(nothing_else=False)
    await thief.wait()
    return await thief.gained(before)


async def loud_attack(thief: Thief) -> list[str]:
    """He breaks what he can, and then tries again: less must not be asked for after it."""
    before = await thief.victim.account()
    await thief.recover()
    await thief.disown_everything()
    await thief.sign_in_by_every_road()
    _, frozen = await thief.recover()
    assert frozen.state != "allowed"
    await thief.thaw()
    await thief.report_everything_stolen()
    await thief.use_the_session()
    await thief.sign_in_by_every_road()
    _, ready = await thief.recover()
    assert ready.state != "allowed"
    await thief.thaw()
    return await thief.gained(before)


def graph_says(policy: Policy, victim: Account, wallet: Wallet, loot: Loot) -> tuple[str, ...]:
    """The ways into the account for who holds exactly this, by the graph."""
    factors = [f for h in loot.holds if (f := wallet.factor(victim, h))]
    held: set[Thing] = {t for f in factors for t in things_behind(f.kind, f.thing)}
    graph = draw(policy, victim, wallet.api.clock.now(), known_device=loot.at_home)
    return tuple(o.route for o in lets_in(graph, held))


# ---------------------------------------------------------------- walked


def enrolled_in(profile: str) -> dict[str, tuple[str, ...]]:
    """The enrolments with a second factor that a profile allows."""
    if profile == "shop":
        return {name: ENROLMENTS[name] for name in GUARDED}
    kept = {name: tuple(w for w in ENROLMENTS[name] if w not in NOT_IN_STRICT) for name in GUARDED}
    return {name: words for name, words in kept.items() if {"totp", "passkey", "key", "phone"} & {*words}}


EACH = [(profile, name) for profile in ("shop", "strict") for name in enrolled_in(profile)]
ON = ("sqlite", "postgres")
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MakeTown = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture
def site(database_url: str, data_dir: Path, migrated_sqlite: Path) -> MakeTown:
    return partial(town, database_url, data_dir, migrated_sqlite)


async def holes(there: Town, enrolment: str) -> list[str]:
    """What comes of each one thing that is stolen from one person; and what the graph says otherwise."""
    profile = there.api.settings.site.profile
    victim, policy, found = await there.person(*enrolled_in(profile)[enrolment]), load_policy(profile, {}), []
    for what, loot in STOLEN.items():
        account = await victim.account()
        assert has_settled_second_factor(account, there.api.clock.now())
        found += [f"graph: {what}: {route}" for route in graph_says(policy, account, victim, loot)]
        found += [f"{what}: {gained}" for gained in await quiet_attack(await thief_of(victim, what))]
        if found:
            break  # the account is not as it was
    return found


@pytest.mark.row("F9", "R10", "R12", "R15", "I3", "I4", "I5", "I6")
@pytest.mark.parametrize(
    ("profile", "enrolment", "database_url"), [(*one, ON[n % 2]) for n, one in enumerate(EACH)], indirect=["database_url"]
)
async def test_one_stolen_thing_opens_nothing(site: MakeTown, profile: str, enrolment: str) -> None:
    """Each enrolment on one of the databases in turn; ``make soak`` takes the other one."""
    async with site(profile=profile) as there:
        assert await holes(there, enrolment) == []


@pytest.mark.soak
@pytest.mark.row("F9", "R10", "R12", "R15")
@pytest.mark.parametrize(
    ("profile", "enrolment", "database_url"), [(*one, ON[1 - n % 2]) for n, one in enumerate(EACH)], indirect=["database_url"]
)
async def test_one_stolen_thing_opens_nothing_on_the_other_database(site: MakeTown, profile: str, enrolment: str) -> None:
    async with site(profile=profile) as there:
        assert await holes(there, enrolment) == []


LOUD = [(what, profile, name) for what in STOLEN for profile, name in EACH]


@pytest.mark.row("F9", "H1", "R12")
@pytest.mark.parametrize(("what", "profile", "enrolment"), random.Random("loud").sample(LOUD, 10))
@sqlite
async def test_breaking_things_first_helps_no_thief(site: MakeTown, what: str, profile: str, enrolment: str) -> None:
    """Factors reported stolen, the account frozen: no less is asked for after that. A sample; ``make soak`` takes all."""
    async with site(profile=profile) as there:
        assert await loud_attack(await thief_of(await there.person(*enrolled_in(profile)[enrolment]), what)) == []


@pytest.mark.soak
@pytest.mark.row("F9", "H1", "R12")
@pytest.mark.parametrize(("profile", "enrolment"), EACH)
async def test_breaking_things_first_helps_no_thief_at_all(site: MakeTown, profile: str, enrolment: str) -> None:
    async with site(profile=profile) as there:
        for what in STOLEN:
            thief = await thief_of(await there.person(*enrolled_in(profile)[enrolment]), what)
            assert await loud_attack(thief) == [], what


# ---------------------------------------------------------------- beside an owner who is on his way


async def begun_by_the_owner(there: Town) -> tuple[Wallet, Program, Answer]:
    """A recovery that has shown a backup code; its mail lies in the mailbox."""
    victim = await there.person("totp")
    program = there.stranger()
    began = await program.start("recover", identifier=victim.email)
    shown = await victim.show(program, began, "codes")
    assert shown is not None
    assert shown.state == "asking"
    return victim, program, shown


@pytest.mark.row("R12", "R15")
async def test_whoever_reads_the_mailbox_is_not_given_what_the_owner_has_shown_elsewhere(site: MakeTown) -> None:
    async with site() as there:
        victim, owner, _ = await begun_by_the_owner(there)
        thief = there.stranger()
        opened = await thief.open((await there.newest(victim.email)).link)
        assert opened.state == "asking", "one thing, though two were shown by two people"
        assert (await thief.finish(opened.flow_id, "the thief sat under a pear tree")).problem == "wrong_step"
        assert {"totp", "backup_code"} & {*opened.said["choices"]}, "the owner shows it again, and goes on"
        again = await victim.show(thief, opened, "codes")
        assert again is not None
        assert again.state == "allowed"
        assert (await owner.show(opened.flow_id)).problem == "unknown"


@pytest.mark.row("R4", "F5")
async def test_a_code_that_was_shown_elsewhere_is_given_back(site: MakeTown) -> None:
    async with site() as there:
        victim = await there.person("totp")
        program, code = there.stranger(), victim.codes[0]
        began = await program.start("recover", identifier=victim.email)
        await victim.show(program, began, "codes")
        elsewhere = there.stranger()
        opened = await elsewhere.open((await there.newest(victim.email)).link)
        victim.codes.insert(0, code)
        shown = await victim.show(elsewhere, opened, "codes")
        assert shown is not None
        assert shown.state == "allowed"


async def test_a_link_that_takes_everything_along_is_found(site: MakeTown, monkeypatch: pytest.MonkeyPatch) -> None:
    def takes_all(flow: Flow, **changes: object) -> Flow:
        kept = {k: v for k, v in changes.items() if k not in {"proofs", "backup_code"}}
        return replace(flow, **kept)  # type: ignore[arg-type]

    monkeypatch.setattr(open_link_module, "replace", takes_all)
    async with site() as there:
        victim, _, _ = await begun_by_the_owner(there)
        assert (await there.stranger().open((await there.newest(victim.email)).link)).state == "allowed"


async def waits_for_the_owner(there: Town) -> tuple[Wallet, Program, Answer]:
    """The owner's own recovery, with the main mailbox and the password, ready after a day of which the second mailbox heard."""
    victim = await there.person("second_mailbox", "totp")
    owner = there.stranger()
    began = await owner.start("recover", identifier=victim.email)
    shown = await victim.meet(owner, began, ("mailbox", "password"))
    waits = await nothing_more(owner, shown.flow_id) if shown.state == "asking" else shown
    assert waits.state == "waiting", waits
    await there.pass_hours(26)
    assert (await owner.show(waits.flow_id)).state == "allowed"
    return victim, owner, waits


@pytest.mark.row("R10", "R12", "R15")
async def test_the_way_back_to_a_wait_is_no_way_in_for_whoever_reads_the_mailbox(site: MakeTown) -> None:
    """What the owner has shown beside the mailbox stays with the owner's browser."""
    async with site() as there:
        victim, _, waits = await waits_for_the_owner(there)
        thief = there.stranger()
        before = (await victim.account()).password_hash
        for letter in [m for m in await there.mails() if m.to == victim.email and "/w/" in m.text]:
            await come_back(thief, letter)
        await thief.finish(waits.flow_id, "the thief sat under a pear tree")
        assert (await victim.account()).password_hash == before


# ---------------------------------------------------------------- a stolen number, claimed for another account


@pytest.mark.row("S6", "F2", "F9", "R12")
async def test_a_stolen_number_claimed_elsewhere_leaves_the_second_step_asked_for(site: MakeTown) -> None:
    """The number moves after a week (numbers change hands), but whoever moved it does not switch two-factor sign-in off by that."""
    async with site() as there:
        victim = await there.person("number", "sms")
        eve = await there.person()
        await eve.sign_in_at_home()
        began = await eve.home.start("add_address", phone=victim.number)
        if began.state == "asking":
            began = await eve.meet(eve.home, began, ("password",))
        assert began.state == "allowed", began
        texts = [code for letter in await there.mails() if letter.to == victim.number and (code := code_in(letter))]
        claimed = await eve.home.code(began.flow_id, texts[-1])
        assert claimed.state == "waiting"
        await there.pass_hours(24 * 8)
        now = await victim.account()
        assert victim.number not in {a.value for a in now.addresses}
        stranger = there.stranger()
        asked = await stranger.sign_in(victim.email, victim.password)
        assert (asked.state, asked.said["session"]) == ("asking", None), asked
        through = await victim.show(stranger, asked, "codes")
        assert through is not None
        assert through.state == "done"


# ---------------------------------------------------------------- planted


HOLES = {
    "a mailbox opens everything": ("recover", '[route.hole]\nwhy = "A hole."\nthen = "allow"\nall_of = ["email"]\n'),
    "nobody hears of a wait": ("recover", '[route.hole]\nwhy = "A hole."\nthen = "wait"\nwait_hours = 72\nall_of = ["email"]\n'),
    "a session may do it": ("remove_factor", '[route.hole]\nwhy = "A hole."\nthen = "allow"\nsigned_in = true\n'),
}


@pytest.mark.parametrize("bug", HOLES)
@sqlite
async def test_a_policy_with_a_hole_is_found(site: MakeTown, tmp_path: Path, bug: str) -> None:
    action, route = HOLES[bug]
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / f"{action}.toml").write_text(f"{standard_texts()[action]}\n{route}")
    async with site(policy_dir=str(folder)) as there:
        match bug:
            case "a mailbox opens everything":
                assert "mailbox: password replaced" in await holes(there, "totp")
            case "nobody hears of a wait":
                with pytest.raises(AssertionError, match="nobody else hears of it"):
                    await holes(there, "totp")
            case _:
                [found] = await holes(there, "totp")
                assert found.startswith("session: factors changed")


@sqlite
async def test_a_server_that_goes_by_a_copied_cookie_is_found(site: MakeTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "in_usual_surroundings", lambda *_: True)
    async with site() as there:
        assert "browser profile: a session of his own" in await holes(there, "totp")
