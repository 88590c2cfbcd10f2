"""Tell the shop that something became different on an account: an event in the transaction of the change (docs/shop.md)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from sparekey.domain.accounts import AccountId
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services
from sparekey.use_cases.stores_of_shop import ShopEvent

_encode = msgspec.json.Encoder(order="deterministic").encode


async def tell_shop(
    tx: Transaction, services: Services, kind: str, account_id: AccountId, at: datetime, data: Mapping[str, object] | None = None
) -> None:
    """Nothing where no shop is to be told. ``data``: beside the account's id; nothing personal."""
    if not services.shop.is_told:
        return
    body = _encode({"type": kind, "timestamp": at.isoformat(), "data": {"account_id": account_id, **(data or {})}})
    await tx.shop_events.add(ShopEvent(services.chance.new_id(at), account_id, kind, at, body))
