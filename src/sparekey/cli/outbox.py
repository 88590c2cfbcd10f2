"""``sparekey outbox``: what waits, what was given up and why, and sending it again after the cause is mended."""

import os
import sys
from typing import Annotated, Final

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Column, Table

from sparekey.adapters.clock import SystemClock
from sparekey.bootstrap import open_store
from sparekey.settings import read_settings

MOST_SHOWN: Final = 200

app = App(name="outbox", help="Messages and the shop's events: how many, which were given up, and another try for those.")


@app.default
async def counts() -> None:
    """How many messages are in each state."""
    async with open_store(read_settings(os.environ)) as store, store.transaction() as t:
        by_state = await t.outbox.counts()
    table = Table("state", "messages", "what it means")
    for state, meaning in _STATES.items():
        table.add_row(state, str(by_state.get(state, 0)), meaning)
    Console().print(table)


@app.command
async def dead() -> None:
    """The messages that were given up, with the reason."""
    async with open_store(read_settings(os.environ)) as store, store.transaction() as t:
        messages = await t.outbox.in_state("dead", MOST_SHOWN)
    whole = Column("id", no_wrap=True, min_width=32)  # to be copied
    table = Table(whole, "message", "to", "written (UTC)", "tries", "error")
    for m in messages:
        table.add_row(m.message_id, m.kind.value, m.hint, f"{m.created_at:%Y-%m-%d %H:%M}", str(m.tries), m.error)
    Console().print(table if messages else "No message was given up.")


@app.command
async def shop() -> None:
    """Events for the shop: how many are in each state, and those that were given up, with the reason."""
    async with open_store(read_settings(os.environ)) as store, store.transaction() as t:
        by_state, given_up = await t.shop_events.counts(), await t.shop_events.in_state("dead", MOST_SHOWN)
    Console().print(", ".join(f"{state}: {by_state.get(state, 0)}" for state in ("ready", "delivered", "dead")))
    table = Table(Column("id", no_wrap=True, min_width=32), "event", "of (UTC)", "tries", "error")
    for e in given_up:
        table.add_row(e.event_id, e.kind, f"{e.at:%Y-%m-%d %H:%M}", str(e.tries), e.error)
    Console().print(table if given_up else "No event was given up.")


@app.command
async def retry(message_id: str = "", *, all_: Annotated[bool, Parameter(name="--all", negative="")] = False) -> None:
    """Send a message, or an event for the shop, that was given up once more, or all of them.

    Parameters
    ----------
    message_id:
        The id that ``sparekey outbox dead`` or ``sparekey outbox shop`` shows.
    all_:
        Everything that was given up.

    """
    if bool(message_id) == all_:
        sys.exit("Name one message, or say --all.")
    now = SystemClock().now()
    done = 0
    async with open_store(read_settings(os.environ)) as store:
        if all_:
            while True:
                async with store.transaction() as t:
                    page = await t.outbox.in_state("dead", MOST_SHOWN)
                    done += sum([await t.outbox.retry_dead(m.message_id, now) for m in page])
                    events = await t.shop_events.in_state("dead", MOST_SHOWN)
                    done += sum([await t.shop_events.retry_dead(e.event_id, now) for e in events])
                if max(len(page), len(events)) < MOST_SHOWN:
                    break
        else:
            async with store.transaction() as t:
                done = int(await t.outbox.retry_dead(message_id, now) or await t.shop_events.retry_dead(message_id, now))
            if not done:
                sys.exit("There is no such message or event among those that were given up.")
    Console().print(f"{done} to be sent again.")


_STATES: Final = {
    "ready": "waiting, or being tried again",
    "delivered": "accepted by the provider; its words are wiped",
    "expired": "ran out before it could be delivered; its words are wiped",
    "void": "for a name that nobody has; never sent",
    "dead": "given up: see sparekey outbox dead",
}
