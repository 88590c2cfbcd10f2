"""Every road that can open a session, walked with every set of proofs: a session appears exactly when the policy allows it.

Which roads there are is found from the routes and by reading the code, so that a new one fails here until it is walked. Other products fell
here: one road (a mailed link, a recovery, an account elsewhere) forgot the second factor.
"""

import inspect
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import BaseRoute, Mount, Route

from sparekey.domain.accounts import lacks_second_factor
from sparekey.domain.flow.asked import Asked
from sparekey.domain.policy.decide import decide
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.domain.policy.verdict import Allow
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace
from sparekey.use_cases import open_link as open_link_module
from sparekey.use_cases.answer_code import prove_address
from sparekey.use_cases.load_flow import Loaded
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.web.routes import routes
from tests.attacks.roads import OPENS, entries, leading, named, sources
from tests.attacks.wallet import ENROLMENTS, NOT_IN_STRICT, Town, Wallet, copied, town
from tests.doors.api import ANOTHER, PASSWORD, Answer, Program
from tests.social.stand_ins import Person
from tests.social.world import details

# ---------------------------------------------------------------- which roads there are

SESSIONS_ARE_OPENED_BY = {
    "sparekey.use_cases.open_session:new_session",  # for ``open_session`` and ``open_approved_session``
    "sparekey.use_cases.carry_out.sessions:open_limited_session",
    "sparekey.use_cases.require_second:require_second",  # of the operator, at the command line
}

ROADS_OF: Mapping[str, tuple[str, ...]] = {
    # How one begins.
    "sign_in": ("password",),
    "sign_in_passkey": ("passkey",),
    "answer_social": ("social", "social, not linked"),
    "open_link": ("link", "link elsewhere", "recovery by link elsewhere", "sign-up again"),
    "collect_qr": ("qr",),
    "start_approval": ("qr",),
    "start_guarded": ("qr",),
    # What is answered on the way.
    "answer_approval": ("password", "recovery"),
    "answer_backup_code": ("password", "recovery"),
    "answer_code": ("code", "recovery", "sign-up again"),
    "answer_key": ("password", "recovery"),
    "answer_password": ("link", "recovery"),
    "answer_remembered": ("recovery",),
    "answer_totp": ("password", "recovery"),
    "nothing_more": ("recovery that waits",),
    # New accounts.
    "finish_sign_up": ("sign-up again",),
    "give_details": ("social, not linked",),
    # Friends are asked and answer in ``test_graph_walk.py``.
    "answer_contacts": (),
    # They begin an action of one who is signed in, or an objection; neither opens a session.
    "start_confirming": (),
    "change_contacts": (),
    "set_secret_answer": (),
    "start_objection": (),
    # The first second factor makes a limited session whole: ``test_a_limited_session_becomes_whole_by_a_second_factor_alone``.
    "enrol_key": (),
    "enrol_phone": (),
    "enrol_totp": (),
    "keep_backup_codes": (),
}
"""Every use case from which a session can be reached, and the roads below that walk it."""


def handler_of(route: Route) -> str:
    """Our function behind a route, by module and name; of a method, its class."""
    found: Any = route.endpoint
    while inspect.isfunction(found) and "handler" in (around := inspect.getclosurevars(found).nonlocals):
        found = around["handler"]
    return f"{found.__module__}:{found.__qualname__.partition('.')[0]}"


def use_cases_of(found: Iterable[BaseRoute], texts: Mapping[str, str]) -> set[str]:
    """The use cases by which these routes reach a session."""
    names = named(texts)
    handlers = [handler_of(r) for r in found if isinstance(r, Route)]
    assert [h for h in handlers if h not in names] == []
    return {*entries(names, handlers)}


@pytest.mark.row("F8", "R15")
def test_every_way_to_a_session_is_walked_here() -> None:
    found = routes(development=True)
    assert all(isinstance(r, Route | Mount) for r in found)
    assert use_cases_of(found, sources()) == set(ROADS_OF)
    assert {road for of in ROADS_OF.values() for road in of} <= set(ROADS)
    names = named(sources())
    assert {name for name in leading(names) if OPENS in names.get(name, ())} == SESSIONS_ARE_OPENED_BY


