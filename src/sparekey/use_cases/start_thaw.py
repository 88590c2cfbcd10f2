"""Begin to thaw a frozen account: an address or name is typed, and a code goes to it at once, frozen or not (mission.md, H1)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_by_name import start_by_name


async def start_thaw(services: Services, client: Client, typed: str) -> Standing:
    """Raises ``InvalidInput`` for an empty name and ``TooManyTries``; says nothing of whether the name is somebody's, or frozen."""
    return await start_by_name(services, client, Action.THAW, typed, Event.STARTED, "recover.network")
