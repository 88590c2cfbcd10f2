"""How long a session, and each proof in it, is worth something."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sparekey.domain.accounts import AccountId
from sparekey.domain.proofs import Proof

SESSION_LASTS = timedelta(days=30)
"""NIST SP 800-63B-4, 2.1.3: at most 30 days at AAL1."""

FRESH_FOR = timedelta(minutes=15)
"""A proof counts as fresh for guarded actions so long (OWASP Session Management: 15 to 30 minutes idle, low value)."""

STANDING_LASTS = timedelta(hours=24)
STANDING_IDLE = timedelta(hours=1)
"""Two-factor standing lapses after 24 h, or 1 h idle (NIST SP 800-63B-4, 2.2.3); then guarded actions ask again."""

SEEN_EVERY = timedelta(minutes=1)
"""The last use of a session is written down this coarsely, so that a check does not write."""


@dataclass(frozen=True, slots=True)
class Session:
    """``session_id`` names it to its owner; the token that opens it is known only by its hash. Times in UTC."""

    session_id: str
    account_id: AccountId
    device_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    proofs: tuple[Proof, ...]
    user_agent: str
    network: str
    """The IP address at sign-in, for the owner's eyes; sealed at rest."""

    def fresh_proofs(self, now: datetime) -> tuple[Proof, ...]:
        return tuple(p for p in self.proofs if now - p.at < FRESH_FOR)


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser that once signed in fully. Its cookie proves nothing by itself: it only has a guess counter of its own."""

    device_id: str
    account_id: AccountId
    created_at: datetime
    seen_at: datetime
    user_agent: str
