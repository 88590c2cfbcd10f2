"""From the outbox to the mailbox: claim what is due, say it in words, send it outside any transaction, mark it.

At least once: a crash between sending and marking sends again, with the same message id. Rows are claimed for a while, so
any number of nodes may run this. What is not here: the loop (``run.py``), and who may retry what was given up
(``sparekey outbox``).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from sparekey.domain.accounts import BOUNCE_FORGIVEN, AddressKind
from sparekey.domain.messages import Message
from sparekey.domain.values import Struct
from sparekey.messages.render import Rendered, render
from sparekey.use_cases.ports import Chance, Clock, Store, Transaction
from sparekey.use_cases.ports_of_delivery import Delivery, NoSuchRecipient, Refused, TryLater
from sparekey.use_cases.stores_of_messages import Claimed

AT_ONCE: Final = 50
"""Rows claimed in one transaction."""

SIDE_BY_SIDE: Final = 10
"""Messages under way at the same time on one channel; mail providers refuse more connections than a few tens."""

SECONDS_PER_SEND: Final = 30.0
"""The longest that one provider may take for one message, however slowly it talks; its own timeouts are shorter."""

LEASE: Final = timedelta(seconds=120)
"""How long a claimed row is ours. After a crash it is sent so much later."""

MARK_EVERY: Final = 0.5
"""Seconds. What was sent meanwhile is marked together, so that few transactions serve many rows and a crash repeats little."""

MARK_AGAIN: Final = (0.2, 1.0, 5.0, 20.0)
"""Seconds between tries to mark what was sent, while the database is away; within the lease, so that it is not sent twice."""

ASKED_LAST_FOR: Final = timedelta(seconds=60)
"""A provider that was down is asked after the others for so long: a stalled first one must not slow every message."""

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=6)
WAITS: Final = 23
"""10 s, 30 s, 90 s … threefold up to 6 h. 23 waits are 4 days and some hours (RFC 5321, 4.5.4.1: give up after at least 4 to
5 days). The first ones are short since somebody sits before a page; what carries a code ends earlier, at its ``worthless_at``."""

_log = structlog.get_logger(__name__)


class Sent(Struct, frozen=True):
    provider: str
    receipt: str


class Void(Struct, frozen=True):
    """It was for a name that nobody has."""


class Worthless(Struct, frozen=True):
    """Its code or link has run out."""


class Again(Struct, frozen=True):
    error: str
    next_at: datetime


class GivenUp(Struct, frozen=True):
    """``refused``: by every provider, for good. ``gone``: one of them says that there is no such mailbox or number."""

    error: str
    refused: bool = False
    gone: bool = False


class Batch(Struct, frozen=True):
    """Rows that are this worker's alone until ``lease_until`` (UTC)."""

    rows: Sequence[Claimed]
    lease_until: datetime


OnRefused = Callable[[Message, bool], Awaitable[None]]

Outcome = Sent | Void | Worthless | Again | GivenUp


def wait_before_next(tries: int, spread: float) -> timedelta | None:
    """How long to wait after so many tries, or ``None`` to give up. ``spread``: 0 to 1, adds up to a quarter, so that what failed
    together does not come back together.
    """
    if tries > WAITS:
        return None
    return min(FIRST_WAIT * 3.0 ** min(tries - 1, 20), LONGEST_WAIT) * (1 + spread / 4)


def plain_reason(error: Exception) -> str:
    """What a provider said, fit for logs and for the operator: its numbers at the front and its words stay, everything that
    may be an address, a code or a link goes.
    """
    said = " ".join(str(error).split())
    numbers = re.match(r"(?:\d{3}\b ?)?(?:\d\.\d{1,3}\.\d{1,3}\b ?|\d{5}\b ?)?", said)
    front = numbers.group() if numbers else ""
    words = re.sub(r"\S*[\d@/\\]\S*", "…", said[len(front) :])
    return (front + words)[:200] or type(error).__name__


