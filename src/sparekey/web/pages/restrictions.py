"""What is held back after a recovery, or while the account is frozen or claimed by two sides, with a countdown (mission.md, R11)."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.policy.model import Policy
from sparekey.messages import catalogue
from sparekey.use_cases.read_restrictions import read_restrictions
from sparekey.web.pages.endpoints import page
from sparekey.web.pages.views import RestrictionView
from sparekey.web.pages.visit import Visit


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


CAPABILITIES: Final[Mapping[str, str]] = {
    "payouts": N_("Money is not paid out"),
    "new_payout_target": N_("No other bank account or card can be set for payouts"),
    "payments_above_limit": N_("Large payments are not made"),
    "payments": N_("No payment is made"),
    "close_account": N_("The account cannot be closed"),
    "remove_older_things": N_("Addresses and ways to verify from before the recovery cannot be removed"),
    "new_recovery_methods": N_("No other friends can be chosen for recovery, and no account elsewhere can be linked"),
    "remember_devices": N_("The second step is asked for on every device"),
}
"""What is withheld, in words for the owner. A capability of the site's own is told as its file does."""


async def _show(visit: Visit) -> Response:
    found = await read_restrictions(visit.services, visit.member().session)
    return visit.show(
        "account_restrictions.html",
        section="/account/security",
        done="",
        restrictions=[RestrictionView(_words(visit, r.capability), r.why, r.until) for r in found.restrictions],
        recovered_at=found.recovered_at,
        until=found.until,
        left=catalogue.time_left(found.until - visit.services.clock.now(), visit.words) if found.until else "",
        can_end_it=found.can_end_it,
    )


def _words(visit: Visit, capability: str) -> str:
    if capability in CAPABILITIES:
        return visit.words.gettext(CAPABILITIES[capability])
    return about(visit.services.policy, capability)


def about(policy: Policy, capability: str) -> str:
    return next(c.about for c in policy.capabilities if c.name == capability)


ROUTES = [Route("/account/restrictions", page(_show), methods=["GET"])]