def test_a_new_road_is_found() -> None:
    async def hurry(request: object) -> None: ...

    hurry.__module__, hurry.__qualname__ = "sparekey.web.pages.hurry", "hurry"
    texts = {
        "sparekey.web.pages.hurry": "from sparekey.use_cases.hurry import let_in\nasync def hurry(request): return await let_in(request)",
        "sparekey.use_cases.hurry": "async def let_in(tx): await tx.sessions.add(1, 2)",
    }
    found = use_cases_of([*routes(development=True), Route("/hurry", hurry)], {**sources(), **texts})
    assert found - set(ROADS_OF) == {"let_in"}


# ---------------------------------------------------------------- the roads


class Walk(Struct, frozen=True):
    """Somebody on a road with some of what a person has."""

    wallet: Wallet
    policy: Policy
    program: Program
    holds: tuple[str, ...]
    known: bool

    @property
    def identifier(self) -> str:
        """What he types: an address whose mail he reads, if there is one."""
        return self.wallet.second_email if "second_mailbox" in self.holds and "mailbox" not in self.holds else self.wallet.email

    async def meet(self, flow: Answer) -> Answer:
        return await self.wallet.meet(self.program, flow, self.holds)

    async def allows(self, action: str, *more: str, session: tuple[Proof, ...] | None = None) -> bool:
        """What the policy says of these things, and of ``more``. ``session``: the stale proofs of the session that it happens in."""
        account = await self.wallet.account()
        shown = self.wallet.proofs(account, dict.fromkeys((*self.holds, *more)))
        now = self.wallet.api.clock.now()
        case = Situation(account, shown, now, known_device=self.known, nothing_more=True, signed_in=session is not None)
        return isinstance(decide(self.policy, action, replace(case, session_proofs=session or ())), Allow)


async def by_password(walk: Walk) -> bool:
    if "password" not in walk.holds:
        return False
    allowed = await walk.allows("sign_in")
    await walk.meet(await walk.program.sign_in(walk.identifier, walk.wallet.password))
    return allowed


async def by_passkey(walk: Walk) -> bool:
    if "passkey" not in walk.holds:
        return False
    allowed = await walk.allows("sign_in")
    await walk.meet(await walk.wallet.passkey_alone(walk.program))
    return allowed


async def by_social(walk: Walk) -> bool:
    if "social" not in walk.holds:
        return False
    allowed = await walk.allows("sign_in")
    await walk.meet(await walk.wallet.social_alone(walk.program))
    return allowed


async def by_code(walk: Walk) -> bool:
    """Without a password; where the site does not sign in like that, it is refused at the door."""
    began = await walk.program.start("sign_in", identifier=walk.identifier)
    if began.status != 201:
        assert (began.fields, walk.policy.profile) == ([("by", "not_offered")], "strict")
        return False
    allowed = await walk.allows("sign_in")
    await walk.meet(began)
    return allowed


async def by_text(walk: Walk) -> bool:
    """Off as shipped (I3)."""
    began = await walk.program.start("sign_in", identifier=walk.wallet.number, by="sms")
    assert began.fields == [("by", "not_offered")]
    return False


async def by_link(walk: Walk) -> bool:
    return await _by_link(walk, walk.program)


async def by_link_elsewhere(walk: Walk) -> bool:
    """It was asked for by somebody else, or on another device."""
    return await _by_link(walk, walk.wallet.town.stranger())


async def _by_link(walk: Walk, asks: Program) -> bool:
    if not {"mailbox", "second_mailbox"} & set(walk.holds):
        return False
    began = await asks.start("sign_in", identifier=walk.identifier)
    if began.status != 201:
        return False
    letter = await walk.wallet.town.newest(walk.identifier)
    if "/l/" not in letter.text:
        return False  # a young mailbox gets no link
    allowed = await walk.allows("sign_in")
    await walk.meet(await walk.program.open(letter.link))
    return allowed


