"""Who is signed in? The hot path: one look-up, no cache, so that an ended session is refused at the next request."""

from datetime import datetime

from sparekey.domain.sessions import SEEN_EVERY
from sparekey.use_cases.ports import Clock, Store, WhoIs
from sparekey.use_cases.tokens import token_hash


class SessionChecks:
    """Answers, and remembers which sessions were used, so that the worker writes it down once a minute and a check never writes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, datetime] = {}

    async def who_is(self, token: str) -> WhoIs | None:
        """``None`` for no session, an ended and an expired one alike, and for one that lacks a required second factor (mission.md, F8).
        Raises ``StoreUnavailable``."""
        found = await self.any_session(token)
        return None if found is None or found.session.limited else found

    async def any_session(self, token: str) -> WhoIs | None:
        """The same, and also one that lacks its second factor: for the doors that lead to adding one."""
        found = await self._store.session_by_token(token_hash(token))
        now = self._clock.now()
        if found is None or now >= found.session.expires_at:
            return None
        if now - found.session.seen_at >= SEEN_EVERY:
            self._seen[found.session.session_id] = now
        return found

    async def write_seen(self) -> int:
        """Write down the last uses since the last call."""
        seen, self._seen = self._seen, {}
        if seen:
            await self._store.sessions_seen(seen)
        return len(seen)
