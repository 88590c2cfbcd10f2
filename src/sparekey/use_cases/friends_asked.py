"""Where a recovery stands with the friends that it asks, as its own browser may see it."""

from datetime import datetime

from sparekey.domain.accounts import Account
from sparekey.domain.contacts import AskKind, Circle, ContactAsk, answered
from sparekey.domain.flow.flow import Flow
from sparekey.domain.values import Struct
from sparekey.use_cases.carry_out.contacts import circle_in_force
from sparekey.use_cases.ports import Transaction


class FriendsAsked(Struct, frozen=True):
    """``phrase``: what the person tells each friend. ``answered``: how many friends have typed it; never who, nor of how many.
    ``enough``: so many as are needed. ``until``: the last moment (UTC) at which a friend can type it."""

    phrase: str
    answered: int
    enough: bool
    until: datetime


async def friends_asked(tx: Transaction, flow: Flow, account: Account) -> FriendsAsked | None:
    """``None`` where the flow has asked nobody."""
    if not flow.friends_asked:
        return None
    asks = [a for a in await tx.contact_asks.of_flow(flow.flow_id) if a.kind is AskKind.PHRASE]
    return told(asks, await circle_in_force(tx, account)) if asks else None


def told(asks: list[ContactAsk], circle: Circle | None) -> FriendsAsked:
    """``asks``: at least one. Only friends of the list that holds are counted."""
    count = answered(asks, [c.contact_id for c in circle.accepted]) if circle else 0
    enough = circle is not None and count >= circle.needed
    return FriendsAsked(asks[-1].phrase, count, enough, max(a.expires_at for a in asks))
