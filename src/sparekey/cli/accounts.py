"""``sparekey accounts``: what an operator decides about one account."""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from sparekey.bootstrap import open_services
from sparekey.settings import read_settings
from sparekey.use_cases.block_account import block_account, unblock_account
from sparekey.use_cases.require_second import require_second
from sparekey.use_cases.services import Client, Services

OPERATOR = Client(holder="", network="", user_agent="sparekey accounts", language="en")
"""Who stands in the audit log for what a command did."""

app = App(name="accounts", help="What an operator decides about one account.")


@app.command
async def require_second_factor(name: str, *, not_: Annotated[bool, Parameter(name="--not", negative="")] = False) -> None:
    """Ask for a second factor at every sign-in to an account, whatever the site asks of the others.

    Parameters
    ----------
    name:
        An e-mail address, phone number or user name of the account.
    not_:
        No longer: the account is asked for what the site asks of everybody.

    """
    said = "A second factor is no longer required of this account." if not_ else "A second factor is required from now on."
    await _decide(lambda services: require_second(services, OPERATOR, name, required=not not_), said)


@app.command
async def block(name: str) -> None:
    """Block an account: its sessions end, and it opens none. Only whoever shows all that a sign-in asks for is told, and may appeal.

    Parameters
    ----------
    name:
        An e-mail address, phone number or user name of the account.

    """
    await _decide(lambda services: block_account(services, OPERATOR, name), "The account is blocked.")


@app.command
async def unblock(name: str) -> None:
    """Open a blocked account again.

    Parameters
    ----------
    name:
        An e-mail address, phone number or user name of the account.

    """
    await _decide(lambda services: unblock_account(services, OPERATOR, name), "The account is not blocked.")


async def _decide(decision: Callable[[Services], Awaitable[bool]], said: str) -> None:
    """``decision`` answers whether there is such an account. ``said``: when there is."""
    async with open_services(read_settings(os.environ)) as services:
        found = await decision(services)
    if not found:
        sys.exit("There is no such account.")
    Console().print(said)
