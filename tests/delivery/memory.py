"""An outbox in memory, a clock that the test turns, and ways out that do what the test says."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sparekey.domain.accounts import AccountId
from sparekey.domain.errors import StoreUnavailable
from sparekey.domain.messages import Message
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.stores_of_messages import Claimed, SentMessage


class TurnedClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 8, 15, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def turn(self, by: timedelta) -> None:
        self.time += by


class NoChance:
    def new_id(self, now: datetime) -> str:
        return f"{int(now.timestamp() * 1000):012x}" + "0" * 20

    def token(self) -> str:
        return "t" * 43

    def below(self, limit: int) -> int:
        return 0

    def digits(self, count: int) -> str:
        return "0" * count


class Row(Struct, frozen=True):
    message: Message
    next_at: datetime
    state: str = "ready"
    tries: int = 0
    error: str = ""
    provider: str = ""
    receipt: str = ""
    delivered_at: datetime | None = None


@dataclass
class MemoryOutbox:
    rows: dict[str, Row] = field(default_factory=dict)

    async def add(self, message: Message) -> None:
        self.rows[message.message_id] = Row(message, message.created_at)

    async def claim(self, now: datetime, lease_until: datetime, most: int) -> Sequence[Claimed]:
        due = sorted((r for r in self.rows.values() if r.state == "ready" and r.next_at <= now), key=lambda r: r.next_at)[:most]
        for row in due:
            self._set(row.message.message_id, next_at=lease_until, tries=row.tries + 1)
        return [Claimed(row.message, row.tries) for row in due]

    async def delivered(self, message_id: str, now: datetime, provider: str, receipt: str) -> None:
        self._set(message_id, state="delivered", provider=provider, receipt=receipt, delivered_at=now)
        self._wipe(message_id)

    async def voided(self, message_id: str, now: datetime) -> None:
        self._set(message_id, state="void")
        self._wipe(message_id)

    async def failed(self, message_id: str, error: str, next_at: datetime) -> None:
        self._set(message_id, error=error, next_at=next_at)

    async def dead(self, message_id: str, error: str) -> None:
        self._set(message_id, state="dead", error=error)

    async def refused(self, message_id: str, reason: str, at: datetime) -> None:
        """The row of these tests has no place for it; the stores' tests look at it."""

    async def expired(self, message_id: str) -> None:
        self._set(message_id, state="expired")
        self._wipe(message_id)

    async def retry_dead(self, message_id: str, now: datetime) -> bool:
        row = self.rows.get(message_id)
        if row is None or row.state != "dead":
            return False
        self._set(message_id, state="ready", next_at=now, tries=0)
        return True

    async def in_state(self, state: str, most: int) -> Sequence[SentMessage]:
        return [_sent(r) for r in self.rows.values() if r.state == state][:most]

    async def of_account(self, account_id: AccountId, most: int) -> Sequence[SentMessage]:
        return [_sent(r) for r in self.rows.values() if r.message.account_id == account_id and not r.message.void][:most]

    async def counts(self) -> dict[str, int]:
        states = [r.state for r in self.rows.values()]
        return {state: states.count(state) for state in states}

    def _set(self, message_id: str, **changes: object) -> None:
        self.rows[message_id] = replace(self.rows[message_id], **changes)  # type: ignore[arg-type]

    def _wipe(self, message_id: str) -> None:
        self._set(message_id, message=replace(self.rows[message_id].message, to="", params={}))


def _sent(row: Row) -> SentMessage:
    m = row.message
    return SentMessage(
        m.message_id, m.account_id, m.kind, m.channel.value, m.hint, row.state, m.created_at, row.tries, row.error, row.delivered_at
    )


@dataclass
class MemoryTransaction:
    outbox: MemoryOutbox


class MemoryStore:
    """Commits when the block ends well. ``away`` times the next transactions fail; ``open`` counts those that stand open."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self.away = 0
        self.open = 0
        self.transactions = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        self.transactions += 1
        if self.away:
            self.away -= 1
            raise StoreUnavailable
        t = MemoryTransaction(MemoryOutbox(dict(self.outbox.rows)))
        before = self.outbox.rows
        self.open += 1
        try:
            yield t
        finally:
            self.open -= 1
        assert self.outbox.rows is before, "two transactions at once: this store cannot do that"
        self.outbox = t.outbox

    async def put(self, *messages: Message) -> None:
        async with self.transaction() as t:
            for message in messages:
                await t.outbox.add(message)

    def states(self) -> list[str]:
        return [row.state for row in self.outbox.rows.values()]


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str
    html: str
    message_id: str


class Way:
    """A way out. ``do`` is called for each letter before it counts as sent; it may raise, or wait."""

    def __init__(self, name: str, do: Callable[[Letter], object] = lambda letter: None) -> None:
        self.name = name
        self.do = do
        self.tried: list[Letter] = []
        self.sent: list[Letter] = []

    async def send(self, to: str, subject: str, text: str, html: str, message_id: str, reply_to: str = "") -> str:
        letter = Letter(to, subject, text, html, message_id)
        self.tried.append(letter)
        done = self.do(letter)
        if hasattr(done, "__await__"):
            await done
        self.sent.append(letter)
        return f"receipt {len(self.sent)}"
