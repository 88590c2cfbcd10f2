"""Who is signed in? The hot path: one look-up, no cache, so that an ended session is refused at the next request."""

from datetime import datetime

from sparekey.domain.sessions import SEEN_EVERY, SessionRules
from sparekey.use_cases.ports import Clock, Store, WhoIs
from sparekey.use_cases.tokens import token_hash


class SessionChecks:
    """Answers, and remembers which sessions were used, so that the worker writes it down once a minute and a check never writes.

    Where a profile ends what is idle, that is judged by the last use that this process knows of or that was written down. A use less
    than a minute after the last one that counts is not noted, and one on another node is known here within a minute: a session never
    ends later than the profile says, and up to a minute early, two where the person changed between nodes or a process was killed.
    """

    def __init__(self, store: Store, clock: Clock, rules: SessionRules) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._seen: dict[str, datetime] = {}

    async def who_is(self, token: str) -> WhoIs | None:
        """``None`` for no session, and for one that was ended, lasted its time or was idle too long, and for one that lacks a
        required second factor (mission.md, F8). Raises ``StoreUnavailable``."""
        found = await self.any_session(token)
        return None if found is None or found.session.limited else found

    async def any_session(self, token: str) -> WhoIs | None:
        """The same, and also one that lacks its second factor: for the doors that lead to adding one."""
        found = await self._store.session_by_token(token_hash(token))
        if found is None:
            return None
        session, now = found.session, self._clock.now()
        seen_at = max(session.seen_at, self._seen.get(session.session_id, session.seen_at))
        if self._rules.has_ended(session, now, seen_at):
            return None
        if now - session.seen_at >= SEEN_EVERY:
            self._seen[session.session_id] = now
        return found

    async def write_seen(self) -> int:
        """Write down the last uses since the last call."""
        seen, self._seen = self._seen, {}
        if seen:
            await self._store.sessions_seen(seen)
        return len(seen)