async def by_recovery(walk: Walk) -> bool:
    """A new password, and then the flow that leads on: a recovery opens nothing by itself."""
    return await _through(walk, await walk.program.start("recover", identifier=walk.identifier), await walk.allows("recover"))


async def by_recovery_elsewhere(walk: Walk) -> bool:
    if not {"mailbox", "second_mailbox"} & set(walk.holds):
        return False
    await walk.wallet.town.stranger().start("recover", identifier=walk.identifier)
    letter = await walk.wallet.town.newest(walk.identifier)
    if "/l/" not in letter.text:
        return False  # a young mailbox gets no link
    return await _through(walk, await walk.program.open(letter.link), await walk.allows("recover"))


async def _through(walk: Walk, began: Answer, recovers: bool) -> bool:
    ready = await walk.meet(began)
    assert (ready.state == "allowed") == recovers, ready
    if not recovers:
        assert (await walk.program.finish(ready.flow_id, "a password for nobody at all")).status in {409, 410}
        return False
    finished = await walk.program.finish(ready.flow_id, walk.wallet.new_password())
    assert (finished.state, finished.said["session"]) == ("done", None), finished
    on = await walk.program.show(finished.said["next_flow"])
    allowed = await walk.allows("sign_in", "password")
    await walk.wallet.meet(walk.program, on, (*walk.holds, "password"))
    return allowed


async def by_qr(walk: Walk) -> bool:
    """A computer shows a code; a phone with a session that was left open approves with what its holder has."""
    wallet, computer = walk.wallet, walk.program
    shown = await computer.call("POST", "/api/v1/qr-sign-ins")
    if shown.status != 201:
        assert (shown.problem, walk.policy.profile) == ("not_offered", "strict")
        return False
    phone, (session, *_) = wallet.home, sorted(await wallet.sessions(), key=lambda s: s.created_at, reverse=True)
    # A remembered browser proves itself at sign-in only: before an action nobody asks it, so there is less than the policy would take.
    at_home = replace(walk, program=phone, known=True, holds=tuple(h for h in walk.holds if h != "remembered"))
    allowed = await at_home.allows("approve_sign_in", session=session.proofs)
    began = await phone.start("approve_sign_in", token=shown.said["token"])
    if session.limited:
        assert began.problem == "second_factor_needed"
        return False
    ready = await at_home.meet(began)
    assert (ready.state == "allowed") == allowed, ready
    await phone.call("POST", f"/api/v1/flows/{ready.flow_id}/approve", {"number": shown.said["number"]})
    holder = {"Flow-Token": shown.said["holder_token"]}
    collected = await computer.call("POST", "/api/v1/qr-sign-ins/collect", {"token": shown.said["token"]}, headers=holder)
    assert (collected.status == 200) == allowed, collected
    if collected.status == 200:
        computer.session = collected.said["token"]
    return allowed


async def by_signing_up_again(walk: Walk) -> bool:
    """With an address that has an account: nothing is opened, and its owner is told."""
    wallet, password = walk.wallet, "nine blue kettles sing at dawn"
    began = await walk.program.start("sign_up", email=wallet.email, name="Eve", password=password)
    await walk.meet(began)
    letter = await wallet.town.newest(wallet.email)
    assert "/l/" not in letter.text
    assert (await walk.program.finish(began.flow_id, password)).status == 409
    return False


async def by_social_not_linked(walk: Walk) -> bool:
    """Somebody whose provider vouches for the address of this account, by mistake or because he reads its mail."""
    if walk.policy.profile == "strict":
        assert (await walk.program.start("sign_in_social", provider="oidc")).problem == "invalid_input"
        return False
    eve = replace(walk.wallet, who=Person(subject="eve", email=walk.wallet.email, verified=True))
    came = await eve.social_alone(walk.program)
    assert (came.state, came.said["ended"]) == ("ended", "social_not_linked")
    return False


