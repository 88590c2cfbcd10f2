"""Ask whether a person is there: only where the limits say so, and the same for every name (mission.md, S5).

It is asked when a network has used up half of what it may do, or a name had several wrong passwords from devices that we do not know.
What answers it is a solved proof of work, or, in a browser without scripts, a minute of waiting. Either works once.
"""

import hmac
from datetime import UTC, datetime
from typing import Final

from sparekey.domain.errors import HumanNeeded
from sparekey.domain.limits import HUMAN_CHECK_LASTS, HUMAN_CHECK_WAITS, VOLUME_LIMITS, WRONG_BEFORE_HUMAN_CHECK
from sparekey.domain.values import Struct
from sparekey.use_cases.guesses import wrong_by_name
from sparekey.use_cases.known_device import find_device
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.record import subject_of_name
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.start_flow import neighbourhood
from sparekey.use_cases.tokens import short_token, token_hash

TICKET: Final = "human.ticket"

LONGEST_TICKET: Final = 200


class HumanCheck(Struct, frozen=True):
    """What a form needs to ask: the ``challenge`` as JSON, and for browsers without scripts a ``ticket`` that is good in ``seconds``."""

    challenge: str
    ticket: str
    seconds: int


async def is_crowded(services: Services, client: Client, limit: str) -> bool:
    """Whether this network has used up half of a limit."""
    left = await services.limits.left(limit, neighbourhood(client.network))
    return 2 * left <= VOLUME_LIMITS[limit].most


async def must_be_human(tx: Transaction, services: Services, client: Client, purpose: str, limit: str, *, wrong: int = 0) -> None:
    """Spend what answers the check, where one is asked for. ``purpose``: the form that it is for. ``wrong``: wrong passwords for this
    name today.

    Raises ``HumanNeeded`` with a new challenge.
    """
    if services.human is None or (wrong < WRONG_BEFORE_HUMAN_CHECK and not await is_crowded(services, client, limit)):
        return
    now = services.clock.now()
    mark = services.human.check(client.human, purpose, now)
    if mark is not None and await tx.spent.spend(mark, now + HUMAN_CHECK_LASTS):
        return
    if await _spend_ticket(tx, services, client, purpose, now):
        return
    raise HumanNeeded(services.human.challenge(purpose, now))


async def is_asked(services: Services, client: Client, limit: str, typed: str = "") -> bool:
    """Whether the next try will be asked: to show the check with the form. ``typed``: a name whose wrong passwords count, too."""
    if services.human is None:
        return False
    if await is_crowded(services, client, limit):
        return True
    if not typed.strip():
        return False
    key = services.identifiers.key_of(typed)
    async with services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(key)
        device = await find_device(tx, client, account.account_id)
        wrong = await wrong_by_name(tx, services, subject_of_name(services, key))
    return device is None and wrong >= WRONG_BEFORE_HUMAN_CHECK


def new_check(services: Services, client: Client, purpose: str) -> HumanCheck | None:
    """What the form asks with. A ticket that came with the form and is not yet good is kept, so that the minute goes on."""
    if services.human is None:
        return None
    now = services.clock.now()
    challenge = services.human.challenge(purpose, now)
    made_at = _made_at(services, client, client.human_ticket, purpose)
    if made_at is not None and now < made_at + HUMAN_CHECK_WAITS:
        return HumanCheck(challenge, client.human_ticket, int((made_at + HUMAN_CHECK_WAITS - now).total_seconds()) + 1)
    return HumanCheck(challenge, _ticket(services, client, purpose, now), int(HUMAN_CHECK_WAITS.total_seconds()))


async def _spend_ticket(tx: Transaction, services: Services, client: Client, purpose: str, now: datetime) -> bool:
    """A ticket that is a minute old, once; and one a minute for each network, so that many begun at once gain nothing."""
    made_at = _made_at(services, client, client.human_ticket, purpose)
    if made_at is None or not made_at + HUMAN_CHECK_WAITS <= now <= made_at + HUMAN_CHECK_LASTS:
        return False
    minute = f"{TICKET} {neighbourhood(client.network)} {int(now.timestamp()) // int(HUMAN_CHECK_WAITS.total_seconds())}"
    until = now + HUMAN_CHECK_LASTS
    return await tx.spent.spend(token_hash(minute), until) and await tx.spent.spend(token_hash(client.human_ticket), until)


def _ticket(services: Services, client: Client, purpose: str, now: datetime) -> str:
    said = f"{int(now.timestamp())}.{short_token(services.chance)}"
    return f"{said}.{services.sealer.keyed_hash(_named(client, purpose, said), TICKET).hex()}"


def _made_at(services: Services, client: Client, ticket: str, purpose: str) -> datetime | None:
    """When a ticket was made for this browser and purpose; ``None`` for what is none of ours."""
    said, _, mac = ticket.rpartition(".")
    at = said.partition(".")[0]
    if len(ticket) > LONGEST_TICKET or not ticket.isascii() or not at.isdigit():
        return None
    hashes = services.sealer.keyed_hashes(_named(client, purpose, said), TICKET)
    if not any(hmac.compare_digest(found.hex(), mac) for found in hashes):
        return None
    return datetime.fromtimestamp(int(at), UTC)


def _named(client: Client, purpose: str, said: str) -> bytes:
    return f"{purpose} {said} {client.holder}".encode()
