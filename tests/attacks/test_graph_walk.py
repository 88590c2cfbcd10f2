"""What the graph says of an enrolment, walked on the server: every single theft, and every single loss up to the owner's next session.

Over HTTP, with a seeded sample of the enrolments that ``tests/graph/test_ten_thousand.py`` counts; ``make soak`` walks more than 500. Who
robs tries every door and waits; who lost something goes the way that the graph shows, and must come in, after that wait and no sooner.
"""

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console
from rich.table import Table
from typing_extensions import override

from sparekey.domain.accounts import Account
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.use_cases import finish_flow, standing
from sparekey.use_cases.carry_out.change import Change
from tests.attacks.enrolled import Enrolled, Quarter, quarter
from tests.attacks.test_one_stolen_thing import GUARDED_ACTIONS, Loot, Thief
from tests.doors.api import Answer, Program
from tests.doors.waits import nothing_more
from tests.graph.counted import MOST
from tests.graph.enrolments import GONE, SECONDS, Enrolment, Theft, enrolments, losses, thefts
from tests.graph.judged import Back, Judge, Way

NEIGHBOURS: Final = 10
"""People who share a town and its time."""

POLICIES = {profile: load_policy(profile, {}) for profile in ("shop", "strict")}


@dataclass
class Walked:
    """``wrong``: what the server does and the graph does not say."""

    enrolments: int = 0
    thefts: Counter[str] = field(default_factory=Counter)
    ways: Counter[tuple[str, Way]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def print(self) -> None:
        table = Table("walked over HTTP", "times", "wrong", title=f"{self.enrolments} enrolments")
        table.add_row("thefts", str(self.thefts.total()), str(len(self.wrong)))
        for way in Way:
            table.add_row(f"losses: {way.name.lower()}", str(sum(n for (_, w), n in self.ways.items() if w is way)), "")
        Console(file=sys.stdout, width=120).print(table)


# ---------------------------------------------------------------- thieves


class Robber(Thief):
    """Holds words of the enrolment."""

    @override
    def reads(self) -> set[str]:
        assert isinstance(self.victim, Enrolled)
        return self.victim.reads(self.loot.holds)

    @override
    async def sign_in_by_every_road(self) -> None:
        """With what he has; every road at all is walked in ``test_every_road.py``."""
        assert isinstance(self.victim, Enrolled)
        if "password" in self.loot.holds:
            program = self.program()
            await self.meet(program, await program.sign_in(self.victim.email, self.victim.password))
        for to in sorted(self.reads()):
            program = self.program()
            await self.meet(program, await program.start("sign_in", identifier=to, by="email" if "@" in to else "sms"))
        if social := {*self.loot.holds} & {"social", "social_at_mailbox"}:
            program = self.program()
            await self.meet(program, await self.victim.begin_sign_in(program, social))

    async def recover_somehow(self) -> tuple[Program, Answer] | None:
        """With everything, then with one address kept back, for one who hears of a wait must not be shown; ``None`` when nothing waits."""
        addresses = [w for w in ("mailbox", "second_mailbox", "number", "number2") if w in self.loot.holds]
        for kept_back in ("", *addresses):
            program = self.program()
            began = await program.start("recover", identifier=self.victim.email)
            held = self.loot.holds
            self.loot = Loot(tuple(w for w in held if w != kept_back), self.loot.session, self.loot.cookies, self.loot.at_home)
            ready = await self.meet(program, began)
            if ready.state == "asking":
                ready = await nothing_more(program, ready.flow_id)
            if ready.state == "allowed":
                await self._finish(program, ready)
            self.loot = Loot(held, self.loot.session, self.loot.cookies, self.loot.at_home)
            if ready.state == "waiting":
                return program, ready
        return None


def worth(one: Enrolment) -> list[str]:
    """The thefts after which there is something to show, from an account with a second factor."""
    return [what for what, theft in thefts(one).items() if theft.words and one.guarded]


async def rob(person: Enrolled, theft: Theft) -> tuple[Robber, Account, tuple[Program, Answer] | None]:
    loot = Loot(tuple(w for w in await person.has() if w in theft.words), theft.session, cookies=theft.session, at_home=theft.at_home)
    thief = Robber(person, loot, frozenset(s.session_id for s in await person.sessions()))
    before = await person.account()
    await thief.sign_in_by_every_road()
    if theft.session and theft.words:  # a session alone is what these have, too
        await thief.use_the_session(random.Random(f"{person.one}").sample(GUARDED_ACTIONS, 5))
    return thief, before, await thief.recover_somehow()


async def rob_all(there: Quarter, what: str) -> list[str]:
    """What comes of it when the same thing is taken from everybody who has it."""
    await there.go_back()
    robbed = [(p, *await rob(p, thefts(p.one)[what])) for p in there.people if what in worth(p.one)]
    found = []
    if any(wait for *_, wait in robbed):
        await there.town.pass_hours(26)
    for person, thief, before, wait in robbed:
        if wait is not None:
            program, ready = wait
            told = {m.to for m in await there.town.mails()}
            witnesses = person.reads(person.one.hearing) - thief.reads()
            if not witnesses & told:
                found.append(f"{person.one}: {what}: a recovery waits, and nobody else hears of it")
            await thief._cancelled_by_the_owner()
            ended = await program.show(ready.flow_id)
            if ended.state != "ended":
                found.append(f"{person.one}: {what}: {ended.state} after the owner has cancelled")
        found += [f"{person.one}: {what}: {gained}" for gained in await thief.gained(before)]
    return found


# ---------------------------------------------------------------- owners


@dataclass
class Lost:
    """An owner on the way back. ``kept``: what is left."""

    person: Enrolled
    loss: str
    kept: frozenset[str]
    back: Back
    program: Program
    flow: Answer | None = None

    @override
    def __str__(self) -> str:
        return f"{self.person.one}: {self.loss}: {self.back.way.name} with {' and '.join(sorted(self.back.shown))}"

    async def set_out(self) -> str:
        """Until the way leads no further today; what is wrong, or empty."""
        if self.back.way is Way.SIGN_IN:
            began = await self.person.begin_sign_in(self.program, self.back.shown)
            done = await self.person.meet(self.program, began, self.back.shown) if began.state == "asking" else began
            return "" if await self.program.is_signed_in() else f"{self}: {done.state}"
        shown = self.kept if self.back.way is Way.CASE else self.back.shown
        by_second = "mailbox" not in shown and {"second_mailbox", "mail"} & shown and "second_mailbox" in self.kept
        began = await self.program.start("recover", identifier=self.person.second_email if by_second else self.person.email)
        self.flow = await self.person.meet(self.program, began, shown)
        if self.flow.state == "asking":
            self.flow = await nothing_more(self.program, self.flow.flow_id)
        expected = {Way.RECOVER: "allowed", Way.CASE: "referred"}.get(self.back.way, "waiting")
        return "" if self.flow.state == expected else f"{self}: {self.flow.state}, not {expected}"

    async def is_still_waiting(self) -> bool:
        assert self.flow is not None
        refused = await self.program.finish(self.flow.flow_id, "a password too early for it")
        return refused.status == 409 and (await self.program.show(self.flow.flow_id)).state == "waiting"

    async def arrive(self) -> str:
        """A new password, what is lost called lost, and the sign-in that goes on with it."""
        assert self.flow is not None
        ready = await self.program.show(self.flow.flow_id)
        if ready.state != "allowed":
            return f"{self}: {ready.state}, not open"
        one, person = self.person.one, self.person
        lost = ((one.has & SECONDS) - self.kept) | self.back.given_up
        person.password = person.second.password = "twelve swans go to the opera"
        body = {"password": person.password, "lost": [person.ids[w] for w in lost]}
        done = await self.program.call("POST", f"/api/v1/flows/{ready.flow_id}/finish", body)
        if done.status != 200:
            return f"{self}: {done.said}"
        on = await self.program.show(done.said["next_flow"])
        last = await person.meet(self.program, on, (self.kept & one.after_recovery(lost).words) | {"password"})
        return "" if await self.program.is_signed_in() else f"{self}: a new password, and then {last.state}"


async def lose_all(there: Quarter, loss: str, judge: Judge, ways: Counter[tuple[str, Way]]) -> list[str]:
    """What is wrong when everybody who has it loses the same thing."""
    await there.go_back()
    found, waiting = [], defaultdict(list)
    for person in there.people:
        if loss in losses(person.one):
            back = judge.way_back(person.one, loss)
            ways[loss, back.way] += 1
            owner = Lost(person, loss, person.one.words - losses(person.one)[loss], back, there.town.stranger())
            if wrong := await owner.set_out():
                found.append(wrong)
            elif back.way is Way.RECOVER:
                found.append(await owner.arrive())
            elif Way.DAY <= back.way <= Way.WEEK:
                waiting[back.way].append(owner)
    passed = 0
    for way, owners in sorted(waiting.items()):
        await there.town.pass_hours(int(way) - 1 - passed)
        found += [f"{o}: open before its time" for o in owners if not await o.is_still_waiting()]
        await there.town.pass_hours(26)
        passed = int(way) + 25
        found += [await o.arrive() for o in owners]
    return [f for f in found if f]


# ---------------------------------------------------------------- walked


async def walk(data_dir: Path, migrated_sqlite: Path, some: Sequence[Enrolment], **settings: str) -> Walked:
    """Everything that can be stolen from these people, and all that they can lose; each from the same moment."""
    walked, judge = Walked(len(some)), Judge(POLICIES[some[0].profile])
    async with quarter(data_dir, migrated_sqlite, some, **settings) as there:
        for what in dict.fromkeys(w for one in some for w in worth(one)):
            walked.thefts[what] += sum(what in worth(one) for one in some)
            walked.wrong += await rob_all(there, what)
        for loss in dict.fromkeys(w for one in some for w in losses(one) if w != GONE):
            walked.wrong += await lose_all(there, loss, judge, walked.ways)
    return walked


def sample(most: int) -> list[Enrolment]:
    return random.Random("walk").sample(enrolments(MOST), most)


def neighbourhoods(some: Sequence[Enrolment]) -> Iterator[tuple[Enrolment, ...]]:
    for profile in POLICIES:
        there = [one for one in some if one.profile == profile]
        yield from (tuple(there[n : n + NEIGHBOURS]) for n in range(0, len(there), NEIGHBOURS))


ALL: Final = tuple(neighbourhoods(sample(520)))
"""More than 500 people, those of shop first."""

IN_THE_SUITE: Final = (0, len(ALL) - 2)


def held_to_the_graph(walked: Walked) -> None:
    walked.print()
    assert walked.wrong == []
    assert walked.thefts.total() > 4 * walked.enrolments
    assert walked.ways.total() > 4 * walked.enrolments


@pytest.mark.row("R10", "R12", "R15", "G3")
@pytest.mark.parametrize("some", [ALL[n] for n in IN_THE_SUITE], ids=map(str, IN_THE_SUITE))
async def test_the_server_does_what_the_graph_says(data_dir: Path, migrated_sqlite: Path, some: tuple[Enrolment, ...]) -> None:
    """No theft opens anything, and each owner comes in by the way that the graph shows, after its wait and no sooner."""
    held_to_the_graph(await walk(data_dir, migrated_sqlite, some))


@pytest.mark.soak
@pytest.mark.row("R10", "R12", "R15", "G3")
@pytest.mark.parametrize("some", ALL, ids=map(str, range(len(ALL))))
async def test_the_server_does_what_the_graph_says_of_more_than_500(
    data_dir: Path, migrated_sqlite: Path, some: tuple[Enrolment, ...]
) -> None:
    assert sum(map(len, ALL)) > 500
    held_to_the_graph(await walk(data_dir, migrated_sqlite, some))


# ---------------------------------------------------------------- planted

ANNA = Enrolment("shop", frozenset({"totp", "codes", "remembered"}), young=frozenset({"remembered"}))


async def test_a_hole_in_the_policy_is_found(data_dir: Path, migrated_sqlite: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    hole = '\n[route.hole]\nwhy = "A hole."\nthen = "allow"\nall_of = ["email"]\n'
    (folder / "recover.toml").write_text(standard_texts()["recover"] + hole)
    async with quarter(data_dir, migrated_sqlite, [ANNA], policy_dir=str(folder)) as there:
        assert f"{ANNA}: mailbox: password replaced" in await rob_all(there, "mailbox")


async def test_a_wait_of_which_nobody_else_hears_is_found(data_dir: Path, migrated_sqlite: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    hole = '\n[route.hole]\nwhy = "A hole."\nthen = "wait"\nwait_hours = 72\nall_of = ["email"]\n'
    (folder / "recover.toml").write_text(standard_texts()["recover"] + hole)
    async with quarter(data_dir, migrated_sqlite, [ANNA], policy_dir=str(folder)) as there:
        assert f"{ANNA}: mailbox: a recovery waits, and nobody else hears of it" in await rob_all(there, "mailbox")


async def test_a_hole_in_the_server_is_found(data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes by a copied cookie, wherever that comes from."""
    monkeypatch.setattr(standing, "in_usual_surroundings", lambda *_: True)
    async with quarter(data_dir, migrated_sqlite, [ANNA]) as there:
        assert f"{ANNA}: browser profile: a session of his own" in await rob_all(there, "browser profile")


async def test_a_lock_out_by_the_server_is_found(data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It forgets to take off what was called lost, so that the new password asks for a phone that is gone."""

    async def nothing_goes(change: Change, lost: Collection[str]) -> Change:
        return change

    monkeypatch.setattr(finish_flow, "take_off_at_recovery", nothing_goes)
    without_paper = Enrolment("shop", frozenset({"totp", "number"}))
    async with quarter(data_dir, migrated_sqlite, [without_paper]) as there:
        [found] = await lose_all(there, "phone", Judge(POLICIES["shop"]), Counter())
        assert "a new password, and then asking" in found
