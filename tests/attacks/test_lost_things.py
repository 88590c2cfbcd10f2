"""A lost phone, walked on the server for each enrolment: there is a way on, a wait that really opens, or an honest word; never a way round
the second factor."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from sparekey.domain.policy.decide import Standing, decide, rank
from sparekey.domain.policy.model import Situation
from sparekey.domain.policy.parse import load_policy, standard_texts
from sparekey.domain.policy.verdict import Allow, Ask, Delay, Refer
from tests.attacks.wallet import ENROLMENTS, NOT_IN_STRICT, Town, Wallet, copied, town
from tests.doors.api import Answer, Program
from tests.doors.waits import nothing_more

IN_THE_PHONE = frozenset({"number", "totp", "phone"})
"""What is gone with it. Passkey and security key are things of their own."""

MakeTown = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture
def site(database_url: str, data_dir: Path, migrated_sqlite: Path) -> MakeTown:
    return partial(town, database_url, data_dir, migrated_sqlite)


def enrolled_in(profile: str) -> dict[str, tuple[str, ...]]:
    shop = profile == "shop"
    return {name: tuple(w for w in words if shop or w not in NOT_IN_STRICT) for name, words in ENROLMENTS.items()}


EACH = [(profile, name) for profile in ("shop", "strict") for name, words in enrolled_in(profile).items() if words]


@dataclass(frozen=True)
class Left:
    """What the owner has after the loss, and where he asks. ``known``: at a computer that the site knows."""

    holds: tuple[str, ...]
    known: bool


def losses(has: tuple[str, ...]) -> list[Left]:
    """The phone alone; the paper in its case with it; and the password forgotten as well. At home and on a new device."""
    kept = tuple(h for h in has if h not in IN_THE_PHONE)
    without_paper = tuple(h for h in kept if h != "codes")
    found = [kept, without_paper, tuple(h for h in kept if h != "password"), tuple(h for h in without_paper if h != "password")]
    return [Left(holds, known) for holds in dict.fromkeys(found) for known in (True, False)]


async def expected(wallet: Wallet, profile: str, left: Left) -> Standing:
    """With all of it, or without the other mailbox: nobody is asked to show the one that is to hear of a wait."""
    account, now, policy = await wallet.account(), wallet.api.clock.now(), load_policy(profile, {})

    def standing(holds: tuple[str, ...]) -> Standing:
        case = Situation(account, wallet.proofs(account, holds), now, known_device=left.known, nothing_more=True)
        verdict = decide(policy, "recover", case)
        assert not isinstance(verdict, Ask)
        return verdict

    return min(standing(left.holds), standing(tuple(h for h in left.holds if h != "second_mailbox")), key=rank)


async def way_on(wallet: Wallet, left: Left) -> tuple[str, Program, Answer]:
    """From "lost my phone" to where it leads: allowed, waiting or referred."""
    program = copied(wallet, left.holds, wallet.town.at_home() if left.known else wallet.town.stranger())
    began = await program.start("recover", identifier=wallet.email)
    shown = await wallet.meet(program, began, left.holds)
    if shown.state == "asking":
        shown = await nothing_more(program, shown.flow_id)
    return shown.state, program, shown


async def come_in(wallet: Wallet, program: Program, ready: Answer, left: Left) -> Answer:
    """The new password, the lost things named, and then the sign-in that goes on with it."""
    gone = {f.factor_id for h in IN_THE_PHONE if (f := wallet.factor(await wallet.account(), h))}
    seconds = {m["factor_id"] for m in ready.said["methods"] if m["factor_id"] in gone or m["kind"] in {"totp", "sms", "phone_approval"}}
    body = {"password": wallet.new_password(), "lost": sorted(seconds)}
    finished = await program.call("POST", f"/api/v1/flows/{ready.flow_id}/finish", body)
    assert (finished.state, finished.said["session"]) == ("done", None), finished
    on = await program.show(finished.said["next_flow"])
    return await wallet.meet(program, on, (*left.holds, "password"))


async def lost_phone(site: MakeTown, profile: str, enrolment: str) -> list[str]:
    """What is not as it should be, over all losses; each starts with an account of its own."""
    found = []
    async with site(profile=profile) as there:
        words = enrolled_in(profile)[enrolment]
        wallet = await there.person(*words)
        has = await wallet.has()
        for left in losses(has):
            if await wallet.has() != has or len(wallet.codes) < 3:
                wallet = await there.person(*words)
            verdict = await expected(wallet, profile, left)
            state, program, shown = await way_on(wallet, left)
            match verdict:
                case Allow():
                    found += [f"{left}: {state}, not allowed at once"] if state != "allowed" else []
                case Delay(wait=wait):
                    found += [f"{left}: {state}, not waiting"] if state != "waiting" else []
                    await there.pass_hours(int(wait.total_seconds() // 3600) - 1)
                    early = await program.show(shown.flow_id)
                    assert early.state == "waiting", f"{left}: open before its time"
                    assert (await program.finish(shown.flow_id, "a password too early for it")).status == 409
                    await there.pass_hours(26)
                    shown = await program.show(shown.flow_id)
                    assert shown.state == "allowed", f"{left}: a wait that does not open"
                case Refer():
                    assert state == "referred", f"{left}: {state}, not referred"
                    assert (await program.finish(shown.flow_id, "a password for nobody here")).status == 410
                    continue
                case _:
                    found.append(f"{left}: {verdict} is no word for somebody who lost a phone")
                    continue
            await come_in(wallet, program, shown, left)
            allowed = await may_sign_in(wallet, profile, left)
            if await program.is_signed_in() != allowed:
                found.append(f"{left}: {'past' if not allowed else 'not through'} the second factor")
    return found


async def may_sign_in(wallet: Wallet, profile: str, left: Left) -> bool:
    """What the policy says of the account as the recovery has left it."""
    account = await wallet.account()
    shown = wallet.proofs(account, dict.fromkeys((*left.holds, "password")))
    case = Situation(account, shown, wallet.api.clock.now(), known_device=left.known, nothing_more=True)
    return isinstance(decide(load_policy(profile, {}), "sign_in", case), Allow)


@pytest.mark.row("R4", "R5", "R6", "R10", "R12", "R15")
@pytest.mark.parametrize(
    ("profile", "enrolment", "database_url"),
    [(*one, ("sqlite", "postgres")[n % 2]) for n, one in enumerate(EACH)],
    indirect=["database_url"],
)
async def test_a_lost_phone_leads_on_and_never_past_the_second_factor(site: MakeTown, profile: str, enrolment: str) -> None:
    """Each enrolment on one of the databases in turn; ``make soak`` takes the other one."""
    assert await lost_phone(site, profile, enrolment) == []


@pytest.mark.soak
@pytest.mark.row("R10", "R12")
@pytest.mark.parametrize(
    ("profile", "enrolment", "database_url"),
    [(*one, ("postgres", "sqlite")[n % 2]) for n, one in enumerate(EACH)],
    indirect=["database_url"],
)
async def test_a_lost_phone_on_the_other_database(site: MakeTown, profile: str, enrolment: str) -> None:
    assert await lost_phone(site, profile, enrolment) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_recovery_that_goes_round_the_second_factor_is_found(site: MakeTown, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    hole = '\n[route.hole]\nwhy = "A hole."\nthen = "allow"\nall_of = ["email"]\n'
    (folder / "recover.toml").write_text(standard_texts()["recover"] + hole)
    with pytest.raises(AssertionError, match="allowed, not referred"):
        await lost_phone(partial(site, policy_dir=str(folder)), "shop", "totp")
