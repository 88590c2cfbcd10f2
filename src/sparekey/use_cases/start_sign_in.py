"""Begin to sign in by a mailed link: the way in for an owner on a new device while strangers use up the tries of the password (D2)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import BadRequest
from sparekey.domain.factors import FactorKind
from sparekey.domain.policy.conditions import rules_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.start_by_name import start_by_name


async def start_sign_in(services: Services, client: Client, typed: str) -> Standing:
    """Raises ``InvalidInput`` for an empty name, ``TooManyTries``, and ``BadRequest`` where the site's policy has no mailed link."""
    if FactorKind.EMAIL not in rules_of(services.policy, Action.SIGN_IN).ask:
        raise BadRequest("not_offered")
    return await start_by_name(services, client, Action.SIGN_IN, typed, Event.SIGN_IN_STARTED, "recover.network")
