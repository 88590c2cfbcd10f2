"""What the tests of accounts elsewhere hold would be seen if it broke: a bug is planted, and the attack gets through."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from sparekey.challenges import social
from sparekey.domain.accounts import AccountId
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.flow import Flow
from sparekey.use_cases import answer_social, load_flow, social_visit
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.ports_of_social import SocialIdentity, SocialProvider
from sparekey.use_cases.services import Services
from sparekey.use_cases.social_identity import vouched_address
from tests.doors.api import PASSWORD
from tests.social.stand_ins import allow
from tests.social.world import ANNA, World, bring

pytestmark = pytest.mark.row("I5")


async def exchanges_of_one_answer(w: World) -> int:
    """How often the provider is asked when one answer comes twenty times."""
    program = w.api.program()
    began = await program.start("sign_in_social", provider="oidc")
    back = await allow(began.said["authorization_url"])
    await asyncio.gather(*(bring(program, began.flow_id, "oidc", back) for _ in range(20)))
    return len(w.openid.asked_at("/token"))


async def test_a_visit_that_is_not_spent(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await exchanges_of_one_answer(w) == 1

    def keeps(services: Services, provider: SocialProvider, flow: Flow, state: str) -> tuple[Flow, social.Asked]:
        _, asked = social_visit.take_back(services, provider, flow, state)
        return flow, asked

    monkeypatch.setattr(answer_social, "take_back", keeps)
    assert await exchanges_of_one_answer(w) > 2


async def test_a_state_that_is_not_compared(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def foreign_state_reaches_the_provider() -> bool:
        program = w.api.program()
        began = await program.start("sign_in_social", provider="oidc")
        back = await allow(began.said["authorization_url"])
        await bring(program, began.flow_id, "oidc", {**back, "state": "0" * 75})
        return bool(w.openid.asked_at("/token"))

    assert not await foreign_state_reaches_the_provider()
    monkeypatch.setattr(social, "check", lambda asked, state: True)
    assert await foreign_state_reaches_the_provider()


async def test_a_flow_that_any_browser_may_drive(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await w.signed_up()

    async def victim_is_signed_in_as_the_thief() -> bool:
        thief, victim = w.api.program(), w.api.program()
        began = await thief.start("sign_in_social", provider="oidc")
        await bring(victim, began.flow_id, "oidc", await allow(began.said["authorization_url"]))
        return await victim.is_signed_in()

    assert not await victim_is_signed_in_as_the_thief()
    for module in (load_flow, answer_social):
        monkeypatch.setattr(module, "is_same", lambda token, kept: True)
    assert await victim_is_signed_in_as_the_thief()


async def test_an_account_that_is_found_by_its_address(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await w.link(await w.api.signed_up(ANNA))

    async def another_subject_gets_in() -> bool:
        w.openid.person = replace(w.openid.person, subject="somebody-else")
        return (await w.come(w.api.program())).state == "done"

    async def by_address(tx: Transaction, services: Services, identity: SocialIdentity) -> tuple[AccountId, str] | None:
        address = vouched_address(services, identity)
        account = await tx.accounts.find_by_key(address.key if address else "")
        return next(((account.account_id, f.factor_id) for f in account.enrolled if f.kind is FactorKind.SOCIAL), None)

    assert not await another_subject_gets_in()
    monkeypatch.setattr(answer_social, "find_linked", by_address)
    assert await another_subject_gets_in()


async def test_an_address_that_is_believed_unverified(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    w.openid.person = replace(w.openid.person, verified=False)

    async def is_vouched_for() -> bool:
        vouched: bool = (await w.come(w.api.program())).said["suggested"]["vouched"]
        return vouched

    assert not await is_vouched_for()
    monkeypatch.setattr(
        "sparekey.use_cases.social_identity.vouched_address", lambda services, identity: services.identifiers.email(identity.email)
    )
    assert await is_vouched_for()


Identify = Callable[..., Awaitable[SocialIdentity]]


async def test_a_nonce_that_is_not_compared(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of another visit, injected: only the nonce tells."""
    await w.api.signed_up("boris@example.com", PASSWORD)
    w.openid.lies = {"nonce": "of another visit"}

    async def is_believed() -> bool:
        return (await w.come(w.api.program())).status == 200

    assert not await is_believed()
    (provider,) = (p for p in w.api.parts.services.social.providers if p.name == "oidc")
    honest: Identify = provider.identify

    async def with_any_nonce(answer: object, *, nonce: str, code_verifier: str, redirect_uri: str) -> SocialIdentity:
        return await honest(answer, nonce="of another visit", code_verifier=code_verifier, redirect_uri=redirect_uri)

    monkeypatch.setattr(provider, "identify", with_any_nonce)
    assert await is_believed()
