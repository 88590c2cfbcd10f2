"""A proof of work by the library ``altcha``, signed by us, so that nothing is stored before it is solved (mission.md, S5).

No third party is asked. The browser looks for a number whose PBKDF2 begins with a byte of zeros: some 256 tries, a blink for one person
and dear for a thousand tries.
"""

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Final

from altcha import Payload, create_challenge, verify_solution

from sparekey.domain.limits import HUMAN_CHECK_LASTS
from sparekey.use_cases.ports import Sealer

PURPOSE: Final = "human.check"

ALGORITHM: Final = "PBKDF2/SHA-256"

ROUNDS: Final = 5_000
"""Of PBKDF2 for one try: about a millisecond in a browser, so a quarter of a second in all; a slow phone takes some seconds."""

LONGEST: Final = 2_000
"""Characters of a solution that are looked at; honest ones have about 600."""


class AltchaCheck:
    """``rounds``: fewer than ``ROUNDS`` in tests."""

    def __init__(self, sealer: Sealer, rounds: int = ROUNDS) -> None:
        self._sealer = sealer
        self._rounds = rounds

    def challenge(self, purpose: str, now: datetime) -> str:
        secret = self._sealer.keyed_hash(purpose.encode(), PURPOSE)
        made = create_challenge(ALGORITHM, self._rounds, expires_at=now + HUMAN_CHECK_LASTS, hmac_secret=secret)
        return json.dumps(made.to_dict(), separators=(",", ":"))

    def check(self, solution: str, purpose: str, now: datetime) -> bytes | None:
        payload = _read(solution)
        if payload is None:
            return None
        expires_at = payload.challenge.parameters.expires_at
        if not isinstance(expires_at, int) or expires_at < now.timestamp():
            return None  # by our clock; the library goes by the machine's
        for secret in self._sealer.keyed_hashes(purpose.encode(), PURPOSE):
            # The result is true in any case, so its field is asked.
            if verify_solution(payload, secret).verified:
                return hashlib.sha256(f"human {payload.challenge.signature}".encode()).digest()
        return None


def _read(solution: str) -> Payload | None:
    if len(solution) > LONGEST:
        return None
    try:
        found = json.loads(base64.b64decode(solution, validate=True))
        return Payload.from_dict(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return None
