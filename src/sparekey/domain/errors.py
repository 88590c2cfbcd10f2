"""Errors, sorted by whose fault they are. ``web/errors.py`` alone turns them into HTTP.

``reason`` is a stable name, shared by pages, API and audit; the sentences are in ``messages``. ``detail`` goes to the log,
never to the wire.
"""

from sparekey.domain.values import Struct


class SparekeyError(Exception):
    """Root of all errors that we raise on purpose."""

    reason = "error"


# ---------------------------------------------------------------- the person's: mended by trying again


class FieldProblem(Struct, frozen=True):
    """What is wrong with one field: ``field`` is its name in form and JSON, ``reason`` a stable name."""

    field: str
    reason: str
    params: tuple[tuple[str, str], ...] = ()
    """Words to fill into the sentence of ``reason``, as (name, value); never a secret."""


class InvalidInput(SparekeyError):
    """One or more fields are not usable. Nothing was changed."""

    reason = "invalid_input"

    def __init__(self, *problems: FieldProblem) -> None:
        self.problems = problems
        super().__init__(", ".join(f"{p.field}: {p.reason}" for p in problems))


class NotProven(SparekeyError):
    """The answer does not prove what was asked for. One text for unknown name, wrong secret and everything else."""

    reason = "not_proven"


class TooManyTries(SparekeyError):
    """A limit is reached. ``retry_after``: whole seconds until another try may succeed."""

    reason = "too_many_tries"

    def __init__(self, retry_after: int, reason: str = "too_many_tries") -> None:
        self.retry_after = retry_after
        self.reason = reason
        super().__init__(f"{reason}, again in {retry_after} s")


class HumanNeeded(SparekeyError):
    """First it must be shown that a person is there. ``challenge``: the proof of work to be solved, as JSON."""

    reason = "human_needed"

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        super().__init__(self.reason)


class FlowOver(SparekeyError):
    """The flow is expired, finished, left, or was never this browser's. ``reason`` says which may be told."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotSignedIn(SparekeyError):
    reason = "not_signed_in"


class SecondFactorNeeded(SparekeyError):
    """The site requires a second factor of this account, and it has none yet: the session is good for adding one only."""

    reason = "second_factor_needed"


class NeedsFreshProof(SparekeyError):
    """The session is too old, or too weak, for this action."""

    reason = "needs_fresh_proof"


# ---------------------------------------------------------------- the client's: a program must be mended


class BadRequest(SparekeyError):
    """The request breaks the protocol: wrong type, duplicate parameter, foreign origin."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class WrongStep(SparekeyError):
    """The flow does not stand where this step would be right."""

    reason = "wrong_step"


# ---------------------------------------------------------------- the operator's


class Busy(SparekeyError):
    """A bounded queue is full. ``retry_after``: whole seconds."""

    reason = "busy"

    def __init__(self, retry_after: int = 2) -> None:
        self.retry_after = retry_after
        super().__init__("busy")


class ProviderFailed(SparekeyError):
    """Another provider did not answer (``provider_silent``), or what it said is not to be believed (``provider_refused``). Nothing was
    changed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class StoreUnavailable(SparekeyError):
    """The database does not answer. Nothing was changed."""

    reason = "store_unavailable"


class BadSettings(SparekeyError):
    """The server must not start like this; the message is one line for the operator."""

    reason = "bad_settings"


# ---------------------------------------------------------------- ours


class StaleFlow(SparekeyError):
    """Another request moved the flow first. The caller loads it anew."""

    reason = "stale_flow"
