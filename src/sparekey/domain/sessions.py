"""How long a session lasts. How fresh a proof in it must be is said by the policy, action by action."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sparekey.domain.accounts import AccountId
from sparekey.domain.proofs import Proof

SESSION_LASTS = timedelta(days=30)
"""NIST SP 800-63B-4, 2.1.3: at most 30 days at AAL1."""

SEEN_EVERY = timedelta(minutes=1)
"""The last use of a session is written down this coarsely, so that a check does not write."""


ACCOUNTS_OF_A_BROWSER = 4
"""In so many a browser can be a known device; a family, not a shop."""

NETWORKS_KEPT = 8
"""Of a known device: home, work, mobile, and a few that change. More would make a stranger's network usual by and by."""

NEIGHBOURHOOD_BITS = {4: 16, 6: 32}
"""Of an address, by its version: about what one provider gives out in one region (IPv6: RFC 6177 and the allocation of a /32 to a
provider). An address of its own changes daily for many."""


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
    limited: bool = False
    """Good for enrolling a second factor and nothing else: the site requires one and the account has none (mission.md, F8)."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser that once signed in fully. Its cookie proves nothing by itself: it only has a guess counter of its own."""

    device_id: str
    account_id: AccountId
    created_at: datetime
    seen_at: datetime
    user_agent: str
    networks: tuple[str, ...] = ()
    """Where it signed in fully before, each network as a keyed hash; the newest first."""
