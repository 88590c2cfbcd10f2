"""Devices in networks of their own, and an account whose owner has had a second factor for a long time."""

from collections.abc import Mapping
from datetime import timedelta

import httpx2

from sparekey.domain.accounts import AccountId
from sparekey.domain.factors import THING_OF, Factor, FactorKind, Thing
from sparekey.domain.values import replace
from sparekey.use_cases.ports import Store
from tests.doors.api import Api, Program

HOME, FAR, MOBILE = "203.0.113.5", "198.51.100.7", "192.0.2.33"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
NEWER_CHROME = CHROME.replace("150", "151")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


def at(api: Api, network: str, user_agent: str = CHROME) -> Program:
    """A program in some network."""
    transport = httpx2.ASGITransport(api.app, client=(network, 40_000))
    return Program(client(transport, api.settings.base_url, user_agent))


def client(
    transport: httpx2.AsyncBaseTransport | None, base_url: str, user_agent: str, headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=transport, base_url=base_url, headers={"User-Agent": user_agent, **(headers or {})})


def copied(owner: Program, to: Program) -> Program:
    """The same browser profile somewhere else: all cookies, but no living session."""
    to.device, to.remembered = owner.device, owner.remembered
    return to


async def has_had_an_authenticator(store: Store, owner: str) -> None:
    """Puts a settled authenticator onto an account, as if it had been there for a year."""
    async with store.transaction() as tx:
        account = await tx.accounts.get(AccountId(owner))
        added_at = account.created_at - timedelta(days=365)
        kind = FactorKind.TOTP
        factor = Factor("f" * 32, kind, Thing(THING_OF[kind], "f" * 32), added_at)
        await tx.factors.add(account.account_id, factor, b"a secret that no test guesses")
        await tx.accounts.save(account, replace(account, enrolled=(*account.enrolled, factor)), account.created_at)