async def by_recovery_that_waits(walk: Walk) -> bool:
    """ "I have nothing more", and what comes of it at once: never a session. The waits are walked in ``test_lost_things.py``."""
    recovers = await walk.allows("recover")
    began = await walk.program.start("recover", identifier=walk.identifier)
    ready = await walk.meet(began)
    if not recovers and ready.state == "asking":
        said = await walk.program.call("POST", f"/api/v1/flows/{ready.flow_id}/nothing-more")
        assert said.state in {"waiting", "referred"}, said
    return False


ROADS: Mapping[str, Callable[[Walk], Awaitable[bool]]] = {
    "password": by_password,
    "passkey": by_passkey,
    "social": by_social,
    "code": by_code,
    "text": by_text,
    "link": by_link,
    "link elsewhere": by_link_elsewhere,
    "recovery": by_recovery,
    "recovery by link elsewhere": by_recovery_elsewhere,
    "recovery that waits": by_recovery_that_waits,
    "qr": by_qr,
    "sign-up again": by_signing_up_again,
    "social, not linked": by_social_not_linked,
}
"""Each answers whether the policy allows a session; whether there is one is seen in the database."""


# ---------------------------------------------------------------- walking them


@dataclass(frozen=True)
class Case:
    enrolment: str
    settled: bool
    road: str
    known: bool
    holds: tuple[str, ...]


def cases(name: str, *, settled: bool, has: Sequence[str]) -> Iterator[Case]:
    """All that can be tried with one account."""
    for size in range(len(has) + 1):
        for holds in combinations(has, size):
            for road in ROADS:
                for known in (True, False):
                    yield Case(name, settled, road, known, holds)


async def hole(case: Case, wallet: Wallet, policy: Policy, *, required: bool) -> str:
    """What one walk shows that should not be; empty when all is well."""
    await ready(wallet, case)
    somewhere = wallet.town.at_home() if case.known else wallet.town.stranger()
    program = copied(wallet, case.holds, somewhere)
    walk = Walk(wallet, policy, program, case.holds, case.known)
    before = {s.session_id for s in await wallet.sessions()}
    allowed = await ROADS[case.road](walk)
    opened = [s for s in await wallet.sessions() if s.session_id not in before]
    lacking = lacks_second_factor(await wallet.account(), required=required)
    if bool(opened) != allowed:
        return f"{case}: {'a session, though the policy refuses' if opened else 'no session, though the policy allows'}"
    if any(s.limited != lacking for s in opened):
        return f"{case}: a session that is{'' if lacking else ' not'} to be limited"
    if allowed and (await program.is_signed_in()) == lacking:
        return f"{case}: what the session is good for"
    return ""


async def ready(wallet: Wallet, case: Case) -> None:
    await wallet.town.throw_mails_away()
    if wallet.codes and len(wallet.codes) < 4:
        await wallet.renew_codes()
    if "remembered" in case.holds and "remembered" not in await wallet.has():
        await wallet.be_remembered()
    if case.road == "qr":  # a session that was left open
        await wallet.sign_in_at_home()
        wallet.api.clock.wait(minutes=20)


@dataclass
class People:
    """One person of each enrolment, made anew when a walk has changed what there is to be held."""

    town: Town
    there: dict[tuple[str, bool], tuple[Wallet, tuple[str, ...]]]

    async def one(self, enrolment: str, *, settled: bool) -> tuple[Wallet, tuple[str, ...]]:
        found = self.there.get((enrolment, settled))
        if found is None or not await self._is_as_before(*found, settled=settled):
            words = [w for w in ENROLMENTS[enrolment] if settled or w != "remembered"]
            wallet = await self.town.person(*words, settled=settled)
            found = self.there[enrolment, settled] = (wallet, await wallet.has())
        return found

    async def _is_as_before(self, wallet: Wallet, has: tuple[str, ...], *, settled: bool) -> bool:
        account, now = await wallet.account(), self.town.api.clock.now()
        grown_old = not settled and now - account.created_at > timedelta(days=20)
        # Two of his recoveries have met, or one has just succeeded: then some of what a walk needs is withheld.
        held_back = account.disputed_at is not None or account.is_quarantined(now)
        return not grown_old and not held_back and {*await wallet.has(), "remembered"} == {*has, "remembered"}


