"""A shop that asks people to confirm an action of its own: what the tests of pages, programs and races do again and again."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.doors.api import Answer, Api, Program, served

SECRET = "the-secret-of-the-shop-beside-us-0123456789"
SHOP = {"Authorization": f"Bearer {SECRET}"}
ORIGIN = "https://shop.example.com"
BACK = f"{ORIGIN}/cards?card=17"
PATH = "/api/v1/shop/confirmations"

LINK_CARD = """
about = "Link a card"
closed_while = ["frozen", "disputed", "quarantined"]

[route.fresh_proof]
why = "As much as for signing in, and just now."
then = "allow"
signed_in = true
fresh_minutes = 15
as_strong_as = "sign_in"
"""

WITH_SECOND = """
about = "Link a card"
ask = ["password", "totp"]

[route.password_and_app]
why = "Both, for this very card."
then = "allow"
signed_in = true
in_this_flow = ["totp"]
all_of = ["password", "totp"]
"""


def policy_dir(folder: Path, text: str = LINK_CARD) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "link_card.toml").write_text(text)
    return str(folder)


@asynccontextmanager
async def shop_served(
    database_url: str, data_dir: Path, migrated_sqlite: Path, *, text: str = LINK_CARD, **settings: str
) -> AsyncIterator[Api]:
    own = {"shop_secret": SECRET, "shop_url": ORIGIN, "policy_dir": policy_dir(data_dir.parent / "policy", text)}
    webhook = {"shop_webhook": f"{ORIGIN}/hook", "shop_webhook_secret": "whsec_" + "A" * 40}
    async with served(database_url, data_dir, migrated_sqlite, **own, **webhook, **settings) as api:
        yield api


async def id_of(program: Program) -> str:
    found: str = (await program.read("account"))["account_id"]
    return found


@dataclass
class Shop:
    """The shop's server."""

    api: Api

    async def ask(self, account_id: str, **more: object) -> Answer:
        given = {"account_id": account_id, "action": "link_card", "reference": "card-17", "title": "Visa ending in 4242", "return_to": BACK}
        return await self.api.program().call("POST", PATH, {**given, **more}, headers=SHOP)

    async def asked(self, account_id: str, **more: object) -> str:
        answered = await self.ask(account_id, **more)
        assert answered.status == 201, answered
        found: str = answered.said["confirmation_id"]
        return found

    async def look(self, confirmation_id: str) -> Answer:
        return await self.api.program().call("GET", f"{PATH}/{confirmation_id}", headers=SHOP)

    async def state(self, confirmation_id: str) -> str:
        found: str = (await self.look(confirmation_id)).said["state"]
        return found

    async def use(self, confirmation_id: str) -> Answer:
        return await self.api.program().call("POST", f"{PATH}/{confirmation_id}/use", headers=SHOP)

    async def told(self) -> list[dict[str, Any]]:
        """What the shop was told of confirmations, the oldest first."""
        rows = (await self.api.rows("shop_event"))["shop_event"]
        found: list[dict[str, Any]] = [json.loads(row[4]) for row in sorted(rows, key=str) if isinstance(row[4], bytes)]
        return [event for event in found if event["type"].startswith("confirmation.")]


async def confirm(program: Program, confirmation_id: str) -> Answer:
    return await program.start("confirm", confirmation_id=confirmation_id)


async def refuse(program: Program, confirmation_id: str) -> Answer:
    return await program.call("POST", f"/api/v1/confirmations/{confirmation_id}/refuse")


async def look(program: Program, confirmation_id: str) -> Answer:
    return await program.call("GET", f"/api/v1/confirmations/{confirmation_id}")