class Deliverer:
    """What one worker process keeps: the ways out of each channel, in the order of the operator's wish, and which were down."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chance: Chance,
        deliveries: Mapping[AddressKind, Sequence[Delivery]],
        *,
        site_name: str,
        base_url: str,
        seconds_per_send: float = SECONDS_PER_SEND,
        on_refused: OnRefused | None = None,
    ) -> None:
        """``on_refused``: told of each message that all providers refused for good, after it is marked, and whether its reader is gone."""
        self._store = store
        self._clock = clock
        self._chance = chance
        self._deliveries = deliveries
        self._site_name = site_name
        self._base_url = base_url
        self._seconds = seconds_per_send
        self._gates = {channel: asyncio.Semaphore(SIDE_BY_SIDE) for channel in AddressKind}
        self._down_at: dict[str, datetime] = {}
        self._on_refused = on_refused

    async def deliver_due(self) -> int:
        """Deliver what is due, ``AT_ONCE`` messages at most; answers how many were taken up."""
        batch = await self.claim()
        await self.deliver(batch)
        return len(batch.rows)

    async def claim(self) -> Batch:
        """Take what is due for this worker alone. A transaction of its own: sending happens outside."""
        now = self._clock.now()
        async with self._store.transaction() as t:
            return Batch(await t.outbox.claim(now, now + LEASE, AT_ONCE), now + LEASE)

    async def deliver(self, batch: Batch) -> None:
        """Send and mark what was just claimed. Errors of providers, words and store end as marks or log lines, never here."""
        done: list[tuple[Claimed, Outcome]] = []
        under_way: set[asyncio.Task[tuple[Claimed, Outcome | None]]] = set()
        for claimed in batch.rows:
            match self._words(claimed):
                case Rendered() as words:
                    under_way.add(asyncio.create_task(self._send(claimed, words, batch.lease_until)))
                case outcome:
                    done.append((claimed, outcome))
            await asyncio.sleep(0)  # writing takes a quarter of a millisecond: whoever serves people on this loop goes first
        while under_way:
            ended, under_way = await asyncio.wait(under_way, timeout=MARK_EVERY)
            done += [(claimed, outcome) for claimed, outcome in (task.result() for task in ended) if outcome is not None]
            await self._mark(done)
            done = []
        await self._mark(done)

    def _words(self, claimed: Claimed) -> Rendered | Void | Worthless | GivenUp:
        """A message for nobody is written like any other, and goes no further."""
        message = claimed.message
        if message.worthless_at is not None and self._clock.now() >= message.worthless_at:
            return Worthless()
        try:
            words = render(message, self._site_name, self._base_url)
        except ValueError as e:  # names a param, never its value
            return GivenUp(f"cannot be written: {e}")
        except Exception as e:  # noqa: BLE001 - a template or translation is broken; the text may hold what must not be told
            return GivenUp(f"cannot be written: {type(e).__name__}")
        return Void() if message.void else words

    async def _send(self, claimed: Claimed, words: Rendered, lease_until: datetime) -> tuple[Claimed, Outcome | None]:
        """One message by the first way that takes it. ``None``: the lease might end on the way, so it is left to be claimed anew."""
        message = claimed.message
        async with self._gates[message.channel]:
            ways = self._in_order(message.channel)
            if self._clock.now() + timedelta(seconds=self._seconds) * len(ways) > lease_until:
                return claimed, None
            reasons, for_good, gone = [], True, False
            for way in ways:
                try:
                    async with asyncio.timeout(self._seconds):
                        said = (message.to, words.subject, words.text, words.html)
                        receipt = await way.send(*said, message.message_id, words.reply_to)
                except Refused as e:
                    reasons.append(f"{way.name}: {plain_reason(e)}")
                    gone = gone or isinstance(e, NoSuchRecipient)
                except Exception as e:  # noqa: BLE001 - down, slow, or broken in a way of its own: the next one is asked at once
                    for_good = False
                    reason = plain_reason(e) if isinstance(e, TryLater) else type(e).__name__
                    reasons.append(f"{way.name}: {reason}")
                    self._down_at[way.name] = self._clock.now()
                else:
                    self._down_at.pop(way.name, None)
                    return claimed, Sent(way.name, receipt[:200])
        error = "; ".join(reasons) or f"no way out is set up for {message.channel}"
        if for_good:
            return claimed, GivenUp(error, refused=bool(reasons), gone=gone)
        wait = wait_before_next(claimed.tries + 1, self._chance.below(1000) / 999)
        return claimed, GivenUp(error) if wait is None else Again(error, self._clock.now() + wait)

    def _in_order(self, channel: AddressKind) -> Sequence[Delivery]:
        now = self._clock.now()

        def is_resting(way: Delivery) -> bool:
            down_at = self._down_at.get(way.name)
            return down_at is not None and now - down_at < ASKED_LAST_FOR

        return sorted(self._deliveries.get(channel, ()), key=is_resting)

    async def _mark(self, done: Sequence[tuple[Claimed, Outcome]]) -> None:
        if not done:
            return
        for pause in (*MARK_AGAIN, None):
            try:
                async with self._store.transaction() as t:
                    for claimed, outcome in done:
                        await self._mark_one(t, claimed.message, outcome)
                break
            except Exception as e:  # noqa: BLE001 - whatever it is: sent is sent, and must be marked
                _log.error("outbox.not_marked", rows=len(done), error=type(e).__name__, again_in=pause)
                if pause is not None:
                    await asyncio.sleep(pause)
        for claimed, outcome in done:
            _tell(claimed, outcome)
            if isinstance(outcome, GivenUp) and outcome.refused and self._on_refused is not None:
                try:
                    await self._on_refused(claimed.message, outcome.gone)
                except Exception as e:  # noqa: BLE001 - what follows from a refusal must not stop the delivery of all others
                    _log.error("outbox.refusal_not_followed", error=type(e).__name__)

    async def _mark_one(self, t: Transaction, message: Message, outcome: Outcome) -> None:
        outbox, message_id = t.outbox, message.message_id
        match outcome:
            case Sent(provider, receipt):
                await outbox.delivered(message_id, self._clock.now(), provider, receipt)
                # That a provider took a text says nothing of the phone; its receipt does.
                if message.address_id and message.channel is AddressKind.EMAIL:
                    await t.accounts.arrived(message.address_id, self._clock.now() - BOUNCE_FORGIVEN)
            case Void():
                await outbox.voided(message_id, self._clock.now())
            case Worthless():
                await outbox.expired(message_id)
            case Again(error, next_at):
                await outbox.failed(message_id, error, next_at)
            case GivenUp(error, refused, gone):
                await outbox.dead(message_id, error)
                if refused:
                    await outbox.refused(message_id, "gone" if gone else "", self._clock.now())
            case _:
                assert_never(outcome)


def _tell(claimed: Claimed, outcome: Outcome) -> None:
    """One line for the log: neither recipient nor words, and nothing for a message to nobody."""
    log = _log.bind(message_id=claimed.message.message_id, kind=claimed.message.kind.value, tries=claimed.tries + 1)
    match outcome:
        case Sent(provider, _):
            log.info("message.delivered", provider=provider)
        case Worthless():
            log.warning("message.expired")
        case Again(error, next_at):
            log.warning("message.failed", error=error, next_at=next_at.isoformat())
        case GivenUp(error, _, _):
            log.error("message.dead", error=error)
        case Void():
            pass
        case _:
            assert_never(outcome)