@dataclass(frozen=True)
class Site:
    profile: str
    required: bool

    @property
    def settings(self) -> dict[str, str]:
        return {"profile": self.profile, "second_factor": "required" if self.required else "optional"}

    @property
    def policy(self) -> Policy:
        return load_policy(self.profile, {})

    @property
    def enrolments(self) -> list[str]:
        return [n for n, words in ENROLMENTS.items() if self.profile == "shop" or not NOT_IN_STRICT & {*words}]


SITES = [Site("shop", required=False), Site("shop", required=True), Site("strict", required=False), Site("strict", required=True)]
sites = pytest.mark.parametrize("site", SITES, ids=lambda s: f"{s.profile}-{'required' if s.required else 'optional'}")


OFTEN: Mapping[str, frozenset[str]] = {
    "password": frozenset({"password"}),
    "passkey": frozenset({"passkey"}),
    "social": frozenset({"social"}),
    "code": frozenset({"mailbox", "second_mailbox", "password"}),
    "link": frozenset({"mailbox"}),
    "link elsewhere": frozenset({"mailbox"}),
    "recovery": frozenset({"mailbox", "number", "codes", "totp"}),
    "recovery by link elsewhere": frozenset({"mailbox"}),
    "qr": frozenset({"password", "social", "passkey"}),
}
"""Roads that lead somewhere, with things of which one is needed to begin: chosen more often than what can open nothing."""


async def some_walks(people: People, site: Site, chance: random.Random, most: int) -> list[str]:
    """What is wrong on walks that are chosen by chance."""
    found = []
    for _ in range(most):
        name, settled = chance.choice(site.enrolments), chance.random() < 0.8
        wallet, has = await people.one(name, settled=settled)
        holds = tuple(h for h in has if chance.random() < 0.6)
        road = (
            chance.choice([r for r, needs in OFTEN.items() if needs & {*holds}] or [*ROADS])
            if chance.random() < 0.8
            else chance.choice([*ROADS])
        )
        case = Case(name, settled, road, chance.random() < 0.4, holds)
        found.append(await hole(case, wallet, site.policy, required=site.required))
    return [h for h in found if h]


WALKS = 30


@pytest.mark.row("F8", "R12", "R15", "I3", "I4", "I5", "I6")
@sites
async def test_no_road_opens_a_session_that_the_policy_does_not_allow(
    site: Site, database_url: str, data_dir: Path, migrated_sqlite: Path
) -> None:
    """A sample that is the same every time; ``make soak`` walks all."""
    async with town(database_url, data_dir, migrated_sqlite, **site.settings) as there:
        assert await some_walks(People(there, {}), site, random.Random(f"roads {site}"), WALKS) == []


@pytest.mark.soak
@pytest.mark.row("F8", "R12", "R15")
@sites
async def test_no_road_at_all(site: Site, data_dir: Path, migrated_sqlite: Path) -> None:
    """Every road of every enrolment with every set of things, on known and unknown devices."""
    async with town("", data_dir, migrated_sqlite, **site.settings) as there:
        people, walked = People(there, {}), 0
        for name in site.enrolments:
            for settled in (True, False):
                for case in cases(name, settled=settled, has=(await people.one(name, settled=settled))[1]):
                    wallet, _ = await people.one(name, settled=settled)
                    assert await hole(case, wallet, site.policy, required=site.required) == ""
                    walked += 1
        assert walked > 1000


# ---------------------------------------------------------------- new accounts, and sessions that become whole


