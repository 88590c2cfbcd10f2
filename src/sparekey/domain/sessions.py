"""What a session is, and when it has ended. How long it lasts is said by the policy (``policy/standard/sessions.toml``), and so is how
fresh a proof in it must be, action by action."""

from datetime import datetime, timedelta

from sparekey.domain.accounts import AccountId
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct

LONGEST_SESSION = timedelta(days=30)
"""NIST SP 800-63B-4, 2.1.3: at most 30 days at AAL1."""

SHORTEST_IDLE = timedelta(minutes=5)
"""What a policy may say at least of a session that is not used; below that it would matter how coarsely uses are written down."""

SEEN_EVERY = timedelta(minutes=1)
"""The last use of a session is written down this coarsely, so that a check does not write."""


ACCOUNTS_OF_A_BROWSER = 4
"""In so many a browser can be a known device; a family, not a shop."""

NETWORKS_KEPT = 8
"""Of a known device: home, work, mobile, and a few that change. More would make a stranger's network usual by and by."""

NEIGHBOURHOOD_BITS = {4: 16, 6: 32}
"""Of an address, by its version: about what one provider gives out in one region (IPv6: RFC 6177 and the allocation of a /32 to a
provider). An address of its own changes daily for many."""


class Session(Struct, frozen=True):
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


class SessionRules(Struct, frozen=True):
    """How long the sessions of a profile last. ``lasts``: from signing in. ``idle``: so long one may go unused; ``None``: as long as it
    lasts."""

    lasts: timedelta
    idle: timedelta | None = None

    def has_ended(self, session: Session, now: datetime, seen_at: datetime) -> bool:
        """``seen_at``: the last use that is known of. Sessions from before a site changed to shorter ones end by the new rules."""
        if now >= session.expires_at or now - session.created_at >= self.lasts:
            return True
        return self.idle is not None and now - seen_at >= self.idle


class KnownDevice(Struct, frozen=True):
    """A browser that once signed in fully. Its cookie proves nothing by itself: it only has a guess counter of its own."""

    device_id: str
    account_id: AccountId
    created_at: datetime
    seen_at: datetime
    user_agent: str
    networks: tuple[str, ...] = ()
    """Where it signed in fully before, each network as a keyed hash; the newest first."""
