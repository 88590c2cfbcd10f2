"""Begin to sign in by a message: the way in for an owner on a new device while strangers use up the tries of the password (D2, I3)."""

from sparekey.domain.actions import Action
from sparekey.domain.audit import Event
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.policy.conditions import rules_of
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing, can_be_sent
from sparekey.use_cases.start_by_name import start_by_name


async def start_sign_in(services: Services, client: Client, typed: str, kind: FactorKind = FactorKind.EMAIL) -> Standing:
    """``kind``: EMAIL for a link and a code to the mailbox, SMS for a code to the number; the policy of the site says which there are.

    Raises ``InvalidInput`` for an empty name, or where the site does not offer it, and ``TooManyTries``.
    """
    if not signs_in_by(services, kind):
        raise InvalidInput(FieldProblem("by", "not_offered"))
    return await start_by_name(services, client, Action.SIGN_IN, typed, Event.SIGN_IN_STARTED, "recover.network", kind)


def signs_in_by(services: Services, kind: FactorKind) -> bool:
    """Whether one may begin to sign in by this kind of message."""
    return kind in rules_of(services.policy, Action.SIGN_IN).ask and can_be_sent(services, kind)
