"""Servers with a bug on purpose, to show that the tests of this folder can fail.

Run: ``python -m tests.attacks.planted BUG``, with the settings of ``sparekey serve`` in the environment.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import datetime

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server
from starlette.types import ASGIApp

from sparekey import bootstrap
from sparekey.adapters.sql.connection import Statement
from sparekey.adapters.sql.factors import SqlBackupCodes, SqlFactors
from sparekey.adapters.sql.flows import SqlFlows, _values
from sparekey.adapters.sql.notice_links import SqlSpent
from sparekey.adapters.sql.outbox import SqlOutbox
from sparekey.adapters.sql.prompts import SqlPrompts
from sparekey.adapters.sql.shop import SqlConfirmations
from sparekey.domain.confirmations import Confirmation, must_be_open, must_be_usable
from sparekey.domain.flow.flow import Flow, check_open
from sparekey.domain.messages import Message
from sparekey.domain.values import replace
from sparekey.settings import read_settings
from sparekey.use_cases import answer_code, answer_key, answer_password, ask_confirmation, confirm, finish_flow
from sparekey.use_cases import sign_in as sign_in_module
from sparekey.use_cases.carry_out import confirm as carry_out_confirm
from sparekey.use_cases.load_flow import Loaded, read_flow
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.standing import Standing
from sparekey.use_cases.stores_of_prompts import Prompt
from sparekey.web.api import confirmations, flows

BUG = "PLANTED_BUG"

_SAVE_WHATEVER_IS_THERE = Statement(
    """update flow set account_id = :account_id, state = :state, version = :version, expires_at = :expires_at, data = :data
    where flow_id = :flow_id"""
)


def check_then_act() -> None:
    """The flow is judged as it was read before the transaction, and saved over whatever stands there meanwhile."""

    async def read_and_dawdle(services: Services, client: Client, flow_id: str) -> Flow:
        flow = await read_flow(services, client, flow_id)
        await asyncio.sleep(0.01)
        return flow

    async def load_for_step(tx: Transaction, services: Services, client: Client, seen: Flow) -> Loaded:
        lock = await tx.audit.lock(seen.subject)
        check_open(seen, services.clock.now())
        return Loaded(seen, await tx.accounts.get(seen.account_id), lock)

    async def save(self: SqlFlows, flow: Flow) -> None:
        await self._c.run(_SAVE_WHATEVER_IS_THERE, **_values(flow, flow.version + 1))

    for module in (answer_code, answer_key, answer_password, finish_flow):
        module.load_for_step = load_for_step  # type: ignore[attr-defined]
        module.read_flow = read_and_dawdle  # type: ignore[attr-defined]
    SqlFlows.save = save  # type: ignore[method-assign]


def leaky_store() -> None:
    """The link of a mail stands in a column that everyone with the database can read."""
    true = SqlOutbox.add

    async def add(self: SqlOutbox, message: Message) -> None:
        await true(self, replace(message, hint=message.params.get("link", message.hint)))

    SqlOutbox.add = add  # type: ignore[method-assign]


def leaky_log() -> None:
    """A line "to find out why people cannot sign in"."""
    true = sign_in_module.sign_in

    async def sign_in(services: Services, client: Client, typed: str, password: str) -> Standing:
        print(f"sign-in of {typed} with {password!r}", file=sys.stderr)  # noqa: T201 - the bug
        return await true(services, client, typed, password)

    flows.sign_in = sign_in  # type: ignore[attr-defined]


def forgetful_prompts() -> None:
    """What became of a question is not written down."""

    async def save(self: SqlPrompts, prompt: Prompt) -> None: ...

    SqlPrompts.save = save  # type: ignore[method-assign]


def unspent_challenges() -> None:
    """What was spent is not written down."""

    async def spend(self: SqlSpent, mark: bytes, until: datetime) -> bool:
        return True

    SqlSpent.spend = spend  # type: ignore[method-assign]


def nothing_is_spent() -> None:
    """A code is compared, and whether it was used before is not asked."""

    async def yes(self: object, *_: object) -> bool:
        return True

    SqlFactors.raise_counter = yes  # type: ignore[method-assign, assignment]
    SqlBackupCodes.reserve = yes  # type: ignore[method-assign, assignment]
    SqlBackupCodes.spend = yes  # type: ignore[method-assign, assignment]


def confirmed_twice() -> None:
    """Whether a confirmation was answered or used before is looked at before the lock, and not again."""
    true_start = confirm.start_confirming

    async def look_and_dawdle(services: Services, confirmation_id: str) -> Confirmation:
        found = await ask_confirmation.read_confirmation(services, confirmation_id)
        await asyncio.sleep(0.01)
        return found

    async def start(services: Services, client: Client, confirmation_id: str) -> Standing:
        must_be_open(await look_and_dawdle(services, confirmation_id), services.clock.now())
        return await true_start(services, client, confirmation_id)

    async def use(services: Services, confirmation_id: str) -> Confirmation:
        must_be_usable(found := await look_and_dawdle(services, confirmation_id), services.clock.now())
        async with services.store.transaction() as tx:
            await tx.confirmations.use(confirmation_id, services.clock.now())
        return found

    async def written_over(self: object, *_: object) -> bool:
        return True

    def looked_before(*_: object) -> None: ...

    carry_out_confirm.must_be_open = confirm.must_be_open = looked_before  # type: ignore[attr-defined, assignment]
    SqlConfirmations.answer = written_over  # type: ignore[method-assign, assignment]
    flows.start_confirming, confirmations.use_confirmation = start, use  # type: ignore[attr-defined]


BUGS: dict[str, Callable[[], None]] = {
    "check_then_act": check_then_act,
    "leaky_store": leaky_store,
    "leaky_log": leaky_log,
    "forgetful_prompts": forgetful_prompts,
    "unspent_challenges": unspent_challenges,
    "nothing_is_spent": nothing_is_spent,
    "confirmed_twice": confirmed_twice,
}


def app() -> ASGIApp:
    BUGS[os.environ[BUG]]()
    return bootstrap.app()


def program(bug: str) -> tuple[str, ...]:
    """The command that starts a server with this bug."""
    return (sys.executable, "-m", "tests.attacks.planted", bug)


def main() -> None:
    os.environ[BUG] = sys.argv[1]
    server = read_settings(os.environ).server
    Server(
        "tests.attacks.planted:app",
        factory=True,
        address=server.host,
        port=server.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