@pytest.mark.row("F8", "S1")
@pytest.mark.parametrize("site", SITES[:2], ids=["optional", "required"])
@pytest.mark.parametrize("how", ["code", "link", "link elsewhere", "elsewhere and vouched", "elsewhere"])
async def test_a_new_account_begins_with_a_session_as_the_site_wants_it(
    how: str, site: Site, database_url: str, data_dir: Path, migrated_sqlite: Path
) -> None:
    async with town(database_url, data_dir, migrated_sqlite, **site.settings) as there:
        program, email = there.stranger(), "new@example.com"
        wallet = Wallet(there, email, "", "", home=program, who=Person(subject="new", email=email, verified=how == "elsewhere and vouched"))
        if how.startswith("elsewhere"):
            done = await details(program, (await wallet.social_alone(program)).flow_id, "Anna", email)
        else:
            done = await program.start("sign_up", email=email, name="Anna", password=PASSWORD)
        assert done.said["session"] is None or how == "elsewhere and vouched"
        if how in {"code", "elsewhere"}:
            done = await program.code(done.flow_id, (await there.newest(email)).code)
        if how.startswith("link"):
            program = there.stranger() if how == "link elsewhere" else program
            done = await program.open((await there.newest(email)).link)
        if how == "link elsewhere":
            assert done.said["session"] is None
            assert (await program.finish(done.flow_id, ANOTHER)).problem == "not_proven", "neither the first password nor a new name"
            done = await program.finish(done.flow_id, PASSWORD)
        assert done.said["session"]["limited"] == site.required, done
        assert await program.is_signed_in() != site.required


@pytest.mark.row("F8")
@pytest.mark.parametrize("holds", [(), ("mailbox",), ("password",), ("mailbox", "password")])
async def test_a_limited_session_becomes_whole_by_a_second_factor_alone(
    holds: tuple[str, ...], database_url: str, data_dir: Path, migrated_sqlite: Path
) -> None:
    """Left open, it takes as much to add one as to sign in."""
    async with town(database_url, data_dir, migrated_sqlite, **SITES[1].settings) as there:
        wallet = await there.person()
        await wallet.sign_in_at_home()
        assert not await wallet.home.is_signed_in()
        there.api.clock.wait(minutes=20)
        began = await wallet.home.start("add_factor", factor="totp")
        asked = await wallet.meet(wallet.home, began, holds)
        assert not await wallet.home.is_signed_in()
        assert (asked.said["finish"] == "totp") == bool(holds)
        if holds:
            done = await wallet.finish_enrolling(asked, "totp")
            assert done.state == "done"
            assert await wallet.home.is_signed_in()


# ---------------------------------------------------------------- planted


async def found_out(there: Town) -> list[str]:
    """Two settled people with an authenticator or a text, on the roads that begin with mail or an account elsewhere."""
    found = []
    for name in ("totp", "social and totp"):
        for road in ("link elsewhere", "recovery", "social", "password"):
            people = People(there, {})
            wallet, _ = await people.one(name, settled=True)
            case = Case(name, True, road, False, ("mailbox", "social") if road == "social" else ("mailbox", "password"))
            found.append(await hole(case, wallet, SHOP, required=False))
    return [h for h in found if h]


SHOP = load_policy("shop", {})


async def test_a_road_that_forgets_the_second_factor_is_found(
    data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that was opened elsewhere is judged as if the account had nothing but its mailbox."""

    async def forgets(tx: Transaction, services: Services, client: Client, at: Loaded, asked: Asked, *, moved: bool = False) -> Standing:
        bare = replace(at.account, enrolled=()) if moved else at.account
        return await prove_address(tx, services, client, replace(at, account=bare), asked, moved=moved)

    monkeypatch.setattr(open_link_module, "prove_address", forgets)
    async with town("", data_dir, migrated_sqlite) as there:
        [first, *_] = found = await found_out(there)
    assert "road='link elsewhere'" in first
    assert "a session, though the policy refuses" in first
    assert all("road='link elsewhere'" in f for f in found)


async def test_a_server_with_another_policy_is_found(data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy with one hole: an account elsewhere alone signs in."""
    hole_in = standard_texts()["sign_in"].replace(
        "[route.social]", '[route.any_social]\nwhy = "A hole."\nthen = "allow"\nall_of = ["social"]\n\n[route.social]'
    )
    folder = data_dir.parent / "policy"
    folder.mkdir()
    (folder / "sign_in.toml").write_text(hole_in)
    async with town("", data_dir, migrated_sqlite, policy_dir=str(folder)) as there:
        found = await found_out(there)
    assert found != []
    assert all("road='social'" in f and "a session, though the policy refuses" in f for f in found)
