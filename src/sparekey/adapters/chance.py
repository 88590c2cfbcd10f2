"""Randomness of the operating system."""

import secrets
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SystemChance:
    """Fulfils ``Chance``."""

    def new_id(self, now: datetime) -> str:
        return f"{(now - EPOCH) // timedelta(milliseconds=1):012x}{secrets.token_hex(10)}"

    def token(self) -> str:
        return secrets.token_urlsafe(32)

    def digits(self, count: int) -> str:
        return f"{secrets.randbelow(10**count):0{count}d}"

    def below(self, bound: int) -> int:
        """A whole number from 0 to ``bound`` - 1, each equally likely."""
        return secrets.randbelow(bound)
