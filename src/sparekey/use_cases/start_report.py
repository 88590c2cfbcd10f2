"""Begin to report a factor stolen from outside a session: a name is typed, and any one thing is shown (mission.md, F9)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_by_name import start_by_name


async def start_report(services: Services, client: Client, typed: str) -> Standing:
    """Raises ``InvalidInput`` for an empty name and ``TooManyTries``; says nothing of whether the name is somebody's."""
    return await start_by_name(services, client, Action.REPORT_STOLEN, typed, Event.STARTED, "recover.network")
