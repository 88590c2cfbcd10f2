"""The one table from error to HTTP, sorted by whose fault. What is not in it shows nothing."""

from typing import assert_never

from sparekey.domain import errors as e
from sparekey.domain.errors import FieldProblem
from sparekey.domain.values import Struct


class Shown(Struct, frozen=True):
    """``reason``: the stable name that pages and API share. ``retry_after``: whole seconds, or 0."""

    status: int
    reason: str
    problems: tuple[FieldProblem, ...] = ()
    retry_after: int = 0
    challenge: str = ""
    """The proof of work that is asked for, as JSON."""


Known = (
    e.InvalidInput
    | e.NotProven
    | e.TooManyTries
    | e.HumanNeeded
    | e.FlowOver
    | e.NotSignedIn
    | e.NeedsFreshProof
    | e.SecondFactorNeeded
    | e.BadRequest
    | e.WrongStep
    | e.StaleFlow
    | e.Busy
    | e.ProviderFailed
    | e.StoreUnavailable
)

BAD_REQUEST = {
    "wrong_content_type": 415,
    "too_large": 413,
    "not_found": 404,
    "account_unknown": 404,
    "not_the_shop": 401,
    "method_not_allowed": 405,
    "foreign_origin": 403,
    "cookies_refused": 403,
    "foreign_host": 421,
    "receipt_not_genuine": 403,
    "receipt_over": 409,
    "not_confirmed": 409,
    "confirmation_used": 409,
    "confirmation_over": 409,
    "blocked": 409,
    "frozen": 409,
    "disputed": 409,
    "quarantined": 409,
}
"""Reasons of ``BadRequest`` that have a status of their own; all others are 400."""


NEVER_OURS = frozenset({"unknown", "link_over", "pairing_over", "prompt_over", "qr_over"})
"""Ends that do not say whether there ever was such a thing."""

PROVIDER_BACK = 30
STORE_BACK = 5
"""Seconds after which another try makes sense: the first is somebody else's, the second comes back by itself in a moment or not at all."""


def shown(error: Known) -> Shown:
    """How an error is answered, by pages and API alike."""
    match error:
        case e.InvalidInput(problems=problems):
            return Shown(422, error.reason, problems)
        case e.NotProven() | e.NotSignedIn():
            return Shown(401, error.reason)
        case e.NeedsFreshProof() | e.SecondFactorNeeded():
            return Shown(403, error.reason)
        case e.TooManyTries(retry_after=seconds, reason=reason):
            return Shown(429, reason, (), seconds)
        case e.HumanNeeded(challenge=challenge):
            return Shown(428, error.reason, challenge=challenge)
        case e.FlowOver(reason=reason):
            return Shown(404 if reason in NEVER_OURS else 410, reason)
        case e.BadRequest(reason=reason):
            return Shown(BAD_REQUEST.get(reason, 400), reason)
        case e.WrongStep() | e.StaleFlow():
            return Shown(409, error.reason)
        case e.Busy(retry_after=seconds):
            return Shown(503, error.reason, (), seconds)
        case e.ProviderFailed(reason=reason):
            # A silent provider is none of our own failures (503), and worth another try; one that says no proves nothing.
            return Shown(503, reason, (), PROVIDER_BACK) if reason == "provider_silent" else Shown(401, reason)
        case e.StoreUnavailable():
            return Shown(503, error.reason, (), STORE_BACK)
        case _:
            assert_never(error)
