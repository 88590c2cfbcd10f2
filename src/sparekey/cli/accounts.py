"""``sparekey accounts``: what an operator decides about one account."""

import os
import sys
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from sparekey.bootstrap import open_services
from sparekey.settings import read_settings
from sparekey.use_cases.require_second import require_second
from sparekey.use_cases.services import Client

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
    async with open_services(read_settings(os.environ)) as services:
        found = await require_second(services, OPERATOR, name, required=not not_)
    if not found:
        sys.exit("There is no such account.")
    Console().print("A second factor is required from now on." if not not_ else "A second factor is no longer required of this account.")
